"""The control API of ``smsc serve``: its address, its token, and the web server, imported when somebody looks."""

from __future__ import annotations

import asyncio
import importlib
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from smsc.control.security import SHORTEST_TOKEN, Policy
from webkit.address import HttpAddress, address_url, is_loopback
from webkit.edge import Edge, bind

if TYPE_CHECKING:
    import uvicorn

    from smsc.control.control import Control

TOKEN_VARIABLE = "SMSC_TOKEN"  # noqa: S105 - the name of it


class ControlError(Exception):
    """The control API cannot be served as asked; the text is one line."""


def read_token(path: Path | None) -> str | None:
    """The token of a file, or of the environment; None when there is none. ControlError."""
    where, token = TOKEN_VARIABLE, os.environ.get(TOKEN_VARIABLE) or None
    if path is not None:
        where = str(path)
        try:
            token = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ControlError(f"--token-file {path}: {getattr(error, 'strerror', None) or 'no text'}") from None
    if token is None:
        return None
    if len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise ControlError(
            f"{where}: expected a token of {SHORTEST_TOKEN} or more printable characters, without spaces"
        )
    return token


def listen(address: HttpAddress, token: str | None) -> ControlServer:
    """Listen on an address, and serve nothing yet; ControlError, OSError."""
    if token is None and not is_loopback(address.host):
        raise ControlError(
            f"--http {address}: others can reach this address, so a token is needed;"
            f" set {TOKEN_VARIABLE} or --token-file"
        )
    try:
        listening = bind(address.host, address.port)
    except OSError:
        if not address.any_if_taken:
            raise
        listening = bind(address.host, 0)
    return ControlServer(listening, address.host, token)


class ControlServer:
    """An address that is listened on, and what is served there."""

    def __init__(self, listening: socket.socket, host: str, token: str | None) -> None:
        self.policy = Policy(host, listening.getsockname()[1], token)
        self._socket = listening
        self._edge: Edge | None = None
        self._make_control: Callable[[], Control] | None = None
        self._control: Control | None = None

    @property
    def url(self) -> str:
        """Where the inbox is."""
        return address_url(self.policy.host, self.policy.port)

    def start(self, clock: IReactorTime, make_control: Callable[[], Control]) -> None:
        """Serve from the first connection on; what is to be controlled is made then too."""
        self._make_control = make_control
        self._edge = Edge(self._socket, self._build)
        clock.callLater(0, self._edge.start)  # the loop may only be about to run

    def stop(self) -> Deferred[None]:
        """End what is being served, and close the socket."""
        if self._control is not None:
            self._control.stop()
        if self._edge is not None:
            return self._edge.stop().addCallback(self._close)
        self._socket.close()
        done: Deferred[Any] = Deferred()
        done.callback(None)
        return done

    def _close(self, _: object) -> None:
        # A page that loses its stream of events asks once more: that is answered before nothing is read any longer.
        if self._control is not None:
            self._control.close()

    async def _build(self) -> uvicorn.Server:
        loop = asyncio.get_running_loop()
        web: Any = await loop.run_in_executor(None, importlib.import_module, "smsc.control.web")
        if self._make_control is None:
            raise LookupError("nothing is served yet")
        self._control = self._make_control()
        server: uvicorn.Server = await loop.run_in_executor(None, web.make_server, self._control, self.policy)
        return server
