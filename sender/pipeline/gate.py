"""The last question before octets leave: may this be written now? (I7)"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sender.channels.results import Hold, Submit

Check = Callable[[Submit, float], Hold | None]
"""Given a submit and the unix time: None when it may be written. Called for every submit: it must be quick."""


class Gate:
    """Asks its checks in order; the first that objects decides."""

    def __init__(self, checks: Sequence[Check] = ()) -> None:
        self._checks = tuple(checks)

    def hold(self, submit: Submit, now: float) -> Hold | None:
        """Why `submit` must not be written at unix time `now`, or None."""
        for check in self._checks:
            hold = check(submit, now)
            if hold is not None:
                return hold
        return None
