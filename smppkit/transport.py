"""Sessions over Twisted transports: the one place of smppkit that does I/O.

`Link` is the protocol of one connection; it feeds the session, hands its events to a `Handler`, writes what
the session wants written (once per turn, however many PDUs) and is woken for the session's deadlines.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable

import msgspec
from twisted.internet import protocol
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IDelayedCall,
    IProtocol,
    IPushProducer,
    IReactorTCP,
    IReactorTime,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from smppkit.deadlines import Alarm, Deadlines
from smppkit.eager import EagerTcp4Endpoint, EagerTcp6Endpoint
from smppkit.events import Closing, Event
from smppkit.pdus import Pdu
from smppkit.runs import RequestedRun
from smppkit.session import Session
from smppkit.tls import CertificateRefused

UNREAD = "does not read what is sent to it"
"""Why a link was lost: the peer was cut."""
TLS_ERROR = "TLS: "
"""How the reason begins when TLS ended a link, mostly in its handshake."""


class Handler(typing.Protocol):
    """The owner of a link."""

    def connected(self, link: Link) -> None:
        """The connection stands; nothing has been received."""

    def received(self, link: Link, events: list[Event]) -> None:
        """Events of one turn, in order. What is sent in here is written when it returns.

        No events: the peer reads again after it had not.
        """

    def disconnected(self, link: Link, reason: str) -> None:
        """The connection is gone. The events of its end have been given to ``received`` before."""


class Patience(msgspec.Struct, frozen=True):
    """How long a link waits for a peer that does not read, in seconds."""

    unread: float = 60.0
    """The transport's buffer is full: after that long the peer is cut."""
    closing: float = 5.0
    """Our last words are written: after that long the connection is cut."""


_USUAL = Patience()


