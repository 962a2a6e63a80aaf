"""Messages that come one by one or by the thousand, from programs: stored, paid for and answered in one transaction.

Each kind of message (token, sender, class, priority) has a campaign that stands for ever, whose template is the text
itself. What a program sends twice with the same key is stored once, and answered twice with the same words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from sender.domain.message import MessageClass, State
from sender.store import campaigns, fields
from sender.store.access import KEY_SECONDS, Access, Balance, Deed
from sender.store.database import Database, Moves, json_list
from sender.store.records import CampaignKind, NewCampaign
from sender.store.sql import sql

_INSERT: Final = sql(
    "INSERT INTO messages (id, campaign, account, row, number, state, due, parts, expires)"
    " VALUES (?, ?, ?, 0, ?, $QUEUED, ?, 0, ?)"
)
STANDING_TEMPLATE: Final = "{text}"
"""Of campaigns that stand: each message brings its own text."""


class NewApiMessage(msgspec.Struct, frozen=True, gc=False):
    """One message, screened: it can be sent as it is."""

    number: str
    """E.164 digits without the plus."""
    sender: str
    text: str
    fields: dict[str, str]
    """What operator accounts want beside the text."""
    operator: str
    message_class: MessageClass
    priority: int
    segments: int
    due: float
    expires: float | None = None
    reference: str | None = None
    callback: str | None = None
    price: int = 0
    """Of a segment, in millionths."""


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """Why a message is not taken: which field, what is wrong with it, and what to do."""

    field: str
    detail: str
    remedy: str = ""
    status: int = 422
    found: int | None = None
    """The message that is there already."""


class Stored(msgspec.Struct, frozen=True, gc=False):
    """A message that is in the store."""

    id: int
    segments: int
    reference: str | None


Verdicts = Sequence[Stored | Refusal]

Say = Callable[[Verdicts], tuple[int, bytes]]
"""Words the answer: status and body, to be kept with the key."""


class Intake(msgspec.Struct, frozen=True, kw_only=True):
    """What one request brings."""

    token: int
    items: Sequence[NewApiMessage | Refusal]
    say: Say
    at: float
    deed: Deed
    key: str | None = None
    digest: bytes = b""
    """Of the whole request: the same key with another one is a mistake."""
    wallet: str | None = None


class CampaignIntake(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign that a request brings; its recipients file is on the disk."""

    token: int
    new: NewCampaign
    say: Callable[[int], tuple[int, bytes]]
    at: float
    deed: Deed
    key: str | None = None
    digest: bytes = b""


class Reply(msgspec.Struct, frozen=True):
    """The answer, which is durable when the caller gets it."""

    status: int
    body: bytes
    replayed: bool
    operators: tuple[str, ...] = ()
    """Accounts that have something to send now."""
    campaign: int | None = None
    """The campaign that was made."""


class KeyReused(Exception):
    """The idempotency key came before, with another request."""


class Insufficient(Exception):
    """The wallet does not hold what the messages cost; nothing of the request is stored."""

    def __init__(self, balance: Balance, needed: int) -> None:
        super().__init__(balance.wallet)
        self.balance = balance
        self.needed = needed


def earlier_reply(db: Database, token: int, key: str, digest: bytes, now: float) -> Reply | None:
    """What the same request was answered before; KeyReused when it was another one."""
    row = db.conn.execute(
        "SELECT digest, status, body FROM idempotency WHERE token = ? AND key = ? AND at >= ?",
        (token, key, now - KEY_SECONDS),
    ).fetchone()
    if row is None:
        return None
    if row[0] != digest:
        raise KeyReused(key)
    return Reply(row[1], row[2], True)


def remember(db: Database, token: int, key: str, digest: bytes, reply: Reply, at: float) -> None:
    """Keep an answer with its key."""
    db.conn.execute(
        "INSERT OR REPLACE INTO idempotency (token, key, digest, status, body, at) VALUES (?, ?, ?, ?, ?, ?)",
        (token, key, digest, reply.status, reply.body, at),
    )


def accept(db: Database, intake: Intake) -> Reply:
    """See `SqliteStore.accept`."""
    if intake.key is not None:
        earlier = earlier_reply(db, intake.token, intake.key, intake.digest, intake.at)
        if earlier is not None:
            return earlier
    items = _unless_known(db, intake)
    good = [item for item in items if isinstance(item, NewApiMessage)]
    _reserve(db, intake, good)
    ids = accept_messages(db, intake.token, good, intake.at)
    if intake.wallet is not None:
        db.conn.executemany(
            "INSERT INTO charges (message, wallet, price, segments) VALUES (?, ?, ?, ?)",
            [(ident, intake.wallet, it.price, it.segments) for ident, it in zip(ids, good, strict=True) if it.price],
        )
    numbered = iter(ids)
    verdicts = [
        item if isinstance(item, Refusal) else Stored(next(numbered), item.segments, item.reference) for item in items
    ]
    status, body = intake.say(verdicts)
    reply = Reply(status, body, False, tuple({item.operator: None for item in good}))
    if intake.key is not None:
        remember(db, intake.token, intake.key, intake.digest, reply, intake.at)
    Access(db).note([msgspec.structs.replace(intake.deed, outcome=f"{len(good)} accepted", items=len(items))])
    return reply


