"""Messages as they come and change, for those who wait for them: one reading of the journal for all, after each commit.

While nobody is told, nothing is watched and nothing is paid for.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable
from math import inf

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from smsc.control.reader import Reader, Shelf
from smsc.journal.journal import Journal
from smsc.journal.whole import WholeMessage

AT_ONCE = 1_000  # rows that are read together
MOST_PENDING = 20_000  # rows that wait to be read; beyond it they are skipped, and everybody is told so
MOST_UPCOMING = (
    20_000  # changes by time alone that are known in advance; those after them are looked up when it is time
)

Listener = Callable[[list[WholeMessage] | None], None]
"""Told of messages that are new or changed; of None when some were skipped."""

_log = logging.getLogger("smsc")


class Feed:
    """Tells of messages. Times are unix seconds."""

    def __init__(self, journal: Journal, reader: Reader, clock: IReactorTime, epoch: float) -> None:
        """`epoch` is the unix time of the clock's zero."""
        self.skipped = 0
        """Times that rows were skipped."""
        self._journal = journal
        self._reader = reader
        self._clock = clock
        self._epoch = epoch
        self._listeners: list[Listener] = []
        self._unwatch: Callable[[], None] | None = None
        self._pending: set[int] = set()
        self._reading = False
        self._upcoming: list[tuple[float, int]] = []
        self._more_upcoming = False
        self._alarm: IDelayedCall | None = None
        self._as_of = -inf  # a time that has been waited for has come, whatever the clock's rounding

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Tell `listener` from now on; returns what ends that."""
        self._listeners.append(listener)
        if self._unwatch is None:
            self._unwatch = self._journal.watch(self._written)
            self._look_ahead()

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)
                if not self._listeners:
                    self.stop()

        return unsubscribe

    def stop(self) -> None:
        """Watch no more."""
        self._listeners.clear()
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._pending.clear()
        self._upcoming.clear()

    def now(self) -> float:
        """The time as of which messages are told."""
        return max(self._epoch + self._clock.seconds(), self._as_of)

    # --- what was written -----------------------------------------------------------------------

    def _written(self, rows: frozenset[int], error: Exception | None) -> None:
        if error is None:
            self._add(rows)

    def _add(self, rows: frozenset[int] | set[int]) -> None:
        self._pending |= rows
        if len(self._pending) > MOST_PENDING:
            self._pending.clear()
            self._skip()
        self._read()

    def _skip(self) -> None:
        self.skipped += 1
        self._tell(None)

    def _read(self) -> None:
        if self._reading or not self._pending:
            return
        rows = set(sorted(self._pending)[:AT_ONCE])
        self._pending -= rows
        self._reading = True
        now = self.now()

        def work(shelf: Shelf) -> tuple[list[WholeMessage], list[tuple[float, int]]]:
            return shelf.messages.of_rows(rows, now), shelf.messages.changing(now, AT_ONCE, rows)

        self._reader.read(work).addCallbacks(self._was_read, self._unread)

    def _was_read(self, found: tuple[list[WholeMessage], list[tuple[float, int]]]) -> None:
        self._reading = False
        messages, changes = found
        if self._unwatch is None:
            return
        self._expect(changes)
        if messages:
            self._tell(messages)
        self._read()

    def _unread(self, failure: Failure) -> None:
        self._reading = False
        if self._unwatch is None:
            return
        _log.error("the journal cannot be read: %s", failure.getErrorMessage())
        self._skip()
        self._read()

    def _tell(self, messages: list[WholeMessage] | None) -> None:
        for listener in tuple(self._listeners):
            listener(messages)

    # --- what comes to pass by time alone ---------------------------------------------------------

    def _look_ahead(self) -> None:
        now = self.now()
        self._more_upcoming = False
        self._reader.read(lambda shelf: shelf.messages.changing(now, MOST_UPCOMING)).addCallbacks(
            self._looked_ahead, self._unread
        )

    def _looked_ahead(self, changes: list[tuple[float, int]]) -> None:
        if self._unwatch is not None:
            self._more_upcoming = self._more_upcoming or len(changes) == MOST_UPCOMING
            self._expect(changes)

    def _expect(self, changes: list[tuple[float, int]]) -> None:
        for change in changes:
            if len(self._upcoming) >= MOST_UPCOMING:
                self._more_upcoming = True
                break
            heapq.heappush(self._upcoming, change)
        self._set_alarm()

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._upcoming:
            wait = self._upcoming[0][0] - self._epoch - self._clock.seconds()
            self._alarm = self._clock.callLater(max(0.0, wait), self._time_has_come)

    def _time_has_come(self) -> None:
        self._alarm = None
        self._as_of = max(self._as_of, self._upcoming[0][0])
        now = self.now()
        rows = set()
        while self._upcoming and self._upcoming[0][0] <= now:
            rows.add(heapq.heappop(self._upcoming)[1])
        self._set_alarm()
        if not self._upcoming and self._more_upcoming:
            self._look_ahead()
        self._add(rows)
