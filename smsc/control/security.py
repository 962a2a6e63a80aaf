"""Who may ask what: the host, the origin, the content type and the token of a request. Pure.

On loopback everybody on the machine may ask, and so may every page in a browser on it, unless it is kept out: a page of
somebody else reaches us under a name of its own (DNS rebinding: the Host), or from a site of its own (the Origin, and a
content type that a browser does not send to other sites without asking first). Elsewhere a token is needed as well.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

import msgspec

from webkit.address import is_loopback
from webkit.problem import Problem

COOKIE = "smsc_session"
SHORTEST_TOKEN = 8
OPEN_PATHS = frozenset({"/healthz", "/login"})
"""Need no token: whether we are well, and the way in."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with no-referrer the Origin of our own form is null
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Of every response."""

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_HAS_BODY = frozenset({"POST", "PUT", "PATCH"})


class Policy(msgspec.Struct, frozen=True):
    """What is asked of requests to an address (`host` without brackets)."""

    host: str
    port: int
    token: str | None = None

    def refusal(self, method: str, path: str, headers: Mapping[str, str]) -> Problem | None:
        """What is wrong with a request; None when nothing is. Names of headers are in lower case."""
        return (
            self._foreign_host(headers)
            or self._foreign_origin(method, headers)
            or _content_type(method, path, headers)
            or self._no_token(path, headers)
        )

    def session(self) -> str:
        """What the cookie of somebody who gave the token holds: nothing that would give the token away."""
        return hmac.new((self.token or "").encode(), b"smsc session", hashlib.sha256).hexdigest()

    def knows(self, token: str) -> bool:
        """Whether this is the token."""
        return self.token is not None and hmac.compare_digest(token.encode(), self.token.encode())

    # --- one by one -----------------------------------------------------------------------------

    def _names(self) -> frozenset[str]:
        bound = f"[{self.host}]" if ":" in self.host else self.host
        return _LOOPBACK_NAMES | {bound.lower()}

    def _foreign_host(self, headers: Mapping[str, str]) -> Problem | None:
        if not is_loopback(self.host):
            return None  # any name may lead here, and a rebound page has no token
        host = headers.get("host", "").lower()
        if _name_of(host) in self._names():
            return None
        return Problem(403, f'the Host header is "{host[:100]}"; expected localhost or 127.0.0.1', field="Host")

    def _foreign_origin(self, method: str, headers: Mapping[str, str]) -> Problem | None:
        origin = headers.get("origin")
        if method not in _CHANGES or origin is None:
            return None
        host = headers.get("host", "").lower()
        if origin.lower() in (f"http://{host}", f"https://{host}"):
            return None
        return Problem(403, f'the Origin is "{origin[:100]}"; expected none, or our own http://{host}', field="Origin")

    def _no_token(self, path: str, headers: Mapping[str, str]) -> Problem | None:
        if self.token is None or path in OPEN_PATHS:
            return None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.knows(given.strip()):
            return None
        if hmac.compare_digest(_cookie(headers.get("cookie", "")).encode(), self.session().encode()):
            return None
        return Problem(401, "expected the header Authorization: Bearer with the token of this emulator, or a login")


def _name_of(host: str) -> str:
    """The name in a Host header, without its port."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _content_type(method: str, path: str, headers: Mapping[str, str]) -> Problem | None:
    if method not in _HAS_BODY:
        return None
    found = headers.get("content-type", "").partition(";")[0].strip().lower()
    expected = "application/x-www-form-urlencoded" if path == "/login" else "application/json"
    if found == expected:
        return None
    shown = f'"{found[:100]}"' if found else "missing"
    return Problem(415, f"the Content-Type is {shown}; expected {expected}", field="Content-Type")


def _cookie(header: str) -> str:
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return "" if found is None else found.value
