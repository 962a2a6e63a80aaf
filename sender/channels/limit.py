"""A limit on segments a second that holds in every sliding second (I5).

GCRA alone spaces segments; a burst is needed to catch up what late timers lose, and with a burst a sliding second
could hold a few too many. So the times of the last segments are remembered too, and have the last word.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final

from smppkit.rate import Gcra

_SECOND = 1.01
"""A little more than a second: the operator counts arrivals, and the network does not keep our distances."""
_SLACK = 1e-9  # see smppkit.rate: a timer may fire one rounding step early

UNLIMITED: Final = 1 << 30
"""Room where nothing limits it."""

_BURST_TIME = 0.02
"""Seconds of lateness that may be caught up at once. Timers are late by a millisecond or so; with no burst at
all every lateness would be lost for good."""


class Limit:
    """At most `cap` segments in any sliding second, spaced for `rate`, which may be lower and may change.

    Without `cap` only the spacing holds: nobody has promised anything. Times are seconds of a monotonic clock.
    """

    __slots__ = ("_cap", "_gcra", "_held_until", "_lately", "_log")

    def __init__(self, rate: float, cap: float | None) -> None:
        self._gcra = Gcra(rate, _burst(rate))
        self._held_until = float("-inf")
        self._cap = None if cap is None else math.ceil(cap)
        self._log: deque[tuple[float, int]] = deque()  # what was written in the last second: when, and how many
        self._lately = 0  # the sum of the log

    @property
    def rate(self) -> float:
        """Segments a second that are let through."""
        return self._gcra.rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self._gcra.burst = _burst(rate)
        self._gcra.rate = rate

    def recap(self, cap: float | None) -> None:
        """Another contract. What was written in the last second counts against the new one too."""
        self._cap = None if cap is None else math.ceil(cap)
        if cap is None:
            self._log.clear()
            self._lately = 0

    def hold(self, until: float) -> None:
        """Write nothing before `until`."""
        self._held_until = max(self._held_until, until)

    def room(self, now: float, spare: int = 0, *, urgent: bool = False) -> int:
        """How many segments may be written at this instant.

        So many as `spare` says are left of the cap for what is urgent. That need not keep its distance from the
        segments before it; those after it make up for it.
        """
        if now < self._held_until - _SLACK:
            return 0
        left = self._left(now) - spare
        if urgent or left <= 0:
            return max(0, left)
        if self._gcra.wait(now) > _SLACK + now * 1e-15:
            return 0
        return min(left, max(1, self._gcra.free(now)))

    def ready(self, now: float, spare: int = 0, *, urgent: bool = False) -> bool:
        """Whether there is room for one."""
        return self.room(now, spare, urgent=urgent) > 0

    def take(self, now: float, count: int = 1, *, urgent: bool = False) -> bool:
        """Admit `count` segments to be written at this very instant, or return False."""
        if now < self._held_until - _SLACK or self._left(now) < count:
            return False
        if urgent:
            self._gcra.force(now, count)
        elif not self._gcra.take(now, count):
            return False
        if self._cap is not None:
            self._log.append((now, count))
            self._lately += count
        return True

    def _left(self, now: float) -> int:
        """How many more the last second may come to hold."""
        if self._cap is None:
            return UNLIMITED
        log = self._log
        while log and now + _SLACK >= log[0][0] + _SECOND:
            self._lately -= log.popleft()[1]
        return self._cap - self._lately

    def until(self, now: float, backlog: int = 1, spare: int = 0, *, urgent: bool = False) -> float:
        """The time at which it is worth trying again, with `backlog` segments waiting; the rest as for `room`.

        With a backlog the answer may be a few milliseconds late on purpose: several segments can then go in
        one turn, which costs one timer instead of many and is caught up by the burst.
        """
        count = max(1, min(backlog, int(self._gcra.burst / 2)))
        until = self._held_until if urgent else max(self._held_until, now + self._gcra.wait(now, count))
        over = spare - self._left(now)  # so many are written already of what may not be
        if over >= 0:
            until = max(until, self._written_at(min(over + count, self._lately)) + _SECOND)
        return until

    def _written_at(self, place: int) -> float:
        """When the segment was written that is the first, second … of the last second."""
        for at, count in self._log:
            place -= count
            if place <= 0:
                return at
        return -math.inf


def _burst(rate: float) -> float:
    return max(1.0, rate * _BURST_TIME)
