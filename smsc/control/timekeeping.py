"""Time as somebody steers it: paused, resumed, advanced; and what is waited for on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from smsc.clock import LONGEST, SteerableClock
from smsc.control.operators import Operators
from smsc.journal.journal import Journal
from smsc.server.connection import Connection
from yamlmodel.scalars import Duration

GRACE: Final = 0.5
"""Seconds of real time that peers have to answer before time goes on without them."""
_LOOK: Final = 0.002  # seconds of real time between two looks at whether they have


class AdvanceOrder(msgspec.Struct, frozen=True):
    """How much time is passed through."""

    by: Annotated[Duration, Meta(description="So much time", examples=["10m"])]

    def problems(self) -> list[tuple[tuple[str | int, ...], str]]:
        """There is an end to it."""
        if self.by > LONGEST:
            return [(("by",), f"found {self.by:g} seconds; expected {LONGEST:g} at most")]
        return []


class Timekeeper:
    """The clock of an emulator in somebody's hands."""

    def __init__(
        self,
        clock: SteerableClock,
        reactor: IReactorTime,
        operators: Operators,
        journal: Journal | None,
        changed: Callable[[], None] | None = None,
    ) -> None:
        """`reactor` is the time of the peers and the disk; `changed` is told when the clock was steered."""
        self.clock = clock
        self._reactor = reactor
        self._operators = operators
        self._journal = journal
        self._changed = changed or _nobody

    def pause(self) -> None:
        """Let time stand still."""
        self.clock.pause()
        self._changed()

    def resume(self) -> None:
        """Let it run on."""
        self.clock.resume()
        self._changed()

    def advance(self, seconds: float) -> Deferred[float]:
        """Pass through time; fires when all that was due has happened, is on the disk, and was answered.

        An ESME that does not answer within `GRACE` is not waited for any more. ValueError as SteerableClock.advance.
        """

        return Deferred.fromCoroutine(self._advance(seconds))

    async def _advance(self, seconds: float) -> float:
        now = await self.clock.advance(seconds, _Around(self._reactor, self._operators, self._journal))
        if self._journal is not None:  # what nobody waits for is to be read right after this, too
            await _committed(self._journal)
        self._changed()
        return now


class _Around:
    """The disk, and the peers that have something to answer. See Surroundings; one for each advance."""

    def __init__(self, reactor: IReactorTime, operators: Operators, journal: Journal | None) -> None:
        self._reactor = reactor
        self._operators = operators
        self._journal = journal
        self._given_up: set[Connection] = set()

    def quiet(self) -> bool:
        return not (self._journal is not None and self._journal.awaited) and not self._asked()

    def settle(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._settle())

    async def _settle(self) -> None:
        until = self._reactor.seconds() + GRACE
        await self._wait(0.0)  # what is written is written, and what has come is read
        while True:
            if self._journal is not None and self._journal.awaited:
                await _committed(self._journal)
                await self._wait(0.0)
            asked = self._asked()
            if not asked:
                return
            if self._reactor.seconds() >= until:
                self._given_up.update(asked)
                return
            await self._wait(_LOOK)

    def _asked(self) -> list[Connection]:
        """The connections whose peer has something to answer, and may be able to."""
        return [
            connection
            for operator in self._operators.values()
            for connection in operator.connections.values()
            if connection.link.session.waits
            and connection not in self._given_up
            and not connection.link.blocked
            and not (connection.wire is not None and connection.wire.stalled)
        ]

    def _wait(self, seconds: float) -> Deferred[None]:
        waiting: Deferred[None] = Deferred()
        self._reactor.callLater(seconds, waiting.callback, None)
        return waiting


def _committed(journal: Journal) -> Deferred[None]:
    committed: Deferred[None] = Deferred()
    journal.when_committed(lambda _: committed.callback(None))  # whoever waits is told of an error
    return committed


def _nobody() -> None:
    """Nobody is told."""
