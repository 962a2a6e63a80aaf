"""Sessions over Twisted transports: the one place of smppkit that does I/O.

`Link` is the protocol of one connection; it feeds the session, hands its events to a `Handler`, writes what
the session wants written (once per turn, however many PDUs) and arms one timer for the session's deadlines.
"""

from __future__ import annotations

import typing
from collections.abc import Callable

from twisted.internet import protocol
from twisted.internet.endpoints import HostnameEndpoint, TCP4ServerEndpoint, TCP6ServerEndpoint
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IDelayedCall,
    IReactorTCP,
    IReactorTime,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
)
from twisted.python.failure import Failure

from smppkit.events import Closing, Event
from smppkit.pdus import Pdu
from smppkit.session import Session


class Handler(typing.Protocol):
    """The owner of a link."""

    def connected(self, link: Link) -> None:
        """The connection stands; nothing has been received."""

    def received(self, link: Link, events: list[Event]) -> None:
        """Events of one turn, in order. What is sent in here is written when it returns."""

    def disconnected(self, link: Link, reason: str) -> None:
        """The connection is gone. The events of its end have been given to ``received`` before."""


class Link(protocol.Protocol):
    """One SMPP connection: a session on a transport."""

    def __init__(self, new_session: Callable[[float], Session], handler: Handler, clock: IReactorTime) -> None:
        """`new_session(now)` makes the session when the connection stands."""
        self.clock = clock
        self.peer = "not connected"
        self.session: Session
        self._new_session = new_session
        self._handler = handler
        self._timer: IDelayedCall | None = None
        self._flush_call: IDelayedCall | None = None
        self._in_turn = False
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
            self._transport.write(octets)

    def unbind(self) -> None:
        """Finish what is in flight, unbind, close."""
        self.session.unbind(self.clock.seconds())
        self.flush()

    def close(self, reason: str = "closed here") -> None:
        """Write what is queued, then close the connection in order."""
        self._close_reason = self._close_reason or reason
        if not self._lost:
            self._write_queued()
            self._transport.loseConnection()

    def reset(self, reason: str = "reset here") -> None:
        """Drop the connection at once (RST); what is queued is lost."""
        self._close_reason = self._close_reason or reason
        if not self._lost:
            self._transport.abortConnection()

    def pause_reading(self) -> None:
        """Stop taking octets from the peer (back-pressure)."""
        if not self._lost:
            self._transport.pauseProducing()

    def resume_reading(self) -> None:
        """Take octets from the peer again."""
        if not self._lost:
            self._transport.resumeProducing()

    # --- for Twisted --------------------------------------------------------------------------

    @property
    def _transport(self) -> typing.Any:
        # ITCPTransport and IPushProducer at once, which no one interface of Twisted is.
        return self.transport

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        """The transport is up."""
        address = self._transport.getPeer()
        self.peer = f"{getattr(address, 'host', '?')}:{getattr(address, 'port', '?')}"
        self._transport.setTcpNoDelay(True)
        self.session = self._new_session(self.clock.seconds())
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
        for call in (self._timer, self._flush_call):
            if call is not None and call.active():
                call.cancel()
        self._timer = self._flush_call = None
        self.session.connection_lost(self.clock.seconds())
        self._turn()
        self._handler.disconnected(self, self._close_reason or _describe(reason))

    # --- one turn -----------------------------------------------------------------------------

    def _turn(self) -> None:
        """Hand out events until there are none, write once, arm the timer once."""
        self._in_turn = True
        try:
            closing: str | None = None
            while events := self.session.events():
                for event in events:
                    if isinstance(event, Closing):
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
            self._transport.write(octets)

    def _arm(self) -> None:
        deadline = self.session.next_deadline()
        if deadline is None:
            return
        timer = self._timer
        if timer is not None:
            # Deadlines mostly move into the future: let the armed timer fire early and look again then,
            # rather than moving it at every PDU.
            if timer.getTime() <= deadline:
                return
            timer.cancel()
        self._timer = self.clock.callLater(max(0.0, deadline - self.clock.seconds()), self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self.session.on_deadline(self.clock.seconds())
        self._turn()


def _describe(reason: Failure) -> str:
    if isinstance(reason.value, ConnectionDone):
        return "closed by the peer"
    return str(reason.value) or type(reason.value).__name__


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
        endpoint = TCP6ServerEndpoint if ":" in host else TCP4ServerEndpoint
        return endpoint(self._reactor, port, interface=host)

    def client(self, host: str, port: int, timeout: float) -> IStreamClientEndpoint:
        """Connect to a name or an address."""
        return HostnameEndpoint(self._reactor, host.encode("idna"), port, timeout=timeout)
