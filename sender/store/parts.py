"""Parts as the verbs have them in memory: loaded for one call, or kept in hand from the intent to the final receipt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Final

import msgspec

from sender.domain.message import State


class PartRow(msgspec.Struct, gc=False):
    """A part and what is needed of its message, as loaded at the start of a verb and changed by it."""

    message: int
    part: int
    account: int
    state: int
    first_at: float
    submitted_at: float
    cause: str | None
    stat: str | None
    err: str | None
    smsc_id: str | None
    key: str | None
    receipts: int
    repeated: int
    number: str
    campaign: int
    message_state: int
    parts: int
    received: int | None = None
    """The message_state of the first receipt, when it is kept here and not by itself."""
    received_at: float | None = None
    epoch: int = 0
    sequence: int = 0
    intent: int = 0
    """The row of `intents` that holds it while it has no row of its own, which then needs epoch and sequence; or 0."""
    pack: int = 0
    """The same of `packed`, when it is accepted, and its row needs `answered_at` too."""
    answered_at: float | None = None


PART_COLUMNS: Final = (
    "p.message, p.part, p.account, p.state, p.first_at, p.submitted_at, p.cause, p.stat, p.err, p.smsc_id, p.key,"
    " p.receipts, p.repeated, m.number, m.campaign, m.state, m.parts, p.received, p.received_at"
)
"""For ``FROM … JOIN parts p … JOIN messages m``: in the order of `PartRow`."""

Parts = dict[tuple[int, int], PartRow]
"""By (message, part): one object a part within a verb."""

HELD: Final = 100_000
"""Parts in hand at most; what is older is read from the file again."""


Known = tuple[int, str]
"""Campaign and number of a message."""


Said = tuple[State, str, str | None, int, int, int | None, float | None]
"""What a final receipt makes of a part: state, stat, err, receipts, repeated, received, received_at."""


class Told:
    """What parts in hand were told by receipts that are written down and not entered: see `telling`."""

    def __init__(self) -> None:
        self._rows: dict[int, dict[Said, list[PartRow]]] = {}
        self.count = 0
        """Parts."""
        self.lost = True
        """Whether there may be rows of `told` whose parts are not in hand."""

    @property
    def any(self) -> bool:
        """Whether there may be something to enter."""
        return self.lost or self.count > 0

    def add(self, account: int, said: Said, rows: Sequence[PartRow]) -> None:
        """These parts of an account were told so."""
        self._rows.setdefault(account, {}).setdefault(said, []).extend(rows)
        self.count += len(rows)

    def take(self) -> dict[int, dict[Said, list[PartRow]]]:
        """Everything, by account: it is entered now."""
        rows, self._rows = self._rows, {}
        self.count, self.lost = 0, False
        return rows

    def clear(self) -> None:
        """Forget everything."""
        self._rows = {}
        self.count, self.lost = 0, True


class Holding:
    """Rows that hold parts which have no row of their own, and how many each still holds."""

    def __init__(self) -> None:
        self._held: dict[int, int] = {}
        self._done: list[tuple[int]] = []

    def __bool__(self) -> bool:
        return bool(self._held)

    def __contains__(self, ident: int) -> bool:
        return ident in self._held

    def add(self, ident: int, parts: int) -> None:
        """A new row holds so many."""
        self._held[ident] = parts

    def less(self, ident: int, parts: int) -> None:
        """So many of a row are elsewhere now."""
        left = self._held[ident] - parts
        if left:
            self._held[ident] = left
        else:
            del self._held[ident]
            self._done.append((ident,))

    def drop(self, ident: int) -> None:
        """A row that is not held by any part in hand holds nothing.

        It is deleted with the others, at the end of the transaction: until then its number is not given again.
        """
        self._done.append((ident,))

    def take_done(self) -> list[tuple[int]]:
        """Rows that hold nothing any more."""
        done, self._done = self._done, []
        return done

    def clear(self) -> None:
        """Forget everything."""
        self._held.clear()
        self._done.clear()


class Hand:
    """What this process has claimed and submitted, and what waits for its receipt, as far as it went the common way.

    That way is: a message of one part, submitted once, then accepted. Nearly all that comes from an operator is about
    such a one, and is recorded without reading anything. A part that leaves the way is put down, and what is not in
    hand is in the file: to be empty is always right. Whoever writes to parts or messages by another way than `PartRow`
    clears it, and so do a transaction that is undone and a commit of another process.
    """

    def __init__(self) -> None:
        self._rows: dict[int, PartRow] = {}
        self._accepted: dict[int, dict[str, PartRow | None]] = {}  # by account and id; None: several have this id
        self._claimed: dict[int, Known] = {}  # of those that were never submitted
        self.intents = Holding()
        """Rows of `intents`."""
        self.packs = Holding()
        """Rows of `packed`, with parts in hand that are accepted."""
        self.told = Told()
        """What some of them were told."""
        self.lost = True
        """Whether there may be rows of `intents` whose parts are not in hand."""
        self.touched = False
        """Whether a part was taken, put down or given out since somebody set this to False."""

    def claimed(self, messages: Mapping[int, Known]) -> None:
        """Messages that were never submitted are claimed now."""
        self.touched = True
        if len(self._claimed) > HELD:  # somebody claims and does nothing with it
            self._claimed.clear()
        self._claimed.update(messages)

    def take_claimed(self, messages: Sequence[int]) -> list[Known | None]:
        """What is known of each of these messages, which are about to leave the state of being claimed."""
        self.touched = True
        take = self._claimed.pop
        return [take(message, None) for message in messages]

    def released(self, message: int) -> None:
        """A message may no longer be claimed."""
        self._claimed.pop(message, None)

    def full(self, more: int) -> bool:
        """Whether some are put down if so many more are taken."""
        return len(self._rows) + more > HELD

    def submitted(self, rows: Sequence[PartRow], intent: int) -> list[PartRow]:
        """Take parts whose intents are in this row of `intents`; those that are put down for want of room."""
        self.touched = True
        held = self._rows
        self.intents.add(intent, len(rows))
        for row in rows:
            row.intent = intent
            held[row.message] = row
        beyond = [held.pop(message) for message in list(islice(held, max(0, len(held) - HELD)))]
        for row in beyond:
            self._forget_id(row)
        return beyond

    def accepted(self, rows: Sequence[PartRow], pack: int) -> None:
        """Parts in hand have their id now, and are in this row of `packed`; 0: each has a row of its own."""
        for intent, count in Counter([row.intent for row in rows]).items():
            self.intents.less(intent, count)
        if pack:
            self.packs.add(pack, len(rows))
        account = -1
        ids: dict[str, PartRow | None] = {}
        for row in rows:
            row.intent, row.pack = 0, pack
            if row.account != account:
                account = row.account
                ids = self.by_id(account)
            name = row.key or ""
            if ids.setdefault(name, row) is not row:
                ids[name] = None

    def written(self, rows: Iterable[PartRow]) -> None:
        """Parts in `intents` or `packed` have a row of their own now."""
        for row in rows:
            if row.intent:
                self.intents.less(row.intent, 1)
            if row.pack:
                self.packs.less(row.pack, 1)
            row.intent = row.pack = 0

    def of(self, message: int) -> PartRow | None:
        """The part of a message, when it is in hand."""
        self.touched = True
        return self._rows.get(message)

    @property
    def by_message(self) -> Mapping[int, PartRow]:
        """Every part in hand, by its message."""
        self.touched = True
        return self._rows

    def by_id(self, account: int) -> dict[str, PartRow | None]:
        """The accepted parts of an account in hand, by id; None where there may be several."""
        self.touched = True
        return self._accepted.setdefault(account, {})

    def packed(self, account: int) -> list[PartRow]:
        """Parts of an account that are in `intents` alone."""
        if not self.intents:
            return []
        return [row for row in self._rows.values() if row.intent and row.account == account]

    def put_down(self, row: PartRow) -> None:
        """It has left the common way, or is at its end."""
        if self._rows.pop(row.message, None) is not None:
            self._forget_id(row)

    def finished(self, account: int, parts: Iterable[PartRow]) -> None:
        """Parts that `by_id` gave are at their end."""
        self.touched = True
        accepted, rows = self._accepted[account], self._rows
        for row in parts:
            del accepted[row.key or ""]
            del rows[row.message]

    def settle(self, row: PartRow) -> None:
        """A verb has changed this part in some way: keep it only where the next step is the common one."""
        if row.message in self._rows and (
            row.cause is not None
            or row.message_state != row.state
            or row.state not in (State.SUBMITTING, State.ACCEPTED)
        ):
            self.put_down(row)

    def clear(self) -> None:
        """Forget everything."""
        self._rows.clear()
        self._accepted.clear()
        self._claimed.clear()
        self.intents.clear()
        self.packs.clear()
        self.told.clear()
        self.lost = True

    def _forget_id(self, row: PartRow) -> None:
        ids = self._accepted.get(row.account, {})
        if row.key is not None and ids.get(row.key) is row:
            del ids[row.key]
