"""One life of the sender: its clock and its network end with it, and what it leaves is what is on the disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint, IStreamServerEndpoint
from zope.interface import implementer

from carrierlab.clock import SimCall, SimClock
from carrierlab.links import SimClientEndpoint, SimNetwork, SimPort
from carrierlab.wires import Connection

if TYPE_CHECKING:
    from tests.simulation.ledger import Ledger


@implementer(IReactorTime)
class LifeClock:
    """The clock of a process: when the process is dead, nothing that it waited for happens."""

    def __init__(self, clock: SimClock) -> None:
        self._clock = clock
        self.alive = True

    def seconds(self) -> float:
        return self._clock.seconds()

    def callLater(self, delay: float, callable: Callable[..., Any], *args: Any, **kwargs: Any) -> SimCall:  # noqa: A002, N802
        return self._clock.callLater(delay, self._call, callable, args, kwargs)

    def _call(self, function: Callable[..., Any], args: Any, kwargs: Any) -> None:
        if self.alive:
            function(*args, **kwargs)

    def getDelayedCalls(self) -> list[SimCall]:  # noqa: N802
        return self._clock.getDelayedCalls()


class LifeNetwork:
    """The network as one process has it. The ledger reads along at both ends of its connections."""

    def __init__(self, network: SimNetwork, clock: LifeClock, ledger: Ledger, number: int) -> None:
        self.clock = clock
        self.trace = network.trace
        self.connections: list[Connection] = []
        self._network = network
        self._ledger = ledger
        self._number = number

    def client(self, host: str, port: int, timeout: float) -> IStreamClientEndpoint:
        return SimClientEndpoint(self, host, port)  # type: ignore[arg-type] - all that it asks of a network is here

    def server(self, host: str, port: int) -> IStreamServerEndpoint:
        return self._network.server(host, port)

    def delay(self) -> float:
        return self._network.delay()

    def listener(self, host: str, port: int) -> SimPort | None:
        return self._network.listener(host, port)

    def connect(self, host: str, port: int) -> Connection:
        connection = self._network.connect(host, port)
        self.connections.append(connection)
        book = self._ledger.opened(connection, self._number)
        client, server, clock = connection.client, connection.server, self.clock
        client_write, client_receive = client.write, client.receive
        server_receive = server.receive

        def wrote(data: bytes) -> None:
            if clock.alive:
                book.sender_wrote(data)
                client_write(data)

        def got(data: bytes) -> None:
            if clock.alive:
                if client.protocol is not None and not client._close_asked:
                    book.sender_got(data)
                client_receive(data)

        def operator_got(data: bytes) -> None:
            if server.protocol is not None and not server._close_asked:
                book.operator_got(data)
            server_receive(data)

        client.write, client.receive = wrote, got  # type: ignore[method-assign]
        server.receive = operator_got  # type: ignore[method-assign]
        return connection

    def die(self, *, in_silence: bool) -> None:
        """The process is gone: its peers are told by the kernel, or (a machine without power) by nobody."""
        for connection in self.connections:
            client, server = connection.client, connection.server
            if server.protocol is None:
                server.open = False  # it was never accepted
            if not client.open:
                continue
            client.protocol = None
            client._producer = None
            client.open = False
            if in_silence:
                connection.cut()
            else:
                client._wire.break_off(ConnectionLost("the peer's process is gone"))
                client.incoming.kill()
