"""Plays a blast: binds, warms up, measures, unbinds."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import Factory

from carrierlab.blast.book import Book
from carrierlab.blast.esme import FIRST, Esme, bind_of
from carrierlab.blast.meters import Meters, Reading
from carrierlab.blast.pacing import Closed, Open, Pacing
from carrierlab.blast.plan import Plan, Receipts
from carrierlab.blast.submits import Submits
from smppkit.codec import encode
from smppkit.tls import TlsClient
from smppkit.transport import Network

CONNECT_TIMEOUT = 10.0
_AT_ONCE = 50  # connections that are made at the same time
_LOOK_EVERY = 0.25
_LEAST_PAUSE = 0.001
_LEAVING = 2.0


class Unusable(Exception):
    """There is nothing to measure: no connection, or no bind."""


class Measured(msgspec.Struct, frozen=True):
    """What came of the measured part. Instants are of the player's clock."""

    plan: Plan
    book: Book
    begin: Reading
    answered: Reading
    """When the last answer was there, or nothing more came."""
    end: Reading
    """When the last receipt was there too."""
    complete: bool
    """Whether all that was to be written was, and every answer came."""


class Player:
    """One blast."""

    def __init__(
        self, plan: Plan, clock: IReactorTime, network: Network, meters: Meters, tls: TlsClient | None = None
    ) -> None:
        """Connections are those of `network`, over TLS where `tls` is given."""
        self._plan = plan
        self._clock = clock
        self._network = network
        self._meters = meters
        self._tls = tls
        self._esmes: list[Esme] = []
        self._submits: Submits | None = None
        self._book: Book
        self._pacing: Pacing
        self._over: Deferred[None] | None = None
        self._answered: Reading | None = None
        self._moved_at = 0.0
        self._moved: tuple[int, int] = (0, 0)
        self._ends_by = 0.0
        self._gave_up = False
        self._turn = 0
        self._call: IDelayedCall | None = None
        self._looking: IDelayedCall | None = None
        self._waiting: tuple[Callable[[], bool], Deferred[None]] | None = None

    async def run(self) -> Measured:
        """From the first connection to the last unbind; Unusable. EncodeError, UnencodableText before the first one."""
        self._shared(FIRST)
        encode(bind_of(self._plan, self._plan.connections - 1))
        self._ends_by = self._clock.seconds() + self._plan.longest
        try:
            await self._bind()
            if self._plan.warm_up:
                await self._part(self._plan.warm_up, None)
                if not any(esme.bound for esme in self._esmes):
                    why = next((esme.failure for esme in self._esmes if esme.failure), "the connections ended")
                    raise Unusable(f"no connection was left after the warm-up: {why}")
            begin = self._meters.read(self._clock.seconds())
            await self._part(self._plan.most, self._plan.seconds)
            end = self._meters.read(self._clock.seconds())
            self._book.unanswered += self._book.outstanding
            behind = self._pacing.behind(end.at)
            complete = not self._book.unanswered and not behind and not self._gave_up
            return Measured(self._plan, self._book, begin, self._answered or end, end, complete)
        finally:
            await self._leave()

    # --- connections -----------------------------------------------------------------------------------

    async def _bind(self) -> None:
        plan = self._plan
        for first in range(0, plan.connections, _AT_ONCE):
            together = [
                Esme(plan, number, self._clock, self._shared, self._changed)
                for number in range(first, min(first + _AT_ONCE, plan.connections))
            ]
            for esme in together:
                endpoint = self._network.client(plan.host, plan.port, CONNECT_TIMEOUT)
                if self._tls is not None:
                    endpoint = self._tls.around(endpoint, plan.host, self._clock)
                try:
                    await endpoint.connect(_One(esme))
                except Exception as error:
                    raise Unusable(f"{plan.host}:{plan.port} cannot be reached: {error}") from error
                self._esmes.append(esme)
            await self._until(lambda of=together: all(esme.bound or esme.failure for esme in of), CONNECT_TIMEOUT)  # type: ignore[misc]
            for esme in together:
                if not esme.bound:
                    raise Unusable(esme.failure or "the bind was not answered")

    def _shared(self, first: int) -> Submits:
        if self._submits is None:
            self._submits = Submits(self._plan, first)
        return self._submits

    async def _leave(self) -> None:
        self._over = None
        for esme in self._esmes:
            esme.leave()
        await self._until(lambda: not any(esme.bound for esme in self._esmes), _LEAVING)
        for esme in self._esmes:
            esme.drop()

    async def _until(self, true: Callable[[], bool], seconds: float) -> None:
        if true():
            return
        done: Deferred[None] = Deferred()
        self._waiting = (true, done)
        call = self._clock.callLater(seconds, self._stop_waiting)
        await done
        if call.active():
            call.cancel()

    def _stop_waiting(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting[1].callback(None)

    # --- a part of the run -----------------------------------------------------------------------------

    async def _part(self, messages: int, seconds: float | None) -> None:
        plan, now = self._plan, self._clock.seconds()
        if plan.rate is None:
            self._pacing = Closed(messages, None if seconds is None else now + seconds)
        else:
            self._pacing = Open(messages, plan.rate, now)
        self._book = Book(match=plan.receipts is Receipts.MATCH)
        self._answered = None
        self._moved, self._moved_at = (0, 0), now
        over = self._over = Deferred()
        for esme in self._esmes:
            esme.begin(self._pacing, self._book)
        if plan.rate is None:
            for esme in self._esmes:
                esme.fill(now)
        else:
            self._fall_due()
        self._look()
        await over
        for call in (self._call, self._looking):
            if call is not None:
                call.cancel()
        self._call = self._looking = None

    def _fall_due(self) -> None:
        """Write what is due, each message on another connection than the one before, and come again."""
        self._call = None
        now = self._clock.seconds()
        esmes, pacing = self._esmes, self._pacing
        behind = pacing.behind(now)
        if behind:
            for _ in esmes:
                self._turn = (self._turn + 1) % len(esmes)
                esmes[self._turn].fill(now)
                if not pacing.behind(now):
                    break
            self._book.most_behind = max(self._book.most_behind, pacing.behind(now))
        at = pacing.next_at(now)
        if at is not None and self._over is not None:
            self._call = self._clock.callLater(max(_LEAST_PAUSE, at - now), self._fall_due)

    def _changed(self) -> None:
        """Something was read, or a connection has ended."""
        if self._waiting is not None and self._waiting[0]():
            self._stop_waiting()
        over = self._over
        if over is None or self._book.outstanding:
            return
        if not any(esme.bound for esme in self._esmes):
            self._gave_up = True
            self._end()
            return
        now = self._clock.seconds()
        if not self._pacing.over(now):
            return
        if self._answered is None:
            self._answered = self._meters.read(now)
        if self._plan.receipts is Receipts.NONE or self._book.receipts >= self._book.accepted:
            self._end()

    def _look(self) -> None:
        """Whether anything still happens."""
        self._looking = None
        now = self._clock.seconds()
        moved = (self._book.answered, self._book.receipts)
        if moved != self._moved:
            self._moved, self._moved_at = moved, now
        self._changed()
        if self._over is None:
            return
        patience = self._plan.stall if self._answered is None else self._plan.receipt_wait
        idle = self._answered is None and not self._book.outstanding  # an open loop between two messages
        if now >= self._ends_by or (now - self._moved_at >= patience and not idle):
            self._gave_up = self._answered is None
            self._end()
        else:
            self._looking = self._clock.callLater(_LOOK_EVERY, self._look)

    def _end(self) -> None:
        over, self._over = self._over, None
        if over is not None:
            over.callback(None)


class _One(Factory):
    """Gives out a protocol that was made before."""

    noisy = False

    def __init__(self, esme: Esme) -> None:
        self._esme = esme

    def buildProtocol(self, addr: object) -> Esme:  # type: ignore[override]  # noqa: N802 - Twisted's name
        """The protocol."""
        return self._esme
