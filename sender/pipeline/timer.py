"""One call at a later time, or none."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime


class Timer:
    """Calls `what` once, some seconds after `set`; setting it anew takes the place of what was set before."""

    __slots__ = ("_call", "_clock", "_what")

    def __init__(self, clock: IReactorTime, what: Callable[[], object]) -> None:
        self._clock = clock
        self._what = what
        self._call: IDelayedCall | None = None

    def set(self, delay: float) -> None:
        """Call in so many seconds."""
        self.cancel()
        self._call = self._clock.callLater(delay, self._ring)

    def cancel(self) -> None:
        """Do not call."""
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _ring(self) -> None:
        self._call = None
        self._what()
