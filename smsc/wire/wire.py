"""What stands between a transport and the protocol on it, and performs the faults of connections.

To the protocol a :class:`FaultyWire` is its transport, to the transport its protocol. While no fault is on, octets pass
through at the cost of one test; then PDUs are cut out of the streams, the faults are asked about each, and what they
decide is done in the order of the octets.
"""
# ruff: noqa: N802 - the method names are those of Twisted's interfaces

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet import protocol
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.interfaces import IAddress, IConsumer, IDelayedCall, IPushProducer, IReactorTime, ITransport
from twisted.python.failure import Failure
from zope.interface import implementer

from smppkit.commands import RESPONSE_BIT
from smsc.faults.actions import Behind, Close, Gather, Hold, Reset, Silence, Write
from smsc.faults.active import ActiveFaults, Running
from smsc.faults.framing import Framer
from smsc.faults.judge import Judge
from smsc.faults.passing import HEADER, Direction, Passing, Stage, stage_of
from smsc.wire.lane import Lane
from smsc.wire.valve import Socket, Valve

HIGH_WATER = 64 * 1024
"""Octets that may wait in one direction before their writer is asked to pause."""
MOST_WAITING = 4 * 1024 * 1024
"""A writer that does not pause is cut off here."""

_WAYS = (Direction.OUT, Direction.IN)
_BY_UPPER = "the protocol does not read"
_BY_HAND = "it is stalled"
_log = logging.getLogger("smsc")


