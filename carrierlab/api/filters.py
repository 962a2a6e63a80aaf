"""Which messages are meant: the same words in every call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict


class Filters(TypedDict, total=False):
    """What a message must have; all of it must hold, and none at all means every message."""

    to: str
    """Destination; `*` and `?` stand for what is left open."""
    from_: str
    """Source address, likewise."""
    text: str
    """A part of the joined text, in any case."""
    text_matches: str
    """A regular expression."""
    operator: str
    system_id: str
    direction: str
    """``mt`` or ``mo``."""
    state: str
    status: str | int
    """Name or number of the command_status."""
    command: str
    encoding: str
    parts: int | str
    """A number, or ``"2+"`` for two and more."""
    complete: bool
    """Whether all parts have come."""
    message_id: str
    id: int
    since: float | str
    until: float | str
    q: str
    """Words, each of which stands somewhere in numbers, text, message_id, state or status."""


def as_keys(filters: Mapping[str, Any]) -> dict[str, Any]:
    """The filters as the API names them; those that are None are left out."""
    return {key.rstrip("_"): value for key, value in filters.items() if value is not None}
