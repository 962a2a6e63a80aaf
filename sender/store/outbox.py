"""The outbox: events written in the transaction of the change they tell of, a row for each consumer that wants them.

Who wants what is in the table ``consumers``, which the process that sends fills from its configuration; so a second
process that changes something emits for the same consumers. Nobody wants anything: nothing is read, nothing written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, Final

import msgspec

from sender.domain.events import EventType
from sender.domain.message import FINAL, OPEN, State
from sender.store import intents
from sender.store.database import Database, json_list
from sender.store.sql import sql

_TOLD: Final = {
    State.ACCEPTED: EventType.MESSAGE_ACCEPTED,
    State.DELIVERED: EventType.MESSAGE_DELIVERED,
    State.IN_DOUBT: EventType.MESSAGE_IN_DOUBT,
} | {state: EventType.MESSAGE_FAILED for state in FINAL if state is not State.DELIVERED}


class Event(msgspec.Struct, frozen=True, gc=False):
    """Something that happened at unix time `at`. With `only` it is for the consumer of that name and for no other."""

    type: EventType
    at: float
    data: dict[str, Any]
    only: str = ""


class Fate(IntEnum):
    """Where a delivery stands; the numbers are what the store keeps."""

    WAITING = 0
    DELIVERED = 1
    DEAD = 2


class Due(msgspec.Struct, frozen=True, gc=False):
    """A delivery to be tried now."""

    id: int
    type: str
    at: float
    body: str
    attempts: int


class Attempt(msgspec.Struct, frozen=True, gc=False):
    """What became of one: delivered, dead, or due again."""

    id: int
    fate: Fate
    due: float
    outcome: str
    at: float


class Consumer(msgspec.Struct, frozen=True):
    """Who gets events, and how it stands with them."""

    id: int
    name: str
    url: str
    state: str
    """active, disabled (the consumer answered 410 Gone) or removed (no longer in the configuration)."""
    reason: str
    since: float
    created_at: float
    """Part of the ids of its events: two stores that tell one consumer do not use the same."""
    waiting: int = 0
    delivered: int = 0
    dead: int = 0
    oldest: float | None = None
    """When the oldest event that waits happened."""


class DeliveryRow(msgspec.Struct, frozen=True):
    """A delivery as it is shown to people."""

    id: int
    consumer: str
    type: str
    at: float
    state: str
    attempts: int
    due: float
    outcome: str
    body: str


class Wanted(msgspec.Struct, frozen=True):
    """Which consumers get what."""

    by_type: Mapping[EventType, tuple[int, ...]]
    by_name: Mapping[str, int]


def wanted(db: Database) -> Wanted:
    """Who wants what, remembered by the connection."""
    known: Wanted | None = db.consumers
    if known is None:
        rows = db.conn.execute("SELECT id, name, events FROM consumers WHERE state <> 'removed' ORDER BY id").fetchall()
        by_type: dict[EventType, tuple[int, ...]] = {}
        for ident, _, events in rows:
            for name in msgspec.json.decode(events, type=list[str]):
                kind = EventType(name)
                by_type[kind] = (*by_type.get(kind, ()), ident)
        known = db.consumers = Wanted(by_type, {name: ident for ident, name, _ in rows})
    return known


def is_wanted(db: Database, kind: EventType) -> bool:
    """Whether anybody gets events of this type."""
    return kind in wanted(db).by_type


def emit(db: Database, events: Iterable[Event]) -> None:
    """Write events for those who want them, inside the transaction of the change."""
    known = wanted(db)
    rows = [
        (consumer, event.type.value, event.at, body_of(event), int(Fate.WAITING), event.at, 0, "")
        for event in events
        for consumer in _takers(known, event)
    ]
    if rows:
        db.conn.executemany(
            "INSERT INTO outbox (consumer, type, at, body, state, due, attempts, outcome)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        db.emitted += len(rows)


def _takers(known: Wanted, event: Event) -> tuple[int, ...]:
    named = known.by_name.get(event.only)
    return (named,) if named is not None else known.by_type.get(event.type, ())


def body_of(event: Event) -> str:
    """The body of a request: type, timestamp (ISO 8601, UTC) and data, as Standard Webhooks has it."""
    return msgspec.json.encode({"type": event.type.value, "timestamp": iso(event.at), "data": event.data}).decode()


def iso(at: float) -> str:
    """A unix time as it stands in events: ``2026-01-01T09:00:00.250Z``."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- messages and campaigns -----------------------------------------------------------------------

