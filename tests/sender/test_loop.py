"""The reactor of the sender's own: how many turns there are between a cause and what it has to do."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest
from twisted.internet.protocol import ClientFactory, Protocol
from twisted.python import log

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


def test_what_is_due_now_is_done_in_the_next_turn_in_its_order(loop: Loop) -> None:
    done: list[int] = []

    def first() -> None:
        done.append(1)
        loop.callLater(0, done.append, 3)

    loop.callLater(0, first)
    cancelled = loop.callLater(0, done.append, 9)
    loop.callFromThread(done.append, 2)
    cancelled.cancel()
    turn(loop)
    assert done == [1, 2]
    turn(loop)
    assert done == [1, 2, 3]


def test_what_was_due_now_can_be_put_off_and_asked_for_again(loop: Loop) -> None:
    done: list[int] = []
    call = loop.callLater(0, done.append, 1)
    call.delay(1000.0)
    turn(loop)
    assert (done, call.active()) == ([], True)
    call.reset(0)
    turn(loop)
    assert (done, call.active()) == ([1], False)


def test_a_call_that_fails_is_told_and_the_loop_goes_on(loop: Loop) -> None:
    done: list[int] = []
    told: list[dict[str, object]] = []
    log.addObserver(told.append)
    try:
        loop.callLater(0, int, "no number")
        loop.callLater(0, done.append, 1)
        turn(loop)
    finally:
        log.removeObserver(told.append)
    assert done == [1]
    assert [event["isError"] for event in told] == [1]


def test_it_stops(loop: Loop) -> None:
    ended: list[int] = []
    loop.addSystemEventTrigger("during", "shutdown", ended.append, 1)
    loop.startRunning(installSignalHandlers=False)
    loop.stop()
    turn(loop)
    assert ended == [1]


def test_connections_that_are_made_send_at_once(loop: Loop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        connector = loop.connectTCP("127.0.0.1", listening.getsockname()[1], ClientFactory.forProtocol(Protocol))
        assert isinstance(connector.transport, EagerClient)
        connector.disconnect()
