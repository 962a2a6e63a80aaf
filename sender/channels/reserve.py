"""What is kept free for one-time codes: a slice of each window, and of the limit of the account.

Kept only while there are codes: from the first one on until `LASTS` seconds after the last. An account that sends
campaigns alone loses nothing by it, and the very first code waits at most for one answer and one place in the limit.
"""

from __future__ import annotations

import math
from typing import Final

LASTS: Final = 600.0


class Reserve:
    """The slice of one account; `share` between 0 and 1. Times are seconds of a monotonic clock."""

    def __init__(self, share: float) -> None:
        self.share = share
        self._until = -math.inf

    def code(self, now: float) -> None:
        """There is a code to send."""
        self._until = now + LASTS

    def of(self, whole: float, now: float) -> int:
        """How much of `whole` places is not for anything else at `now`; one at least, where that leaves one."""
        if now >= self._until or not self.share or whole < 2:
            return 0
        return min(math.ceil(whole * self.share), math.ceil(whole) - 1)
