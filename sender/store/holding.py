"""Verbs about campaigns that must not be sent: paused, cancelled, past their deadline.

Pause and cancel take effect with their commit: from then on nothing of the campaign is claimed, and the gate lets
nothing of it onto the wire. What was waiting is then moved by `sweep`, some hundred messages a transaction, so that a
campaign of a million ends without anybody waiting for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sender.domain.message import State
from sender.store import chunks
from sender.store.database import Database, json_list
from sender.store.outbox import emit_ends
from sender.store.records import CampaignState, Standing
from sender.store.settling import move_messages
from sender.store.sql import sql

_STANDING: Final = (
    "SELECT id, paused, cancelled, starts_at, expires_at FROM campaigns"
    " WHERE paused OR cancelled OR starts_at IS NOT NULL OR expires_at IS NOT NULL"
)
_ENDING: Final = sql(
    "SELECT c.id, c.cancelled FROM campaigns c WHERE c.state = ? AND (c.cancelled OR c.expires_at <= ?) AND EXISTS"
    " (SELECT 1 FROM campaign_states s WHERE s.campaign = c.id AND s.state IN ($QUEUED, $CLAIMED) AND s.messages > 0)"
    " ORDER BY c.id"
)
_WAITING: Final = sql(
    "SELECT m.id, m.campaign, m.state, m.parts FROM accounts a CROSS JOIN messages m INDEXED BY messages_queued"
    " ON m.account = a.id AND m.campaign = ? AND m.state = $QUEUED LIMIT ?"
)
_CLAIMED: Final = sql(
    "SELECT id, campaign, state, parts FROM messages INDEXED BY messages_claimed"
    " WHERE campaign = ? AND state = $CLAIMED LIMIT ?"
)
_EXPIRING: Final = sql(
    "SELECT id, campaign, state, parts FROM messages INDEXED BY messages_expiring"
    " WHERE state = $QUEUED AND expires <= ? ORDER BY expires LIMIT ?"
)
# What may have been sent is in doubt, whatever becomes of the rest of its message.
_PARTS: Final = sql(
    "UPDATE parts SET state = CASE WHEN doubtful THEN $IN_DOUBT ELSE ? END WHERE state = $QUEUED AND message IN"
    " (SELECT value FROM json_each(?)) RETURNING message, state"
)

_Waiting = tuple[int, int, int, int]
"""Message, campaign, state, parts."""


def pause(db: Database, campaign_id: int) -> bool:
    """See `SqliteStore.pause`."""
    return _set(db, campaign_id, "paused = 1", "NOT paused AND NOT cancelled")


def resume(db: Database, campaign_id: int) -> bool:
    """See `SqliteStore.resume`."""
    return _set(db, campaign_id, "paused = 0", "paused AND NOT cancelled")


def cancel(db: Database, campaign_id: int) -> bool:
    """See `SqliteStore.cancel`."""
    return _set(db, campaign_id, "cancelled = 1, paused = 0", "NOT cancelled")


def _set(db: Database, campaign_id: int, change: str, condition: str) -> bool:
    statement = sql("UPDATE campaigns SET $change WHERE id = ? AND $condition", change=change, condition=condition)
    if db.conn.execute(statement, (campaign_id,)).rowcount:
        return True
    if db.conn.execute("SELECT 1 FROM campaigns WHERE id = ?", (campaign_id,)).fetchone() is None:
        raise KeyError(f"no campaign {campaign_id}")
    return False


def standing(db: Database) -> dict[int, Standing]:
    """See `SqliteStore.standing`."""
    return {
        campaign: Standing(bool(paused), bool(cancelled), starts_at, expires_at)
        for campaign, paused, cancelled, starts_at, expires_at in db.conn.execute(_STANDING)
    }


def sweep(db: Database, now: float, limit: int = 500) -> int:
    """See `SqliteStore.sweep`."""
    for campaign, cancelled in db.conn.execute(_ENDING, (CampaignState.RUNNING.value, now)).fetchall():
        state = State.CANCELLED if cancelled else State.EXPIRED
        if ended := chunks.end(db, campaign, state, limit):
            emit_ends(db, [campaign], now)
            return ended
        waiting = db.conn.execute(_WAITING, (campaign, limit)).fetchall()
        waiting += db.conn.execute(_CLAIMED, (campaign, limit - len(waiting))).fetchall()
        if waiting:
            end_waiting(db, waiting, state, now)
            return len(waiting)
    if waiting := db.conn.execute(_EXPIRING, (now, limit)).fetchall():
        end_waiting(db, waiting, State.EXPIRED, now)
    return len(waiting)


def end_waiting(db: Database, waiting: Sequence[_Waiting], state: State, now: float | None = None) -> set[int]:
    """Messages that wait are over: in `state`, or in doubt where a part of them may have been sent; the latter."""
    begun = json_list([message for message, _, _, parts in waiting if parts])
    parts = db.conn.execute(_PARTS, (int(state), begun)).fetchall() if begun != "[]" else []
    doubtful = {message for message, after in parts if after == State.IN_DOUBT}
    move_messages(
        db,
        [
            (message, campaign, before, State.IN_DOUBT if message in doubtful else state)
            for message, campaign, before, _ in waiting
        ],
        at=now,
    )
    return doubtful
