"""What is sent at once, and what waits for the reactor."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock

from smppkit.eager import EagerServer, EagerTcp4Endpoint


class Reactor(Clock):
    """Notes who wants to write."""

    def __init__(self) -> None:
        super().__init__()
        self.writers: list[Any] = []

    def addReader(self, reader: Any) -> None:  # noqa: N802
        pass

    removeReader = addReader  # noqa: N815

    def addWriter(self, writer: Any) -> None:  # noqa: N802
        self.writers.append(writer)

    def removeWriter(self, writer: Any) -> None:  # noqa: N802
        self.writers = [other for other in self.writers if other is not writer]

    def listenTCP(self, port: int, factory: Any, backlog: int = 50, interface: str = "") -> Any:  # noqa: N802
        return type("Port", (), {"transport": None})()


@pytest.fixture
def pair() -> Iterator[tuple[Any, socket.socket, Reactor]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    reactor, address = Reactor(), ("127.0.0.1", 1)
    server: Any = EagerServer(ours, Protocol(), address, None, 0, reactor)
    yield server, theirs, reactor
    ours.close()
    theirs.close()


def test_what_the_kernel_takes_is_sent_at_once(pair: tuple[Any, socket.socket, Reactor]) -> None:
    server, peer, reactor = pair
    server.write(b"hello")
    assert (peer.recv(100), reactor.writers) == (b"hello", [])


def test_what_it_does_not_take_waits_and_nothing_overtakes_it(pair: tuple[Any, socket.socket, Reactor]) -> None:
    server, peer, reactor = pair
    much = bytes(range(256)) * 8192
    server.write(much)
    assert reactor.writers == [server]
    server.write(b"behind")
    peer.setblocking(False)
    heard = b""
    while reactor.writers or len(heard) < len(much) + 6:
        try:
            heard += peer.recv(1 << 20)
        except BlockingIOError:
            assert server.doWrite() is None
    assert heard == much + b"behind"
    server.write(b"again")
    assert peer.recv(100) == b"again"


def test_a_lost_connection_is_noticed_in_its_turn(pair: tuple[Any, socket.socket, Reactor]) -> None:
    server, peer, reactor = pair
    peer.close()
    server.write(b"hello")
    assert reactor.writers == [server]
    server.connected = 0
    server.write(b"hello")


def test_an_endpoint_makes_such_connections() -> None:
    made: list[Any] = []
    EagerTcp4Endpoint(Reactor(), 0).listen(None).addCallback(made.append)
    assert made[0].transport is EagerServer
