"""The time of an emulator: as the reactor's, until somebody makes it stand still, or passes through some of it at once.

Everything that operators wait for (latencies, receipts, the timeline, the timers of sessions) waits on this clock.
Sockets and the disk stay with the reactor.
"""
# ruff: noqa: N802 - the method names are those of Twisted's interfaces

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from math import ceil, inf, nextafter
from typing import Any, Final, Protocol

from twisted.internet.base import DelayedCall
from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from zope.interface import implementer

TICK: Final = 0.002
"""Seconds; how coarse the latencies and delays of operators are. Time that stands still stands on a whole tick."""
LONGEST: Final = 10 * 365 * 86400.0
"""Seconds that may be passed through in one go."""
LAG: Final = 0.25
"""Seconds that time may run ahead of the disk and of the peers while it is passed through."""

# A sum of times may be one rounding step short of the moment that it is meant to be.
_SLACK: Final = 1e-9
_MANY_CANCELLED: Final = 64
_BREATH: Final = 500  # moments that are passed through before the reactor has a turn


class Surroundings(Protocol):
    """What time waits for when it is passed through: the disk, and peers that have something to answer."""

    def quiet(self) -> bool:
        """Whether nobody is waited for."""

    def settle(self) -> Deferred[None]:
        """Fires when everybody has had the time to do what they have to do now."""


