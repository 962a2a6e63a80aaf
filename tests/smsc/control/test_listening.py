"""The listening socket, as asyncio has to find it."""

from __future__ import annotations

import socket

import pytest

from smsc.control.edge import bind


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_it_says_that_it_is_tcp_so_that_answers_are_not_held_back(host: str) -> None:
    with bind(host, 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP
