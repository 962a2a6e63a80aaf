"""Messages in doubt: who they are, and what a person decides about them. Every decision leaves a row behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from sender.domain.message import State
from sender.domain.settlement import Verdict, settled
from sender.store.applying import Application, Change, forget_doubts
from sender.store.database import Database, json_list
from sender.store.settling import load_parts, settle
from sender.store.sql import sql

_DOUBTS: Final = sql(
    "SELECT p.message, p.part, a.name, m.number, m.campaign, c.message_class, p.cause, p.submitted_at,"
    " p.state = $QUEUED, (SELECT count(*) FROM parked_receipts r WHERE r.account = d.account AND r.tail = d.tail)"
    " FROM doubts d JOIN parts p ON p.message = d.message AND p.part = d.part JOIN messages m ON m.id = p.message"
    " JOIN campaigns c ON c.id = m.campaign JOIN accounts a ON a.id = p.account"
    " WHERE p.state = $IN_DOUBT OR p.state = $QUEUED ORDER BY p.submitted_at, p.message, p.part"
)
_OF_CAMPAIGN: Final = sql(
    "SELECT DISTINCT d.message FROM doubts d CROSS JOIN messages m ON m.id = d.message"
    " WHERE m.campaign = ? AND m.state = $IN_DOUBT LIMIT ?"
)
_MESSAGES: Final = "SELECT m.id, m.state FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value"
_DOUBTFUL: Final = "SELECT p.message, p.part, p.doubtful FROM json_each(?) j CROSS JOIN parts p ON p.message = j.value"
_AUDIT: Final = "INSERT INTO settlements (at, who, source, message, part, before, after) VALUES (?, ?, ?, ?, ?, ?, ?)"
_HISTORY: Final = "SELECT at, who, source, message, part, before, after FROM settlements WHERE message = ? ORDER BY id"


class Doubt(msgspec.Struct, frozen=True, gc=False):
    """One part of which nobody knows what became of it."""

    message: int
    part: int
    account: str
    number: str
    campaign: int
    message_class: str
    cause: str
    since: float
    resend: int
    """1 when it waits to be sent again."""
    receipts: int
    """Receipts on this account that may be about its number and were given to no message."""


class Settled(msgspec.Struct, frozen=True, gc=False):
    """What a verdict did to a message: `before` and `after` are equal when it did nothing."""

    message: int
    before: State | None
    """None: there is no such message."""
    after: State | None


class Settlement(msgspec.Struct, frozen=True, gc=False):
    """One row of the audit."""

    at: float
    who: str
    source: str
    message: int
    part: int
    before: State
    after: State


def listed(db: Database) -> list[Doubt]:
    """Every doubt, the oldest first."""
    return [Doubt(*columns) for columns in db.conn.execute(_DOUBTS)]


def of_campaign(db: Database, campaign_id: int, limit: int) -> list[int]:
    """Some messages of a campaign that are in doubt, and will not be sent again by themselves."""
    return [row[0] for row in db.conn.execute(_OF_CAMPAIGN, (campaign_id, limit))]


def decide(
    db: Database, messages: Sequence[int], verdict: Verdict, *, who: str, source: str, at: float
) -> list[Settled]:
    """Settle messages as a person says. Those that are final, unsent, or being sent at this moment stay as they are."""
    wanted = json_list(dict.fromkeys(messages))
    before = {message: State(state) for message, state in db.conn.execute(_MESSAGES, (wanted,))}
    busy = {message for message, state in before.items() if state in (State.CLAIMED, State.SUBMITTING)}
    parts = load_parts(db, [it for it in before if it not in busy])
    doubtful = {(message, part): bool(it) for message, part, it in db.conn.execute(_DOUBTFUL, (wanted,))}
    application = Application(db)
    changes: list[Change] = []
    for place, row in parts.items():
        after = settled(State(row.state), verdict, doubtful=doubtful[place])
        if after is not None:
            changes.append((*place, row.state, after))
            row.state, row.err = after, row.err if after is State.QUEUED else source
            application.touched[place] = row
    application.write()
    rows = list(application.touched.values())
    forget_doubts(db, [row for row in rows if row.state != State.QUEUED])
    if verdict is Verdict.RESEND:
        db.conn.executemany("UPDATE messages SET due = ? WHERE id = ?", [(at, row.message) for row in rows])
    states: dict[int, State] = {**before, **settle(db, rows)}
    note(db, changes, who=who, source=source, at=at)
    return [Settled(message, before.get(message), states.get(message)) for message in messages]


def note(db: Database, changes: Sequence[Change], *, who: str, source: str, at: float) -> None:
    """Keep what was decided, by whom and when."""
    db.conn.executemany(_AUDIT, [(at, who, source, *change) for change in changes])


def history(db: Database, message: int) -> list[Settlement]:
    """What was decided about a message, oldest first."""
    rows = db.conn.execute(_HISTORY, (message,))
    return [
        Settlement(at, who, source, number, part, State(before), State(after))
        for at, who, source, number, part, before, after in rows
    ]
