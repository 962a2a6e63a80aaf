"""Counters that tell when they have grown, for timelines with entries that wait for it.

Only an operator whose counters such an entry looks at gets these; all others count as before, at no cost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from smsc.stats import DeliveryStats, OperatorStats

COUNTERS: Final[dict[str, Callable[[OperatorStats], int]]] = {
    "accepted": lambda stats: stats.accepted,
    "submitted": lambda stats: stats.submitted,
    "refused": lambda stats: sum(stats.refused.values()),
    "receipts": lambda stats: stats.receipts.acknowledged,
    "binds": lambda stats: stats.binds,
    "mo": lambda stats: stats.mo.acknowledged,
}
"""What an event of a timeline may count (``smsc.scenario.timing.COUNTED``), read off the counters."""

_OWN: Final = frozenset({"accepted", "submitted", "binds"})
_DELIVERED: Final = "acknowledged"


class Bell:
    """Rung each time that a watched counter has grown. `ring` is for whoever wants to hear it."""

    __slots__ = ("ring",)

    def __init__(self) -> None:
        self.ring: Callable[[], None] = _nobody_hears


def _nobody_hears() -> None:
    """Before the timeline begins."""


def watched(bell: Bell) -> OperatorStats:
    """Counters of an operator that ring the bell whenever one of `COUNTERS` has grown."""

    class Watched(OperatorStats):
        def __setattr__(self, name: str, value: object) -> None:
            msgspec.Struct.__setattr__(self, name, value)
            if name in _OWN:
                bell.ring()

    class WatchedDeliveries(DeliveryStats):
        def __setattr__(self, name: str, value: object) -> None:
            msgspec.Struct.__setattr__(self, name, value)
            if name == _DELIVERED:
                bell.ring()

    class Refusals(dict[int, int]):
        def __setitem__(self, status: int, count: int) -> None:
            super().__setitem__(status, count)
            bell.ring()

    return Watched(refused=Refusals(), receipts=WatchedDeliveries(), mo=WatchedDeliveries())
