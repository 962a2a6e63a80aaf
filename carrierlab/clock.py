"""Simulated time: a reactor's clock that jumps from one event to the next.

Everything that waits in our programs waits on an ``IReactorTime``. Given this one, an hour of scenario takes
the seconds that its events cost to compute, and the same program does the same things in the same order
every time.
"""
# ruff: noqa: N802, N803 - the method and argument names are those of Twisted's interfaces

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.error import AlreadyCalled, AlreadyCancelled
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure
from zope.interface import implementer

T = TypeVar("T")

_MANY_CANCELLED = 256


class Stuck(Exception):
    """Nothing is left to happen, and what was waited for has not happened.

    In a program that is correct this is a deadlock: somebody waits for an event that nobody will cause.
    """


class OutOfTime(Exception):
    """The simulated time allowed has passed before what was waited for happened."""


@implementer(IDelayedCall)
class SimCall:
    """One call that waits in a :class:`SimClock` (an ``IDelayedCall``)."""

    __slots__ = ("_args", "_clock", "_function", "_kwargs", "called", "cancelled", "order", "time")

    def __init__(self, clock: SimClock, time: float, function: Callable[..., Any], args: Any, kwargs: Any) -> None:
        self._clock = clock
        self._function = function
        self._args = args
        self._kwargs = kwargs
        self.time = time
        self.order = 0
        self.called = False
        self.cancelled = False

    def getTime(self) -> float:
        """Return the simulated time of this call, in seconds."""
        return self.time

    def active(self) -> bool:
        """Return whether the call is still to be made."""
        return not (self.called or self.cancelled)

    def cancel(self) -> None:
        """Take the call back (AlreadyCalled, AlreadyCancelled)."""
        self._require_active()
        self.cancelled = True
        self._function = _nothing
        self._args = self._kwargs = None
        self._clock.forgot(self)

    def reset(self, secondsFromNow: float) -> None:
        """Move the call to ``secondsFromNow`` seconds from now."""
        self._require_active()
        self._clock.move(self, self._clock.seconds() + secondsFromNow)

    def delay(self, secondsLater: float) -> None:
        """Move the call ``secondsLater`` seconds later than it was to be made."""
        self._require_active()
        self._clock.move(self, self.time + secondsLater)

    def run(self) -> None:
        """Make the call. The clock does this."""
        self.called = True
        self._function(*self._args, **self._kwargs)

    def _require_active(self) -> None:
        if self.cancelled:
            raise AlreadyCancelled
        if self.called:
            raise AlreadyCalled

    def __repr__(self) -> str:
        name = getattr(self._function, "__qualname__", repr(self._function))
        state = "cancelled" if self.cancelled else "called" if self.called else "waiting"
        return f"<SimCall {name} at {self.time:.6f}s, {state}>"


@implementer(IReactorTime)
class SimClock:
    """A heap of calls and a number that says what time it is (seconds, monotonic, from ``start``).

    Calls due at the same instant run in the order in which they were asked for. An exception that a call
    raises stops the simulation and reaches whoever runs it: a reactor logs it and goes on, a test must not.
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self._heap: list[tuple[float, int, SimCall]] = []
        self._asked = 0
        self._stale = 0
        self.turns = 0

    def seconds(self) -> float:
        """Return the simulated time in seconds."""
        return self._now

    def callLater(
        self,
        delay: float,
        callable: Callable[..., Any],  # noqa: A002 - the interface's name
        *args: Any,
        **kwargs: Any,
    ) -> SimCall:
        """Call ``callable`` in ``delay`` seconds (0 = after everything already due now)."""
        if delay < 0:
            raise ValueError(f"a call cannot be made {-delay} s ago")
        call = SimCall(self, self._now + delay, callable, args, kwargs)
        self._push(call)
        return call

    def getDelayedCalls(self) -> list[SimCall]:
        """Return the calls still to be made, earliest first."""
        return [entry[2] for entry in sorted(self._heap, key=_when) if self._live(entry)]

    def step(self) -> bool:
        """Jump to the next call and make it; False when there is none."""
        while self._heap:
            entry = heapq.heappop(self._heap)
            if not self._live(entry):
                self._stale -= 1
                continue
            self._now = max(self._now, entry[0])
            self.turns += 1
            entry[2].run()
            return True
        return False

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass, making every call that falls due, the last instant included."""
        self.run_until(self._now + seconds)

    def run_until(self, moment: float) -> None:
        """Make every call due up to ``moment`` (seconds), then set the clock to it."""
        while (due := self._next_due()) is not None and due <= moment:
            self.step()
        self._now = max(self._now, moment)

    def wait_for(self, deferred: Deferred[T], limit: float | None = None) -> T:
        """Run until ``deferred`` fires, and return its result or raise its failure.

        ``limit`` is the simulated time at which to give up. Raises :class:`OutOfTime` or :class:`Stuck`.
        """
        results: list[T | Failure] = []
        deferred.addBoth(results.append)
        while not results:
            due = self._next_due()
            if due is None:
                raise Stuck(f"at {self._now:.3f} s nothing is left to happen, and the wait is not over")
            if limit is not None and due > limit:
                raise OutOfTime(f"not done at {limit:g} s of simulated time; next is {self._heap[0][2]!r}")
            self.step()
        if isinstance(results[0], Failure):
            results[0].raiseException()
        return results[0]

    def move(self, call: SimCall, moment: float) -> None:
        """Give a waiting call another time. Called by :class:`SimCall`."""
        self.forgot(call)
        call.time = moment
        self._push(call)

    def forgot(self, call: SimCall) -> None:
        """Note that a heap entry no longer counts; sweep when such entries are the majority."""
        self._stale += 1
        if self._stale > _MANY_CANCELLED and self._stale * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if self._live(entry) and entry[2] is not call]
            heapq.heapify(self._heap)
            self._stale = 0

    def _push(self, call: SimCall) -> None:
        self._asked += 1
        call.order = self._asked
        heapq.heappush(self._heap, (call.time, call.order, call))

    def _next_due(self) -> float | None:
        while self._heap and not self._live(self._heap[0]):
            heapq.heappop(self._heap)
            self._stale -= 1
        return self._heap[0][0] if self._heap else None

    @staticmethod
    def _live(entry: tuple[float, int, SimCall]) -> bool:
        _, order, call = entry
        return call.order == order and not call.cancelled


def _when(entry: tuple[float, int, SimCall]) -> tuple[float, int]:
    return entry[0], entry[1]


def _nothing() -> None:
    """Stand in for the function of a cancelled call, so that what it held can be freed."""
