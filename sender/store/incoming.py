"""Messages of subscribers: stored, put together, recognised when they come again, acted on when they are a keyword.

One verb does it all in one transaction: a STOP is on the suppression list when its message is in the store, and its
answer is in the queue. A delivery is acknowledged after that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, Final

import msgspec

from sender.domain.events import EventType
from sender.domain.incoming_rules import IncomingRules
from sender.domain.keywords import Action, Keyword
from sender.domain.message import MessageClass, State
from sender.domain.numbers import SHORTEST
from sender.domain.reassembly import Piece, text_of
from sender.domain.scope import ALL
from sender.store import campaigns, fields, outbox
from sender.store.database import Database
from sender.store.outbox import Event
from sender.store.records import CampaignKind, CampaignState, NewCampaign
from sender.store.sql import sql
from sender.store.suppression import KEYWORD, Change, Suppressed, Suppression
from smppkit.segments import PartInfo

_REDELIVERED: Final = 86_400.0
"""Seconds within which the same delivery under the same sequence number is the same, whatever lies between."""
_MOST: Final = 500
"""Long messages that are given up in one transaction."""
_MOST_SEEN: Final = 5_000
"""Traces of earlier deliveries that are forgotten in one."""
_ANSWER_PRIORITY: Final = 7
"""Ahead of campaigns, behind one-time codes."""
_LONGEST: Final = 15  # digits of a number, ITU-T E.164 §6

_COLUMNS: Final = (
    "id, account, source, destination, text, data_coding, at, parts, missing, repeats, action, label, answer"
)
_GROUP: Final = "account = ? AND source = ? AND destination = ? AND reference = ? AND total = ?"


class MessageIn(msgspec.Struct, frozen=True, gc=False):
    """A delivery as it came: a message of a subscriber, or a part of one."""

    account: str
    source: str
    destination: str
    octets: bytes
    """User data without header."""
    data_coding: int
    part: PartInfo | None
    reference: int
    """user_message_reference, or -1: two messages that differ in it are two."""
    sequence: int
    at: float
    tables: bytes = b""
    """National language tables: see `Piece`."""


class IncomingFate(Enum):
    """What became of a delivery. Each is safe to acknowledge."""

    STORED = "stored"
    PART = "part"
    """The rest of its message is still to come."""
    REPEATED = "repeated"


class Incoming(msgspec.Struct, frozen=True, gc=False):
    """A stored message of a subscriber."""

    id: int
    account: str
    source: str
    destination: str
    text: str
    data_coding: int
    at: float
    parts: int
    missing: int
    """Parts that never came; the text says where."""
    repeats: int
    action: str
    """stop, stop_all, start, label; empty for a message without keyword."""
    label: str
    answer: int | None
    """The message that answers it."""


class Taken(msgspec.Struct, frozen=True):
    """What a batch of deliveries has come to."""

    fates: tuple[IncomingFate, ...]
    changes: tuple[Change, ...] = ()
    """Of the suppression list."""
    answered: frozenset[str] = frozenset()
    """Accounts that have an answer to send."""
    answers: frozenset[int] = frozenset()
    """Campaigns that those answers belong to."""
    deadline: float | None = None
    """When the next long message is given up, should no more parts of it come."""


class _Work:
    """One call of the verb."""

    def __init__(self, db: Database, rules: IncomingRules) -> None:
        self.db = db
        self.rules = rules
        self.suppression = Suppression(db)
        self.changes: list[Change] = []
        self.answered: set[str] = set()
        self.answers: set[int] = set()

    def take(self, new: MessageIn) -> IncomingFate:
        """Store one delivery."""
        digest = _digest(new)
        if self._repeated(new, digest):
            return IncomingFate.REPEATED
        if new.part is None:
            ident = self._deliver(new, text_of({1: _piece(new)}, 1, self.rules.alphabet(new.account)), 1, 0)
            self._remember(new, digest, ident)
            return IncomingFate.STORED
        self._remember(new, digest, None)
        return self._take_part(new, new.part, digest)

    def give_up(self, now: float) -> None:
        """Deliver long messages as they are whose rest is overdue."""
        latest = now - self.rules.parts_timeout
        groups = self.db.conn.execute(
            "SELECT DISTINCT account, source, destination, reference, total FROM incoming_parts WHERE at <= ? LIMIT ?",
            (latest, _MOST),
        ).fetchall()
        for group in groups:
            at = self.db.conn.execute(f"SELECT max(at) FROM incoming_parts WHERE {_GROUP}", group).fetchone()[0]  # noqa: S608
            if at <= latest:
                self._assemble(group)

    def _repeated(self, new: MessageIn, digest: bytes) -> bool:
        row = self.db.conn.execute(
            "SELECT sequence, at, message FROM incoming_seen WHERE digest = ?", (digest,)
        ).fetchone()
        if row is None:
            return False
        sequence, at, message = row
        span = _REDELIVERED if sequence == new.sequence else self.rules.duplicates
        if new.at - at > span:
            return False
        self.db.conn.execute("UPDATE incoming_seen SET at = ? WHERE digest = ?", (new.at, digest))
        self.db.conn.execute("UPDATE incoming SET repeats = repeats + 1 WHERE id = ?", (message,))
        return True

    def _remember(self, new: MessageIn, digest: bytes, message: int | None) -> None:
        self.db.conn.execute(
            "INSERT OR REPLACE INTO incoming_seen (digest, sequence, at, message) VALUES (?, ?, ?, ?)",
            (digest, new.sequence, new.at, message),
        )

    # --- long messages ------------------------------------------------------------------------

    def _take_part(self, new: MessageIn, info: PartInfo, digest: bytes) -> IncomingFate:
        group = (new.account, new.source, new.destination, info.reference, info.total)
        there = self.db.conn.execute(
            f"SELECT octets FROM incoming_parts WHERE {_GROUP} AND number = ?",  # noqa: S608
            (*group, info.number),
        ).fetchone()
        if there is not None and there[0] == new.octets:
            return IncomingFate.REPEATED
        if there is not None:
            # Another part of this number: the phone has begun to count anew, and the rest of the old one is lost.
            self._assemble(group)
        self.db.conn.execute(
            "INSERT INTO incoming_parts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*group, info.number, new.octets, new.data_coding, new.tables, digest, new.at),
        )
        count = self.db.conn.execute(f"SELECT count(*) FROM incoming_parts WHERE {_GROUP}", group).fetchone()[0]  # noqa: S608
        if count < info.total:
            return IncomingFate.PART
        self._assemble(group)
        return IncomingFate.STORED

    def _assemble(self, group: tuple[Any, ...]) -> None:
        rows = self.db.conn.execute(
            f"SELECT number, octets, data_coding, tables, digest, at FROM incoming_parts WHERE {_GROUP}",  # noqa: S608
            group,
        ).fetchall()
        account, source, destination, reference, total = group
        pieces = {number: Piece(octets, coding, tables) for number, octets, coding, tables, _, _ in rows}
        text = text_of(pieces, total, self.rules.alphabet(account))
        at = max(row[5] for row in rows)
        whole = MessageIn(account, source, destination, b"", rows[0][2], None, reference, 0, at)
        ident = self._deliver(whole, text, total, total - len(rows))
        self.db.conn.executemany(
            "UPDATE incoming_seen SET message = ? WHERE digest = ?", [(ident, row[4]) for row in rows]
        )
        self.db.conn.execute(f"DELETE FROM incoming_parts WHERE {_GROUP}", group)  # noqa: S608

    # --- whole messages -----------------------------------------------------------------------

    def _deliver(self, new: MessageIn, text: str, parts: int, missing: int) -> int:
        keyword = self.rules.keywords.match(text)
        action, label, webhook = ("", "", "") if keyword is None else _said(keyword)
        cursor = self.db.conn.execute(
            "INSERT INTO incoming (account, source, destination, text, data_coding, at, parts, missing, action, label)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (new.account, new.source, new.destination, text, new.data_coding, new.at, parts, missing, action, label),
        )
        ident = int(cursor.lastrowid or 0)
        known = outbox.wanted(self.db)
        if EventType.MESSAGE_INCOMING in known.by_type or webhook in known.by_name:
            data = {
                "incoming_id": ident,
                "account": new.account,
                "number": new.source,
                "to": new.destination,
                "text": text,
                "parts": parts,
                "missing": missing,
                "action": action,
                "label": label,
            }
            outbox.emit(self.db, [Event(EventType.MESSAGE_INCOMING, new.at, data, webhook)])
        if keyword is not None:
            self._act(keyword, new, text)
            self._answer(keyword, new, ident)
        return ident

    def _act(self, keyword: Keyword, new: MessageIn, text: str) -> None:
        number = number_of(new.source)
        if number is None:
            return  # a short code or a name has no list to be on
        if keyword.action is Action.START:
            entry = Suppressed(number, ALL, KEYWORD, keyword.word, text, new.at)
            self.suppression.consent(entry)
            self.changes += self.suppression.remove(
                number, only_source=KEYWORD, source=KEYWORD, reason=keyword.word, text=text, at=new.at
            )
        elif keyword.action in (Action.STOP, Action.STOP_ALL):
            scope = ALL if keyword.action is Action.STOP_ALL else self.rules.stop_scope
            entry = Suppressed(number, scope, KEYWORD, keyword.word, text, new.at)
            self.changes += self.suppression.add([entry])

    def _answer(self, keyword: Keyword, new: MessageIn, ident: int) -> None:
        text, sender = self.rules.reply(keyword), self.rules.sender or new.destination
        number = number_of(new.source)
        if not text or not sender or number is None:
            return
        subject = keyword.word if keyword.action is Action.LABEL else keyword.action.value
        row = self.db.conn.execute(
            "SELECT at FROM answered WHERE number = ? AND keyword = ?", (str(number), subject)
        ).fetchone()
        if row is not None and new.at - row[0] < self.rules.period:
            return
        self.db.conn.execute("INSERT OR REPLACE INTO answered VALUES (?, ?, ?)", (str(number), subject, new.at))
        campaign = _answer_campaign(self.db, sender, new.at)
        message = _add_answer(self.db, campaign, new, number, ident, text, new.at + self.rules.reply_deadline)
        self.db.conn.execute("UPDATE incoming SET answer = ? WHERE id = ?", (message, ident))
        self.answered.add(new.account)
        self.answers.add(campaign)

    def deadline(self) -> float | None:
        """When the next long message is given up."""
        oldest = self.db.conn.execute("SELECT min(at) FROM incoming_parts").fetchone()[0]
        return None if oldest is None else float(oldest) + self.rules.parts_timeout

    def taken(self, fates: Sequence[IncomingFate]) -> Taken:
        """What has come of it."""
        return Taken(
            tuple(fates), tuple(self.changes), frozenset(self.answered), frozenset(self.answers), self.deadline()
        )


class IncomingMessages:
    """The verbs about messages of subscribers."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def take(self, deliveries: Sequence[MessageIn], rules: IncomingRules) -> Taken:
        """Store deliveries in the order they came, and do what they ask for."""
        work = _Work(self._db, rules)
        if deliveries:
            work.give_up(deliveries[0].at)
        return work.taken([work.take(new) for new in deliveries])

    def give_up(self, now: float, rules: IncomingRules) -> Taken:
        """Deliver long messages whose rest is overdue, marked as incomplete; forget what is no longer needed."""
        work = _Work(self._db, rules)
        work.give_up(now)
        self._db.conn.execute(
            "DELETE FROM incoming_seen WHERE digest IN (SELECT digest FROM incoming_seen WHERE at < ? LIMIT ?)",
            (now - _REDELIVERED, _MOST_SEEN),
        )
        self._db.conn.execute(
            "DELETE FROM answered WHERE (number, keyword) IN"
            " (SELECT number, keyword FROM answered WHERE at < ? LIMIT ?)",
            (now - rules.period, _MOST_SEEN),
        )
        return work.taken(())

    def answer_campaigns(self) -> frozenset[int]:
        """Campaigns that consist of answers."""
        return frozenset(row[0] for row in self._db.conn.execute("SELECT campaign FROM answer_campaigns"))

    def latest(
        self, *, limit: int, source: str | None = None, label: str | None = None, since: float = 0.0
    ) -> Iterator[Incoming]:
        """The latest messages, newest first: of a number, with a label or keyword, since a time."""
        rows = self._db.conn.execute(
            f"SELECT {_COLUMNS} FROM incoming WHERE (?1 IS NULL OR source IN (?1, '+' || ?1))"  # noqa: S608
            " AND (?2 IS NULL OR label = ?2 OR action = ?2) AND at >= ?3 ORDER BY id DESC LIMIT ?4",
            (source, label, since, limit),
        )
        return (Incoming(*row) for row in rows)

    def waiting_parts(self) -> int:
        """Parts whose message is not whole yet."""
        return int(self._db.conn.execute("SELECT count(*) FROM incoming_parts").fetchone()[0])


