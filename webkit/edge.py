"""An address that is listened on from the start, and served from the first connection on.

The web server and all that it imports cost more time and memory than what it looks at. So a start only binds the
socket; when the first connection waits in its backlog, the imports run in a thread, messages going on meanwhile, and
then the server takes the socket over, in the event loop of the reactor.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred

if TYPE_CHECKING:
    import uvicorn

BACKLOG = 128

_log = logging.getLogger(__name__)

Build = Callable[[], Coroutine[Any, Any, "uvicorn.Server"]]
"""Imports what it needs, in a thread, and makes the server; called once."""


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens on an address; OSError when that cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off where it reads that this is TCP; else an answer in two writes is 40 ms late
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


class Edge:
    """Waits on a socket for the first connection, and serves from then on."""

    def __init__(self, listening: socket.socket, build: Build) -> None:
        """The socket is the edge's to close."""
        self._socket = listening
        self._build = build
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: asyncio.Task[None] | None = None
        self._server: uvicorn.Server | None = None

    @property
    def serving(self) -> bool:
        """Whether the web server has been started."""
        return self._server is not None

    def start(self) -> None:
        """Wait for the first connection. In the running event loop."""
        if self._socket.fileno() < 0:
            return  # stopped before it began
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._somebody_came)

    def start_now(self) -> None:
        """Serve at once: for a program whose first answer must not be late. In the running event loop."""
        self.start()
        self._somebody_came()

    def stop(self) -> Deferred[None]:
        """End what is being served (2 s at most), and close the socket."""
        loop = self._loop
        if loop is None:
            self._socket.close()
            return _done()
        if self._socket.fileno() >= 0:  # it is closed when the server could not be made
            loop.remove_reader(self._socket.fileno())
        if self._serving is None:
            self._socket.close()
            return _done()
        return Deferred.fromFuture(asyncio.ensure_future(self._stop(self._serving), loop=loop))

    def _somebody_came(self) -> None:
        loop = self._loop
        if loop is None or self._serving is not None:
            return
        loop.remove_reader(self._socket.fileno())
        self._serving = loop.create_task(self._serve())

    async def _serve(self) -> None:
        try:
            self._server = server = await self._build()
            await server.serve(sockets=[self._socket])
        except Exception:  # noqa: BLE001 - SMPP goes on without it, and the log has all about it
            _log.exception("the HTTP interface has failed and is closed")
            self._socket.close()

    async def _stop(self, serving: asyncio.Task[None]) -> None:
        if self._server is None:  # still importing
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving
            self._socket.close()
            return
        self._server.should_exit = True
        await serving


def _done() -> Deferred[None]:
    done: Deferred[Any] = Deferred()
    done.callback(None)
    return done
