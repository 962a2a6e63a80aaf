"""A client and its connection to the SMSC: octets from one to the other, and into the recording."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from twisted.internet import protocol
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IAddress,
    IHalfCloseableProtocol,
    IPushProducer,
    ISSLTransport,
    IStreamClientEndpoint,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from smppkit.transport import TLS_ERROR, describe_loss
from smsc.capture.frames import Cutter
from smsc.capture.recorder import ConnectionRecorder, RecorderCounters
from smsc.capture.redact import Redactor
from smsc.journal.journal import Journal

# Why a side is not read.
_NOT_REACHED = "the SMSC is not reached yet"
_NOT_WRITTEN = "the recording cannot keep up"
_NOT_TAKEN = "the other side does not take more"

_log = logging.getLogger("smsc.capture.proxy")

Wrap = Callable[[protocol.Protocol], protocol.Protocol]
"""Puts something between the client's transport and the proxy: how faults get in."""


class ProxyStats(msgspec.Struct):
    """What a proxy has done. connections = closed + refused + unreachable + those that are open."""

    connections: int = 0
    refused: int = 0
    """Closed at once: too many were open."""
    unreachable: int = 0
    """Closed because the SMSC could not be reached."""
    closed: int = 0
    octets_in: int = 0
    """From clients."""
    octets_out: int = 0
    """To clients."""


class Recorder(msgspec.Struct, frozen=True):
    """Where a recording goes, and what it does not show."""

    journal: Journal
    redactor: Redactor
    counters: RecorderCounters = msgspec.field(default_factory=RecorderCounters)


class Owner(Protocol):
    """The proxy of a pair."""

    name: str
    recorder: Recorder | None
    stats: ProxyStats
    wrap: Wrap | None
    upstream: Callable[[], IStreamClientEndpoint]
    held: bool

    def wall(self) -> float:
        """Unix seconds now."""

    def recorded(self) -> None:
        """Octets went into the recording."""

    def gone(self, pair: Pair) -> None:
        """Both sides of a connection are closed."""


class Pair:
    """A client and its connection to the SMSC."""

    def __init__(self, proxy: Owner) -> None:
        self.peer = "?"
        self.client = _Side(self, "in")
        self.server = _Side(self, "out")
        self._proxy = proxy
        self._connecting: Deferred[Any] | None = None
        self._record: ConnectionRecorder | None = None
        self._reason: str | None = None
        self._over = False
        self._unreached = False
        self._troubled = False  # somebody has to look at how the proxy was started, or at the SMSC
        # Faults are about PDUs: where some may strike, PDUs reach the client's wire whole.
        self._frames = None if proxy.wrap is None else Cutter()

    def client_came(self) -> None:
        """Connect to the SMSC; the client is not read until that stands."""
        proxy = self._proxy
        address = self.client.wire.getPeer()
        self.peer = f"{getattr(address, 'host', '?')}:{getattr(address, 'port', '?')}"
        self.client.hold(_NOT_REACHED)
        if proxy.recorder is not None:
            self._record = ConnectionRecorder(
                proxy.recorder.journal,
                proxy.recorder.redactor,
                operator=proxy.name,
                peer=self.peer,
                at=proxy.wall(),
                counters=proxy.recorder.counters,
            )
        _log.info("%s: connected", self.peer)
        self._connecting = proxy.upstream().connect(_Upstream(self.server))
        self._connecting.addCallbacks(self._server_came, self._unreachable)

    def passed(self, side: _Side, data: bytes) -> None:
        """Octets from one side: on to the other, and into the recording."""
        stats = self._proxy.stats
        if side is self.client:
            stats.octets_in += len(data)
        else:
            stats.octets_out += len(data)
        other = self._other(side)
        if other.open and other is self.client and self._frames is not None:
            for piece in self._frames.feed(data):
                other.wire.write(piece.octets)
        elif other.open:
            other.wire.write(data)
        if self._record is not None:
            self._record.feed(side.direction, data, self._proxy.wall())
            self._proxy.recorded()

    def ended(self, side: _Side) -> None:
        """One side will send no more: the other one is told by a FIN."""
        side.ended = True
        other = self._other(side)
        if not other.open:
            return
        # Over TLS, and through faults, there is no half of a close; and two halves are a whole.
        half_close = getattr(other.wire, "loseWriteConnection", None)
        if other.ended or half_close is None or ISSLTransport.providedBy(other.wire):
            self.close(f"closed by {self._name(other if other.ended else side)}")
        else:
            self._write_rest()
            other.wire.unregisterProducer()
            half_close()

    def lost(self, side: _Side, reason: Failure) -> None:
        """One side is gone."""
        clean = isinstance(reason.value, ConnectionDone)
        why = describe_loss(reason)
        if self._reason is None and why.startswith(TLS_ERROR):
            self._reason = f"{self._name(side)} and the proxy do not agree: {why}"
            self._troubled = True
        self._reason = self._reason or f"{'closed' if clean else 'reset'} by {self._name(side)}"
        if self._connecting is not None:
            self._connecting.cancel()
        other = self._other(side)
        if other.open:
            self._write_rest()
            other.wire.unregisterProducer()
            if clean:
                other.wire.loseConnection()
            else:
                other.wire.abortConnection()
        elif not self._over:
            self._gone()

    def hold(self) -> None:
        """Read neither side: the recording cannot keep up."""
        for side in (self.client, self.server):
            side.hold(_NOT_WRITTEN)

    def go_on(self) -> None:
        """Read both sides again."""
        for side in (self.client, self.server):
            side.release(_NOT_WRITTEN)

    def close(self, reason: str) -> None:
        """Close both sides, what is on its way first."""
        self._reason = self._reason or reason
        self._write_rest()
        for side in (self.client, self.server):
            if side.open:
                side.wire.unregisterProducer()
                side.wire.loseConnection()

    def abort(self) -> None:
        """Cut both sides."""
        for side in (self.client, self.server):
            if side.open:
                side.wire.abortConnection()

    def _write_rest(self) -> None:
        """What has come of a PDU that will not be complete: it goes on as it is."""
        if self._frames is not None and self.client.open:
            for piece in self._frames.finish():
                self.client.wire.write(piece.octets)

    def _server_came(self, _: object) -> None:
        self._connecting = None
        if not self.client.open:
            self.server.wire.abortConnection()
            return
        # Each side is the producer of the other: it is held while the other cannot take more.
        self.server.wire.registerProducer(self.client, True)
        self.client.wire.registerProducer(self.server, True)
        if self._proxy.held:
            self.hold()
        self.client.release(_NOT_REACHED)

    def _unreachable(self, failure: Failure) -> None:
        self._connecting = None
        if isinstance(failure.value, CancelledError) or not self.client.open:
            return
        self._unreached = True
        self._proxy.stats.unreachable += 1
        text = failure.getErrorMessage()
        self._reason = f"{self._proxy.name} is unreachable: {text}"
        self._troubled = True
        self.client.wire.loseConnection()

    def _gone(self) -> None:
        self._over = True
        reason = self._reason or "closed"
        if self._record is not None:
            self._record.close(reason, self._proxy.wall())
            self._record = None
        if not self._unreached:
            self._proxy.stats.closed += 1
        if self._troubled:
            _log.warning("%s: closed, since %s", self.peer, reason)
        else:
            _log.info("%s: %s", self.peer, reason)
        self._proxy.gone(self)

    def _name(self, side: _Side) -> str:
        return "the client" if side is self.client else "the SMSC"

    def _other(self, side: _Side) -> _Side:
        return self.server if side is self.client else self.client


