"""The generic cell rate algorithm: a rate limit that needs one number of memory and no timer.

Source: ITU-T I.371, virtual scheduling. Used by the emulator to throttle and by the sender to shape.
"""

from __future__ import annotations

# A timer that was asked for `wait` seconds may fire some rounding steps early; without this slack a
# caller in simulated time could be told to wait 1e-17 s for ever. The relative part covers clocks that
# count from 1970.
_SLACK = 1e-9
_RELATIVE_SLACK = 1e-15


class Gcra:
    """At most `rate` cells a second, of which `burst` may come at once.

    With ``burst=1`` cells are spaced evenly and no half-open second holds more than ``rate`` of them (I5).
    Times are seconds of any monotonic clock.
    """

    __slots__ = ("_interval", "_tat", "burst")

    def __init__(self, rate: float, burst: float = 1.0) -> None:
        self._tat = float("-inf")  # theoretical arrival time: when the bucket is empty again
        self.burst = burst
        self.rate = rate

    @property
    def rate(self) -> float:
        """Cells a second; may be set at any time and holds from the next cell on."""
        return 1.0 / self._interval

    @rate.setter
    def rate(self, rate: float) -> None:
        if not rate > 0 or self.burst < 1:
            raise ValueError(f"a rate limit needs rate > 0 and burst >= 1, not {rate} and {self.burst}")
        self._interval = 1.0 / rate

    def take(self, now: float, count: int = 1) -> bool:
        """Admit `count` cells at `now`, or admit nothing and return False."""
        tat = (now if now > self._tat else self._tat) + count * self._interval
        if tat - now > self.burst * self._interval + _SLACK + now * _RELATIVE_SLACK:
            return False
        self._tat = tat
        return True

    def free(self, now: float) -> int:
        """How many cells would be admitted at once."""
        owed = max(0.0, self._tat - now) / self._interval
        return max(0, int(self.burst - owed + _SLACK + now * _RELATIVE_SLACK))

    def force(self, now: float, count: int = 1) -> None:
        """Count cells that were admitted for another reason: those after them make up for it."""
        self._tat = (now if now > self._tat else self._tat) + count * self._interval

    def wait(self, now: float, count: int = 1) -> float:
        """Seconds until ``take(now + wait, count)`` admits; 0 when it would admit at once.

        More cells than the burst holds can never be admitted together: that is a ValueError.
        """
        if count > self.burst:
            raise ValueError(f"{count} cells never fit a burst of {self.burst}")
        return max(0.0, self._tat + (count - self.burst) * self._interval - now)