def accept_campaign(db: Database, asked: CampaignIntake) -> Reply:
    """Create a campaign that a token asks for; its recipients are read from the file afterwards.

    KeyReused. The answer is kept with the key.
    """
    if asked.key is not None:
        earlier = earlier_reply(db, asked.token, asked.key, asked.digest, asked.at)
        if earlier is not None:
            return earlier
    campaign = campaigns.create(db, asked.new)
    db.conn.execute("INSERT INTO token_campaigns (campaign, token) VALUES (?, ?)", (campaign, asked.token))
    reply = Reply(*asked.say(campaign), False, campaign=campaign)
    if asked.key is not None:
        remember(db, asked.token, asked.key, asked.digest, reply, asked.at)
    Access(db).note([msgspec.structs.replace(asked.deed, target=f"campaign {campaign}")])
    return reply


def accept_messages(db: Database, token: int, messages: Sequence[NewApiMessage], at: float) -> list[int]:
    """See `SqliteStore.accept_messages`."""
    if not messages:
        return []
    first = db.message_ids(len(messages))
    standing: dict[tuple[str, MessageClass, int], int] = {}
    rows, said, kept = [], [], []
    moves: Moves = Counter()
    spans: dict[int, list[int]] = {}
    for ident, new in enumerate(messages, first):
        kind = new.sender, new.message_class, new.priority
        campaign = standing.get(kind)
        if campaign is None:
            campaign = standing[kind] = _standing(db, token, kind, at)
        rows.append((ident, campaign, db.account(new.operator), new.number, new.due, new.expires))
        said.append({**new.fields, "text": new.text})
        kept.append((ident, token, at, new.reference, new.callback))
        moves[campaign, int(State.QUEUED)] += 1
        spans.setdefault(campaign, []).append(ident)
    db.conn.executemany(_INSERT, rows)
    fields.write(db, first, said)
    db.conn.executemany(
        "INSERT INTO api_messages (message, token, at, reference, callback) VALUES (?, ?, ?, ?, ?)", kept
    )
    db.conn.executemany(
        "UPDATE campaigns SET messages = messages + ?, rows = rows + ?, first_message = coalesce(first_message, ?),"
        " last_message = ? WHERE id = ?",
        [(len(ids), len(ids), ids[0], ids[-1], campaign) for campaign, ids in spans.items()],
    )
    db.count_moves(moves)
    return list(range(first, first + len(messages)))


def _standing(db: Database, token: int, kind: tuple[str, MessageClass, int], at: float) -> int:
    """The campaign that messages of a kind belong to; one that was cancelled is followed by another."""
    sender, message_class, priority = kind
    key = token, sender, message_class.value, priority
    row = db.conn.execute(
        "SELECT s.campaign FROM standing_campaigns s JOIN campaigns c ON c.id = s.campaign WHERE s.token = ?"
        " AND s.sender = ? AND s.message_class = ? AND s.priority = ? AND NOT c.cancelled",
        key,
    ).fetchone()
    if row is not None:
        return int(row[0])
    campaign = campaigns.create(
        db,
        NewCampaign(
            name=f"API: {message_class.value} from {sender}",
            template=STANDING_TEMPLATE,
            sender=sender,
            message_class=message_class,
            recipients="",
            rejects="",
            at=at,
            priority=priority,
            kind=CampaignKind.API,
        ),
    )
    campaigns.finish_import(db, campaign, 0, 0)
    db.conn.execute("INSERT OR REPLACE INTO standing_campaigns VALUES (?, ?, ?, ?, ?)", (*key, campaign))
    db.conn.execute("INSERT INTO token_campaigns (campaign, token) VALUES (?, ?)", (campaign, token))
    return campaign


def _unless_known(db: Database, intake: Intake) -> list[NewApiMessage | Refusal]:
    """The items, with a refusal for each whose reference the token has used already."""
    wanted = [it.reference for it in intake.items if isinstance(it, NewApiMessage) and it.reference is not None]
    if not wanted:
        return list(intake.items)
    known: dict[str, int | None] = dict(
        db.conn.execute(
            "SELECT a.reference, a.message FROM json_each(?) j CROSS JOIN api_messages a"
            " ON a.token = ? AND a.reference = j.value",
            (json_list(wanted), intake.token),
        ).fetchall()
    )
    items: list[NewApiMessage | Refusal] = []
    for item in intake.items:
        if isinstance(item, NewApiMessage) and item.reference is not None:
            if item.reference in known:
                items.append(_known(item.reference, known[item.reference]))
                continue
            known[item.reference] = None
        items.append(item)
    return items


def _known(reference: str, message: int | None) -> Refusal:
    where = "an earlier item of this request" if message is None else f"message {message}"
    return Refusal(
        "reference", f'"{reference}" is the reference of {where}', "give every message a reference of its own", 409,
        message,
    )  # fmt: skip


def _reserve(db: Database, intake: Intake, messages: Sequence[NewApiMessage]) -> None:
    if intake.wallet is None:
        return
    needed = sum(it.price * it.segments for it in messages)
    row = db.conn.execute(
        "UPDATE wallets SET reserved = reserved + ?1 WHERE name = ?2 AND credited - reserved - charged >= ?1"
        " RETURNING name",
        (needed, intake.wallet),
    ).fetchone()
    if row is None and needed:
        found = db.conn.execute(
            "SELECT name, credited, reserved, charged FROM wallets WHERE name = ?", (intake.wallet,)
        ).fetchone()
        raise Insufficient(Balance(*found) if found else Balance(intake.wallet, 0, 0, 0), needed)