_MESSAGES: Final = (
    "SELECT m.id, m.campaign, c.name, c.sender, c.message_class, m.number, m.state, a.name, m.parts, m.due,"
    " max(coalesce(p.answered_at, p.submitted_at)), max(p.status), max(p.stat), max(p.err),"
    " nullif(max(coalesce(max(p.received_at), 0),"
    " coalesce((SELECT max(r.at) FROM receipts r WHERE r.message = m.id), 0)), 0), i.reference, i.callback"
    " FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value JOIN campaigns c ON c.id = m.campaign"
    " JOIN accounts a ON a.id = m.account LEFT JOIN parts p ON p.message = m.id"
    " LEFT JOIN api_messages i ON i.message = m.id GROUP BY m.id"
)
_ENDED: Final = sql(
    "SELECT c.id, c.name, c.messages, max(coalesce(c.last_receipt, 0), coalesce(c.last_response, 0), c.created_at)"
    " FROM json_each(?) j CROSS JOIN campaigns c ON c.id = j.value"
    " WHERE c.state = 'running' AND c.kind = 'file'"
    " AND NOT EXISTS (SELECT 1 FROM finished_campaigns f WHERE f.campaign = c.id)"
    " AND NOT EXISTS (SELECT 1 FROM campaign_states s WHERE s.campaign = c.id AND s.messages > 0"
    " AND s.state IN ($open))",
    open=", ".join(str(int(state)) for state in sorted(OPEN)),
)


def emit_moves(db: Database, moved: Mapping[int, Sequence[int]], campaigns: Iterable[int], at: float | None) -> None:
    """Tell of messages that have just come into new states (``{state: [message, …]}``), and of campaigns that end.

    Receipts and parts are written before their messages move: without `at`, when it happened is read from them.
    """
    by_type = wanted(db).by_type
    if not by_type:
        return
    told = [ident for state, ids in moved.items() if _TOLD.get(State(state)) in by_type for ident in ids]
    if told:
        intents.write_out_messages(db, told)
        emit(db, [_message_event(row, at) for row in db.conn.execute(_MESSAGES, (json_list(told),)).fetchall()])
    if EventType.CAMPAIGN_FINISHED in by_type and any(state in FINAL or state == State.IN_DOUBT for state in moved):
        emit_ends(db, campaigns, at)


def emit_ends(db: Database, campaigns: Iterable[int], at: float | None = None) -> None:
    """Tell of those of these campaigns that have just ended."""
    if not is_wanted(db, EventType.CAMPAIGN_FINISHED):
        return
    for ident, name, messages, last in db.conn.execute(_ENDED, (json_list(campaigns),)).fetchall():
        db.conn.execute("INSERT INTO finished_campaigns (campaign) VALUES (?)", (ident,))
        states = db.conn.execute("SELECT state, messages FROM campaign_states WHERE campaign = ?", (ident,)).fetchall()
        counts = {State(state).label: count for state, count in sorted(states) if count}
        data = {"campaign_id": ident, "campaign": name, "messages": messages, "states": counts}
        emit(db, [Event(EventType.CAMPAIGN_FINISHED, last if at is None else at, data)])


def _message_event(row: Sequence[Any], at: float | None) -> Event:
    ident, campaign, name, sender, kind, number, state, account, parts, due, answered, *rest = row
    status, stat, err, received, reference, callback = rest
    data = {
        "message_id": ident,
        "campaign_id": campaign,
        "campaign": name,
        "sender": sender,
        "class": kind,
        "number": number,
        "state": State(state).label,
        "account": account,
        "parts": parts,
        "status": status,
        "stat": stat,
        "err": err,
    }
    # What a program gave with the message, so that it knows it again.
    data |= {key: value for key, value in (("reference", reference), ("callback", callback)) if value is not None}
    if at is None:
        at = max(it for it in (received, answered, due) if it is not None)
    return Event(_TOLD[State(state)], at, data)


# --- the outbox itself ----------------------------------------------------------------------------


# The states are literals, for SQLite to see that a partial index applies.
_PURGE_DELIVERED: Final = (
    "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE state = 1 AND done_at < ? ORDER BY done_at LIMIT ?)"
)
_PURGE_DEAD: Final = (
    "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE state = 2 AND done_at < ? ORDER BY done_at LIMIT ?)"
)
_GIVE_UP: Final = (
    "UPDATE outbox SET state = 2, done_at = ?, outcome = 'given up: it waited too long'"
    " WHERE id IN (SELECT id FROM outbox WHERE state = 0 AND at < ? ORDER BY at LIMIT ?)"
)


