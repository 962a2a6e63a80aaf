"""Why something that was asked for is not done: a value, for people to read."""

from __future__ import annotations

import enum

import msgspec


class Why(enum.Enum):
    """What kind of reason it is."""

    UNKNOWN = "unknown"
    """There is no such thing."""
    TOO_LATE = "too late"
    """It has come to its end, or is not there any more."""
    IMPOSSIBLE = "impossible"
    """It makes no sense here, whatever is tried."""
    FULL = "full"
    """There are too many already."""


class Declined(msgspec.Struct, frozen=True):
    """Something is not done. `key` is the key of the request that it is about, "" when it is about all of it."""

    why: Why
    detail: str
    key: str = ""
