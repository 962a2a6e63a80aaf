"""Receipts that found no message: kept and shown, and after a while out of the way of the others."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from sender.store import packed
from sender.store.database import Database
from smppkit.message_state import MessageState

LONGEST: Final = 72 * 3600.0
"""Seconds: the longest validity of a message that operators grant; what found no message by then finds none."""

_BATCH: Final = 500
_OLD: Final = "SELECT id FROM (SELECT id, at, held FROM parked_receipts ORDER BY id LIMIT ?) WHERE at < ? AND held = 0"
_MOVE: Final = (
    "INSERT INTO unmatched_receipts (account, smsc_id, state, stat, err, number, sender, text, reference, at)"
    " SELECT account, smsc_id, state, stat, err, number, sender, text, reference, at FROM parked_receipts WHERE id = ?"
)
_PARKED: Final = (
    "SELECT a.name, smsc_id, r.state, stat, err, number, sender, reference, at,"
    " (SELECT count(*) FROM doubts d WHERE d.account = r.account AND d.tail = r.tail)"
    " FROM parked_receipts r JOIN accounts a ON a.id = account WHERE at < ? ORDER BY r.id LIMIT ?"
)
_ASIDE: Final = (
    "SELECT a.name, smsc_id, u.state, stat, err, number, sender, reference, at, 0"
    " FROM unmatched_receipts u JOIN accounts a ON a.id = account WHERE at < ? ORDER BY u.id LIMIT ?"
)
_OF_MESSAGE: Final = "SELECT part, n, smsc_id, state, stat, err, number, at FROM receipts WHERE message = ?"
_FIRST: Final = "part, 1, smsc_id, received, stat, err, (SELECT number FROM messages WHERE id = message), received_at"
"""The first receipt of a part, where it is kept in the part itself."""


class Unmatched(msgspec.Struct, frozen=True, gc=False):
    """A receipt that was given to no message."""

    account: str
    smsc_id: str
    state: MessageState
    stat: str
    err: str | None
    number: str
    sender: str
    reference: int | None
    at: float
    doubts: int
    """Doubts about its number: with more than one nobody can tell which it is about."""


class Received(msgspec.Struct, frozen=True, gc=False):
    """A receipt of a message, in the order they came for a part."""

    part: int
    n: int
    smsc_id: str
    state: MessageState
    stat: str
    err: str | None
    number: str
    at: float


def put_aside(db: Database, now: float) -> int:
    """Take receipts that waited too long out of the matching's way, some at a time; how many."""
    old = [row[0] for row in db.conn.execute(_OLD, (_BATCH, now - LONGEST))]
    db.conn.executemany(_MOVE, [(row,) for row in old])
    db.conn.executemany("DELETE FROM parked_receipts WHERE id = ?", [(row,) for row in old])
    return len(old)


def listed(db: Database, before: float, limit: int) -> list[Unmatched]:
    """Receipts that came before unix time `before` and found no message, the oldest first."""
    rows: list[tuple[Any, ...]] = db.conn.execute(_ASIDE, (before, limit)).fetchall()
    rows += db.conn.execute(_PARKED, (before, limit - len(rows))).fetchall()
    return [Unmatched(account, smsc_id, MessageState(state), *rest) for account, smsc_id, state, *rest in rows]


def counted(db: Database, before: float) -> dict[str, int]:
    """How many there are, by account."""
    counts: dict[str, int] = {}
    for table in ("unmatched_receipts", "parked_receipts"):
        rows = db.conn.execute(
            f"SELECT a.name, count(*) FROM {table} JOIN accounts a ON a.id = account WHERE at < ? GROUP BY 1",  # noqa: S608
            (before,),
        )
        for name, count in rows:
            counts[name] = counts.get(name, 0) + count
    return counts


def of_message(db: Database, message: int) -> list[Received]:
    """Every receipt of a message, by part and in their order."""
    rows = db.conn.execute(_OF_MESSAGE, (message,)).fetchall()
    rows += [row for row in packed.part_rows(db, message, _FIRST) if row[3] is not None]
    rows.sort()
    return [Received(part, n, smsc_id, MessageState(state), *rest) for part, n, smsc_id, state, *rest in rows]
