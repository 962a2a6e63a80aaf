"""What is asked of whoever makes the requests: values, and the shape of a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from twisted.internet.defer import Deferred

from smppkit.tls import TlsClient


class Request(msgspec.Struct, frozen=True):
    """A POST. `timeout` is seconds for all of it."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout: float
    allow_private: bool = False
    tls: TlsClient | None = None
    """Whom to trust over https."""
    pool: str = ""
    """Requests of different pools share no connection."""


class Response(msgspec.Struct, frozen=True):
    """An answer; of its body only the beginning is read, and only to be shown."""

    status: int
    retry_after: str = ""
    """The header of that name, as it came."""
    text: str = ""


class Unreached(Exception):
    """There was no answer; the text is for people."""


class Forbidden(Unreached):
    """The address is one that must not be connected to."""


Post = Callable[[Request], Deferred[Response]]
"""Makes a request; fails with `Unreached`. Cancelling the Deferred drops the connection."""
