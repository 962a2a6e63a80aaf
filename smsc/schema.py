"""The tables of a journal, how a journal file is recognised, and how an older one is brought up to date.

messages     one row per message, as the ESME sees it: a submit_sm of ours to refuse or accept, or an MO
owed         what still has to be delivered to an ESME (receipts, MOs) until it is acknowledged
pdus         every PDU of every connection, as it was on the wire
connections  who was connected from where, when, and how it ended

Times are unix seconds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

APPLICATION_ID = 0x534D5343  # "SMSC", in the header of the file: tells a journal from any other SQLite file


class JournalError(Exception):
    """A journal file cannot be used; the text says which and why."""


def _first_tables(db: Database) -> None:
    db.table("connections").create(
        {
            "connection": int,
            "operator": str,
            "peer": str,
            "opened_at": float,
            "system_id": str,
            "bind": str,
            "bound_at": float,
            "closed_at": float,
            "reason": str,
        },
        pk="connection",
    )
    db.table("messages").create(
        {
            "row": int,
            "at": float,
            "operator": str,
            "system_id": str,
            "connection": int,
            "command": str,
            "source": str,
            "destination": str,
            "text": str,
            "data_coding": int,
            "reference": int,
            "part": int,
            "parts": int,
            "status": int,
            "number": int,
            "message_id": str,
            "outcome": str,
            "err": str,
            "state": str,
            "final_at": float,
            "acknowledged_at": float,
        },
        pk="row",
    )
    db.table("messages").create_index(["operator", "number"])
    db.table("messages").create_index(["message_id"])
    db.table("owed").create({"row": int, "operator": str, "system_id": str, "due": float, "octets": bytes}, pk="row")
    db.table("pdus").create(
        {
            "row": int,
            "at": float,
            "connection": int,
            "direction": str,
            "command_id": int,
            "status": int,
            "sequence": int,
            "octets": bytes,
        },
        pk="row",
    )


MIGRATIONS: tuple[Callable[[Database], None], ...] = (_first_tables,)
"""Number n brings a file of version n to version n + 1 (PRAGMA user_version)."""

VERSION = len(MIGRATIONS)


def prepare(connection: sqlite3.Connection, path: str) -> None:
    """Create the tables in an empty file, or bring those of an older journal up to date.

    JournalError when the file is something else or was written by a newer version; it is not touched then.
    """
    version = _recognise(connection, path)
    if version == VERSION:
        return
    from sqlite_utils import Database  # costs as much to import as the rest of the program: only when needed

    db = Database(connection)
    connection.execute("BEGIN EXCLUSIVE")
    for migrate in MIGRATIONS[version:]:
        migrate(db)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def check(connection: sqlite3.Connection, path: str) -> None:
    """JournalError unless the file is a journal of this version."""
    version = _recognise(connection, path)
    if version == 0:
        raise JournalError(f"{path} holds no journal yet")
    if version < VERSION:
        raise JournalError(
            f"{path} is a journal of version {version}; serve it once to bring it up to version {VERSION}"
        )


def _recognise(connection: sqlite3.Connection, path: str) -> int:
    """The version of the journal in a file; 0 for a file without tables."""
    try:
        application_id: int = connection.execute("PRAGMA application_id").fetchone()[0]
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        tables: int = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise JournalError(f"{path} is not a journal: {error}") from error
    if application_id == 0 and tables == 0:
        return 0
    if application_id != APPLICATION_ID:
        raise JournalError(f"{path} is not a journal: it is a database of another program")
    if version > VERSION:
        raise JournalError(
            f"{path} was written by a newer smsc (journal version {version}, this one knows up to {VERSION})"
        )
    return version
