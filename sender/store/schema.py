"""Whose file it is, of which version, and how an earlier one becomes one of this version."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sender.store.backup import backup
from sender.store.records import StoreError
from sender.store.tables import fifth, first, fourth, second, sixth, third

if TYPE_CHECKING:
    from sqlite_utils import Database

APPLICATION_ID: Final = 0x434C5344
"""``PRAGMA application_id`` of our files ("CLSD"): how a foreign database is told from ours."""

MIGRATIONS: Final[tuple[Callable[[Database], None], ...]] = (
    first.migrate,
    second.migrate,
    third.migrate,
    fourth.migrate,
    fifth.migrate,
    sixth.migrate,
)
"""Each brings a file of the version before to its own: version n is the n-th. Released ones never change."""


def prepare(
    conn: sqlite3.Connection, name: str, *, path: Path | None = None, read_only: bool = False, migrate: bool = True
) -> None:
    """Make the database behind `conn` one of this version; StoreError when it is not ours or is newer.

    An older one is copied first, beside `path`. Without a path it is in memory, and nobody can want it back.
    """
    try:
        _check_ownership(conn, name)
        version = int(conn.execute("PRAGMA user_version").fetchone()[0])
        if version > len(MIGRATIONS):
            raise StoreError(f"{name} was written by a newer version of the sender; update this one")
        if not version and not migrate:
            raise StoreError(f"{name} is not made yet: another process does that, or was cut off; try again, or send")
        if version < len(MIGRATIONS) and not migrate:
            raise StoreError(f"{name} was written by an older version of the sender; `sender resume` brings it forward")
        if read_only:
            return
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA synchronous = FULL")
        conn.execute("PRAGMA cache_size = -65536")  # KiB: the id index of a large campaign is read at random places
        if version < len(MIGRATIONS):
            if version and path is not None:
                backup(conn, backup_path(path, version))
            _migrate(conn, version)
    except sqlite3.Error as error:
        raise StoreError(f"{name} cannot be used as a store: {error}") from error


def backup_path(path: Path, version: int) -> Path:
    """Where the copy of a store of an older version is put: ``campaign.sqlite.version-1``, or with a number more."""
    target = path.with_name(f"{path.name}.version-{version}")
    number = 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.version-{version}.{number}")
    return target


def _check_ownership(conn: sqlite3.Connection, name: str) -> None:
    owner = conn.execute("PRAGMA application_id").fetchone()[0]
    if owner == APPLICATION_ID:
        return
    tables = conn.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner != 0 or tables:
        raise StoreError(f"{name} is a database of another program; name a file of the sender, or a new one")


def _migrate(conn: sqlite3.Connection, version: int) -> None:
    # Imported only when there is something to do: it takes as long as all the rest of the program.
    from sqlite_utils import Database

    db = Database(conn, recursive_triggers=False, execute_plugins=False)
    for number, migration in enumerate(MIGRATIONS[version:], version + 1):
        conn.execute("BEGIN IMMEDIATE")
        try:
            migration(db)
            conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            conn.execute(f"PRAGMA user_version = {number}")
        except BaseException:
            conn.execute("ROLLBACK")
            raise
        conn.execute("COMMIT")
