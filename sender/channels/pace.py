"""When the next segment may be written on an operator account.

Four rules hold together, for the account as a whole, whatever its binds do:

* the limit of the contract: no sliding second holds more submits than it allows (I5);
* an adaptive rate: ESME_RTHROTTLED lowers it by up to a half, the more of the latest answers were throttles the
  more, and quiet time lets it grow back (AIMD);
* what the operator says of its congestion (congestion_state, SMPP 5.0 §4.8.4.18) does the same before it refuses;
* a pause: ESME_RMSGQFUL stops writing for a while, longer each time the queue is found full again.
"""

from __future__ import annotations

import math
from collections import deque

from sender.channels.limit import UNLIMITED, Limit

_SLACK = 1e-9  # see smppkit.rate: a timer may fire one rounding step early

_GROWTH = 0.02
"""Share of the reference by which the rate grows in the first second after a throttle; it grows faster later."""

_ANSWERS = 50
"""Answers whose share of throttles says how far off the rate is. An operator over its limit throttles a large share,
and a quarter or more halves the rate; one that refuses a message here and there must not bring a campaign to a
standstill (the reasoning of DCTCP, RFC 8257; the square tells the two apart better)."""

_NOISE = 0.03
"""A share of throttles that says nothing about the rate: some operators refuse one message in fifty at any."""

_TOO_FAST = 0.1
"""The share of throttles from which the rate is certainly their cause."""

_ENOUGH = 25
"""Answers without which an account that has no limit of its own takes a throttle for no sign of one."""

_DOUBLING = 1.0
"""Seconds in which the rate doubles while no limit of the operator has shown itself (as a TCP connection starts): an
account without a configured rate begins from the little that it had written when the first throttle came."""

_FORGOTTEN = 10
"""Times the reference: a rate that has grown so far without an end is no limit any more."""

_QUEUE_FULL_FIRST = 1.0
_QUEUE_FULL_LONGEST = 30.0

_LEAST_RATE = 0.1
"""Segments a second that the rate never falls below: one must go out now and then to learn that the way is free."""

_LEAST_MEASURED = 0.1
"""Seconds: a rate is not measured over less."""

_CONGESTED = 100
_NEARLY_CONGESTED = 90
_BUSY = 80
"""congestion_state: 80 to 89 is the optimum, at which nobody should hurry up."""


