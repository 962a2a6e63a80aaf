"""Reading for people and programs: single messages, pages of them, queues, campaigns. Never on the way of a message."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec

from sender.domain.message import FINAL, MessageClass, State
from sender.domain.template import FieldError, Template, TemplateError
from sender.store import campaigns, fields, moving, packed
from sender.store.database import Database
from sender.store.incoming import Incoming
from sender.store.records import Campaign, CampaignKind
from sender.store.settling import move_messages
from sender.store.sql import sql
from sender.store.suppression import Suppressed
from smppkit.status import status_name

MOST: Final = 1000
"""Messages on a page at most."""

_COLUMNS: Final = (
    "m.id, m.campaign, a.name, m.number, m.state, m.due, m.expires, m.parts, c.sender, c.message_class, c.priority,"
    " coalesce(x.at, c.created_at), x.reference, x.callback, c.template"
)
_FROM: Final = (
    " FROM messages m JOIN campaigns c ON c.id = m.campaign JOIN accounts a ON a.id = m.account"
    " LEFT JOIN api_messages x ON x.message = m.id"
    " LEFT JOIN token_campaigns t ON t.campaign = m.campaign"
)


class PartView(msgspec.Struct, frozen=True):
    """One segment, as it went. Times are unix seconds."""

    part: int
    state: str
    operator_id: str | None
    """The operator's message id."""
    status: str | None
    """Of its last submit_sm_resp: ``ESME_ROK``."""
    stat: str | None
    """Of its receipt: ``DELIVRD``."""
    err: str | None
    submits: int
    submitted_at: float
    answered_at: float | None
    received_at: float | None
    """When its last receipt came."""
    doubt: str | None