@implementer(IProtocol, IPushProducer)
class Link:
    """One SMPP connection: a session on a transport.

    With `patience` a peer that does not read is not read from either (to the transport the link is a producer, which
    it pauses when its buffer is full), ``blocked`` says so, and the peer is cut when that goes on.
    """

    # Thousands of these may be idle: no dict, and all their timers are in `deadlines`, which they share.
    __slots__ = (
        "__weakref__",
        "_alarm",
        "_close_by",
        "_close_reason",
        "_deadlines",
        "_flush_call",
        "_handler",
        "_held",
        "_in_turn",
        "_lost",
        "_new_session",
        "_patience",
        "_producing",
        "blocked",
        "clock",
        "peer",
        "session",
        "transport",
    )

    def __init__(
        self,
        new_session: Callable[[float], Session],
        handler: Handler,
        clock: IReactorTime,
        *,
        deadlines: Deadlines | None = None,
        patience: Patience | None = None,
    ) -> None:
        """`new_session(now)` makes the session when the connection stands."""
        self.clock = clock
        self.peer = "not connected"
        self.session: Session
        self.transport: typing.Any = None  # ITCPTransport and IPushProducer at once, which no one interface is
        self.blocked = False
        """The peer does not read: what is sent waits in memory."""
        self._new_session: Callable[[float], Session] | None = new_session
        self._handler = handler
        self._deadlines = Deadlines(clock) if deadlines is None else deadlines
        self._patience = patience
        self._alarm: Alarm | None = None
        self._flush_call: IDelayedCall | None = None
        self._in_turn = False
        self._held = False
        self._producing = False
        self._close_by: float | None = None  # when a peer that does not read is cut
        self._close_reason: str | None = None
        self._lost = False

    # --- for the owner ------------------------------------------------------------------------

    def send(self, request: Pdu, context: object = None) -> int:
        """Session.send at the clock's time; written at the end of this turn."""
        sequence = self.session.send(request, self.clock.seconds(), context)
        self._write_soon()
        return sequence

    def respond(self, response: Pdu) -> None:
        """Session.respond at the clock's time; written at the end of this turn."""
        self.session.respond(response, self.clock.seconds())
        self._write_soon()

    def respond_all(self, responses: Iterable[Pdu]) -> None:
        """As ``respond``, of one after the other."""
        self.session.respond_all(responses, self.clock.seconds())
        self._write_soon()

    def respond_run(self, run: RequestedRun, octets: bytes) -> None:
        """Session.respond_run at the clock's time; written at the end of this turn."""
        self.session.respond_run(run, len(run), octets, self.clock.seconds())
        self._write_soon()

    def enquire(self) -> None:
        """Session.enquire at the clock's time; written at the end of this turn."""
        self.session.enquire(self.clock.seconds())
        self._write_soon()

    def flush(self) -> None:
        """Write what is queued now, and act on what the session has to say."""
        if self._flush_call is not None:
            self._flush_call.cancel()
            self._flush_call = None
        self._turn()

    def write_raw(self, octets: bytes) -> None:
        """Write octets that no session made, after what is queued: how a scenario lies."""
        self._write_queued()
        if not self._lost:
            self.transport.write(octets)

    def unbind(self, *, at_once: bool = False) -> None:
        """Finish what is in flight, unbind, close; `at_once` the first is left out."""
        self.session.unbind(self.clock.seconds(), at_once=at_once)
        self.flush()

    def close(self, reason: str = "closed here") -> None:
        """Write what is queued, then close the connection in order; cut it when the peer does not read in time."""
        self._close_reason = self._close_reason or reason
        if self._lost:
            return
        self._write_queued()
        self._stop_producing()  # a transport does not close while it has a producer
        self.transport.loseConnection()
        # TLS waits for the peer's own word, and a dead peer says none.
        self._cut_after((self._patience or _USUAL).closing)

    def reset(self, reason: str = "reset here") -> None:
        """Drop the connection at once (RST); what is queued is lost."""
        self._close_reason = self._close_reason or reason
        if not self._lost:
            self.transport.abortConnection()

    def pause_reading(self) -> None:
        """Stop taking octets from the peer (back-pressure)."""
        self._held = True
        self._read_or_not()

    def resume_reading(self) -> None:
        """Take octets from the peer again, unless it does not read itself."""
        self._held = False
        self._read_or_not()

    # --- for Twisted: IProtocol ---------------------------------------------------------------

    def makeConnection(self, transport: typing.Any) -> None:  # noqa: N802 - Twisted's name
        """The transport is up."""
        self.transport = transport
        self.connectionMade()

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        """The transport is up."""
        address = self.transport.getPeer()
        self.peer = f"{getattr(address, 'host', '?')}:{getattr(address, 'port', '?')}"
        self.transport.setTcpNoDelay(True)
        new_session, self._new_session = self._new_session, None
        if new_session is None:
            raise RuntimeError("a link has one connection only")
        self.session = new_session(self.clock.seconds())
        if self._patience is not None:
            self._producing = True
            self.transport.registerProducer(self, True)
        self._in_turn = True
        self._handler.connected(self)
        self._turn()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Octets came."""
        self.session.receive_bytes(data, self.clock.seconds())
        self._turn()

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:  # noqa: N802 - Twisted's name
        """The transport is gone."""
        self._lost = True
        self._set_alarm(None)
        if self._flush_call is not None and self._flush_call.active():
            self._flush_call.cancel()
        self._flush_call = None
        self.session.connection_lost(self.clock.seconds())
        self._turn()
        self._handler.disconnected(self, self._close_reason or describe_loss(reason))

    # --- for Twisted: IPushProducer, what the peer has not read -----------------------------------

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        """The transport's buffer is full."""
        self.blocked = True
        self._read_or_not()
        if self._patience is not None:
            self._cut_after(self._patience.unread)

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        """The transport's buffer is empty; the handler hears of that as of events, none of them."""
        self.blocked = False
        self._close_by = None
        self._read_or_not()
        if not self._lost:
            self._handler.received(self, [])
            self.flush()

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's name
        """The transport is gone: connectionLost says the same."""
        self._producing = False

    # --- one turn -----------------------------------------------------------------------------

    def _turn(self) -> None:
        """Hand out events until there are none, write once, arm the timer once."""
        self._in_turn = True
        try:
            closing: str | None = None
            while events := self.session.events():
                for event in events:
                    if type(event) is Closing:
                        closing = event.reason
                self._handler.received(self, events)
        finally:
            self._in_turn = False
        if self._lost:
            return
        self._write_queued()
        if closing is not None:
            self.close(closing)
        else:
            self._arm()

    def _write_soon(self) -> None:
        # Many sends in one turn make one write; the handler's own turn ends with a write anyway.
        if not self._in_turn and self._flush_call is None and not self._lost:
            self._flush_call = self.clock.callLater(0, self._flush_now)

    def _flush_now(self) -> None:
        self._flush_call = None
        self._turn()

    def _write_queued(self) -> None:
        octets = self.session.bytes_to_send()
        if octets and not self._lost:
            self.transport.write(octets)

    def _read_or_not(self) -> None:
        if self._lost:
            return
        if self.blocked or self._held:
            self.transport.pauseProducing()
        else:
            self.transport.resumeProducing()

    def _stop_producing(self) -> None:
        if self._producing:
            self._producing = False
            self.transport.unregisterProducer()

    # --- time ---------------------------------------------------------------------------------

    def _cut_after(self, seconds: float) -> None:
        by = self.clock.seconds() + seconds
        self._close_by = by if self._close_by is None else min(by, self._close_by)
        self._arm()

    def _arm(self) -> None:
        deadline = self.session.next_deadline()
        close_by = self._close_by
        if close_by is not None:
            deadline = close_by if deadline is None else min(deadline, close_by)
        if deadline is None:
            return
        alarm = self._alarm
        # Deadlines mostly move into the future: let an alarm that is set go off early and look again then, rather than
        # moving it at every PDU.
        if alarm is None or alarm.at > deadline:
            self._set_alarm(deadline)

    def _set_alarm(self, at: float | None) -> None:
        if self._alarm is not None:
            self._deadlines.cancel(self._alarm)
        self._alarm = None if at is None else self._deadlines.set(at, self)

    def wake(self) -> None:
        """A deadline has come."""
        self._alarm = None
        now = self.clock.seconds()
        if self._lost:
            return
        if self._close_by is not None and now >= self._close_by:
            self.reset(UNREAD)
            return
        self.session.on_deadline(now)
        self._turn()


