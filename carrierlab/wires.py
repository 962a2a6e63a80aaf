"""In-memory connections with the manners of TCP: late, in pieces, glued together, cut.

A :class:`Wire` is one direction of a connection: it takes octets in and delivers them, in order and intact,
but at times and in portions that the writer does not choose. Two of them and an :class:`End` at each side
make a :class:`Connection`. All draws come from a generator seeded per wire.
"""
# ruff: noqa: N802 - the method names are those of Twisted's interfaces

from __future__ import annotations

import itertools
import random
from collections import deque
from collections.abc import Iterable
from typing import Any

import msgspec
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IProtocol, IPushProducer, ITCPTransport
from twisted.python.failure import Failure
from zope.interface import implementer

from carrierlab.clock import SimCall, SimClock
from carrierlab.trace import Trace

CAPACITY = 128 * 1024
"""Octets that may be under way before a streaming producer is paused (socket buffers of both sides)."""


class Conditions(msgspec.Struct, frozen=True):
    """What the network does to octets. Shares are probabilities, times are seconds."""

    latency: tuple[float, float] = (0.0002, 0.002)
    """The one-way delay is uniform between these two."""
    split: float = 0.15
    """The share of writes that arrive in two to four pieces, cut anywhere."""
    dribble: float = 0.01
    """The share of writes that arrive octet by octet (the first ones; the rest follows as one piece)."""
    linger: float = 0.1
    """The share of writes that are held back, so that later ones catch up and arrive glued to them."""

    @classmethod
    def perfect(cls, latency: float = 0.0) -> Conditions:
        """Return a network that delivers each write as it was written, ``latency`` seconds later."""
        return cls(latency=(latency, latency), split=0, dribble=0, linger=0)


