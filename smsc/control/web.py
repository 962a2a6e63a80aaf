"""The web server: with it comes all that is heavy, so it is imported when somebody looks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import uvicorn

from smsc.control.app import HEADER_OCTETS, make_app
from smsc.control.control import Control
from smsc.control.patience import PatientProtocol
from smsc.control.security import Policy

GRACE = 2  # seconds for what is under way when we stop


class Server(uvicorn.Server):
    """A server that leaves the signals to `smsc serve`."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """See uvicorn.Server."""
        yield


def make_server(control: Control, policy: Policy) -> Server:
    """The server of one emulator, in the loop that runs."""
    return Server(
        uvicorn.Config(
            make_app(control, policy),
            loop="none",
            http=partial(PatientProtocol, turned_away=control.turn_away),  # type: ignore[arg-type]
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
