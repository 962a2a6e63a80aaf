"""The messages of an emulator: found, counted, waited for."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec.structs import replace
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from smsc.control.feed import Feed
from smsc.control.reader import Reader, Shelf
from smsc.control.sending import Part
from smsc.control.story import MessageDetail, detail_of
from smsc.control.waiting import LONGEST_WAIT, MOST_AWAITED, Came, Missed, Waiters, missed
from smsc.journal.message_filter import MessageFilter
from smsc.journal.messages import Conversation
from smsc.journal.near_miss import NearMiss
from smsc.journal.whole import WholeMessage
from webkit.problem import MOST, Problem, known_number, missing

MOST_ON_A_PAGE = 1_000


class MessagePage(msgspec.Struct, frozen=True):
    """Some messages; `next` is what to give as `before` (or `after`) for those behind them, None when there are none.

    `total` is how many match, on any page; where none does, `hint` may say why.
    """

    items: list[WholeMessage]
    next: int | None
    total: int
    hint: str | None = None


class Verified(msgspec.Struct, frozen=True):
    """Whether as many messages match as were expected; `near_misses` when they do not."""

    met: bool
    count: int
    wanted: str
    near_misses: list[NearMiss] = []


class MessageDesk:
    """All about the messages in the journal."""

    def __init__(self, reader: Reader, feed: Feed, clock: IReactorTime) -> None:
        self.reader = reader
        self.feed = feed
        self.waiters = Waiters(feed, reader, clock)

    def stop(self) -> None:
        """Nobody waits or looks on any longer."""
        self.waiters.stop()
        self.feed.stop()

    def close(self) -> None:
        """Nothing more is read."""
        self.reader.stop()

    def page(
        self, wanted: MessageFilter, *, limit: int, before: int | None = None, after: int | None = None
    ) -> Deferred[MessagePage]:
        """The newest first; with `after` the oldest after it first."""
        now = self.feed.now()

        def work(shelf: Shelf) -> MessagePage:
            found = shelf.messages.page(wanted, now, limit=limit + 1, before=before, after=after)
            items, more = found[:limit], len(found) > limit
            whole = not more and before is None and after is None
            total = len(items) if whole else shelf.messages.count(wanted, now)
            hint = None if total else shelf.messages.hint(wanted)
            return MessagePage(items, items[-1].id if items and more else None, total, hint)

        return self.reader.read(work)

    def latest(self, wanted: MessageFilter) -> Deferred[WholeMessage]:
        """The newest that matches; Problem 404 with near misses when none does."""

        def found(items: list[WholeMessage]) -> WholeMessage | Deferred[WholeMessage]:
            if items:
                return items[0]
            return missed(self.reader, self.feed.now(), wanted, None, 0).addCallback(_none)

        now = self.feed.now()
        return self.reader.read(lambda shelf: shelf.messages.page(wanted, now, limit=1)).addCallback(found)

    def detail(self, row: int) -> Deferred[MessageDetail]:
        """All about one message, by the row of any of its parts; Problem 404."""
        known_number("message", row)
        now = self.feed.now()

        def work(shelf: Shelf) -> MessageDetail:
            parts = shelf.messages.parts(row, now)
            if not parts:
                raise missing("message", row)
            return detail_of(shelf, parts)

        return self.reader.read(work)

    def parts(self, row: int) -> Deferred[list[Part]]:
        """The parts of a message, by the row of any of them; Problem 404."""
        now = self.feed.now()

        def work(shelf: Shelf) -> list[Part]:
            parts = shelf.messages.parts(row, now)
            if not parts:
                raise missing("message", row)
            return [
                Part(
                    part.row,
                    part.operator,
                    part.system_id,
                    part.command,
                    part.part,
                    part.status,
                    part.message_id,
                    part.state,
                )
                for part in parts
            ]

        return self.reader.read(work)

    def count(self, wanted: MessageFilter) -> Deferred[int]:
        """How many match."""
        now = self.feed.now()
        return self.reader.read(lambda shelf: shelf.messages.count(wanted, now))

    def wait(self, wanted: MessageFilter, *, count: int, timeout: float, after: int | None) -> Deferred[Came | Missed]:
        """Wait for messages that are complete (unless it is asked for others); Problem."""
        if not 1 <= count <= MOST_AWAITED:
            raise Problem(400, f"count: found {count}; expected 1 to {MOST_AWAITED:,}", field="count")
        if not 0 <= timeout <= LONGEST_WAIT:
            raise Problem(400, f"timeout: found {timeout:g}; expected 0 to {LONGEST_WAIT:g} seconds", field="timeout")
        if after is not None and not 0 <= after < MOST:
            raise Problem(400, f"after: found {after}; expected the id of a message", field="after")
        return self.waiters.wait(_complete(wanted), count=count, timeout=timeout, after=after)

    def conversations(self, q: str | None, limit: int) -> Deferred[list[Conversation]]:
        """One for each subscriber's number, the latest first; `q` are words that one of its messages has."""
        now = self.feed.now()
        return self.reader.read(lambda shelf: shelf.messages.conversations(q, now, limit))

    def conversation(
        self, number: str, *, system_id: str | None, limit: int, before: int | None
    ) -> Deferred[list[WholeMessage]]:
        """The newest messages from and to a number, oldest first."""
        now = self.feed.now()
        return self.reader.read(
            lambda shelf: shelf.messages.conversation(number, now, system_id=system_id, limit=limit, before=before)
        )

    def verify(
        self, wanted: MessageFilter, kind: Literal["equals", "at_least", "at_most"], number: int
    ) -> Deferred[Verified]:
        """Whether as many complete messages match as are expected."""
        wanted = _complete(wanted)
        words = {"equals": f"{number}", "at_least": f"at least {number}", "at_most": f"at most {number}"}[kind]

        def judge(count: int) -> Verified | Deferred[Verified]:
            met = {"equals": count == number, "at_least": count >= number, "at_most": count <= number}[kind]
            if met:
                return Verified(met, count, words)
            told = missed(self.reader, self.feed.now(), wanted, None, count)
            return told.addCallback(lambda missed: Verified(met, count, words, missed.near_misses))

        return self.count(wanted).addCallback(judge)


def _complete(wanted: MessageFilter) -> MessageFilter:
    return replace(wanted, complete=True) if wanted.complete is None and wanted.parts is None else wanted


def _none(missed: Missed) -> WholeMessage:
    problem = missing("message", "that matches")
    problem.fields.update(near_misses=missed.near_misses, seen=missed.seen)
    raise problem
