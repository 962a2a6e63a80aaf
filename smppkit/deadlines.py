"""When each of many connections wants to be woken, with one armed timer for all of them.

A delayed call per connection costs a kilobyte and more; here it is an entry of a heap.
"""

from __future__ import annotations

import typing
from collections import deque
from heapq import heapify, heappop, heappush

from twisted.internet.interfaces import IDelayedCall, IReactorTime

# A clock may be one rounding step short of the time it was armed for; without this slack a simulated clock
# could be armed for 1e-17 s for ever.
_SLACK = 1e-9
_MANY_STALE = 64


class Sleeper(typing.Protocol):
    """Who is woken."""

    def wake(self) -> None:
        """The time that was asked for has come; its alarm is gone."""


class Alarm:
    """One entry: `at` in seconds of the clock, `who` None once it has rung or was cancelled."""

    __slots__ = ("at", "order", "who")

    def __init__(self, at: float, order: int, who: Sleeper) -> None:
        self.at = at
        self.order = order
        self.who: Sleeper | None = who

    def __lt__(self, other: Alarm) -> bool:
        return (self.at, self.order) < (other.at, other.order)


class Deadlines:
    """The alarms of one clock, rung in the order of their times, and of being set where those are equal."""

    __slots__ = ("_armed", "_armed_for", "_clock", "_heap", "_order", "_stale")

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._heap: list[Alarm] = []
        self._order = 0
        self._stale = 0  # entries of the heap that were cancelled
        self._armed: IDelayedCall | None = None
        self._armed_for = 0.0

    def __len__(self) -> int:
        return len(self._heap) - self._stale

    def set(self, at: float, who: Sleeper) -> Alarm:
        """Wake `who` at that time, or in the next turn when it has passed."""
        self._order += 1
        alarm = Alarm(at, self._order, who)
        heappush(self._heap, alarm)
        if self._armed is None or at < self._armed_for:
            self._arm()
        return alarm

    def cancel(self, alarm: Alarm) -> None:
        """Do not ring; harmless when it has rung."""
        if alarm.who is None:
            return
        alarm.who = None
        self._stale += 1
        if (self._stale > _MANY_STALE and self._stale * 2 > len(self._heap)) or self._stale == len(self._heap):
            self._heap = [entry for entry in self._heap if entry.who is not None]
            heapify(self._heap)
            self._stale = 0
            if not self._heap:
                self._arm()

    def _arm(self) -> None:
        if self._armed is not None:
            self._armed.cancel()
            self._armed = None
        if self._heap:
            self._armed_for = self._heap[0].at
            self._armed = self._clock.callLater(max(0.0, self._armed_for - self._clock.seconds()), self._ring)

    def _ring(self) -> None:
        self._armed = None
        now = self._clock.seconds()
        due: deque[Sleeper] = deque()
        # Taken out before any is woken: what waking sets waits for the next turn.
        while self._heap and self._heap[0].at <= now + _SLACK:
            alarm = heappop(self._heap)
            if alarm.who is None:
                self._stale -= 1
            else:
                due.append(alarm.who)
                alarm.who = None
        try:
            while due:
                due.popleft().wake()
        finally:
            for who in due:  # waking one failed: the others are still due
                self.set(now, who)
            self._arm()
