"""The web server in the loop of the reactor: bounded, patient for a while, and deaf to signals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

HEADER_OCTETS = 16 * 1024  # of an address and its headers
GRACE = 2  # seconds for what is under way when we stop


class Server(uvicorn.Server):
    """A server that leaves the signals to the program."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """See uvicorn.Server."""
        yield


def make_server(app: Any, protocol: Callable[..., Any]) -> Server:
    """The server of an ASGI application, in the loop that runs; `protocol` is what a connection is (`patience`)."""
    return Server(
        uvicorn.Config(
            app,
            loop="none",
            http=protocol,  # type: ignore[arg-type]
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=HEADER_OCTETS,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=GRACE,
        )
    )
