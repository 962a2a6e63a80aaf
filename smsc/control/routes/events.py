"""What happens, as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from litestar import Request, get
from litestar.response import Stream

from smsc.control.control import Control
from smsc.control.events import Listener
from smsc.control.given import GivenControl, GivenQuery
from smsc.control.query import Option, query

HEARTBEAT = 15.0  # seconds
RETRY = b"retry: 1000\n\n"


@get("/api/events", media_type="text/event-stream", **query({"system_id": Option("Only what concerns this account")}))
async def events(request: Request[Any, Any, Any], control: GivenControl, asked: GivenQuery) -> Stream:
    """New and changed messages, binds, rules, faults, clock: as server-sent events, with Last-Event-ID to go on."""
    woken = asyncio.Event()
    listener = control.events.listen(woken.set, request.headers.get("last-event-id"), asked.get("system_id"))
    return Stream(
        _written(control, listener, woken),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _written(control: Control, listener: Listener, woken: asyncio.Event) -> AsyncIterator[bytes]:
    try:
        yield RETRY
        while not control.events.stopped:
            woken.clear()
            for event in listener.news():
                name = event.name.encode()
                yield b"id: %s\nevent: %s\ndata: %s\n\n" % (control.events.id_of(event).encode(), name, event.data)
            try:
                await asyncio.wait_for(woken.wait(), HEARTBEAT)
            except TimeoutError:
                yield b": still here\n\n"
    finally:
        listener.close()


HANDLERS = [events]