@implementer(IReactorTime)
class SteerableClock:
    """A clock over a reactor that can be paused and advanced. Its zero is when it was made.

    While it is paused what is due at that very moment still happens, so that a response without latency goes out.
    """

    def __init__(self, reactor: IReactorTime, *, paused: bool = False) -> None:
        self._reactor = reactor
        self._reactor_seconds = reactor.seconds
        self._zero = reactor.seconds()  # the reactor's time when this clock showed 0, had it never been steered
        self._standing: float | None = None
        """The time that it shows while it does not run."""
        self._heap: list[tuple[float, int, DelayedCall]] = []
        self._order = 0
        self._since_cleared = 0  # calls that were cancelled and may still be in the heap
        self._armed: IDelayedCall | None = None
        self._armed_for = 0.0
        self._turn = DeferredLock()
        self._advancing = False
        self._passing = False  # within an advance that does not wait for anything now
        self._waking = False  # within what happens now: armed behind it
        self.paused = False
        self.steered = False
        """Whether it was ever paused or advanced: it shows another time than the reactor's."""
        if paused:
            self.pause()

    # --- IReactorTime ---------------------------------------------------------------------------

    def seconds(self) -> float:
        """The time."""
        standing = self._standing
        return self._reactor_seconds() - self._zero if standing is None else standing

    def callLater(self, delay: float, callable: Callable[..., Any], *args: object, **kw: object) -> IDelayedCall:  # noqa: A002
        """Call once that much of this clock's time has passed."""
        call = DelayedCall(self.seconds() + delay, callable, args, kw, self._cancelled, self._moved, self.seconds)
        self._push(call)
        return call

    def getDelayedCalls(self) -> list[IDelayedCall]:
        """What is to be called."""
        return list({id(call): call for _, _, call in self._heap if call.active()}.values())

    # --- steering -------------------------------------------------------------------------------

    def pause(self) -> None:
        """Let time stand still; at the next whole tick, so that what is due now in a wheel happens now."""
        self.paused = self.steered = True
        if not self._advancing:
            self._stand(_whole(self.seconds()))

    def resume(self) -> None:
        """Let time run on from where it stands."""
        self.paused = False
        if not self._advancing:
            self._run_on()

    def advance(self, seconds: float, surroundings: Surroundings | None = None) -> Deferred[float]:
        """Pass through so much time: what falls due on the way happens in order, each at its time.

        Fires with the time when all of it has happened and the `surroundings` are quiet. Between two moments they are
        waited for before time runs ahead of them by more than `LAG`. One advance at a time: another one waits.
        ValueError for less than 0 or more than `LONGEST`.
        """
        if not 0 <= seconds <= LONGEST:
            raise ValueError(f"found {seconds:g} seconds; expected 0 to {LONGEST:g}")
        self.steered = True
        return self._turn.run(lambda: Deferred.fromCoroutine(self._advance(seconds, surroundings)))

    # --- inside ---------------------------------------------------------------------------------

    async def _advance(self, seconds: float, surroundings: Surroundings | None) -> float:
        self._advancing = self._passing = True
        try:
            self._standing = _whole(self.seconds())
            until = _whole(self._standing + seconds)
            owed_since: float | None = None  # when the surroundings ceased to be quiet
            moments = 0
            while True:
                coming = self._coming()
                over = coming is None or coming > until + _SLACK
                if surroundings is not None:
                    if surroundings.quiet():
                        owed_since = None
                    elif owed_since is None:
                        owed_since = self._standing
                    if owed_since is not None and (over or (coming or 0.0) - owed_since > LAG):
                        owed_since = None
                        await self._let(surroundings.settle())
                        continue  # what has come meanwhile may be due sooner
                if over or coming is None:
                    break
                self._standing = max(self._standing, coming)
                self._happen()
                moments += 1
                if surroundings is not None and moments % _BREATH == 0:
                    await self._let(self._a_turn())
            self._standing = until
            return until
        finally:
            self._advancing = self._passing = False
            if self.paused:
                self._arm()
            else:
                self._run_on()

    async def _let(self, waiting: Deferred[None]) -> None:
        """Wait; what comes due meanwhile, without any time passing, happens meanwhile."""
        self._passing = False
        self._arm()
        try:
            await waiting
        finally:
            self._passing = True

    def _a_turn(self) -> Deferred[None]:
        turn: Deferred[None] = Deferred()
        self._reactor.callLater(0, turn.callback, None)
        return turn

    def _stand(self, at: float) -> None:
        self._standing = at
        self._arm()

    def _run_on(self) -> None:
        if self._standing is not None:
            now = self._reactor_seconds()
            self._zero = now - self._standing
            while now - self._zero < self._standing:  # rounding must not take time back
                self._zero = nextafter(self._zero, -inf)
            self._standing = None
        self._arm()

    def _coming(self) -> float | None:
        """When the next call is due; None when there is none."""
        heap = self._heap
        while heap:
            at, _, call = heap[0]
            if not call.active():
                heappop(heap)
            elif call.getTime() > at:  # it was moved into the future
                heappop(heap)
                self._enter(call)
            else:
                return at
        return None

    def _happen(self) -> None:
        """Call what is due now, in order. What that brings about comes behind it, when its time has come."""
        latest = self.seconds() + _SLACK
        before = self._order
        while (at := self._coming()) is not None and at <= latest and self._heap[0][1] <= before:
            call = heappop(self._heap)[2]
            call.called = 1
            call.func(*call.args, **call.kw)

    def _wake(self) -> None:
        self._armed = None
        self._waking = True
        try:
            self._happen()
        finally:  # calling one failed: the others are still due
            self._waking = False
            self._arm()

    def _push(self, call: DelayedCall) -> None:
        self._enter(call)
        if self._armed is None or call.getTime() < self._armed_for:
            self._arm()

    def _enter(self, call: DelayedCall) -> None:
        self._order += 1
        heappush(self._heap, (call.getTime(), self._order, call))

    def _cancelled(self, call: DelayedCall) -> None:
        # It is about to be cancelled: still active here.
        self._since_cleared += 1
        if self._since_cleared > _MANY_CANCELLED and self._since_cleared * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].active() and entry[2] is not call]
            heapify(self._heap)
            self._since_cleared = 0
        elif self._heap and self._heap[0][2] is call:
            heappop(self._heap)
        if self._coming() is None:
            self._arm()

    def _moved(self, call: DelayedCall) -> None:
        self._push(call)  # to an earlier time; its other entry finds it called by then

    def _arm(self) -> None:
        if self._armed is not None:
            self._armed.cancel()
            self._armed = None
        if self._passing or self._waking:
            return
        coming = self._coming()
        if coming is None:
            return
        wait = coming - self.seconds()
        if self._standing is not None and wait > _SLACK:
            return  # not while time stands still
        self._armed_for = coming
        self._armed = self._reactor.callLater(max(0.0, wait), self._wake)


def _whole(at: float) -> float:
    """The next whole tick; no sooner than `at`, of which that may be short by a rounding step."""
    return max(at, ceil((at - _SLACK) / TICK) * TICK)
