"""Waiting for messages: until enough of them match, or the time is over; then with what came closest, and why not."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from smsc.control.feed import Feed
from smsc.control.reader import Reader, Shelf
from smsc.journal.checks import checks_of
from smsc.journal.message_filter import MessageFilter, matcher
from smsc.journal.near_miss import NearMiss, near_misses
from smsc.journal.whole import WholeMessage
from webkit.problem import Problem

MOST_WAITERS = 200
MOST_AWAITED = 1_000  # messages that one may wait for
LONGEST_WAIT = 300.0  # seconds
COMPARED = 1_000  # newest messages among which near misses are looked for
MOST_NEAR = 3


class Came(msgspec.Struct, frozen=True):
    """The messages that were waited for, oldest first."""

    items: list[WholeMessage]


class Missed(msgspec.Struct, frozen=True):
    """They did not come in time: `found` did, of the `seen` that there are; `near_misses` came closest."""

    found: int
    seen: int
    near_misses: list[NearMiss]


class Waiters:
    """Those who wait."""

    def __init__(self, feed: Feed, reader: Reader, clock: IReactorTime) -> None:
        self.refused = 0
        """Turned away because too many wait."""
        self._feed = feed
        self._reader = reader
        self._clock = clock
        self._waiting: set[_Waiter] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    def wait(
        self, wanted: MessageFilter, *, count: int = 1, timeout: float = 10.0, after: int | None = None
    ) -> Deferred[Came | Missed]:
        """Wait until `count` messages match that have an id above `after`; cancel it to wait no more.

        Problem when too many wait.
        """
        if len(self._waiting) >= MOST_WAITERS:
            self.refused += 1
            raise Problem(503, f"{MOST_WAITERS} others wait already; try again later")
        waiter = _Waiter(wanted, count, after, self._feed, self._reader, self._waiting.discard)
        self._waiting.add(waiter)
        waiter.start(self._clock, timeout)
        return waiter.done

    def stop(self) -> None:
        """Nobody waits any longer: all are told that the emulator stops."""
        for waiter in list(self._waiting):
            waiter.fail(Problem(503, "the emulator stops"))


class _Waiter:
    def __init__(
        self,
        wanted: MessageFilter,
        count: int,
        after: int | None,
        feed: Feed,
        reader: Reader,
        gone: Callable[[_Waiter], None],
    ) -> None:
        self.done: Deferred[Came | Missed] = Deferred(self._cancelled)
        self._wanted = wanted
        self._matches = matcher(wanted)
        self._count = count
        self._after = after
        self._feed = feed
        self._reader = reader
        self._gone = gone
        self._found: dict[int, WholeMessage] = {}
        self._alarm: IDelayedCall | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._over = False

    def start(self, clock: IReactorTime, timeout: float) -> None:
        # Subscribed before the first look: what comes meanwhile is told afterwards.
        self._unsubscribe = self._feed.subscribe(self._told)
        self._alarm = clock.callLater(timeout, self._time_is_up)
        self._look()

    def fail(self, problem: Exception) -> None:
        if self._end():
            self.done.errback(problem)

    def _look(self) -> None:
        now, wanted, after, count = self._feed.now(), self._wanted, self._after, self._count

        def work(shelf: Shelf) -> list[WholeMessage]:
            found = shelf.messages.page(wanted, now, limit=count, after=after)
            return found if after is not None else found[::-1]

        self._reader.read(work).addCallbacks(self._told_first, self._failed)

    def _told_first(self, messages: list[WholeMessage]) -> None:
        # What the feed told meanwhile is newer than what was read.
        self._found = {message.id: message for message in messages} | self._found
        self._perhaps_done()

    def _told(self, messages: list[WholeMessage] | None) -> None:
        if messages is None:
            self._look()
            return
        for message in messages:
            if self._after is not None and message.id <= self._after:
                continue
            if self._matches(message):
                self._found[message.id] = message
            else:
                self._found.pop(message.id, None)
        self._perhaps_done()

    def _perhaps_done(self) -> None:
        if len(self._found) >= self._count and self._end():
            self.done.callback(Came([self._found[row] for row in sorted(self._found)][: self._count]))

    def _time_is_up(self) -> None:
        self._alarm = None
        found = len(self._found)
        if self._end():
            told = missed(self._reader, self._feed.now(), self._wanted, self._after, found)
            told.addCallbacks(self.done.callback, self.done.errback)

    def _cancelled(self, _: Deferred[Came | Missed]) -> None:
        self._end()

    def _failed(self, failure: Failure) -> None:
        if self._end():
            self.done.errback(failure)

    def _end(self) -> bool:
        """Wait no more; False when that was so before."""
        if self._over:
            return False
        self._over = True
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._unsubscribe is not None:
            self._unsubscribe()
        self._gone(self)
        return True


def missed(reader: Reader, now: float, wanted: MessageFilter, after: int | None, found: int) -> Deferred[Missed]:
    """What came closest, among the newest messages; nothing stands between it and whoever waits for it."""

    def work(shelf: Shelf) -> Missed:
        everything = MessageFilter()
        newest = shelf.messages.page(everything, now, limit=COMPARED)
        if after is not None:
            newest = [message for message in newest if message.id > after]
        seen = shelf.messages.count(everything, now, after=after)
        return Missed(found, seen, near_misses(checks_of(wanted), newest, MOST_NEAR))

    return reader.read(work)
