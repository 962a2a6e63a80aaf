"""How long to wait before trying a connection again."""

from __future__ import annotations

import random


class Backoff:
    """Exponential delays with jitter: each twice the one before, up to `longest` seconds.

    Jitter takes away up to half of a delay, so that the binds of a restarted operator do not all come back
    in the same instant. The draws come from the `rng` given, never from the process-wide generator.
    """

    def __init__(self, first: float, longest: float, rng: random.Random) -> None:
        if not 0 < first <= longest:
            raise ValueError(f"back-off needs 0 < first <= longest, not {first} and {longest}")
        self._first = first
        self._longest = longest
        self._rng = rng
        self._base = first

    def next(self) -> float:
        """Seconds to wait now; the following delay will be longer."""
        base = self._base
        self._base = min(self._longest, base * 2)
        return base * (0.5 + 0.5 * self._rng.random())

    def reset(self) -> None:
        """Start again from the first delay: the last attempt has proved good."""
        self._base = self._first
