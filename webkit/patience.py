"""A connection of the web server that waits so long for somebody's request, and of which there are so many."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from webkit.problem import Problem

SECONDS = 20.0
"""In which a connection has to say what it wants, and a request has to be whole."""
MOST_CONNECTIONS = 256  # that are served
MOST_TURNED_AWAY = 768  # further ones that are told so; beyond it they are cut off


class PatientProtocol(H11Protocol):
    """Closes connections on which no whole request comes in time; uvicorn's own timer is for those between two.

    Who is one too many is answered 503. uvicorn's own limit counts those too, and so lets nobody in at a rush.
    """

    _alarm: asyncio.TimerHandle | None = None
    _served = True

    def __init__(self, *more: Any, turned_away: Callable[[], None] = lambda: None, **named: Any) -> None:
        """`turned_away` is told of each connection that is one too many."""
        super().__init__(*more, **named)
        self._turned_away = turned_away

    def connection_made(self, transport: Any) -> None:
        """See asyncio.Protocol."""
        others = sum(other._served for other in self.connections if isinstance(other, PatientProtocol))
        super().connection_made(transport)
        self._served = others < MOST_CONNECTIONS
        if not self._served:
            self._turned_away()
            if len(self.connections) > MOST_CONNECTIONS + MOST_TURNED_AWAY:
                transport.abort()
                return
        self._expect()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if not self._served:  # it is told after it has spoken: else the answer may be lost
            self.transport.write(_ONE_TOO_MANY)
            self.transport.close()
            return
        if self._alarm is None and not self._busy():
            self._expect()  # the next request on the same connection begins
        super().data_received(data)
        if self._busy():
            self._expect_no_more()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._expect_no_more()
        super().connection_lost(exc)

    def _busy(self) -> bool:
        """Whether a whole request is being answered."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete and not cycle.more_body

    def _expect(self) -> None:
        self._alarm = self.loop.call_later(SECONDS, self._time_is_up)

    def _expect_no_more(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _time_is_up(self) -> None:
        self._alarm = None
        if not self._busy():
            self.transport.close()


def _one_too_many() -> bytes:
    body = msgspec.json.encode(Problem(503, f"{MOST_CONNECTIONS} others are connected already; try again later").body())
    return (
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    )


_ONE_TOO_MANY = _one_too_many()