@implementer(IHalfCloseableProtocol, IPushProducer)
class _Side(protocol.Protocol):
    """One of the two connections; `direction` is the one in which its octets go, seen from the SMSC.

    To the transport of the other side it is the producer.
    """

    def __init__(self, pair: Pair, direction: str) -> None:
        self.direction = direction
        self.open = False
        self.ended = False
        self._pair = pair
        self._held: set[str] = set()

    @property
    def wire(self) -> Any:
        # ITCPTransport, IConsumer and IPushProducer at once, which no one interface of Twisted is.
        return self.transport

    def hold(self, why: str) -> None:
        """Read no more, for one more reason."""
        if not self._held and self.open:
            self.wire.pauseProducing()
        self._held.add(why)

    def release(self, why: str) -> None:
        """This is no reason any more."""
        self._held.discard(why)
        if not self._held and self.open and not self.ended:
            self.wire.resumeProducing()

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        """The other side cannot take more."""
        self.hold(_NOT_TAKEN)

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        """The other side can."""
        self.release(_NOT_TAKEN)

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's name
        """The other side is gone: its ``connectionLost`` says the same."""

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        """The connection stands."""
        self.open = True
        no_delay = getattr(self.wire, "setTcpNoDelay", None)
        if no_delay is not None:
            no_delay(True)
        if self.direction == "in":
            self._pair.client_came()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Octets came."""
        self._pair.passed(self, data)

    def readConnectionLost(self) -> None:  # noqa: N802 - Twisted's name
        """The peer has closed its half."""
        self._pair.ended(self)

    def writeConnectionLost(self) -> None:  # noqa: N802 - Twisted's name
        """Our half is closed, as we asked."""

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:  # noqa: N802 - Twisted's name
        """The connection is gone."""
        self.open = False
        self._pair.lost(self, reason)


class _Upstream(protocol.ClientFactory):
    noisy = False

    def __init__(self, side: _Side) -> None:
        self._side = side

    def buildProtocol(self, addr: IAddress | None) -> protocol.Protocol:  # noqa: N802 - Twisted's name
        return self._side
