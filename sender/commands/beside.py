"""Small writes into the store, while another process may send from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sender.commands.input import existing
from sender.config.file import SenderConfig
from sender.store.sqlite import SqliteStore


@contextmanager
def beside(config: SenderConfig) -> Iterator[SqliteStore]:
    """The store for small writes; BadInput when there is none."""
    store = SqliteStore.open(existing(config), beside=True)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def made_beside(config: SenderConfig) -> Iterator[SqliteStore]:
    """The store for small writes; it is made when there is none yet."""
    if not config.store.exists():
        SqliteStore.open(config.store).close()
    with beside(config) as store:
        yield store