class MessageView(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it stands. Times are unix seconds."""

    id: int
    campaign: int
    account: str
    to: str
    sender: str = msgspec.field(name="from")
    text: str | None = None
    """None in lists, and where the text was redacted."""
    message_class: str = msgspec.field(name="class")
    priority: int
    state: str
    final: bool
    reference: str | None
    callback: str | None
    accepted_at: float
    due_at: float
    expires_at: float | None
    segments: int
    """0 until it is first submitted."""
    parts: tuple[PartView, ...] = ()


class MessageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which messages are wanted; all conditions that are given must hold."""

    token: int | None = None
    """Only of this token's campaigns."""
    number: str | None = None
    """E.164 digits."""
    campaign: int | None = None
    states: tuple[State, ...] = ()
    reference: str | None = None
    since: float | None = None
    until: float | None = None
    before: int | None = None
    """Only with a smaller id: the next page."""
    limit: int = 100


class CampaignView(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign as it stands. Times are unix seconds."""

    id: int
    name: str
    kind: str
    state: str
    """importing, scheduled, running, paused, cancelled or finished."""
    sender: str = msgspec.field(name="from")
    message_class: str = msgspec.field(name="class")
    priority: int
    created_at: float
    starts_at: float | None
    expires_at: float | None
    messages: int
    rejected_rows: int
    states: dict[str, int]
    """Messages by state."""
    done: int
    """Messages that are sent or final."""
    rate: float | None = None
    """Answers a second on average, since the first submit; null when nothing was answered of late."""
    time_left: float | None = None
    """Seconds until all is sent, at that rate."""


def message(db: Database, ident: int, token: int | None = None) -> MessageView | None:
    """One message with its text and segments; None when there is none, or it is another token's."""
    row = db.conn.execute(
        sql("SELECT $columns $source WHERE m.id = ?1 AND (?2 IS NULL OR t.token = ?2)", columns=_COLUMNS, source=_FROM),
        (ident, token),
    ).fetchone()
    if row is None:
        return None
    text = _text(row[-1], fields.read(db, [ident]).get(ident) or {})
    return msgspec.structs.replace(_view(row, text), parts=_parts(db, ident))


def by_reference(db: Database, token: int, reference: str) -> MessageView | None:
    """The message that a token gave this reference."""
    row = db.conn.execute(
        "SELECT message FROM api_messages WHERE token = ? AND reference = ?", (token, reference)
    ).fetchone()
    return None if row is None else message(db, int(row[0]), token)


def messages(db: Database, query: MessageQuery) -> list[MessageView]:
    """A page of messages, newest first, without texts and segments."""
    where: list[str] = ["1"]
    values: list[Any] = []

    def add(condition: str, *given: Any) -> None:
        where.append(condition)
        values.extend(given)

    if query.token is not None:
        add("t.token = ?", query.token)
    if query.campaign is not None:
        first, last = campaigns.message_range(db, query.campaign)
        add("m.campaign = ? AND m.id BETWEEN ? AND ?", query.campaign, first, last)
    if query.number is not None:
        add("m.number = ?", query.number)
    if query.states:
        add(" OR ".join(["m.state = ?"] * len(query.states)).join("()"), *map(int, query.states))
    if query.reference is not None:
        add("x.reference = ?", query.reference)
    if query.since is not None:
        add("coalesce(x.at, c.created_at) >= ?", query.since)
    if query.until is not None:
        add("coalesce(x.at, c.created_at) <= ?", query.until)
    if query.before is not None:
        add("m.id < ?", query.before)
    rows = db.conn.execute(
        f"SELECT {_COLUMNS}{_FROM} WHERE {' AND '.join(where)} ORDER BY m.id DESC LIMIT ?",
        (*values, min(query.limit, MOST)),
    )
    return [_view(row, None) for row in rows]


def cancel_message(db: Database, ident: int, token: int | None = None) -> State | None:
    """Cancel a message nothing of which was written yet; its state now, None when there is none (of this token).

    One that is on its way, was, or may have been, stays as it is.
    """
    row = db.conn.execute(
        "SELECT m.campaign, m.state, m.parts FROM messages m LEFT JOIN token_campaigns t ON t.campaign = m.campaign"
        " WHERE m.id = ?1 AND (?2 IS NULL OR t.token = ?2)",
        (ident, token),
    ).fetchone()
    if row is None:
        return None
    campaign, state, parts = row
    if State(state) not in (State.QUEUED, State.CLAIMED) or parts:
        return State(state)
    move_messages(db, [(ident, campaign, state, State.CANCELLED)])
    return State.CANCELLED


def campaign_views(
    db: Database, *, now: float, token: int | None = None, before: int | None = None, limit: int = 100
) -> list[CampaignView]:
    """A page of campaigns, newest first."""
    rows = db.conn.execute(
        "SELECT c.id FROM campaigns c LEFT JOIN token_campaigns t ON t.campaign = c.id"
        " WHERE (?1 IS NULL OR t.token = ?1) AND (?2 IS NULL OR c.id < ?2) ORDER BY c.id DESC LIMIT ?3",
        (token, before, min(limit, MOST)),
    ).fetchall()
    return [_viewed(db, row[0], now) for row in rows]


def one_campaign(db: Database, ident: int, *, now: float, token: int | None = None) -> CampaignView | None:
    """One campaign; None when there is none, or it is another token's."""
    row = db.conn.execute(
        "SELECT 1 FROM campaigns c LEFT JOIN token_campaigns t ON t.campaign = c.id"
        " WHERE c.id = ?1 AND (?2 IS NULL OR t.token = ?2)",
        (ident, token),
    ).fetchone()
    return None if row is None else _viewed(db, ident, now)


def _viewed(db: Database, ident: int, now: float) -> CampaignView:
    view = campaign_view(campaigns.get(db, ident), campaigns.counts(db, ident), now)
    first, last = db.conn.execute("SELECT first_submit, last_response FROM campaigns WHERE id = ?", (ident,)).fetchone()
    if view.state != "running" or first is None or last is None or last <= first or now - last > _OF_LATE:
        return view
    rate = view.done / (last - first)
    left = (view.messages - view.done) / rate if rate else None
    return msgspec.structs.replace(view, rate=rate, time_left=left)


_OF_LATE: Final = 60.0
_UNSENT: Final = (State.QUEUED, State.CLAIMED, State.SUBMITTING)


def campaign_view(campaign: Campaign, counts: dict[State, int], now: float) -> CampaignView:
    """A campaign and its counts as one value."""
    return CampaignView(
        id=campaign.id,
        name=campaign.name,
        kind=campaign.kind.value,
        state=_campaign_state(campaign, counts, now),
        sender=campaign.sender,
        message_class=campaign.message_class.value,
        priority=campaign.priority,
        created_at=campaign.created_at,
        starts_at=campaign.starts_at,
        expires_at=campaign.expires_at,
        messages=campaign.messages,
        rejected_rows=campaign.rejected,
        states={state.label: count for state, count in counts.items() if count},
        done=campaign.messages - sum(counts[state] for state in _UNSENT),
    )


def _campaign_state(campaign: Campaign, counts: dict[State, int], now: float) -> str:
    if campaign.cancelled:
        return "cancelled"
    if campaign.state.value == "importing":
        return "importing"
    if campaign.paused:
        return "paused"
    if campaign.starts_at is not None and campaign.starts_at > now:
        return "scheduled"
    finished = campaign.kind is CampaignKind.FILE and all(not n for state, n in counts.items() if state not in FINAL)
    return "finished" if finished else "running"


def oldest_due(db: Database) -> dict[str, float]:
    """By account: since when the first message in its queue is due (unix seconds).

    A message of a file that waits for nothing but its turn is due since its campaign was made, or starts.
    """
    rows = db.conn.execute(
        sql(
            "SELECT a.name, min(max(m.due, coalesce(c.starts_at, c.created_at)))"
            " FROM accounts a JOIN campaigns c JOIN campaign_states s ON s.campaign = c.id"
            " AND s.state = $QUEUED AND s.messages > 0 CROSS JOIN messages m INDEXED BY messages_queued"
            " ON m.account = a.id AND m.campaign = c.id AND m.state = $QUEUED"
            " WHERE c.state = 'running' AND NOT c.paused AND NOT c.cancelled GROUP BY a.name"
        )
    )
    return dict(rows.fetchall())


def forsaken(db: Database, configured: Collection[str]) -> dict[str, int]:
    """Queued messages by account, of accounts that are none of those configured."""
    return {
        name: db.conn.execute(_QUEUE_OF, (db.known_account(name),)).fetchone()[0]
        for name in moving.forsaken(db, configured)
    }


_QUEUE_OF: Final = sql("SELECT count(*) FROM messages INDEXED BY messages_queued WHERE state = $QUEUED AND account = ?")


def totals(db: Database) -> dict[tuple[str, str], int]:
    """Messages by class and state, over all campaigns."""
    rows = db.conn.execute(
        "SELECT c.message_class, s.state, sum(s.messages) FROM campaign_states s JOIN campaigns c ON c.id = s.campaign"
        " GROUP BY 1, 2"
    )
    return {(message_class, State(state).label): count for message_class, state, count in rows}


def _view(row: Sequence[Any], text: str | None) -> MessageView:
    (
        ident, campaign, account, number, state, due, expires, parts, sender, message_class, priority, at, reference,
        callback, _,
    ) = row  # fmt: skip
    return MessageView(
        id=ident,
        campaign=campaign,
        account=account,
        to=number,
        sender=sender,
        text=text,
        message_class=MessageClass(message_class).value,
        priority=priority,
        state=State(state).label,
        final=State(state).final,
        reference=reference,
        callback=callback,
        accepted_at=at,
        due_at=due,
        expires_at=expires,
        segments=parts,
    )


def _text(template: str, given: dict[str, str]) -> str | None:
    try:
        return Template.compile(template).render(given)
    except (FieldError, TemplateError):
        return None


def _parts(db: Database, ident: int) -> tuple[PartView, ...]:
    columns = (
        "part, state, smsc_id, status, stat, err, submits, submitted_at, answered_at,"
        " nullif(max(coalesce(received_at, 0),"
        " coalesce((SELECT max(at) FROM receipts r WHERE r.message = p.message AND r.part = p.part), 0)), 0), cause"
        ""
    )
    return tuple(
        PartView(part, State(state).label, smsc_id, None if status is None else status_name(status), *rest)
        for part, state, smsc_id, status, *rest in packed.part_rows(db, ident, columns)
    )


def suppressed(
    db: Database, *, number: int | None = None, after: tuple[str, int] | None = None, limit: int = 100
) -> list[Suppressed]:
    """A page of the suppression list, by scope and number; `after` is the last entry of the page before."""
    scope, last = after or ("", -1)
    rows = db.conn.execute(
        "SELECT number, scope, source, reason, text, at FROM suppression"
        " WHERE (?1 IS NULL OR number = ?1) AND (scope, number) > (?2, ?3) ORDER BY scope, number LIMIT ?4",
        (number, scope, last, min(limit, MOST)),
    )
    return [Suppressed(*row) for row in rows]


def incoming(
    db: Database, *, source: str | None = None, label: str | None = None, before: int | None = None, limit: int = 100
) -> list[Incoming]:
    """A page of messages of subscribers, newest first."""
    rows = db.conn.execute(
        "SELECT id, account, source, destination, text, data_coding, at, parts, missing, repeats, action, label, answer"
        " FROM incoming WHERE (?1 IS NULL OR source IN (?1, '+' || ?1)) AND (?2 IS NULL OR label = ?2 OR action = ?2)"
        " AND (?3 IS NULL OR id < ?3) ORDER BY id DESC LIMIT ?4",
        (source, label, before, min(limit, MOST)),
    )
    return [Incoming(*row) for row in rows]