def describe_loss(reason: Failure) -> str:
    """Why a connection ended, in words; those begin with TLS_ERROR where it was TLS that failed."""
    error = reason.value
    if isinstance(error, ConnectionDone):
        return "closed by the peer"
    module = type(error).__module__
    if isinstance(error, CertificateRefused):
        return TLS_ERROR + str(error)
    if module.startswith("OpenSSL"):
        # Its only argument is a list of (library, function, reason).
        arguments = getattr(error, "args", ())
        words = [entry[-1] for entry in arguments[0]] if arguments and isinstance(arguments[0], list) else []
        return TLS_ERROR + (", ".join(words) or "broken off")
    return str(error) or type(error).__name__


class Network(typing.Protocol):
    """How a program reaches the wire: real TCP, or a simulation."""

    def server(self, host: str, port: int) -> IStreamServerEndpoint:
        """An endpoint that listens on host:port (port 0: any free one)."""

    def client(self, host: str, port: int, timeout: float) -> IStreamClientEndpoint:
        """An endpoint that connects to host:port within `timeout` seconds."""


class TcpNetwork:
    """Real TCP on the given reactor."""

    def __init__(self, reactor: IReactorTCP) -> None:
        self._reactor = reactor

    def server(self, host: str, port: int) -> IStreamServerEndpoint:
        """Listen on an IPv4 or IPv6 address."""
        endpoint = EagerTcp6Endpoint if ":" in host else EagerTcp4Endpoint
        return endpoint(self._reactor, port, interface=host)

    def client(self, host: str, port: int, timeout: float) -> IStreamClientEndpoint:
        """Connect to a name or an address."""
        return _NamedEndpoint(self._reactor, host.encode("idna"), port, timeout=timeout)


class _NamedEndpoint(HostnameEndpoint):
    """Looks up whatever is asked for: `smsc_1` is no name of the Internet, but one of a container or a hosts file."""

    def __init__(self, reactor: IReactorTCP, host: bytes, port: int, *, timeout: float) -> None:
        super().__init__(reactor, host, port, timeout=timeout)
        self._badHostname = False  # Twisted would fail without asking anybody
