"""How many submits may be unanswered on one bind: what is configured, what is needed, and what the operator takes.

* `window: auto` makes it rate × p99 latency: with that many under way the rate is kept, and more would only be more
  in doubt when the link breaks.
* ESME_RMSGQFUL that answers one submit of several is the operator's own window being smaller than ours (many answer so
  what is over it): what was under way when it was written was one too many, so the window becomes one less than that.
  Now and then it is tried a little larger, ever more rarely while that is refused.
* ESME_RMSGQFUL for a submit that was alone, or for a whole window in a row, is a queue that is really full, and no
  matter of windows: the account pauses (`pace.py`), and begins again with one submit.
"""

from __future__ import annotations

import math

_START = 10
"""Submits under way until enough answers have come to know the latency."""
_HEADROOM = 1.25
"""Over rate × p99: what a rate that varies and a p99 that is estimated need."""
_TRY_FIRST = 5.0
_TRY_LONGEST = 300.0
"""Seconds until a window that was found too large is tried a little larger again."""


class Window:
    """The window of one bind, across its reconnects. Times are seconds of a monotonic clock."""

    def __init__(self, most: int, *, auto: bool = False) -> None:
        self.most = most
        self.auto = auto
        self._wanted = min(most, _START) if auto else most
        self._taken = float(most)  # what the operator is believed to take
        self._now = float(most)  # what is used on the way there
        self._try_at = math.inf
        self._try_wait = _TRY_FIRST
        self._trying = False  # the window was made larger, and nothing was refused since
        self._episode: float | None = None  # when the first refusal came since something was accepted
        self._before = float(most)  # what was believed at that time
        self._in_a_row = 0

    @property
    def size(self) -> int:
        """Submits that may be unanswered."""
        return max(1, min(self._wanted, int(self._taken), int(self._now)))

    @property
    def shrunk(self) -> bool:
        """Whether the operator takes fewer than would be used."""
        return min(self._taken, self._now) < self._wanted

    def resize(self, most: int, *, auto: bool) -> None:
        """Another configuration; what was learnt of the operator holds as far as it is below that."""
        learnt = self._taken if self._taken < self.most else math.inf
        self.most, self.auto = most, auto
        self._wanted = min(most, _START) if auto else most
        self._taken = min(float(most), learnt)
        self._now = min(self._now if learnt < math.inf else float(most), self._taken)

    def fit(self, rate: float | None, p99: float | None) -> None:
        """Size it to `rate` (segments a second of this bind) and the latency; without a rate: as large as may be."""
        if not self.auto:
            self._wanted = self.most
        elif p99 is None:
            self._wanted = min(self.most, _START)
        elif rate is None:
            self._wanted = self.most
        else:
            self._wanted = max(1, min(self.most, math.ceil(rate * p99 * _HEADROOM)))

    @property
    def whole(self) -> bool:
        """Whether all that is configured is used: no answer to an accepted submit can change the size."""
        return self._now == self.most

    def accepted(self, under_way: int, now: float) -> bool:
        """A submit was taken that made `under_way` unanswered ones when it was written. True: the size has changed."""
        self._episode = None
        if self._now == self.most:
            return False
        before = self.size
        if self._now < self._taken:
            self._now = min(self._taken, self._now + 1)
        elif self._taken < self.most and now >= self._try_at and under_way >= self.size:
            if self._trying:
                self._try_wait = max(_TRY_FIRST, self._try_wait / 2)
            self._trying = True
            self._taken = self._now = min(float(self.most), max(self._taken + 1, self._taken * 1.25))
            self._try_at = now + self._try_wait
        return self.size != before

    def refused(self, under_way: int, sent_at: float, now: float, *, alone: bool) -> bool:
        """A submit was answered ESME_RMSGQFUL. True when the queue is full, False when it is a matter of the window.

        `alone`: nothing else of the account was unanswered when it was written.
        """
        if self._episode is None:
            self._episode, self._before, self._in_a_row = now, self._taken, 0
        if sent_at > self._episode:
            self._in_a_row += 1
        if alone or self._in_a_row >= max(2.0, self._taken):
            self._taken, self._now = self._before, 1.0
            return True
        self.shrink(under_way - 1, now)
        return False

    def shrink(self, size: int, now: float) -> None:
        """The operator takes no more than `size` (1 at least)."""
        if size < self._taken and self._taken > 1:
            self._taken = self._now = float(max(1, size))
            if self._trying:
                self._trying = False
                self._try_wait = min(_TRY_LONGEST, self._try_wait * 2)
            self._try_at = now + self._try_wait
