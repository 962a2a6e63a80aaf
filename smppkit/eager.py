"""TCP connections that send at once what they are given, as long as the kernel takes it.

Twisted waits for its next turn to send: the socket is entered in the poll of what can be written to, polled, written
to, and taken out again. A peer that waits for each answer waits for all of that, and it costs more than the answer
itself. What the kernel does not take waits as ever.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint
from twisted.internet.tcp import Client, Connector, Server


class _Eager:
    """What sends at once, before the transport it is mixed into."""

    def write(self: Any, data: bytes) -> None:
        """Send octets, behind those that wait."""
        if self.connected and not self._writeDisconnected and not self._tempDataBuffer and not self.dataBuffer:
            sent = self.writeSomeData(data)
            if isinstance(sent, int):  # else the connection is lost: what comes of that comes in its turn
                data = data[sent:]
        super().write(data)  # type: ignore[misc]


class EagerServer(_Eager, Server):
    """One connection that was accepted."""


class EagerClient(_Eager, Client):
    """One connection that was made."""


class EagerConnector(Connector):
    """Makes connections; for the ``connectTCP`` of a reactor."""

    def _makeTransport(self) -> Client:  # noqa: N802 - Twisted's name
        return EagerClient(  # type: ignore[no-untyped-call]
            self.host, self.port, self.bindAddress, self, self.reactor
        )


def eager(port: Any) -> Any:
    """A port whose connections are such from now on."""
    port.transport = EagerServer
    return port


class EagerTcp4Endpoint(TCP4ServerEndpoint):
    """Listens on an IPv4 address."""

    def listen(self, protocolFactory: Any) -> Any:  # noqa: N803 - Twisted's name
        """See IStreamServerEndpoint."""
        return super().listen(protocolFactory).addCallback(eager)  # type: ignore[no-untyped-call]


class EagerTcp6Endpoint(TCP6ServerEndpoint):
    """Listens on an IPv6 address."""

    def listen(self, protocolFactory: Any) -> Any:  # noqa: N803 - Twisted's name
        """See IStreamServerEndpoint."""
        return super().listen(protocolFactory).addCallback(eager)  # type: ignore[no-untyped-call]
