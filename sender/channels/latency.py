"""How long an operator takes to answer, of late."""

from __future__ import annotations

import math

_LEAST = 0.001
_PER_OCTAVE = 4
"""Buckets for each doubling: a percentile is told to a fifth, and never too low."""
_BUCKETS = 4 * 20  # a millisecond to a quarter of an hour
_HALVED_AT = 2000
"""Answers after which all counts are halved: what was long ago matters less and less."""
_ENOUGH = 20
"""Answers without which nothing is said."""


class Latencies:
    """Response times in seconds, as a histogram whose buckets grow by a fifth each."""

    def __init__(self) -> None:
        self._counts = [0] * (_BUCKETS + 1)
        self._total = 0

    def add(self, seconds: float, count: int = 1) -> None:
        """So many answers came after so long."""
        bucket = 0
        if seconds > _LEAST:
            bucket = min(_BUCKETS, math.ceil(math.log2(seconds / _LEAST) * _PER_OCTAVE - 1e-9))
        self._counts[bucket] += count
        self._total += count
        if self._total >= _HALVED_AT:
            self._counts = [count >> 1 for count in self._counts]
            self._total = sum(self._counts)

    def percentile(self, share: float) -> float | None:
        """Seconds within which this share of the answers came; None while there are too few to tell."""
        if self._total < _ENOUGH:
            return None
        missing = self._total * share - 1e-9
        for bucket, count in enumerate(self._counts):
            missing -= count
            if missing <= 0:
                return float(_LEAST * 2.0 ** (bucket / _PER_OCTAVE))
        return float(_LEAST * 2.0 ** (_BUCKETS / _PER_OCTAVE))
