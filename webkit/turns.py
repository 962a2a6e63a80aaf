"""From what the reactor does to what the web server waits for: Deferreds awaited on the loop that both share."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from litestar import Request
from twisted.internet.defer import Deferred

from webkit.problem import Problem

T = TypeVar("T")


async def of_deferred(waited: Deferred[T]) -> T:
    """The result of a Deferred; cancelled with the one who waits."""
    result: T = await waited.asFuture(asyncio.get_running_loop())
    return result


async def unless_gone(request: Request[Any, Any, Any], waited: Deferred[T]) -> T:
    """The same, given up as soon as the client has gone away."""
    loop = asyncio.get_running_loop()
    result = waited.asFuture(loop)
    gone = loop.create_task(_gone(request))
    try:
        await asyncio.wait((result, gone), return_when=asyncio.FIRST_COMPLETED)
        if not result.done():
            raise Problem(499, "the client has gone")
        return result.result()
    finally:
        gone.cancel()
        result.cancel()


async def _gone(request: Request[Any, Any, Any]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