def number_of(source: str) -> int | None:
    """The number of a subscriber, or None for a short code or a name."""
    digits = source.removeprefix("+")
    return int(digits) if digits.isascii() and digits.isdigit() and SHORTEST <= len(digits) <= _LONGEST else None


def _said(keyword: Keyword) -> tuple[str, str, str]:
    return keyword.action.value, keyword.label, keyword.webhook


def _piece(new: MessageIn) -> Piece:
    return Piece(new.octets, new.data_coding, new.tables)


def _digest(new: MessageIn) -> bytes:
    part = () if new.part is None else msgspec.structs.astuple(new.part)
    same = (new.account, new.source, new.destination, new.data_coding, new.tables, part, new.reference, new.octets)
    return hashlib.blake2b(repr(same).encode(), digest_size=16).digest()


def _answer_campaign(db: Database, sender: str, at: float) -> int:
    row = db.conn.execute(
        "SELECT w.campaign FROM answer_campaigns w JOIN campaigns c ON c.id = w.campaign"
        " WHERE w.sender = ? AND NOT c.cancelled",
        (sender,),
    ).fetchone()
    if row is not None:
        return int(row[0])
    new = NewCampaign(
        name=f"answers from {sender}",
        template="{text}",
        sender=sender,
        message_class=MessageClass.SERVICE,
        recipients="",
        rejects="",
        at=at,
        priority=_ANSWER_PRIORITY,
        kind=CampaignKind.API,
    )
    campaign = campaigns.create(db, new)
    db.conn.execute("UPDATE campaigns SET state = ? WHERE id = ?", (CampaignState.RUNNING.value, campaign))
    db.conn.execute("INSERT OR REPLACE INTO answer_campaigns (sender, campaign) VALUES (?, ?)", (sender, campaign))
    return campaign


_INSERT_ANSWER: Final = sql(
    "INSERT INTO messages (id, campaign, account, row, number, state, due, parts, expires)"
    " VALUES (?, ?, ?, ?, ?, $QUEUED, ?, 0, ?)"
)


def _add_answer(db: Database, campaign: int, new: MessageIn, number: int, row: int, text: str, expires: float) -> int:
    message = db.message_ids(1)
    db.conn.execute(_INSERT_ANSWER, (message, campaign, db.account(new.account), row, str(number), new.at, expires))
    fields.write(db, message, [{"text": text}])
    db.conn.execute(
        "UPDATE campaigns SET messages = messages + 1, first_message = coalesce(first_message, ?1), last_message = ?1"
        " WHERE id = ?2",
        (message, campaign),
    )
    db.count_moves({(campaign, int(State.QUEUED)): 1})  # type: ignore[arg-type]
    return message
