"""A connection that does not say what it wants is closed; one that does may take its time for the answer."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.task import Clock
from uvicorn.config import Config
from uvicorn.server import ServerState

from webkit.patience import MOST_CONNECTIONS, MOST_TURNED_AWAY, SECONDS, PatientProtocol


class Loop:
    """As much of an event loop as a connection needs, on a test clock."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.tasks: list[Any] = []

    def call_later(self, delay: float, act: Any) -> Any:
        return self.clock.callLater(delay, act)

    def create_task(self, coroutine: Any, **_: Any) -> Any:
        coroutine.close()
        task = Task()
        self.tasks.append(task)
        return task


class Task:
    def add_done_callback(self, _: Any) -> None:
        pass


class Transport:
    closed = False
    aborted = False
    written = b""

    def get_extra_info(self, name: str) -> Any:
        return None

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True

    def write(self, octets: bytes) -> None:
        self.written += octets

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


async def app(scope: Any, receive: Any, send: Any) -> None:
    pass


@pytest.fixture
def connection() -> tuple[PatientProtocol, Transport, Loop]:
    config = Config(app, http="h11", ws="none", lifespan="off", log_config=None)
    config.load()
    loop, transport = Loop(), Transport()
    protocol = PatientProtocol(config, ServerState(), {}, _loop=loop)  # type: ignore[arg-type]
    protocol.connection_made(transport)
    return protocol, transport, loop


def test_a_connection_without_a_request_is_closed(connection: Any) -> None:
    _, transport, loop = connection
    loop.clock.advance(SECONDS - 1)
    assert not transport.closed
    loop.clock.advance(2)
    assert transport.closed


def test_a_request_that_comes_drop_by_drop_is_not_waited_for(connection: Any) -> None:
    protocol, transport, loop = connection
    for octets in (b"GET / HT", b"TP/1.1\r\nHost: x\r\n", b"X: y\r\n"):
        protocol.data_received(octets)
        loop.clock.advance(SECONDS / 3 + 1)
    assert transport.closed


def test_a_body_that_never_ends_is_not_waited_for(connection: Any) -> None:
    protocol, transport, loop = connection
    protocol.data_received(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12")
    loop.clock.advance(SECONDS + 1)
    assert transport.closed


def test_the_answer_to_a_whole_request_may_take_its_time(connection: Any) -> None:
    protocol, transport, loop = connection
    protocol.data_received(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    loop.clock.advance(10 * SECONDS)
    assert not transport.closed
    protocol.connection_lost(None)
    assert loop.clock.getDelayedCalls() == []


def test_who_is_one_too_many_is_told_so_and_all_others_are_served() -> None:
    config = Config(app, http="h11", ws="none", lifespan="off", log_config=None)
    config.load()
    loop, state, refused = Loop(), ServerState(), []
    opened: list[tuple[PatientProtocol, Transport]] = []
    for _ in range(MOST_CONNECTIONS + MOST_TURNED_AWAY + 1):
        protocol = PatientProtocol(config, state, {}, loop, turned_away=lambda: refused.append(1))  # type: ignore[arg-type]
        transport = Transport()
        protocol.connection_made(transport)  # type: ignore[arg-type]
        opened.append((protocol, transport))
    for protocol, _ in opened[:-1]:
        protocol.data_received(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert len(loop.tasks) == MOST_CONNECTIONS
    assert not any(transport.written or transport.closed for _, transport in opened[:MOST_CONNECTIONS])
    assert all(transport.written.startswith(b"HTTP/1.1 503 ") for _, transport in opened[MOST_CONNECTIONS:-1])
    assert b'"detail":"256 others are connected already; try again later"' in opened[-2][1].written
    assert opened[-1][1].aborted
    assert len(refused) == MOST_TURNED_AWAY + 1
    opened[0][0].connection_lost(None)
    protocol = PatientProtocol(config, state, {}, loop)  # type: ignore[arg-type]
    protocol.connection_made(Transport())  # type: ignore[arg-type]
    protocol.data_received(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert len(loop.tasks) == MOST_CONNECTIONS + 1
