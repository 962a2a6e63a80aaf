"""Small writes into the store, while another process may send from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sender.commands.input import BadInput
from sender.config.file import SenderConfig
from sender.domain.phone import BadNumber, parse_number
from sender.store.sqlite import SqliteStore


@contextmanager
def made_beside(config: SenderConfig) -> Iterator[SqliteStore]:
    """The store for small writes; it is made when there is none yet."""
    if not config.store.exists():
        SqliteStore.open(config.store).close()
    store = SqliteStore.open(config.store, beside=True)
    try:
        yield store
    finally:
        store.close()


def number_of(text: str, config: SenderConfig) -> int:
    """A number as people write it; BadInput."""
    try:
        return int(parse_number(text, config.country))
    except BadNumber as error:
        raise BadInput(str(error)) from None
