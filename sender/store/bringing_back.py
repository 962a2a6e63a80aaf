"""The verb for a wall clock that has gone back: what waits for another try must not wait for a time long past."""

from __future__ import annotations

from typing import Final

from sender.store.database import Database
from sender.store.sql import sql

_GROUPS: Final = sql(
    "SELECT a.id, s.campaign FROM campaign_states s CROSS JOIN accounts a WHERE s.state = $QUEUED AND s.messages > 0"
)
_BRING: Final = sql(
    "UPDATE messages SET due = ?3 WHERE id IN (SELECT m.id FROM messages m INDEXED BY messages_queued"
    " WHERE m.state = $QUEUED AND m.account = ?1 AND m.campaign = ?2 AND m.due > ?3"
    " AND EXISTS (SELECT 1 FROM parts p WHERE p.message = m.id AND p.submits > 0))"
)


def bring_back(db: Database, latest: float) -> int:
    """See `SqliteStore.bring_back`."""
    groups = db.conn.execute(_GROUPS).fetchall()
    return sum(db.conn.execute(_BRING, (account, campaign, latest)).rowcount for account, campaign in groups)
