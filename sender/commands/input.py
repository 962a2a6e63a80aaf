"""What a person gave, and the one clear line about what is wrong with it."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import rich_click as click

from sender.config.file import SenderConfig
from sender.domain.rows import HeaderError
from sender.domain.template import TemplateError
from sender.pipeline.compose import SenderError
from sender.pipeline.runs import RunFailed
from sender.store.records import Campaign, StoreError
from sender.store.sqlite import SqliteStore
from yamlmodel.errors import ConfigError


class BadInput(Exception):
    """Something the person gave cannot be used; the text is one line for them."""


@contextmanager
def bad_input() -> Iterator[None]:
    """Turn what can be wrong with the input into one clear message; anything else is a fault of ours."""
    try:
        yield
    except ConfigError as error:  # its lines begin with file and line, as compilers write them
        click.echo(str(error), err=True)
        raise SystemExit(2) from error
    except (BadInput, TemplateError, SenderError, StoreError) as error:
        _refuse(str(error))
    except HeaderError as error:
        _refuse(f"recipients: {error}")
    except RunFailed as error:
        click.echo(f"sender: {error}; `sender resume` goes on when that is mended", err=True)
        raise SystemExit(1) from error
    except sqlite3.Error as error:
        _refuse(f"the store cannot be used: {error}")
    except OSError as error:
        if error.filename is None:
            raise
        _refuse(f"{error.filename}: {error.strerror}")


def _refuse(text: str) -> NoReturn:
    click.echo(f"sender: {text}", err=True)
    raise SystemExit(2)


def existing(config: SenderConfig) -> Path:
    """Where the store is; BadInput when there is none."""
    if not config.store.exists():
        raise BadInput(f"{config.store}: there is no such store; `sender send` makes one")
    return config.store


@contextmanager
def read_only(config: SenderConfig) -> Iterator[SqliteStore]:
    """The store as it is committed, while another process may write it."""
    store = SqliteStore.open(existing(config), read_only=True)
    try:
        yield store
    finally:
        store.close()


def campaigns_of(store: SqliteStore) -> Iterator[Campaign]:
    """Every campaign, oldest first."""
    for campaign_id in itertools.count(1):
        try:
            yield store.campaign(campaign_id)
        except KeyError:
            return


def pick(store: SqliteStore, campaign_id: int) -> Campaign:
    """One campaign; BadInput names those there are."""
    try:
        return store.campaign(campaign_id)
    except KeyError:
        known = ", ".join(str(campaign.id) for campaign in campaigns_of(store)) or "none"
        raise BadInput(f"there is no campaign {campaign_id}; the store has: {known}") from None