class Wire:
    """One direction of a connection."""

    def __init__(self, clock: SimClock, trace: Trace, name: str, seed: str, conditions: Conditions) -> None:
        self._clock = clock
        self._trace = trace
        self._name = name
        self._draw = random.Random(seed)  # noqa: S311 - a simulation, to be repeated exactly
        self._conditions = conditions
        self._queue: deque[tuple[float, bytes]] = deque()
        self._ending: tuple[float, Exception] | None = None
        self._last_arrival = clock.seconds()
        self._last_write = -1.0
        self._call: SimCall | None = None
        self._holds: set[str] = set()
        self._dead = False
        self.receiver: End
        self.under_way = 0

    def delay(self) -> float:
        """Draw a one-way delay in seconds."""
        return self._draw.uniform(*self._conditions.latency)

    def send(self, octets: bytes) -> None:
        """Put ``octets`` on the way. Two writes of the same instant travel together, as a kernel has it."""
        if self._dead or self._ending is not None or not octets:
            return
        now = self._clock.seconds()
        self.under_way += len(octets)
        if self._queue and self._last_write == now:
            arrival, earlier = self._queue[-1]
            self._queue[-1] = (arrival, earlier + octets)
            return
        self._last_write = now
        for piece in self._pieces(octets):
            late = self.delay() * (5 if self._draw.random() < self._conditions.linger else 1)
            self._last_arrival = max(self._last_arrival, now + late)
            self._queue.append((self._last_arrival, piece))
        self._arm()

    def finish(self, reason: Exception) -> None:
        """End the stream behind what is under way (FIN)."""
        if self._dead or self._ending is not None:
            return
        self._last_arrival = max(self._last_arrival, self._clock.seconds() + self.delay())
        self._ending = (self._last_arrival, reason)
        self._arm()

    def break_off(self, reason: Exception) -> None:
        """End the stream in the middle of what is under way (RST): a drawn part of it still arrives."""
        if self._dead:
            return
        survivors = self._draw.randint(0, self.under_way)
        queue, self._queue = self._queue, deque()
        self.under_way = 0
        for arrival, octets in queue:
            kept = octets[: max(0, survivors - self.under_way)]
            if kept:
                self._queue.append((arrival, kept))
                self.under_way += len(kept)
        self._last_arrival = max(self._clock.seconds(), self._queue[-1][0] if self._queue else 0.0)
        self._ending = (self._last_arrival + self.delay(), reason)
        self._rearm()

    def kill(self) -> None:
        """Deliver nothing more, and tell nobody."""
        self._dead = True
        self._queue.clear()
        self.under_way = 0
        self._rearm()

    def hold(self, why: str) -> None:
        """Deliver nothing until :meth:`release` with the same ``why``; what is under way waits."""
        self._holds.add(why)

    def release(self, why: str) -> None:
        """Undo :meth:`hold`."""
        self._holds.discard(why)
        self._arm()

    def _pieces(self, octets: bytes) -> Iterable[bytes]:
        fate = self._draw.random()
        if len(octets) > 1 and fate < self._conditions.dribble:
            head = min(len(octets) - 1, 24)
            return [octets[i : i + 1] for i in range(head)] + [octets[head:]]
        if len(octets) > 1 and fate < self._conditions.dribble + self._conditions.split:
            cuts = {self._draw.randrange(1, len(octets)) for _ in range(self._draw.randint(1, 3))}
            edges = [0, *sorted(cuts), len(octets)]
            return [octets[a:b] for a, b in itertools.pairwise(edges)]
        return [octets]

    def _rearm(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None
        self._arm()

    def _arm(self) -> None:
        if self._call is not None or self._dead:
            return
        # An application that does not read still learns of a reset; a FIN waits behind the octets.
        if self._holds and not (self._ending and not isinstance(self._ending[1], ConnectionDone)):
            return
        if self._queue and not self._holds:
            arrival = self._queue[0][0]
        elif self._ending is not None:
            arrival = self._ending[0]
        else:
            return
        self._call = self._clock.callLater(max(0.0, arrival - self._clock.seconds()), self._arrive)

    def _arrive(self) -> None:
        self._call = None
        now = self._clock.seconds()
        portion = []
        while self._queue and self._queue[0][0] <= now and not self._holds:
            portion.append(self._queue.popleft()[1])
        if portion:
            octets = b"".join(portion)
            self.under_way -= len(octets)
            if self.receiver.open:
                self._trace.note(now, self._name, "data", octets)
                self.receiver.receive(octets)
            self.receiver.peer.drained()
        elif self._ending is not None and self._ending[0] <= now:
            self._dead = True
            self._queue.clear()
            if self.receiver.open:
                self._trace.note(now, self._name, "close")
                self.receiver.lose(self._ending[1])
        self._arm()


@implementer(ITCPTransport, IPushProducer)
class End:
    """One end of a connection: the transport that a protocol writes to."""

    disconnecting = False

    def __init__(self, wire: Wire, host: IPv4Address, peer_address: IPv4Address, clock: SimClock) -> None:
        self._wire = wire
        self._host = host
        self._peer_address = peer_address
        self._clock = clock
        self._producer: IPushProducer | None = None
        self._producer_paused = False
        self._close_asked = False
        self.incoming: Wire
        self.peer: End
        self.protocol: IProtocol | None = None
        self.open = True

    def attach(self, protocol: IProtocol) -> None:
        """Give this end to ``protocol``, which is told that the connection is made."""
        was_open = self.open
        self.protocol = protocol
        protocol.makeConnection(self)
        if not was_open:  # broken off before there was anybody to tell
            self._clock.callLater(0, self._tell, ConnectionLost("the connection was lost as it was made"))

    # ITransport

    def write(self, data: bytes) -> None:
        """Send ``data``."""
        if not isinstance(data, bytes):
            raise TypeError(f"a transport takes bytes, not {type(data).__name__}")
        if not self.open:
            return
        self._wire.send(data)
        if self._producer is not None and not self._producer_paused and self._wire.under_way > CAPACITY:
            self._producer_paused = True
            self._producer.pauseProducing()

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Send all of ``data``."""
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        """Close once everything written has left and the producer, if any, is gone."""
        if self.open and not self._close_asked:
            self._close_asked = self.disconnecting = True
            self._clock.callLater(0, self._close_when_flushed)

    def abortConnection(self) -> None:
        """Close at once, with a reset: the peer may or may not get what is under way."""
        if not self.open:
            return
        self.open = False
        self._wire.break_off(ConnectionLost("the connection was reset by the other side"))
        self._clock.callLater(0, self._tell, ConnectionAborted())

    def loseWriteConnection(self) -> None:
        """Not simulated: SMPP never half-closes."""
        raise NotImplementedError("half-close is not simulated")

    def getHost(self) -> IPv4Address:
        """Return this end's address."""
        return self._host

    def getPeer(self) -> IPv4Address:
        """Return the other end's address."""
        return self._peer_address

    def getTcpNoDelay(self) -> bool:
        """Return True: nothing here waits to fill a segment."""
        return True

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Accepted; writes of one instant travel together either way."""

    def getTcpKeepAlive(self) -> bool:
        """Return False: a connection cut in silence is found by SMPP's own timers, or not at all."""
        return False

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """Accepted; keep-alive takes hours by default, longer than any scenario."""

    # IConsumer

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        """Pause and resume ``producer`` as what is under way goes over and under :data:`CAPACITY`."""
        if self._producer is not None:
            raise RuntimeError(f"{self._producer!r} is registered already")
        if not streaming:
            raise NotImplementedError("pull producers are not simulated")
        if not self.open:
            producer.stopProducing()
            return
        self._producer, self._producer_paused = producer, False

    def unregisterProducer(self) -> None:
        """Forget the producer."""
        self._producer = None
        if self._close_asked:
            self._clock.callLater(0, self._close_when_flushed)

    # IPushProducer: how the protocol slows down its peer

    def pauseProducing(self) -> None:
        """Stop reading."""
        self.incoming.hold("paused by its reader")

    def resumeProducing(self) -> None:
        """Read again."""
        if self.open and not self._close_asked:
            self.incoming.release("paused by its reader")

    def stopProducing(self) -> None:
        """Close."""
        self.loseConnection()

    # what the wires call

    def receive(self, octets: bytes) -> None:
        """Hand arriving octets to the protocol, unless it has closed."""
        if self.protocol is not None and not self._close_asked:
            self.protocol.dataReceived(octets)

    def drained(self) -> None:
        """Note that something this end wrote has been read."""
        if self._producer is not None and self._producer_paused and self._wire.under_way <= CAPACITY:
            self._producer_paused = False
            self._clock.callLater(0, self._resume_producer)
        if self._close_asked:
            self._close_when_flushed()

    def lose(self, reason: Exception) -> None:
        """Tell the protocol that the connection is gone, once."""
        if self.open:
            self.open = False
            self._tell(reason)

    def _resume_producer(self) -> None:
        if self._producer is not None and not self._producer_paused:
            self._producer.resumeProducing()

    def _close_when_flushed(self) -> None:
        if self.open and self._producer is None and self._wire.under_way <= CAPACITY:
            self.open = False
            self._wire.finish(ConnectionDone())
            self._tell(ConnectionDone())

    def _tell(self, reason: Exception) -> None:
        protocol, self.protocol = self.protocol, None
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.stopProducing()
        self.incoming.kill()
        if protocol is not None:
            protocol.connectionLost(Failure(reason))  # type: ignore[no-untyped-call]


class Connection:
    """Two ends and the two wires between them, with the accidents that can befall them."""

    def __init__(
        self,
        clock: SimClock,
        trace: Trace,
        number: int,
        seed: str,
        conditions: Conditions,
        client: IPv4Address,
        server: IPv4Address,
    ) -> None:
        self.number = number
        self.port = server.port
        up = Wire(clock, trace, f"{number}>", f"{seed}/{number}>", conditions)
        down = Wire(clock, trace, f"{number}<", f"{seed}/{number}<", conditions)
        self.client = End(up, client, server, clock)
        self.server = End(down, server, client, clock)
        self._wires: dict[str, Wire] = {"up": up, "down": down}
        up.receiver = self.client.peer = self.server
        down.receiver = self.server.peer = self.client
        self.client.incoming, self.server.incoming = down, up

    @property
    def open(self) -> bool:
        """Whether either end still believes in the connection."""
        return self.client.open or self.server.open

    def reset(self) -> None:
        """A box in the middle resets both sides; a drawn part of what is under way still arrives."""
        for wire in self._wires.values():
            wire.break_off(ConnectionLost("the connection was reset"))

    def cut(self) -> None:
        """The path dies in silence: nothing arrives any more, and nobody is told (half-open)."""
        for wire in self._wires.values():
            wire.kill()

    def stall(self, direction: str) -> None:
        """The reader of ``direction`` ("up": the server, "down": the client) stops reading."""
        self._wires[direction].hold("stalled")

    def unstall(self, direction: str) -> None:
        """Undo :meth:`stall`."""
        self._wires[direction].release("stalled")

    def __repr__(self) -> str:
        under_way: dict[str, Any] = {name: wire.under_way for name, wire in self._wires.items()}
        return f"<Connection {self.number} to port {self.port}, open={self.open}, under way {under_way}>"
