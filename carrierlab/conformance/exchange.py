"""One raw connection to an SMSC: octets out, frames in, and everything remembered both ways.

What belongs to no check is answered by itself: the SMSC's enquire_link, and its deliveries, which are kept in
``deliveries``. Everything else that comes waits in line for ``answer``.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from carrierlab.conformance import octets as o
from carrierlab.conformance.check import Disagreement
from carrierlab.conformance.octets import Frame
from carrierlab.conformance.showing import frame_name
from carrierlab.conformance.target import Surroundings, Target

MOST = 1 << 20
"""Octets of a PDU that we take; more is no PDU."""
_UNREACHABLE = (ConnectError, DNSLookupError, OSError)


class Unreachable(Exception):
    """The SMSC cannot be connected to at all."""


class Traffic(msgspec.Struct, frozen=True):
    """Octets that went one way at one time; `direction` is ``sent`` or ``seen``."""

    at: float
    direction: str
    octets: bytes


class Exchange:
    """A connection, what went over it, and waiting for what comes."""

    def __init__(self, target: Target, world: Surroundings) -> None:
        self.target = target
        self.traffic: list[Traffic] = []
        self.deliveries: list[Frame] = []
        self.alerts: list[Frame] = []
        self.enquiries: list[Frame] = []
        self.acknowledges = True
        """Whether deliveries are answered ESME_ROK by themselves."""
        self.keeps_alive = True
        """Whether the SMSC's enquire_link is answered by itself."""
        self.is_closed = False
        self._world = world
        self._clock: IReactorTime = world.clock
        self._line: _Line | None = None
        self._buffered = b""
        self._answers: list[tuple[int, Frame]] = []  # with the index in `traffic` of what completed them
        self._waiting: list[Deferred[None]] = []
        self._sequence = 0
        self._asked = [0]  # indices in `traffic` of what the check sent
        self._read_up_to = 0  # index in `traffic` of the answer that was taken last since then

    # --- the connection -----------------------------------------------------------------------

    async def connect(self) -> None:
        """Open the connection; Unreachable."""
        target = self.target
        endpoint = self._world.network.client(target.host, target.port, target.timeout)
        try:
            await endpoint.connect(_Factory(self))
        except _UNREACHABLE as error:
            raise Unreachable(f"cannot connect to {target.host}:{target.port}: {error}") from None

    async def hang_up(self) -> None:
        """Close in order, or else at once."""
        if self._line is None:
            return
        if not self.is_closed:
            self._line.close()
            await self.until(lambda: self.is_closed, self.target.timeout)
        if not self.is_closed:
            self._line.abort()

    # --- sending ------------------------------------------------------------------------------

    def next_sequence(self) -> int:
        """The next sequence number of ours."""
        self._sequence += 1
        return self._sequence

    def send(self, octets: bytes) -> None:
        """Send octets as they are."""
        self._asked.append(len(self.traffic))
        self._read_up_to = 0
        self._write(octets)

    async def send_slowly(self, octets: bytes, pause: float = 0.002) -> None:
        """Send octet by octet, `pause` seconds apart."""
        self.send(octets[:1])
        for octet in octets[1:]:
            await self.pause(pause)
            self._write(bytes((octet,)))

    def _write(self, octets: bytes) -> None:
        self.traffic.append(Traffic(self._clock.seconds(), "sent", octets))
        if self._line is not None and not self.is_closed:
            self._line.write(octets)

    # --- waiting ------------------------------------------------------------------------------

    async def until(self, condition: Callable[[], object], within: float) -> bool:
        """Wait for a condition that something received makes true; whether it came true in time."""
        deadline = self._clock.seconds() + within
        while not condition():
            left = deadline - self._clock.seconds()
            if left <= 0:
                return False
            await self._change(left)
        return True

    async def pause(self, seconds: float) -> None:
        """Let time pass."""
        over: Deferred[None] = Deferred()
        self._clock.callLater(seconds, over.callback, None)
        await over

    async def _change(self, within: float) -> None:
        changed: Deferred[None] = Deferred()
        self._waiting.append(changed)
        timer = self._clock.callLater(within, self._changed, changed)
        await changed
        if timer.active():
            timer.cancel()

    def _changed(self, *waiting: Deferred[None]) -> None:
        for deferred in waiting or tuple(self._waiting):
            if deferred in self._waiting:
                self._waiting.remove(deferred)
                deferred.callback(None)

    async def answer(self, within: float | None = None) -> Frame:
        """The next frame that is not the SMSC's own traffic; Disagreement when none comes."""
        seconds = self.target.timeout if within is None else within
        await self.until(lambda: self._answers or self.is_closed, seconds)
        if self._answers:
            return self._take()
        if self.is_closed:
            raise self.disagree("the connection was closed without an answer")
        raise self.disagree(f"no answer within {seconds:g} s")

    def _take(self) -> Frame:
        self._read_up_to, frame = self._answers.pop(0)
        return frame

    async def ask(self, octets: bytes, within: float | None = None) -> Frame:
        """Send, and take the next answer."""
        self.send(octets)
        return await self.answer(within)

    async def expect(self, command_id: int, within: float | None = None) -> Frame:
        """The next answer, which must be this one."""
        frame = await self.answer(within)
        if not frame.readable or frame.command_id != command_id:
            raise self.disagree(f"expected {frame_name(command_id)}, found {frame_name(frame)}")
        return frame

    async def closed(self, within: float | None = None) -> None:
        """The SMSC closes the connection; Disagreement when it does not."""
        seconds = self.target.timeout if within is None else within
        if not await self.until(lambda: self.is_closed, seconds):
            raise self.disagree(f"the connection was not closed within {seconds:g} s")

    async def silence(self, seconds: float) -> None:
        """Nothing but the SMSC's own traffic comes, and the connection stays."""
        await self.until(lambda: self._answers or self.is_closed, seconds)
        if self._answers:
            raise self.disagree(f"expected nothing, found {frame_name(self._answers[0][1])}")
        if self.is_closed:
            raise self.disagree("the connection was closed")

    # --- for people ------------------------------------------------------------------------------

    def disagree(self, reason: str) -> Disagreement:
        """What to raise: the reason, with what was sent last and what was seen since.

        An answer that came before the last question is shown with the question before it: that is what it answers.
        """
        last = self._asked[-1]
        if 0 < self._read_up_to < last:
            last = max(asked for asked in self._asked if asked < self._read_up_to)
        parts = self.traffic[last:]
        sent = b"".join(part.octets for part in parts[:1] if part.direction == "sent")
        return Disagreement(reason, sent, b"".join(part.octets for part in parts if part.direction == "seen"))

    @property
    def waits(self) -> int:
        """How many frames wait for ``answer``."""
        return len(self._answers)

    def now(self) -> float:
        """The clock's time in seconds, as frames have it."""
        return self._clock.seconds()

    def wall(self) -> float:
        """Unix time."""
        return self._world.epoch + self._clock.seconds()

    # --- from the line ------------------------------------------------------------------------

    def made(self, line: _Line) -> None:
        """The connection stands."""
        self._line = line

    def received(self, octets: bytes) -> None:
        """Octets came."""
        now, came = self._clock.seconds(), len(self.traffic)
        self.traffic.append(Traffic(now, "seen", octets))
        frames, self._buffered = o.split(self._buffered + octets, MOST, now)
        for frame in frames:
            self._sort(frame, came)
        self._changed()

    def _sort(self, frame: Frame, came: int) -> None:
        command = frame.command_id
        if not frame.readable or command not in (o.ENQUIRE_LINK, o.DELIVER_SM, o.DATA_SM, o.ALERT_NOTIFICATION):
            self._answers.append((came, frame))
        elif command == o.ENQUIRE_LINK:
            self.enquiries.append(frame)
            if self.keeps_alive:
                self._write(o.pdu(o.RESPONSE | command, frame.sequence))
        elif command == o.ALERT_NOTIFICATION:
            self.alerts.append(frame)
        else:
            self.deliveries.append(frame)
            if self.acknowledges:
                self._write(o.pdu(o.RESPONSE | command, frame.sequence, b"\0"))

    def lost(self) -> None:
        """The connection is gone."""
        self.is_closed = True
        self._changed()


class _Line(Protocol):
    """The transport's side of an exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        self.transport.setTcpNoDelay(True)  # type: ignore[union-attr]
        self._exchange.made(self)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        self._exchange.received(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802 - Twisted's name
        self._exchange.lost()

    def write(self, octets: bytes) -> None:
        self.transport.write(octets)  # type: ignore[union-attr]

    def close(self) -> None:
        self.transport.loseConnection()  # type: ignore[union-attr]

    def abort(self) -> None:
        self.transport.abortConnection()  # type: ignore[union-attr]


class _Factory(Factory):
    noisy = False

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def buildProtocol(self, addr: IAddress | None) -> _Line:  # noqa: N802 - Twisted's name
        return _Line(self._exchange)
