"""Doubts that a receipt settles although no id is known: by reference, else by number, sender, time and words.

Exactly one message must be left; of several the receipt stays parked, and the doubts stay doubts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import msgspec

from sender.domain.dialect import Dialect, readings, words_agree
from sender.domain.message import State
from sender.domain.numbers import same_number, tail
from sender.domain.template import FieldError, Template, TemplateError
from sender.domain.transliteration import transliterate
from sender.store import fields
from sender.store.applying import Heard
from sender.store.database import Database, json_list
from sender.store.parts import PART_COLUMNS, PartRow, Parts
from sender.store.sql import sql

CLOCK_STEP: Final = 86_400.0
"""Seconds by which the clock on the wall may have been set back, while no process ran, since a submit was written: a
receipt that is noted as so much older may still be about it."""
LATEST: Final = 7 * 86_400.0
"""Seconds: no operator reports later than that, so an older doubt is not what a receipt is about."""
SHORT_ID: Final = 6
"""Characters: a shorter id proves little in another base, or when the handset is another one."""

_REFERENCES: Final = 0x10000
"""user_message_reference has 16 bits (SMPP 3.4 §5.3.2.17)."""

_BY_TAIL: Final = sql(
    "SELECT $columns FROM json_each(?) j CROSS JOIN doubts d ON d.account = ? AND d.tail = j.value"
    " JOIN parts p ON p.message = d.message AND p.part = d.part JOIN messages m ON m.id = p.message"
    " ORDER BY p.message, p.part",
    columns=PART_COLUMNS,
)
_UNDER_WAY: Final = sql(
    "SELECT m.number, m.id FROM parts p JOIN messages m ON m.id = p.message"
    " WHERE p.account = ? AND p.state = $SUBMITTING"
)
_WORDING: Final = (
    "SELECT m.id, c.sender, c.template FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value"
    " JOIN campaigns c ON c.id = m.campaign"
)


class Wording(msgspec.Struct, frozen=True, gc=False):
    """What of a message may stand in its receipt."""

    sender: str
    text: str
    """As the template gives it; empty when it can no longer be made."""

    def says(self, fragment: str) -> bool | None:
        """Whether words of a receipt are of this text, in its own letters or in those it may have gone out in.

        None when they are too few to say.
        """
        agree = words_agree(fragment, self.text)
        if agree is False and (latin := transliterate(self.text)) != self.text:
            return words_agree(fragment, latin)
        return agree


def wordings(db: Database, messages: Iterable[int]) -> dict[int, Wording]:
    """Source address and text of messages."""
    ids = list(messages)
    given = fields.read(db, ids)
    return {
        message: Wording(sender, _render(template, given.get(message) or {}))
        for message, sender, template in db.conn.execute(_WORDING, (json_list(ids),))
    }


_compiled = lru_cache(maxsize=16)(Template.compile)


def _render(template: str, given: dict[str, str]) -> str:
    try:
        return _compiled(template).render(given)
    except (TemplateError, FieldError):
        return ""


def same_sender(ours: str, theirs: str) -> bool:
    """Whether the address that a receipt goes to is the one that its message came from."""
    return ours.casefold() == theirs.casefold() or same_number(ours, theirs)


def under_way(db: Database, account: int) -> dict[str, set[int]]:
    """Messages with a submit that waits for its response, by the tail of their number."""
    found: dict[str, set[int]] = defaultdict(set)
    for number, message in db.conn.execute(_UNDER_WAY, (account,)):
        found[tail(number)].add(message)
    for row in db.hand.packed(account):
        found[tail(row.number)].add(row.message)
    return found


def doubtful(db: Database, account: int) -> dict[str, set[int]]:
    """Messages with a part in doubt, by the tail of their number."""
    found: dict[str, set[int]] = defaultdict(set)
    for end, message in db.conn.execute("SELECT tail, message FROM doubts WHERE account = ?", (account,)):
        found[end].add(message)
    return found


class Doubts:
    """Parts in doubt on one account, for receipts that no id explains.

    `slack`: seconds by which their times may be wrong.
    """

    def __init__(
        self,
        db: Database,
        account: int,
        dialect: Dialect,
        receipts: Iterable[Heard],
        parts: Parts,
        *,
        slack: float = 0.0,
    ) -> None:
        self._db = db
        self._learned = dialect.learned
        self._every_reading = dialect.relation is None
        self._slack = slack
        self._rows: dict[str, list[PartRow]] = defaultdict(list)
        self._resolved: dict[tuple[str, str], PartRow] = {}
        self.ambiguous = 0
        tails = {it for it in (tail(receipt.number) for receipt in receipts) if it}
        rows = db.conn.execute(_BY_TAIL, (json_list(tails), account)).fetchall() if tails else []
        for columns in rows:
            row = parts.setdefault((columns[0], columns[1]), db.hand.of(columns[0]) or PartRow(*columns))
            self._rows[tail(row.number)].append(row)
        self._under_way = under_way(db, account) if rows else {}

    def known(self, receipt: Heard) -> PartRow | None:
        """The part that an earlier receipt of this batch with the same id has resolved, however it wrote it."""
        if not self._resolved:
            return None
        end = tail(receipt.number)
        found = self._resolved.get((receipt.key, end))
        if found is None and self._every_reading and len(receipt.key) >= SHORT_ID:
            others = (self._resolved.get((name, end)) for _, name in readings(receipt.smsc_id))
            found = next((row for row in others if row is not None), None)
        return found

    def candidate(self, receipt: Heard) -> PartRow | None:
        """The first part of the only message that this receipt can be about, or None."""
        if not self._rows:
            return None
        end = tail(receipt.number)
        rows = [
            row
            for row in self._rows.get(end, ())
            if row.state in (State.IN_DOUBT, State.QUEUED)
            and row.first_at - self._slack <= receipt.at + CLOCK_STEP
            and receipt.at <= row.submitted_at + LATEST
            and same_number(row.number, receipt.number)
        ]
        if not rows:
            return None
        named = self._named(rows, receipt.reference, self._under_way.get(end, set()))
        messages = self._fitting(rows, receipt, end) if named is None else named
        if len(messages) != 1:
            self.ambiguous += len(messages) > 1
            return None
        (message,) = messages
        chosen = next(row for row in rows if row.message == message)
        self._resolved[receipt.key, end] = chosen
        return chosen

    def _named(self, rows: list[PartRow], reference: int | None, submitting: set[int]) -> set[int] | None:
        """The messages that the reference names, when it says anything: None when it does not."""
        if reference is None:
            return None
        named = {row.message for row in rows if row.message % _REFERENCES == reference}
        if named:
            return named | {message for message in submitting if message % _REFERENCES == reference}
        return set() if self._learned.echoes(self._learned.references) else None

    def _fitting(self, rows: list[PartRow], receipt: Heard, end: str) -> set[int]:
        """The messages that number, sender and words of the receipt leave."""
        if self._under_way.get(end):
            return set()  # it may be about the message whose response is still to come
        messages = {row.message for row in rows}
        if not (receipt.sender or receipt.text):
            return messages
        found = wordings(self._db, messages)
        if receipt.sender:
            messages = self._narrow(
                messages,
                {it: same_sender(found[it].sender, receipt.sender) for it in messages},
                certain=self._learned.echoes(self._learned.senders),
            )
        return self._narrow(
            messages,
            {it: found[it].says(receipt.text) for it in messages},
            certain=self._learned.echoes(self._learned.words),
        )

    @staticmethod
    def _narrow(messages: set[int], agree: dict[int, bool | None], *, certain: bool) -> set[int]:
        """Leave out what disagrees: where the operator is known to echo it, or where another message agrees."""
        if certain or any(agree.values()):
            return {it for it in messages if agree[it] is not False}
        return messages
