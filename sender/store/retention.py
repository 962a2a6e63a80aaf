"""Verbs that delete by age, a little at a time: messages of finished campaigns and of
subscribers, and receipts of nobody.

What was counted stays: the totals of a campaign are as they were, and how many receipts were dropped is a number that
`sender report` shows.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from sender.domain.message import State
from sender.store import fields, intents, reporting
from sender.store.campaigns import message_range
from sender.store.database import Database, json_list
from sender.store.records import CampaignKind, CampaignState
from sender.store.sql import sql

UNMATCHED_DROPPED: Final = "receipts dropped unmatched"
INCOMING_DROPPED: Final = "messages of subscribers dropped for their age"

# Whatever is done later to a campaign with none of these is a receipt that comes after its time.
_FINISHED: Final = sql(
    "SELECT c.id FROM campaigns c WHERE c.state = ? AND c.kind = ? AND NOT c.retired AND c.created_at < ?"
    " AND coalesce(c.last_receipt, 0) < ? AND coalesce(c.last_response, 0) < ? AND coalesce(c.expires_at, 0) < ?"
    " AND NOT EXISTS (SELECT 1 FROM campaign_states s WHERE s.campaign = c.id AND s.messages > 0"
    " AND s.state IN ($QUEUED, $CLAIMED, $SUBMITTING)) ORDER BY c.id LIMIT 1"
)
_STANDING: Final = "SELECT id FROM campaigns WHERE kind = ? AND first_message IS NOT NULL ORDER BY id"
_OLDEST: Final = (
    "SELECT m.id, m.state, (SELECT max(max(p.submitted_at, coalesce(p.answered_at, 0))) FROM parts p"
    " WHERE p.message = m.id) FROM messages m WHERE m.id BETWEEN ? AND ? AND m.campaign = ? ORDER BY m.id LIMIT ?"
)
_OPEN: Final = frozenset({State.QUEUED, State.CLAIMED, State.SUBMITTING})
_PACKED: Final = frozenset({State.ACCEPTED, State.DELIVERED})
"""States in which a message may have no row in `parts`, although it was sent."""
_WITHOUT_REFERENCE: Final = (("receipts", "message"), ("doubts", "message"))


def retire(db: Database, before: float, limit: int) -> int:
    """See `Maintenance.retire`."""
    row = db.conn.execute(
        _FINISHED, (CampaignState.RUNNING.value, CampaignKind.FILE.value, before, before, before, before)
    ).fetchone()
    if row is not None:
        return _retire_finished(db, row[0], limit)
    for (campaign,) in db.conn.execute(_STANDING, (CampaignKind.API.value,)).fetchall():
        old = _old(db, campaign, before, limit)
        if old:
            _delete(db, campaign, old)
            return len(old)
    return 0


def _retire_finished(db: Database, campaign: int, limit: int) -> int:
    rows = db.conn.execute(
        "SELECT id, state FROM messages WHERE id BETWEEN ? AND ? AND campaign = ? ORDER BY id LIMIT ?",
        (*message_range(db, campaign), campaign, limit),
    ).fetchall()
    if rows:
        _delete(db, campaign, dict(rows))
        return len(rows)
    states = db.conn.execute(
        "SELECT state, sum(recipients - taken) FROM chunks WHERE campaign = ? GROUP BY state", (campaign,)
    ).fetchall()
    _add(db, campaign, "state", Counter({str(state): number for state, number in states}))
    db.conn.execute("DELETE FROM chunk_data WHERE chunk IN (SELECT id FROM chunks WHERE campaign = ?)", (campaign,))
    db.conn.execute("DELETE FROM chunks WHERE campaign = ?", (campaign,))
    db.conn.execute("UPDATE campaigns SET retired = 1 WHERE id = ?", (campaign,))
    return 1


def _old(db: Database, campaign: int, before: float, limit: int) -> dict[int, int]:
    """The first messages of a campaign that never ends, as far as they are done with and old; their states."""
    found: dict[int, int] = {}
    end = 0
    rows = _oldest(db, campaign, limit)
    packed = [message for message, state, at in rows if at is None and state in _PACKED]
    if packed:
        intents.write_out_messages(db, packed)
        rows = _oldest(db, campaign, limit)
    for message, state, at in rows:
        if state in _OPEN or (at is not None and at >= before):
            break
        found[message] = state
        if at is not None:
            end = len(found)  # one that was never sent is as old as those around it
    return dict(list(found.items())[:end])


def _oldest(db: Database, campaign: int, limit: int) -> list[tuple[int, int, float | None]]:
    return db.conn.execute(_OLDEST, (*message_range(db, campaign), campaign, limit)).fetchall()


def _delete(db: Database, campaign: int, messages: dict[int, int]) -> None:
    intents.write_out_messages(db, list(messages))
    db.hand.clear()
    ids = json_list(messages)
    found = reporting.figures(db, reporting.OF_LIST, (ids,))
    _add(db, campaign, "state", Counter(str(state) for state in messages.values()))
    _add(db, campaign, "total", found.totals)
    _add(db, campaign, "doubt", found.doubts)
    for (reason, stage), count in found.failures.items():
        _add(db, campaign, stage, Counter({reason: count}))
    db.ids.forget(db, ids)
    fields.forget(db, messages)
    for table, column in referring(db):
        db.conn.execute(
            f'DELETE FROM "{table}" WHERE "{column}" IN (SELECT value FROM json_each(?))',  # noqa: S608 - our schema
            (ids,),
        )
    db.conn.execute("DELETE FROM messages WHERE id IN (SELECT value FROM json_each(?))", (ids,))
    db.packs.forget(db, messages)
    db.conn.execute("UPDATE campaigns SET first_message = ? WHERE id = ?", (max(messages) + 1, campaign))


def _add(db: Database, campaign: int, what: str, numbers: Counter[str]) -> None:
    db.conn.executemany(
        "INSERT INTO retired (campaign, what, name, number) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET number = number + excluded.number",
        [(campaign, what, name, number) for name, number in numbers.items() if number],
    )


def referring(db: Database) -> list[tuple[str, str]]:
    """Tables with rows about a message, and the column that names it."""
    found = db.conn.execute(
        'SELECT t.name, f."from" FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f'
        " WHERE t.type = 'table' AND f.\"table\" = 'messages'"
    ).fetchall()
    return [*found, *_WITHOUT_REFERENCE]


def drop_unmatched(db: Database, before: float, limit: int) -> int:
    """See `Maintenance.drop_unmatched`."""
    dropped = db.conn.execute(
        "DELETE FROM unmatched_receipts WHERE at < ? AND id IN (SELECT id FROM unmatched_receipts ORDER BY id LIMIT ?)",
        (before, limit),
    ).rowcount
    if dropped:
        count(db, UNMATCHED_DROPPED, dropped)
    return dropped


def drop_incoming(db: Database, before: float, limit: int) -> int:
    """See `Maintenance.drop_incoming`."""
    dropped = db.conn.execute(
        "DELETE FROM incoming WHERE at < ? AND id IN (SELECT id FROM incoming ORDER BY id LIMIT ?)", (before, limit)
    ).rowcount
    if dropped:
        count(db, INCOMING_DROPPED, dropped)
    return dropped


def count(db: Database, name: str, number: int) -> None:
    """Add to a counter of the store."""
    db.conn.execute(
        "INSERT INTO counters (name, number) VALUES (?, ?) ON CONFLICT DO UPDATE SET number = number + excluded.number",
        (name, number),
    )
