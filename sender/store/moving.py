"""Verbs that move queued messages from one account to another.

Only messages of which certainly nothing was taken may move: none of their segments was ever in doubt, and none was
accepted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from sender.store import fields
from sender.store.database import Database
from sender.store.sql import sql

_BOUND: Final = sql(
    "EXISTS (SELECT 1 FROM parts p WHERE p.message = messages.id AND (p.cause IS NOT NULL OR p.state <> $QUEUED))"
)
_MOVABLE: Final = sql(
    "SELECT messages.id, campaign, number, due FROM messages INDEXED BY messages_queued"
    " WHERE state = $QUEUED AND account = ? AND (campaign, due, messages.id) > (?, ?, ?) AND NOT $bound"
    " ORDER BY campaign, due, messages.id LIMIT ?",
    bound=_BOUND,
)
_MOVE: Final = sql(
    "UPDATE messages SET account = ? WHERE id = ? AND account = ? AND state = $QUEUED AND NOT $bound", bound=_BOUND
)

_WITH_QUEUE: Final = sql(
    "SELECT name FROM accounts a WHERE EXISTS (SELECT 1 FROM messages INDEXED BY messages_queued"
    " WHERE state = $QUEUED AND account = a.id) ORDER BY name"
)

Place = tuple[int, float, int]
"""A place in the queue of an account: campaign, due time, message."""
FRONT: Final[Place] = (0, 0.0, 0)


class Movable(msgspec.Struct, frozen=True, gc=False):
    """A queued message that may go through another account."""

    message_id: int
    campaign_id: int
    number: str
    fields: dict[str, str]
    place: Place


def movable(db: Database, account: str, after: Place, limit: int) -> list[Movable]:
    """See `SqliteStore.movable`."""
    number = db.known_account(account)
    if number is None:
        return []
    rows = db.conn.execute(_MOVABLE, (number, *after, limit)).fetchall()
    given = fields.read(db, [row[0] for row in rows])
    return [
        Movable(message, campaign, destination, given.get(message) or {}, (campaign, due, message))
        for message, campaign, destination, due in rows
    ]


def forsaken(db: Database, configured: Collection[str]) -> list[str]:
    """See `SqliteStore.forsaken`."""
    return [name for (name,) in db.conn.execute(_WITH_QUEUE) if name not in configured]


def move(db: Database, account: str, moves: Sequence[tuple[int, str]]) -> int:
    """See `SqliteStore.move`."""
    number = db.account(account)
    return db.conn.executemany(_MOVE, [(db.account(other), message, number) for message, other in moves]).rowcount
