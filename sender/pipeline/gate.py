"""The last question before octets leave: may this be written now? (I7)"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from sender.channels.results import Hold, Submit


class Check(Protocol):
    """One reason why something must not be written. Asked for every submit: it must be quick."""

    def concerns(self, submits: Sequence[Submit], now: float) -> bool:
        """Whether any of these might be held at unix time `now`: mostly none, and that is known at once."""

    def check(self, submit: Submit, now: float) -> Hold | None:
        """Why `submit` must not be written at unix time `now`; None when it may."""


class Gate:
    """Asks its checks in order; the first that objects decides."""

    def __init__(self, checks: Sequence[Check] = ()) -> None:
        self._checks = tuple(checks)

    def hold(self, submits: Sequence[Submit], now: float) -> Mapping[int, Hold]:
        """Why some of `submits` must not be written at unix time `now`, by their places among them."""
        checks = [it.check for it in self._checks if it.concerns(submits, now)]
        held: dict[int, Hold] = {}
        for place, submit in enumerate(submits) if checks else ():
            for check in checks:
                hold = check(submit, now)
                if hold is not None:
                    held[place] = hold
                    break
        return held
