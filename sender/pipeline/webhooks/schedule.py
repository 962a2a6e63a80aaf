"""When an event that could not be delivered is tried again: ten times within three and a half days."""

from __future__ import annotations

from typing import Final

DELAYS: Final = (5.0, 30.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
"""Seconds after the first, second, … attempt that failed. After the last one the event is dead."""
JITTER: Final = 0.2
"""A delay is up to this share longer, so that what failed together does not come back together."""
LONGEST_ASKED: Final = 86_400.0
"""A consumer that asks us to wait (Retry-After) is believed for so long."""

_HOLD_FIRST: Final = 1.0
_HOLD_LONGEST: Final = 300.0


def next_due(attempts: int, now: float, draw: float, asked: float | None = None) -> float | None:
    """When to try again after `attempts` attempts, all failed; None when never. `draw` is in [0, 1)."""
    if attempts > len(DELAYS):
        return None
    delay = DELAYS[attempts - 1] * (1.0 + JITTER * draw)
    return now + max(delay, min(asked or 0.0, LONGEST_ASKED))


def hold(failures: int, asked: float | None) -> float:
    """Seconds for which a consumer is left alone that has failed `failures` times in a row."""
    if asked is not None:
        return min(asked, LONGEST_ASKED)
    return min(_HOLD_LONGEST, _HOLD_FIRST * 2.0 ** min(failures - 1, 16))
