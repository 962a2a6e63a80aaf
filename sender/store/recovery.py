"""The verb that puts in order what a crash, or a kill, left behind."""

from __future__ import annotations

from typing import Final

from sender.domain.message import FINAL, DoubtCause, MessageClass, State
from sender.store import intents, outcomes
from sender.store.database import Database, json_list
from sender.store.records import CampaignState, InDoubt, Recovery
from sender.store.settling import move_messages
from sender.store.sql import sql

_UNDER_WAY: Final = sql(
    "SELECT p.message, p.part, p.resends, c.message_class FROM parts p INDEXED BY parts_submitting"
    " JOIN messages m ON m.id = p.message JOIN campaigns c ON c.id = m.campaign"
    " WHERE p.state = $SUBMITTING ORDER BY p.message, p.part"
)


def recover(db: Database, now: float) -> Recovery:
    """See `SqliteStore.recover`."""
    intents.spill(db)
    released = _release_claimed(db)
    doubts = [
        InDoubt(message, part, DoubtCause.CRASH, _resend_due(MessageClass(message_class), resends, now), now)
        for message, part, resends, message_class in db.conn.execute(_UNDER_WAY).fetchall()
    ]
    outcomes.record(db, doubts)
    states = [
        row[0]
        for row in db.conn.execute(
            "SELECT state FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value",
            (json_list({doubt.message_id: None for doubt in doubts}),),
        )
    ]
    importing = db.conn.execute(
        "SELECT id FROM campaigns WHERE state = ? ORDER BY id", (CampaignState.IMPORTING.value,)
    )
    return Recovery(
        released=released,
        in_doubt=states.count(State.IN_DOUBT),
        requeued=states.count(State.QUEUED),
        resolved=sum(state in FINAL or state == State.ACCEPTED for state in states),
        importing=tuple(row[0] for row in importing),
    )


def _resend_due(message_class: MessageClass, resends: int, now: float) -> float | None:
    return now + message_class.resend_wait if message_class.resend_allowed(resends) else None


def _release_claimed(db: Database) -> int:
    claimed: list[tuple[int, int, int, int]] = []
    campaigns = db.conn.execute(
        sql("SELECT campaign FROM campaign_states WHERE state = $CLAIMED AND messages > 0")
    ).fetchall()
    for (campaign,) in campaigns:
        rows = db.conn.execute(
            sql("SELECT id FROM messages INDEXED BY messages_claimed WHERE campaign = ? AND state = $CLAIMED"),
            (campaign,),
        )
        claimed.extend((row[0], campaign, State.CLAIMED, State.QUEUED) for row in rows)
    move_messages(db, claimed)
    return len(claimed)
