"""A limit on segments a second that holds in every sliding second (I5).

GCRA alone spaces segments; a burst is needed to catch up what late timers lose, and with a burst a sliding second
could hold a few too many. So the times of the last segments are remembered too, and have the last word.
"""

from __future__ import annotations

import math
from collections import deque

from smppkit.rate import Gcra

_SECOND = 1.01
"""A little more than a second: the operator counts arrivals, and the network does not keep our distances."""
_SLACK = 1e-9  # see smppkit.rate: a timer may fire one rounding step early

_BURST_TIME = 0.02
"""Seconds of lateness that may be caught up at once. Timers are late by a millisecond or so; with no burst at
all every lateness would be lost for good."""


class Limit:
    """At most `cap` segments in any sliding second, spaced for `rate`, which may be lower and may change.

    Without `cap` only the spacing holds: nobody has promised anything. Times are seconds of a monotonic clock.
    """

    __slots__ = ("_gcra", "_held_until", "_log")

    def __init__(self, rate: float, cap: float | None) -> None:
        self._gcra = Gcra(rate, _burst(rate))
        self._held_until = float("-inf")
        self._log: deque[float] | None = None if cap is None else deque(maxlen=math.ceil(cap))

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
        if cap is None:
            self._log = None
        else:
            self._log = deque(self._log or (), maxlen=math.ceil(cap))

    def hold(self, until: float) -> None:
        """Write nothing before `until`."""
        self._held_until = max(self._held_until, until)

    def ready(self, now: float, spare: int = 0, *, urgent: bool = False) -> bool:
        """Whether one segment may be written at this instant.

        So many as `spare` says are left of the cap for what is urgent. That need not keep its distance from the
        segments before it; those after it make up for it.
        """
        if now < self._held_until - _SLACK or not self._room(now, spare):
            return False
        return urgent or self._gcra.wait(now) <= _SLACK + now * 1e-15

    def take(self, now: float, *, urgent: bool = False) -> bool:
        """Admit one segment to be written at this very instant, or return False."""
        if now < self._held_until - _SLACK or not self._room(now, 0):
            return False
        if urgent:
            self._gcra.force(now)
        elif not self._gcra.take(now):
            return False
        if self._log is not None:
            self._log.append(now)
        return True

    def _room(self, now: float, spare: int) -> bool:
        """Whether fewer than the cap, less `spare`, were written in the last second."""
        log = self._log
        if log is None or log.maxlen is None or len(log) < log.maxlen - spare:
            return True
        return now + _SLACK >= log[spare - log.maxlen] + _SECOND

    def until(self, now: float, backlog: int = 1, spare: int = 0, *, urgent: bool = False) -> float:
        """The time at which it is worth trying again, with `backlog` segments waiting; the rest as for `ready`.

        With a backlog the answer may be a few milliseconds late on purpose: several segments can then go in
        one turn, which costs one timer instead of many and is caught up by the burst.
        """
        count = max(1, min(backlog, int(self._gcra.burst / 2)))
        until = self._held_until if urgent else max(self._held_until, now + self._gcra.wait(now, count))
        log = self._log
        if log is not None and log.maxlen is not None and len(log) >= log.maxlen - spare:
            oldest = len(log) - (log.maxlen - spare)  # of those that are as many as may be in a second
            until = max(until, log[min(oldest + count, len(log)) - 1] + _SECOND)
        return until


def _burst(rate: float) -> float:
    return max(1.0, rate * _BURST_TIME)
