"""Intents of messages that have one part and are submitted for the first time: one row for all of a call.

Nearly all of them are answered within moments, and then their part is written, once, with its answer. What does not go
that way gets its row in `parts` before anything else is done to it (`write_out`), and so does everything whose parts
are no longer in hand (`spill`): a new process begins with that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from sender.store.sql import sql

if TYPE_CHECKING:
    from sender.store.database import Database
    from sender.store.parts import PartRow

_PACK: Final = "INSERT INTO intents (account, at, submits) VALUES (?, ?, ?)"
_DONE: Final = "DELETE FROM intents WHERE id = ?"
_WRITE: Final = (
    "INSERT INTO parts (message, part, account, state, epoch, sequence, first_at, submitted_at,"
    " submits, retries, resends, doubtful, receipts, repeated)"
)
_ONE: Final = sql("$write VALUES (?, 1, ?, $SUBMITTING, ?, ?, ?, ?, 1, 0, 0, 0, 0, 0)", write=_WRITE)
_ALL: Final = sql(
    "$write SELECT message, part, account, state, epoch, sequence, first_at, submitted_at,"
    " submits, retries, resends, doubtful, receipts, repeated FROM all_parts"
    " WHERE message IN (SELECT json_extract(j.value, '$$[0]') FROM intents i, json_each(i.submits) j)"
    " AND state = $SUBMITTING ON CONFLICT DO NOTHING",
    write=_WRITE,
)


def pack(db: Database, rows: Sequence[PartRow]) -> None:
    """Commit to submitting these parts of one account, and take them in hand."""
    submits = msgspec.json.encode([(row.message, row.epoch, row.sequence) for row in rows]).decode()
    ident = db.hot.execute(_PACK, (rows[0].account, rows[0].submitted_at, submits)).lastrowid or 0
    beyond = db.hand.submitted(rows, ident)
    if beyond:
        write_out(db, beyond)


def write_out(db: Database, rows: Sequence[PartRow]) -> None:
    """Give these parts their rows, where they have none yet."""
    packed = [row for row in rows if row.intent]
    if not packed:
        return
    db.hot.executemany(
        _ONE,
        [(row.message, row.account, row.epoch, row.sequence, row.first_at, row.submitted_at) for row in packed],
    )
    db.hand.answered(packed)


def drop_done(db: Database) -> None:
    """Delete the rows of which every intent has a row in `parts`: at the end of a transaction."""
    done = db.hand.take_done()
    if done:
        db.hot.executemany(_DONE, done)


def spill(db: Database) -> None:
    """Give every part that is packed its row. Nothing is in hand then."""
    db.hand.clear()
    if db.hot.execute("SELECT 1 FROM intents LIMIT 1").fetchone() is not None:
        db.hot.execute(_ALL)
        db.hot.execute("DELETE FROM intents")
    db.hand.lost = False
