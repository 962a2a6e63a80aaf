"""Latencies in a fixed amount of memory: 64 equal steps in every power of two microseconds (1.6 % at worst)."""

from __future__ import annotations

_BITS = 6
_STEPS = 1 << _BITS
_LONGEST = 1 << 36  # microseconds, some 19 hours: longer ones are counted as that


class Histogram:
    """How many values there were in each step."""

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.longest = 0.0
        self._counts = [0] * (_STEPS * 32)

    def add(self, seconds: float, count: int = 1) -> None:
        """`count` values of so many seconds; below zero counts as zero."""
        value = min(int(seconds * 1e6), _LONGEST - 1) if seconds > 0 else 0
        power = max(0, value.bit_length() - _BITS - 1)
        self._counts[(power << _BITS) + (value >> power)] += count
        self.count += count
        self.total += seconds * count
        if seconds > self.longest:
            self.longest = seconds

    def quantile(self, share: float) -> float | None:
        """The seconds that this share of the values did not exceed; None where there are none."""
        if not self.count:
            return None
        wanted, seen = share * self.count, 0
        for index, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return min(_upper(index) / 1e6, self.longest)
        return self.longest

    @property
    def mean(self) -> float | None:
        """The mean in seconds."""
        return self.total / self.count if self.count else None


def _upper(index: int) -> int:
    """The microseconds at which a step ends."""
    if index < 2 * _STEPS:
        return index + 1
    power = (index >> _BITS) - 1
    return (index - (power << _BITS) + 1) << power
