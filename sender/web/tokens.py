"""Tokens: how they are made and recognised, and how much each may ask for. Time is an argument, chance too."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
from collections.abc import Iterable
from typing import Final

import msgspec

from sender.store.access import Token
from smppkit.rate import Gcra
from webkit.problem import Problem

SCOPES: Final = {
    "send": "send messages, cancel and preview them",
    "read": "read messages, campaigns and incoming messages",
    "campaigns": "make, pause, resume and cancel campaigns",
    "suppression": "read and change the suppression list",
    "monitor": "health, metrics and binds",
    "admin": "everything, and what other tokens did",
}
ENTROPY: Final = 5 + 32
"""Octets of chance in a token: the first 5 to find it by, the others to prove it."""

_MARK: Final = "cls"
_UNLIMITED: Final = 1e9


class Minted(msgspec.Struct, frozen=True):
    """A new token. `secret` is shown once, and kept nowhere."""

    secret: str
    prefix: str
    digest: bytes


def mint(chance: bytes) -> Minted:
    """A token made of `ENTROPY` octets of chance: ``cls_k3v9q2ab_…``."""
    if len(chance) != ENTROPY:
        raise ValueError(f"expected {ENTROPY} octets of chance")
    prefix = base64.b32encode(chance[:5]).decode().lower()
    proof = base64.urlsafe_b64encode(chance[5:]).decode().rstrip("=")
    secret = f"{_MARK}_{prefix}_{proof}"
    return Minted(secret, prefix, digest_of(secret))


def digest_of(secret: str) -> bytes:
    """What is kept of a token. It has 256 bits of chance, so nothing slower than SHA-256 would make it safer."""
    return hashlib.sha256(secret.encode()).digest()


class TokenBook:
    """The tokens that may be used, with how much each has used of its rate."""

    def __init__(self) -> None:
        self._by_prefix: dict[str, Token] = {}
        self._limits: dict[int, Gcra] = {}

    def __len__(self) -> int:
        return len(self._by_prefix)

    def load(self, tokens: Iterable[Token]) -> None:
        """Take these from now on. What a token has used of its rate stays, unless its rate is another one."""
        self._by_prefix = {token.prefix: token for token in tokens if token.revoked_at is None}
        limits: dict[int, Gcra] = {}
        for token in self._by_prefix.values():
            rate, before = token.rate or _UNLIMITED, self._limits.get(token.id)
            same = before is not None and before.burst == token.burst and math.isclose(before.rate, rate)
            limits[token.id] = before if before is not None and same else Gcra(rate, token.burst)
        self._limits = limits

    def recognise(self, authorization: str, now: float) -> Token:
        """The token of an ``Authorization`` header at unix time `now`; Problem 401."""
        scheme, _, given = authorization.partition(" ")
        given = given.strip()
        parts = given.split("_", 2)
        if scheme.lower() != "bearer" or len(parts) != 3 or parts[0] != _MARK:
            raise Problem(401, "expected the header Authorization: Bearer with a token of this sender")
        token = self._by_prefix.get(parts[1])
        # An unknown prefix costs the same comparison as a wrong proof.
        proven = hmac.compare_digest(digest_of(given), token.digest if token is not None else b"\0" * 32)
        if token is None or not proven:
            raise Problem(401, "this token is not known, or was revoked")
        if token.expires_at is not None and now >= token.expires_at:
            raise Problem(401, "this token has expired; ask for another one")
        return token

    def take(self, token: Token, now: float, count: int = 1) -> dict[str, str]:
        """Count `count` messages or requests at monotonic time `now`; the headers about it. Problem 429, 413."""
        if token.rate is None:
            return {}
        limit = self._limits[token.id]
        if count > limit.burst:
            raise Problem(413, f"{count} at once; this token may send {token.burst} at once", kind="burst")
        admitted = limit.take(now, count)
        free = limit.free(now)
        headers = {
            "RateLimit-Limit": str(token.burst),
            "RateLimit-Remaining": str(free),
            "RateLimit-Reset": str(math.ceil((token.burst - free) / limit.rate)),
        }
        if not admitted:
            wait = max(1, math.ceil(limit.wait(now, count)))
            raise TooFast(token, wait, headers | {"Retry-After": str(wait)})
        return headers


class TooFast(Problem):
    """More than the rate of the token; `headers` go with the answer."""

    def __init__(self, token: Token, wait: int, headers: dict[str, str]) -> None:
        super().__init__(
            429, f"more than {token.rate:g} a second; try again in {wait} s", kind="rate-limit", retry_after=wait
        )
        self.headers = headers
