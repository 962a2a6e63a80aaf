"""What befell the operators of a run, as reports show it."""

from __future__ import annotations

import msgspec


class Fault(msgspec.Struct, frozen=True):
    """One entry of the timeline, in seconds from the start."""

    at: float
    until: float | None
    """None when it happens in an instant."""
    operator: str | None
    """None: all operators."""
    kind: str
    """``throttle``, ``reset``, ``outage`` or ``mo``."""
    detail: str
    """In words: ``throttle to 5/s``."""