class Pace:
    """The shaper of one account. Rates are segments a second, times seconds of a monotonic clock.

    `limit` None means that the contract names none; the operator may still throttle, and is then obeyed.
    """

    def __init__(self, limit: float | None, now: float) -> None:
        self.limit = limit
        self.throttles = 0
        self.queue_fulls = 0
        self.congestion: int | None = None
        """The last congestion_state that the operator told."""
        self._shape = None if limit is None else Limit(limit, limit)
        self._held_until = float("-inf")
        # AIMD: the rate is _base at _decreased_at and grows from there: it doubles up to _ceiling, from where
        # _reference scales the growth.
        self._base: float | None = None
        self._ceiling = math.inf
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

    def relimit(self, limit: float | None, now: float) -> None:
        """Another contract. What was written in the last second counts against the new one too."""
        rate = self.rate(now)
        self.limit = limit
        if limit is None:
            self._ceiling = math.inf
            self._reference = rate if self.slowed else None
            if self._shape is not None:
                self._shape.recap(None)
            if not self.slowed:
                self._shape = None
            return
        self._ceiling, self._reference = math.inf, limit
        if self._shape is None:
            self._shape = Limit(limit, limit)
        else:
            self._shape.recap(limit)
        if self._base is not None and rate is not None and rate < limit:
            self._base, self._decreased_at = rate, now
        else:
            self._base = None
            self._set_rate(limit)

    def rate(self, now: float) -> float | None:
        """Segments a second allowed now; None = no limit known."""
        if self._base is None:
            return self.limit
        reference = self._reference
        assert reference is not None  # noqa: S101 - set together with _base
        rate = self._grown(self._base, reference, now - self._decreased_at)
        if self.limit is not None and rate >= self.limit:
            self._base, self._ceiling = None, math.inf
            return self.limit
        if self.limit is None and rate > _FORGOTTEN * reference:
            self._base = self._shape = None
            self._ceiling = math.inf
            return None
        return rate

    def _grown(self, base: float, reference: float, quiet: float) -> float:
        if base < self._ceiling:
            doubling = min(quiet, _DOUBLING * math.log2(min(self._ceiling, base * 1e9) / base))
            base *= 2.0 ** (doubling / _DOUBLING)
            quiet -= doubling
        return base + _GROWTH * reference * (quiet + quiet * quiet / 2)

    @property
    def slowed(self) -> bool:
        """Whether a throttle is still remembered."""
        return self._base is not None

    def room(self, now: float, spare: int = 0, *, urgent: bool = False) -> int:
        """How many segments may be written now (see ``Limit.room``)."""
        if now < self._held_until - _SLACK:
            return 0
        self._refresh(now)
        return UNLIMITED if self._shape is None else self._shape.room(now, spare, urgent=urgent)

    def ready(self, now: float, spare: int = 0, *, urgent: bool = False) -> bool:
        """Whether a segment may be written now."""
        return self.room(now, spare, urgent=urgent) > 0

    def take(self, now: float, count: int = 1, *, urgent: bool = False) -> bool:
        """Admit `count` segments to be written at this very instant, or return False."""
        if now < self._held_until - _SLACK:
            return False
        self._refresh(now)
        if self._shape is not None and not self._shape.take(now, count, urgent=urgent):
            return False
        self._count(now, count)
        return True

    def wait(self, now: float, backlog: int = 1, spare: int = 0, *, urgent: bool = False) -> float:
        """Seconds until it is worth trying again, with `backlog` segments waiting (see ``Limit.until``)."""
        until = self._held_until
        self._refresh(now)
        if self._shape is not None:
            until = max(until, self._shape.until(now, backlog, spare, urgent=urgent))
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
        self.throttles += 1
        self._answers.append(True)
        if sent_at <= self._decreased_at and self._base is not None:
            return
        share = sum(self._answers) / len(self._answers)
        if share > _NOISE:
            too_fast = share >= _TOO_FAST and (self.limit is not None or len(self._answers) >= _ENOUGH)
            self._lower(max(0.5, 1 - 8 * share * share), now, too_fast=too_fast)

    def told_congestion(self, state: int, sent_at: float, now: float) -> None:
        """The answer to a submit sent at `sent_at` carried congestion_state `state` (0 to 100)."""
        self.congestion = state
        if sent_at <= self._decreased_at and self._base is not None:
            return
        if state >= _CONGESTED:
            self._lower(0.5, now, too_fast=True)
        elif state >= _NEARLY_CONGESTED:
            self._lower(0.9, now, too_fast=True)
        elif state >= _BUSY and self._base is not None:
            self._lower(1.0, now, too_fast=True)  # the growth begins anew from here

    def _lower(self, factor: float, now: float, *, too_fast: bool) -> None:
        rate = self.rate(now)
        if rate is None:
            rate = self._measured(now)
            self._reference = rate
        lowered = max(_LEAST_RATE, rate * factor)
        if too_fast:
            self._ceiling = lowered
            if self.limit is None:
                self._reference = lowered
        self._base = lowered
        self._decreased_at = now
        self._set_rate(lowered)

    def _measured(self, now: float) -> float:
        lately = self.lately(now)
        if lately == self._bucket:  # written in less than a second so far
            lately = round(lately / min(1.0, max(_LEAST_MEASURED, now - self._bucket_start)))
        return float(max(1, lately))

    def queue_full(self, sent_at: float, now: float) -> float:
        """A submit was answered ESME_RMSGQFUL: pause. Returns the seconds until writing goes on."""
        if sent_at > self._paused_at:
            self.queue_fulls += 1
            self._paused_at = now
            self.hold(now + self._pause)
            self._pause = min(_QUEUE_FULL_LONGEST, self._pause * 2)
        return max(0.0, self._held_until - now)

    def accepted(self, sent_at: float, count: int = 1) -> None:
        """Submits sent at `sent_at` were accepted: no throttle, and a queue that was full has room again."""
        self._answers.extend([False] * min(count, _ANSWERS))
        if sent_at > self._paused_at:
            self._pause = _QUEUE_FULL_FIRST

    def _refresh(self, now: float) -> None:
        if self._base is None:
            return
        rate = self.rate(now)
        if rate is not None:
            self._set_rate(rate)
        elif self.limit is None:
            self._shape = None

    def _set_rate(self, rate: float) -> None:
        if self._shape is None:
            self._shape = Limit(rate, self.limit)
        else:
            self._shape.rate = rate

    def _count(self, now: float, count: int = 1) -> None:
        if now - self._bucket_start >= 1.0:
            self._last_bucket = self._bucket if now - self._bucket_start < 2.0 else 0
            self._bucket, self._bucket_start = 0, now
        self._bucket += count
