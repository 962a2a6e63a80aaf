"""The reactor of the sender's own: how many turns there are between a cause and what it has to do."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest
from twisted.internet.protocol import ClientFactory, Protocol

from sender.loop import Loop
from smppkit.eager import EagerClient


@pytest.fixture
def loop() -> Iterator[Loop]:
    turning = asyncio.new_event_loop()
    made = Loop(turning)
    yield made
    made.disconnectAll()
    turning.close()


def turn(loop: Loop) -> None:
    loop._asyncioEventloop.call_soon(lambda: None)  # for there is nothing to wait for
    loop._asyncioEventloop._run_once()


def test_what_another_thread_asks_for_is_done_in_the_next_turn_in_its_order(loop: Loop) -> None:
    done: list[int] = []
    loop.callFromThread(done.append, 1)
    loop.callFromThread(done.append, 2)
    assert done == []
    turn(loop)
    assert done == [1, 2]


def test_connections_that_are_made_send_at_once(loop: Loop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        connector = loop.connectTCP("127.0.0.1", listening.getsockname()[1], ClientFactory.forProtocol(Protocol))
        assert isinstance(connector.transport, EagerClient)
        connector.disconnect()