@implementer(ITransport, IConsumer, IPushProducer)
class FaultyWire(protocol.Protocol):
    """One connection and the faults that may befall it."""

    def __init__(
        self,
        upper: Any,
        clock: IReactorTime,
        faults: ActiveFaults,
        *,
        key: str,
        system_id: Callable[[], str] | None = None,
        disturbed: Callable[[], None] | None = None,
        unfinished: Callable[[], bytes | None] | None = None,
    ) -> None:
        """`upper` is the protocol (IProtocol); `key` names the connection for the draws; `system_id` says who is bound,
        "" when nobody is. Without it the wire reads the bind itself. `disturbed` is told of every strike. `unfinished`
        says what `upper` has of a PDU that is not whole, None when no PDU can be found any more; without it the wire
        follows all that passes.
        """
        self._upper = upper
        self._clock = clock
        self._faults = faults
        self._judge = Judge(faults, key, self._struck)
        self._system_id = system_id
        self._disturbed = disturbed
        self._unfinished = unfinished
        self._named = ""
        self._framer = Framer()
        self._busy = True
        self._calls: dict[IDelayedCall, None] = {}
        self._kept_back: dict[tuple[Direction, Stage | None], bytes] = {}
        self._valve: Valve | None = None
        self._silenced_by: Running | None = None
        self._closing = False  # the protocol has asked for it
        self._told = False  # the protocol knows that the connection is gone
        self._lost: Failure | None = None  # the transport is gone
        self.stalled = False
        """Nothing is read and nothing written; whoever stalled it ends that."""
        # Made when they are wanted: a connection that nothing befalls does without.
        self._lanes: dict[Direction, Lane] = {}

    def __repr__(self) -> str:
        return f"<wire {self._who() or 'not bound'}, {list(self._faults.on)}>"

    # --- for the transport --------------------------------------------------------------------

    def connectionMade(self) -> None:
        """The transport is up."""
        self._faults.watch(self)
        self._changed()
        self._upper.makeConnection(self)
        self._pass(Stage.ACCEPT, Direction.OUT, b"")

    def dataReceived(self, data: bytes) -> None:
        """Octets came."""
        if self._busy:
            self._receive(data)
        else:
            if self._unfinished is None:
                self._framer.follow(data)
            self._upper.dataReceived(data)

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        """The transport is gone. The protocol hears of it behind what is still on its way to it."""
        self._lost = reason
        if self._told:
            self._faults.unwatch(self)
            return
        if self._silenced_by is not None:
            return  # a dead path carries no FIN either
        inbound = self._lane(Direction.IN)
        self._lane(Direction.OUT).clear()
        self._let_go(Direction.IN)
        inbound.put(self._framer.let_go())
        if self._closing or not inbound.waiting or not isinstance(reason.value, ConnectionDone):
            self._tell(reason)
        else:
            inbound.finish(reason)

    # --- for the protocol: ITransport and what else sessions ask of one --------------------------

    def write(self, data: bytes) -> None:
        """Send octets: whole PDUs, as sessions write them."""
        if self._busy:
            self._send(data)
        else:
            self._real.write(data)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Send all of them."""
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        """Close behind what was written."""
        if self._closing:
            return
        self._closing = self._busy = True
        self._lane(Direction.IN).clear()
        self._let_go(Direction.OUT)
        if self._silenced_by is not None or self._lost is not None:
            self._tell_soon(Failure(ConnectionDone()))  # type: ignore[no-untyped-call]
        else:
            self._pass(Stage.CLOSE, Direction.OUT, b"")

    def abortConnection(self) -> None:
        """Reset at once."""
        self._closing = self._busy = True
        self._clear()
        if self._silenced_by is not None or self._lost is not None:
            self._tell_soon(Failure(ConnectionAborted()))  # type: ignore[no-untyped-call]
        else:
            self._real.abortConnection()

    def getPeer(self) -> IAddress:
        """Who is at the other end."""
        return self._real.getPeer()  # type: ignore[no-any-return]

    def getHost(self) -> IAddress:
        """Who is at this end."""
        return self._real.getHost()  # type: ignore[no-any-return]

    def setTcpNoDelay(self, enabled: bool) -> None:
        """As the real transport does."""
        self._real.setTcpNoDelay(enabled)

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """As the real transport does."""
        self._real.setTcpKeepAlive(enabled)

    def getPeerCertificate(self) -> Any:
        """The certificate of the peer, on TLS."""
        return self._real.getPeerCertificate()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Pause and resume a producer as socket and faults take octets."""
        self._valve = Valve(producer)
        self._real.registerProducer(Socket(self._valve), streaming)

    def unregisterProducer(self) -> None:
        """Forget it."""
        if self._valve is not None:
            self._valve = None
            if self._lost is None:
                self._real.unregisterProducer()

    def pauseProducing(self) -> None:
        """The protocol does not read."""
        self._lane(Direction.IN).hold(_BY_UPPER)
        self._read_or_not()

    def resumeProducing(self) -> None:
        """It reads again."""
        self._lane(Direction.IN).release(_BY_UPPER)
        self._read_or_not()

    def stopProducing(self) -> None:
        """Close."""
        self.loseConnection()

    # --- for whoever steers this connection alone -----------------------------------------------

    def stall(self) -> None:
        """Neither read nor write, until ``unstall``."""
        self.stalled = True
        for direction in _WAYS:
            self._lane(direction).hold(_BY_HAND)
        if self._disturbed is not None:
            self._disturbed()
        self._changed()

    def unstall(self) -> None:
        """Go on; what has come to wait goes on its way at once."""
        self.stalled = False
        for lane in self._lanes.values():
            lane.release(_BY_HAND)
        self._changed()

    # --- for the faults -----------------------------------------------------------------------

    def faults_changed(self, ended: Running | None) -> None:
        """A fault has begun, or this one has ended."""
        if ended is not None:
            self._judge.forget(ended)
            for lane in self._lanes.values():
                lane.release(ended)
            if self._silenced_by is ended:
                self._path_is_back()
            self._read_or_not()
        self._stop_framing()
        self._changed()

    # --- what passes ----------------------------------------------------------------------------

    def _receive(self, data: bytes) -> None:
        if self._silenced_by is not None or self._closing:
            return
        inbound = self._lane(Direction.IN)
        if not self._wants_frames:
            self._framer.follow(data)
            inbound.put(data)
            return
        loose, frames = self._framer.cut(data)
        inbound.put(loose)
        for frame in frames:
            self._learn(frame)
            self._pass(_stage(frame, Direction.IN), Direction.IN, frame)
        self._stop_framing()
        self._changed()

    def _stop_framing(self) -> None:
        if not self._wants_frames and self._framer.kept:
            self._lane(Direction.IN).put(self._framer.let_go())

    def _send(self, data: bytes) -> None:
        at, size = 0, len(data)
        while at < size:
            length = int.from_bytes(data[at : at + 4])
            # What is no PDU is a lie that somebody else tells, and passes as one piece.
            end = at + length if HEADER.size <= length <= size - at else size
            frame = data[at:end]
            self._pass(_stage(frame, Direction.OUT), Direction.OUT, frame)
            at = end

    def _pass(self, stage: Stage | None, direction: Direction, frame: bytes) -> None:
        if self._silenced_by is not None or self._told or self._lost is not None:
            return
        kept_back = self._kept_back.pop((direction, stage), None)
        for running, action in self._judge.decide(stage, direction, frame, self._who(), waiting=kept_back is not None):
            self._perform(running, action, stage, direction)
        if kept_back is not None:
            self._lane(direction).put(kept_back)

    def _perform(self, running: Running | None, action: Any, stage: Stage | None, direction: Direction) -> None:
        lane = self._lane(direction)
        match action:
            case Write(octets, after, gap, to, ordered):
                lane = self._lane(to or direction)
                if ordered:
                    lane.put(octets, after, gap)
                else:
                    self._later(after, lane.put, octets)
            case Gather(octets, pieces, wait):
                lane.gather(octets, pieces, wait)
            case Behind(octets, within):
                self._kept_back[direction, stage] = octets
                self._later(within, self._goes_alone, direction, stage, octets)
            case Hold(seconds):
                if lane.hold(running) and seconds is not None:
                    self._later(seconds, self._release, lane, running)
                self._read_or_not()
            case Silence():
                self._clear()
                self._silenced_by = running
                if self._closing:
                    self._tell_soon(Failure(ConnectionDone()))  # type: ignore[no-untyped-call]
            case Close(after):
                self._lane(Direction.OUT).finish(action, after)
            case Reset(after):
                lane.finish(action, after)
        self._changed()

    def _goes_alone(self, direction: Direction, stage: Stage | None, octets: bytes) -> None:
        """Nothing came that could go first."""
        if self._kept_back.get((direction, stage)) is octets:
            self._lane(direction).put(self._kept_back.pop((direction, stage)))

    def _let_go(self, direction: Direction) -> None:
        """Nothing will come any more that could go first."""
        for way, stage in list(self._kept_back):
            if way is direction:
                self._lane(direction).put(self._kept_back.pop((way, stage)))

    def _release(self, lane: Lane, running: Running | None) -> None:
        lane.release(running)
        self._read_or_not()

    # --- what leaves ----------------------------------------------------------------------------

    def _write_out(self, octets: bytes) -> None:
        if self._lost is None:
            self._real.write(octets)

    def _hand_in(self, octets: bytes) -> None:
        if not self._closing and not self._told:
            self._upper.dataReceived(octets)

    def _end(self, how: object) -> None:
        """The end of a lane is reached: a close, a reset, or that the transport is gone."""
        if isinstance(how, Failure):
            self._tell(how)
        elif isinstance(how, Close):
            # A transport does not close while it has a producer.
            self.unregisterProducer()
            if self._lost is None:
                self._real.loseConnection()
        else:
            self._clear()
            if self._lost is None:
                self._real.abortConnection()

    def _path_is_back(self) -> None:
        """Whoever does not know yet that the connection is gone learns it; if both know it not, it stays dead."""
        if self._told and self._lost is None:
            self._real.abortConnection()
        elif self._lost is not None and not self._told:
            self._tell_soon(self._lost)

    def _tell_soon(self, reason: Failure) -> None:
        self._later(0, self._tell, reason)

    def _tell(self, reason: Failure) -> None:
        if self._told:
            return
        self._told = True
        self._clear()
        valve, self._valve = self._valve, None
        if valve is not None:
            valve.producer.stopProducing()
        if self._silenced_by is not None and self._lost is None:
            # The peer is not told. What it says to the dead path is read and dropped.
            if valve is not None:
                self._real.unregisterProducer()
            if self._silenced_by not in self._faults.on:
                self._real.abortConnection()
            else:
                self._real.resumeProducing()
        self._upper.connectionLost(reason)
        if self._lost is not None:
            self._faults.unwatch(self)

    def _clear(self) -> None:
        for direction in _WAYS:
            self._lane(direction).clear()
        for call in self._calls:
            call.cancel()
        self._calls.clear()
        self._kept_back.clear()

    # --- bookkeeping ----------------------------------------------------------------------------

    def _lane(self, direction: Direction) -> Lane:
        lane = self._lanes.get(direction)
        if lane is None:
            deliver = self._write_out if direction is Direction.OUT else self._hand_in
            lane = self._lanes[direction] = Lane(self._clock, deliver, self._end, self._changed)
        return lane

    def _changed(self) -> None:
        """Octets came to wait, or went: is anything to do but to let pass, and is it too much?"""
        outward, inbound = self._lanes.get(Direction.OUT), self._lanes.get(Direction.IN)
        before, self._busy = (
            self._busy,
            bool(
                self._faults.on
                or (outward is not None and (outward.waiting or outward.ended))
                or (inbound is not None and inbound.waiting)
                or self._kept_back
                or self._calls
                or self._closing
                or self._silenced_by is not None
                or self.stalled
                or self._must_learn
            ),
        )
        if self._busy and not before and self._unfinished is not None:
            self._framer = Framer.within(self._unfinished())  # nobody has followed what has passed meanwhile
        waits = 0 if outward is None else outward.size
        if waits > MOST_WAITING:
            self._count("overflow")
            _log.warning("%r: more than %d octets wait to be written: reset", self, MOST_WAITING)
            self._end(Reset())
        if self._valve is not None:
            (self._valve.shut if waits > HIGH_WATER else self._valve.open)("lane")
        self._read_or_not()

    def _read_or_not(self) -> None:
        if self._lost is not None or self._closing:
            return
        inbound = self._lanes.get(Direction.IN)
        wanted = inbound is None or (not inbound.held and inbound.size <= HIGH_WATER)
        if wanted is not self._reading:
            self._reading = wanted
            (self._real.resumeProducing if wanted else self._real.pauseProducing)()

    _reading = True

    def _later(self, seconds: float, act: Callable[..., None], *arguments: Any) -> None:
        def run() -> None:
            self._calls.pop(call, None)
            act(*arguments)
            self._changed()

        call = self._clock.callLater(seconds, run)
        self._calls[call] = None

    def _struck(self, running: Running, passing: Passing) -> None:
        running.strikes += 1
        self._count(running.fault.tag)
        if self._disturbed is not None:
            self._disturbed()
        if _log.isEnabledFor(logging.DEBUG):
            stage = passing.stage.value if passing.stage is not None else "upkeep"
            _log.debug("%s strikes %r %s at %s", running.fault.words(), self._who(), passing.direction.value, stage)

    def _count(self, tag: str) -> None:
        self._faults.count(tag)

    def _who(self) -> str:
        return (self._system_id() if self._system_id is not None else "") or self._named

    def _learn(self, frame: bytes) -> None:
        if not self._named and _stage(frame, Direction.IN) is Stage.BIND and not frame[4] & (RESPONSE_BIT >> 24):
            # system_id is the first field of every bind (SMPP 3.4 §4.1), octet for octet.
            self._named = frame[HEADER.size :].split(b"\0", 1)[0].decode("latin-1")

    @property
    def _must_learn(self) -> bool:
        return self._system_id is None and not self._named and not self._framer.broken

    @property
    def _wants_frames(self) -> bool:
        return self._faults.inbound or self._must_learn

    @property
    def _real(self) -> Any:
        # ITCPTransport or a TLS one, consumer and push producer at once: no one interface of Twisted says that.
        return self.transport


def _stage(frame: bytes, direction: Direction) -> Stage | None:
    if len(frame) < HEADER.size or int.from_bytes(frame[:4]) != len(frame):
        return None
    return stage_of(int.from_bytes(frame[4:8]), direction)
