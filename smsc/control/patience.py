"""A connection of the web server that does not wait for ever for somebody's request."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

SECONDS = 20.0
"""In which a connection has to say what it wants, and a request has to be whole."""


class PatientProtocol(H11Protocol):
    """Closes connections on which no whole request comes in time; uvicorn's own timer is for those between two."""

    _alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
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
