"""A network in memory: listeners, connections and their accidents, without a socket.

:class:`SimNetwork` gives programs the endpoints that they would otherwise get from the operating system, so
sender and emulated operators meet inside one process on a :class:`~carrierlab.clock.SimClock`.
"""
# ruff: noqa: N802 - the method names are those of Twisted's interfaces

from __future__ import annotations

import random

from twisted.internet import error
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
)
from zope.interface import implementer

from carrierlab.clock import SimClock
from carrierlab.trace import Trace
from carrierlab.wires import Conditions, Connection

_FIRST_EPHEMERAL_PORT = 49152
_ANY_HOST = frozenset({"", "0.0.0.0"})  # noqa: S104 - names a listener in memory


class SimNetwork:
    """All listeners and connections of a simulation.

    ``trace`` holds the hash of everything delivered; ``connections`` the open ones, in order of their making,
    for a test that wants to harm one.
    """

    def __init__(
        self,
        clock: SimClock,
        seed: int,
        conditions: Conditions = Conditions(),  # noqa: B008 - a frozen value
        trace: Trace | None = None,
    ) -> None:
        self.clock = clock
        self.trace = Trace() if trace is None else trace
        self._seed = f"{seed}/network"
        self._conditions = conditions
        self._draw = random.Random(self._seed)  # noqa: S311 - a simulation, to be repeated exactly
        self._listeners: dict[int, SimPort] = {}
        self._next_port = _FIRST_EPHEMERAL_PORT
        self._made = 0
        self._connections: list[Connection] = []

    @property
    def connections(self) -> list[Connection]:
        """The connections that at least one side still believes in."""
        self._connections = [connection for connection in self._connections if connection.open]
        return list(self._connections)

    def server(self, host: str, port: int) -> IStreamServerEndpoint:
        """Return an endpoint that listens on ``port`` (0 = a free one)."""
        return SimServerEndpoint(self, host, port)

    def client(self, host: str, port: int, timeout: float) -> IStreamClientEndpoint:
        """Return an endpoint that connects to ``port``. Nothing here is slow enough for ``timeout``."""
        return SimClientEndpoint(self, host, port)

    def delay(self) -> float:
        """Draw a one-way delay in seconds for what belongs to no connection yet."""
        return self._draw.uniform(*self._conditions.latency)

    def free_port(self) -> int:
        """Return a port that nobody listens on."""
        while self._next_port in self._listeners:
            self._next_port += 1
        self._next_port += 1
        return self._next_port - 1

    def listener(self, host: str, port: int) -> SimPort | None:
        """Return who listens there."""
        found = self._listeners.get(port)
        if found is None or (found.host not in _ANY_HOST and _address(found.host) != _address(host)):
            return None
        return found

    def open_port(self, port: SimPort) -> None:
        """Register a listener (CannotListenError when its number is taken)."""
        if port.number in self._listeners:
            taken = OSError(98, "Address already in use")
            raise error.CannotListenError(port.host, port.number, taken)  # type: ignore[no-untyped-call]
        self._listeners[port.number] = port

    def close_port(self, port: SimPort) -> None:
        """Forget a listener; its connections live on."""
        self._listeners.pop(port.number, None)

    def connect(self, host: str, port: int) -> Connection:
        """Make a connection that nobody is attached to yet."""
        self._made += 1
        client = IPv4Address("TCP", "127.0.0.1", self.free_port())
        connection = Connection(
            self.clock,
            self.trace,
            self._made,
            self._seed,
            self._conditions,
            client,
            IPv4Address("TCP", host, port),
        )
        self._connections.append(connection)
        self.trace.note(self.clock.seconds(), f"{self._made}>", f"open {port}")
        return connection


def _address(host: str) -> str:
    return "127.0.0.1" if host == "localhost" else host


@implementer(IListeningPort)
class SimPort:
    """A listener."""

    def __init__(self, network: SimNetwork, host: str, number: int, factory: IProtocolFactory) -> None:
        self._network = network
        self.host = host
        self.number = number
        self.factory = factory
        self._listening = False

    def startListening(self) -> None:
        """Accept connections from now on."""
        self._network.open_port(self)
        self._listening = True
        self.factory.doStart()

    def stopListening(self) -> Deferred[None]:
        """Refuse connections from now on; the ones made stay."""
        if self._listening:
            self._listening = False
            self._network.close_port(self)
            self.factory.doStop()
        return succeed(None)

    def getHost(self) -> IPv4Address:
        """Return the address listened on."""
        return IPv4Address("TCP", self.host or "0.0.0.0", self.number)  # noqa: S104 - in memory


@implementer(IStreamServerEndpoint)
class SimServerEndpoint:
    """Listens in a :class:`SimNetwork`."""

    def __init__(self, network: SimNetwork, host: str, port: int) -> None:
        self._network = network
        self._host = host
        self._port = port

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:  # noqa: N803
        """Listen at once; the Deferred has the port, or fails with CannotListenError."""
        number = self._port or self._network.free_port()
        port = SimPort(self._network, self._host, number, protocolFactory)
        try:
            port.startListening()
        except error.CannotListenError as taken:
            return fail(taken)
        return succeed(port)


@implementer(IStreamClientEndpoint)
class SimClientEndpoint:
    """Connects in a :class:`SimNetwork`: the handshake takes one round trip, and may be refused."""

    def __init__(self, network: SimNetwork, host: str, port: int) -> None:
        self._network = network
        self._host = host
        self._port = port

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:  # noqa: N803
        """Connect; the Deferred has the protocol, or fails with ConnectionRefusedError."""
        clock = self._network.clock
        address = IPv4Address("TCP", self._host, self._port)

        def cancelled(connecting: Deferred[IProtocol]) -> None:
            attempt.cancel()
            connecting.errback(error.ConnectingCancelledError(address))  # type: ignore[no-untyped-call]

        connecting: Deferred[IProtocol] = Deferred(cancelled)
        handshake = self._network.delay() + self._network.delay()
        attempt = clock.callLater(handshake, self._established, protocolFactory, address, connecting)
        return connecting

    def _established(self, factory: IProtocolFactory, address: IPv4Address, connecting: Deferred[IProtocol]) -> None:
        if self._network.listener(self._host, self._port) is None:
            connecting.errback(error.ConnectionRefusedError())  # type: ignore[no-untyped-call]
            return
        connection = self._network.connect(self._host, self._port)
        protocol = factory.buildProtocol(address)
        if protocol is None:
            connection.client.abortConnection()
            connecting.errback(error.NoProtocol())
            return
        accept = self._network.delay()
        connection.client.incoming.hold("not accepted yet")
        connection.server.incoming.hold("not accepted yet")
        self._network.clock.callLater(accept, self._accept, connection)
        connection.client.attach(protocol)
        connecting.callback(protocol)

    def _accept(self, connection: Connection) -> None:
        port = self._network.listener(self._host, self._port)
        protocol = port.factory.buildProtocol(connection.client.getHost()) if port is not None else None
        if protocol is None:
            connection.server.abortConnection()
        else:
            connection.server.attach(protocol)
        connection.client.incoming.release("not accepted yet")
        connection.server.incoming.release("not accepted yet")
