"""The tables of a journal, how a journal file is recognised, and how an older one is brought up to date.

log          what was recorded and is not in the tables yet, a row for each commit (`smsc.journal.log`)
progress     how far the log is in the tables, and from where on it is needed to know what is planned and owed
messages     one row per message and destination: a submit of an ESME, refused or accepted, or an MO
pending      what is planned for messages that are not final yet: all that is needed to go on after a restart
owed         what still has to be delivered to an ESME until it is acknowledged: receipts, MOs, other ESMEs' messages
numbers      the highest message number that an operator has used, but for those that the log has from `needed` on
forgotten    up to which row of `messages` an operator has lost its memory
pdus         every PDU of every connection, as it was on the wire
connections  who was connected from where, when, and how it ended

Times are unix seconds. A message comes to its `outcome` at `settles_at` without another word in the journal, where that
is not NULL: nobody has to be told, so nothing happens then. It is SCHEDLD until `starts_at`. Of a long message each
part has a row; `first` is the row of the part that came first, NULL in that row itself and in messages of one part.
`sequence` is the sequence number of the request that brought the message, NULL for MOs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

from smsc.journal.parts import Parts, load_parts

if TYPE_CHECKING:
    from sqlite_utils import Database

APPLICATION_ID = 0x534D5343  # "SMSC", in the header of the file: tells a journal from any other SQLite file
PAGE_SIZE = 16_384  # octets: what one commit writes is mostly one piece, and each page of it costs calls of its own


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


def _states_over_time(db: Database) -> None:
    for column in ("starts_at", "settles_at"):
        db.execute(f"ALTER TABLE messages ADD COLUMN {column} FLOAT")
    db.table("pending").create(
        {
            "row": int,
            "operator": str,
            "until": float,  # then the row is of no use any more; NULL while something has to happen first
            "version": int,
            "told": int,
            "plan": bytes,
            "submit": bytes,
        },
        pk="row",
    )
    db.table("forgotten").create({"operator": str, "row": int}, pk="operator")
    db.execute("ALTER TABLE owed RENAME TO owed_before")
    db.table("owed").create(
        {
            "delivery": int,
            "row": int,
            "operator": str,
            "system_id": str,
            "kind": int,
            "destination": str,
            "bind": int,
            "due": float,
            "octets": bytes,
        },
        pk="delivery",
    )
    # Kinds of that version: 0 is a receipt, 2 an MO.
    db.execute(
        "INSERT INTO owed SELECT row, row, owed_before.operator, owed_before.system_id,"
        " CASE command WHEN 'deliver_sm' THEN 2 ELSE 0 END, '', 0, due, octets"
        " FROM owed_before JOIN messages USING (row)"
    )
    db.execute("DROP TABLE owed_before")


def _long_messages_as_one(db: Database) -> None:
    for column in ("first", "sequence"):
        db.execute(f"ALTER TABLE messages ADD COLUMN {column} INTEGER")
    # A message that is whole in itself has no entry in it, and pays nothing for it.
    db.execute("CREATE INDEX idx_messages_first ON messages (first) WHERE first IS NOT NULL")
    load_parts(db.conn, Parts(), after=0, write=True)


def _log_first(db: Database) -> None:
    for column, kind in (
        ("at", "FLOAT"),
        ("system_id", "TEXT"),
        ("connection", "INTEGER"),
        ("status", "INTEGER"),
        ("number", "INTEGER"),
        ("message_id", "TEXT"),
        ("final_at", "FLOAT"),
        ("state", "TEXT"),
        ("err", "TEXT"),
    ):
        db.execute(f"ALTER TABLE pending ADD COLUMN {column} {kind}")
    db.execute(
        "UPDATE pending SET at = m.at, system_id = m.system_id, connection = m.connection, status = m.status,"
        " number = m.number, message_id = m.message_id, final_at = m.final_at, err = m.err,"
        " state = CASE WHEN m.final_at IS NULL THEN m.outcome ELSE m.state END"
        " FROM messages m WHERE m.row = pending.row"
    )
    db.table("numbers").create({"operator": str, "number": int}, pk="operator")
    db.execute(
        "INSERT INTO numbers SELECT operator, max(number) FROM messages WHERE number IS NOT NULL GROUP BY operator"
    )
    db.table("log").create(
        {
            "entry": int,
            "row": int,  # the highest of a message up to here
            "delivery": int,  # the highest number of one that is owed
            "at": float,  # when it was written down
            "size": int,  # operations
            "events": bytes,
            "messages": bytes,
            "pdus": bytes,
        },
        pk="entry",
    )
    db.table("progress").create(
        {
            "id": int,
            "expanded": int,  # the last entry that is in the tables
            "needed": int,  # the first entry of which something planned or owed is not in the tables
            "row": int,  # up to here what is planned is in `pending`
            "delivery": int,  # up to here what is owed is in `owed`
        },
        pk="id",
    )
    db.execute(
        "INSERT INTO progress SELECT 1, 0, 1, (SELECT coalesce(max(row), 0) FROM messages),"
        " (SELECT coalesce(max(delivery), 0) FROM owed)"
    )


def _numbers_late(db: Database) -> None:
    """The highest numbers may be in the log alone, where earlier programs do not look for them."""
    # Asked for by an operator alone it made SQLite sort all of its messages, and nobody asks for a number.
    db.execute("DROP INDEX idx_messages_operator_number")


def _made_by_plans(db: Database) -> None:
    """The log may have messages that came to their ends and are not over, which earlier programs do not know."""


MIGRATIONS: tuple[Callable[[Database], None], ...] = (
    _first_tables,
    _states_over_time,
    _long_messages_as_one,
    _log_first,
    _numbers_late,
    _made_by_plans,
)
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
    if version == 0:
        connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")  # counts until there is a table
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
