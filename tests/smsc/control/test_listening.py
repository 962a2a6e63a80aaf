"""The listening socket, as asyncio has to find it."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import NoReturn

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred

from webkit.edge import Edge, bind


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_it_says_that_it_is_tcp_so_that_answers_are_not_held_back(host: str) -> None:
    with bind(host, 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP


@pytest_twisted.ensureDeferred
async def test_a_server_that_cannot_be_made_is_logged_and_stopped_in_order(caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> NoReturn:
        raise OSError("no room for it")

    async def use() -> None:
        listening = bind("127.0.0.1", 0)
        address = listening.getsockname()
        edge = Edge(listening, broken)
        edge.start()
        with socket.create_connection(address):
            while not caplog.records:
                await asyncio.sleep(0)
        await edge.stop().asFuture(asyncio.get_running_loop())
        assert not edge.serving

    with caplog.at_level(logging.ERROR, logger="smsc"):
        await Deferred.fromFuture(asyncio.ensure_future(use()))
    assert "the HTTP interface has failed" in caplog.text
