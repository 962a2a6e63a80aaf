"""The web server in the loop of the reactor: bounded, patient for a while, and deaf to signals."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import uvicorn

HEADER_OCTETS = 16 * 1024  # of an address and its headers
GRACE = 2  # seconds for what is under way when we stop


class Server(uvicorn.Server):
    """A server that leaves the signals to the program."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """See uvicorn.Server."""
        yield


class Certificate(NamedTuple):
    """PEM files of a server that speaks HTTPS; with `client_ca` clients must show a certificate that it has signed."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


def make_server(app: Any, protocol: Callable[..., Any], tls: Certificate | None = None) -> Server:
    """The server of an ASGI application, in the loop that runs; `protocol` is what a connection is (`patience`).

    OSError or ssl.SSLError for files of `tls` that cannot be used.
    """
    files: dict[str, Any] = {}
    if tls is not None:
        files = {"ssl_certfile": str(tls.certificate), "ssl_keyfile": str(tls.key)}
        if tls.client_ca is not None:
            files |= {"ssl_ca_certs": str(tls.client_ca), "ssl_cert_reqs": ssl.CERT_REQUIRED}
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
            **files,
        )
    )
