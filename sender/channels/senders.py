"""Limits of single senders (source addresses) within one account.

A submit whose sender has no room yet stands aside, so that others pass. Only as many stand aside as go out soon; the
rest goes back to the queue with the time of its turn, so that nothing fills up with messages of a slow sender.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from sender.channels.limit import Limit

_ASIDE_TIME = 0.5
"""Seconds of a sender's rate that may stand aside."""


class SenderLimit:
    """The limit of one sender. Times are seconds of a monotonic clock."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.aside = 0
        """Submits that stand aside, on all binds."""
        self._limit = Limit(rate, rate)
        self._last_turn = float("-inf")  # when the last one that was sent back is to come again

    def ready(self, now: float) -> bool:
        """Whether a submit may be written at this instant."""
        return self._limit.ready(now)

    def take(self, now: float) -> None:
        """One is written."""
        self._limit.take(now)

    def hold(self, until: float) -> None:
        """Nothing before `until`: the process before us may have written a second's worth."""
        self._limit.hold(until)

    def wait(self, now: float) -> float:
        """Seconds until the next one may be written."""
        return max(0.0, self._limit.until(now) - now)

    def postpone(self, now: float) -> float | None:
        """Seconds after which another submit shall come again; None: it may stand aside here."""
        if self.aside < math.ceil(self.rate * _ASIDE_TIME):
            return None
        self._last_turn = max(now + self.aside / self.rate, self._last_turn) + 1 / self.rate
        return self._last_turn - now


def sender_limits(rates: Mapping[str, float]) -> dict[str, SenderLimit]:
    """The limits of an account, by source address."""
    return {sender: SenderLimit(rate) for sender, rate in rates.items()}
