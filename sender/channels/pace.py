"""When the next segment may be written on an operator account.

Three rules hold together, for the account as a whole, whatever its binds do:

* the limit of the contract: no sliding second holds more submits than it allows (I5);
* an adaptive rate: ESME_RTHROTTLED lowers it by up to a half, the more of the latest answers were throttles the
  more, and quiet time lets it grow back (AIMD);
* a pause: ESME_RMSGQFUL stops writing for a while, longer each time the queue is found full again.
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
all every lateness would be lost for good. The sliding log keeps the bound in spite of the burst."""

_GROWTH = 0.02
"""Share of the limit by which the rate grows in the first second after a throttle; it grows faster later."""

_ANSWERS = 50
"""Answers whose share of throttles says how far off the rate is. An operator over its limit throttles a large share,
and a quarter or more halves the rate; one that refuses a message here and there must not bring a campaign to a
standstill (the reasoning of DCTCP, RFC 8257; the square tells the two apart better)."""

_QUEUE_FULL_FIRST = 1.0
_QUEUE_FULL_LONGEST = 30.0

_LEAST_RATE = 0.1
"""Segments a second that the rate never falls below: one must go out now and then to learn that the way is free."""

_LEAST_MEASURED = 0.1
"""Seconds: a rate is not measured over less."""


class Pace:
    """The shaper of one account. Rates are segments a second, times seconds of a monotonic clock.

    `limit` None means that the contract names none; the operator may still throttle, and is then obeyed.
    """

    def __init__(self, limit: float | None, now: float) -> None:
        self.limit = limit
        self._gcra: Gcra | None = None
        self._log: deque[float] | None = None  # when the last ceil(limit) submits were written
        if limit is not None:
            self._log = deque(maxlen=math.ceil(limit))
        self._held_until = float("-inf")
        # AIMD: the rate is _base at _decreased_at and grows from there; _reference scales the growth.
        self._base: float | None = None
        self._reference = limit
        self._decreased_at = now
        self._answers: deque[bool] = deque(maxlen=_ANSWERS)  # the latest ones: was it a throttle?
        # ESME_RMSGQFUL: the next pause, and when the last one was ordered.
        self._pause = _QUEUE_FULL_FIRST
        self._paused_at = float("-inf")
        # What was written in this second and in the one before.
        self._bucket_start = now
        self._bucket = 0
        self._last_bucket = 0
        if limit is not None:
            self._set_rate(limit)

    def rate(self, now: float) -> float | None:
        """Segments a second allowed now; None = no limit known."""
        if self._base is None:
            return self.limit
        reference = self._reference
        assert reference is not None  # noqa: S101 - set together with _base
        quiet = now - self._decreased_at
        rate = self._base + _GROWTH * reference * (quiet + quiet * quiet / 2)
        if self.limit is not None and rate >= self.limit:
            self._base = None
            return self.limit
        if self.limit is None and rate > 10 * reference:
            self._base = self._gcra = None
            return None
        return rate

    @property
    def slowed(self) -> bool:
        """Whether a throttle is still remembered."""
        return self._base is not None

    def take(self, now: float, spare: int = 0) -> bool:
        """Admit one segment to be written at this very instant, or return False.

        So many as `spare` says are left of the limit for what is urgent.
        """
        if now < self._held_until - _SLACK or not self._room(now, spare):
            return False
        self._refresh(now)
        if self._gcra is not None and not self._gcra.take(now):
            return False
        self._note(now)
        return True

    def take_urgent(self, now: float) -> bool:
        """The same for one that need not keep its distance from those before it; those after it do from it."""
        if now < self._held_until - _SLACK or not self._room(now, 0):
            return False
        self._refresh(now)
        if self._gcra is not None:
            self._gcra.force(now)
        self._note(now)
        return True

    def _room(self, now: float, spare: int) -> bool:
        """Whether fewer than the limit, less `spare`, were written in the last second."""
        log = self._log
        if log is None or log.maxlen is None or len(log) < log.maxlen - spare:
            return True
        return now + _SLACK >= log[spare - log.maxlen] + _SECOND

    def _note(self, now: float) -> None:
        if self._log is not None:
            self._log.append(now)
        self._count(now)

    def wait(self, now: float, backlog: int = 1, spare: int = 0, *, urgent: bool = False) -> float:
        """Seconds until it is worth trying again, with `backlog` segments waiting; the rest as for `take`.

        With a backlog the answer may be a few milliseconds late on purpose: several segments can then go in
        one turn, which costs one timer instead of many and is caught up by the burst.
        """
        until = self._held_until
        self._refresh(now)
        count = 1
        if self._gcra is not None and not urgent:
            count = max(1, min(backlog, int(self._gcra.burst / 2)))
            until = max(until, now + self._gcra.wait(now, count))
        log = self._log
        if log is not None and log.maxlen is not None and len(log) >= log.maxlen - spare:
            oldest = len(log) - (log.maxlen - spare)  # of those that are as many as may be in a second
            until = max(until, log[min(oldest + count, len(log)) - 1] + _SECOND)
        return max(0.0, until - now)

    def lately(self, now: float) -> int:
        """Segments written in the current or the last second, whichever were more."""
        self._count(now, 0)
        return max(self._bucket, self._last_bucket)

    def hold(self, until: float) -> None:
        """Write nothing before `until`."""
        self._held_until = max(self._held_until, until)

    def throttled(self, sent_at: float, now: float) -> None:
        """A submit sent at `sent_at` was answered ESME_RTHROTTLED: lower the rate.

        Answers to what was sent before the last decrease say nothing about the lower rate: a whole window
        refused at once decreases once.
        """
        self._answers.append(True)
        if sent_at <= self._decreased_at and self._base is not None:
            return
        rate = self.rate(now)
        if rate is None:
            lately = self.lately(now)
            if lately == self._bucket:  # written in less than a second so far
                lately = round(lately / min(1.0, max(_LEAST_MEASURED, now - self._bucket_start)))
            self._reference = rate = float(max(1, lately))
        share = sum(self._answers) / len(self._answers)
        self._base = max(_LEAST_RATE, rate * max(0.5, 1 - 8 * share * share))
        self._decreased_at = now
        self._set_rate(self._base)

    def queue_full(self, sent_at: float, now: float) -> float:
        """A submit was answered ESME_RMSGQFUL: pause. Returns the seconds until writing goes on."""
        if sent_at > self._paused_at:
            self._paused_at = now
            self.hold(now + self._pause)
            self._pause = min(_QUEUE_FULL_LONGEST, self._pause * 2)
        return max(0.0, self._held_until - now)

    def accepted(self, sent_at: float) -> None:
        """A submit sent at `sent_at` was accepted: no throttle, and a queue that was full has room again."""
        self._answers.append(False)
        if sent_at > self._paused_at:
            self._pause = _QUEUE_FULL_FIRST

    def _refresh(self, now: float) -> None:
        if self._base is None:
            return
        rate = self.rate(now)
        if rate is not None:
            self._set_rate(rate)

    def _set_rate(self, rate: float) -> None:
        burst = max(1.0, rate * _BURST_TIME)
        if self._gcra is None:
            self._gcra = Gcra(rate, burst)
        else:
            self._gcra.burst = burst
            self._gcra.rate = rate

    def _count(self, now: float, count: int = 1) -> None:
        if now - self._bucket_start >= 1.0:
            self._last_bucket = self._bucket if now - self._bucket_start < 2.0 else 0
            self._bucket, self._bucket_start = 0, now
        self._bucket += count
