"""Version 4: what is done for each message is done once for all of a call."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final
from zlib import crc32

from sender.store.sql import sql

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS: Final[tuple[str, ...]] = (
    # Who brings messages to their end settles what they cost: `charging`.
    "DROP TRIGGER messages_settled",
    # Parts by the ids of the operator: `part_ids`. A part is message * 256 + part.
    "DROP INDEX parts_by_key",
    """CREATE TABLE part_ids (
        run INTEGER NOT NULL,
        hash INTEGER NOT NULL,
        part INTEGER NOT NULL,
        PRIMARY KEY (run, hash, part)
    ) STRICT, WITHOUT ROWID""",
    "CREATE TABLE part_runs (run INTEGER PRIMARY KEY, ids INTEGER NOT NULL) STRICT",
    # ids: pairs of 64-bit integers in the order of the machine, the hash and the part.
    """CREATE TABLE new_ids (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        ids BLOB NOT NULL
    ) STRICT""",
)

_RUN: Final = 4_000_000
"""Ids of a run."""
_FILL: Final = (
    "INSERT INTO part_ids (run, hash, part) SELECT ?, id_hash(key), message * 256 + part FROM parts"
    " WHERE key IS NOT NULL AND message > ? AND message <= ? ORDER BY 2, 3"
)


def _fill(conn: sqlite3.Connection) -> None:
    """Put every id there is into runs, each written in its order."""
    conn.create_function("id_hash", 1, lambda key: ~crc32(key.encode()), deterministic=True)
    run, first, total = 0, 0, 0
    end: int = conn.execute("SELECT coalesce(max(message), 0) FROM parts").fetchone()[0]
    while first < end:
        run += 1
        row = conn.execute("SELECT message FROM parts WHERE message > ? LIMIT 1 OFFSET ?", (first, _RUN)).fetchone()
        last = end if row is None else row[0]
        ids = conn.execute(_FILL, (run, first, last)).rowcount
        conn.execute("INSERT INTO part_runs (run, ids) VALUES (?, ?)", (run, ids))
        first, total = last, total + ids
    expected = conn.execute("SELECT count(*) FROM parts WHERE key IS NOT NULL").fetchone()[0]
    if total != expected:
        raise sqlite3.IntegrityError(f"{expected - total} of {expected} ids of parts were not brought forward")


def migrate(db: Database) -> None:
    """From version 3 to version 4."""
    for statement in _STATEMENTS:
        db.execute(sql(statement))
    _fill(db.conn)