class Outbox:
    """The verbs of the outbox."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def configure(self, consumers: Mapping[str, tuple[str, Sequence[str]]], at: float) -> dict[str, int]:
        """Bring the consumers to what the configuration says, (url, events) by name; their ids.

        One whose address changes is active again, whatever it had answered before.
        """
        for name, (url, events) in consumers.items():
            self._db.conn.execute(
                "INSERT INTO consumers (name, url, events, state, reason, since, created_at)"
                " VALUES (?1, ?2, ?3, 'active', '', ?4, ?4)"
                " ON CONFLICT (name) DO UPDATE SET events = excluded.events, url = excluded.url,"
                " state = CASE WHEN url = excluded.url AND state = 'disabled' THEN state ELSE 'active' END,"
                " reason = CASE WHEN url = excluded.url AND state = 'disabled' THEN reason ELSE '' END",
                (name, url, json_list(events), at),
            )
        self._db.conn.execute(
            "UPDATE consumers SET state = 'removed', reason = 'no longer in the configuration', since = ?"
            " WHERE state <> 'removed' AND name NOT IN (SELECT value FROM json_each(?))",
            (at, json_list(consumers)),
        )
        self._db.consumers = None
        return dict(wanted(self._db).by_name)

    def add(self, events: Sequence[Event]) -> None:
        """Write events for those who want them."""
        emit(self._db, events)

    def due(self, consumer: int, now: float, limit: int) -> tuple[list[Due], float | None, bool]:
        """At most `limit` deliveries of a consumer that are due, when the next one is, and whether it is active."""
        rows = self._db.conn.execute(
            "SELECT id, type, at, body, attempts FROM outbox WHERE state = 0 AND consumer = ? AND due <= ?"
            " ORDER BY due, id LIMIT ?",
            (consumer, now, limit),
        ).fetchall()
        following = self._db.conn.execute(
            "SELECT min(due) FROM outbox WHERE state = 0 AND consumer = ? AND due > ?", (consumer, now)
        ).fetchone()[0]
        state = self._db.conn.execute("SELECT state FROM consumers WHERE id = ?", (consumer,)).fetchone()[0]
        return [Due(*row) for row in rows], following, state == "active"

    def record(self, attempts: Sequence[Attempt]) -> None:
        """What became of deliveries."""
        self._db.conn.executemany(
            "UPDATE outbox SET state = ?, due = ?, outcome = ?, attempts = attempts + 1,"
            " done_at = CASE WHEN ? THEN ? END WHERE id = ? AND state = 0",
            [(int(it.fate), it.due, it.outcome, it.fate is not Fate.WAITING, it.at, it.id) for it in attempts],
        )

    def disable(self, consumer: int, reason: str, at: float) -> None:
        """Send it nothing more until a person enables it: its events wait."""
        self._db.conn.execute(
            "UPDATE consumers SET state = 'disabled', reason = ?, since = ? WHERE id = ? AND state = 'active'",
            (reason, at, consumer),
        )

    def enable(self, consumer: int, at: float) -> None:
        """Send to it again."""
        self._db.conn.execute(
            "UPDATE consumers SET state = 'active', reason = '', since = ? WHERE id = ? AND state = 'disabled'",
            (at, consumer),
        )

    def replay(self, consumer: int, now: float, *, ids: Sequence[int] = (), since: float | None = None) -> int:
        """Have deliveries made again: those of `ids`, or all since a time, or all that are dead; how many."""
        where, values = "state = 2", ()
        if ids:
            where, values = "id IN (SELECT value FROM json_each(?))", (json_list(ids),)  # type: ignore[assignment]
        elif since is not None:
            where, values = "state <> 0 AND at >= ?", (since,)  # type: ignore[assignment]
        cursor = self._db.conn.execute(
            f"UPDATE outbox SET state = 0, due = ?, attempts = 0, done_at = NULL WHERE consumer = ? AND {where}",  # noqa: S608
            (now, consumer, *values),
        )
        self._db.emitted += cursor.rowcount
        return cursor.rowcount

    def purge(self, now: float, delivered: float, others: float, limit: int) -> int:
        """Delete at most `limit` that were delivered more than `delivered` seconds ago, or dead for `others`.

        What waits for longer than `others`, because its consumer is disabled or gone, becomes dead. How many rows
        were touched.
        """
        touched = 0
        for statement, values in (
            (_PURGE_DELIVERED, (now - delivered, limit)),
            (_PURGE_DEAD, (now - others, limit)),
            (_GIVE_UP, (now, now - others, limit)),
        ):
            touched += self._db.conn.execute(statement, values).rowcount
        return touched

    def consumers(self) -> list[Consumer]:
        """Every consumer there ever was, with what waits for it."""
        rows = self._db.conn.execute(
            "SELECT c.id, c.name, c.url, c.state, c.reason, c.since, c.created_at,"
            " coalesce(sum(o.state = 0), 0),"
            " coalesce(sum(o.state = 1), 0), coalesce(sum(o.state = 2), 0), min(CASE WHEN o.state = 0 THEN o.at END)"
            " FROM consumers c LEFT JOIN outbox o ON o.consumer = c.id GROUP BY c.id ORDER BY c.name"
        )
        return [Consumer(*row) for row in rows]

    def deliveries(self, consumer: int | None, fate: Fate | None, limit: int) -> list[DeliveryRow]:
        """The latest deliveries, newest first."""
        rows = self._db.conn.execute(
            "SELECT o.id, c.name, o.type, o.at, o.state, o.attempts, o.due, o.outcome, o.body"
            " FROM outbox o JOIN consumers c ON c.id = o.consumer"
            " WHERE (?1 IS NULL OR o.consumer = ?1) AND (?2 IS NULL OR o.state = ?2) ORDER BY o.id DESC LIMIT ?3",
            (consumer, None if fate is None else int(fate), limit),
        )
        return [
            DeliveryRow(ident, name, kind, at, Fate(fate).name.lower(), attempts, due, outcome, body)
            for ident, name, kind, at, fate, attempts, due, outcome, body in rows
        ]
