"""A channel and its binds at one moment, for people."""

from __future__ import annotations

import msgspec


class ChannelStatus(msgspec.Struct, frozen=True):
    """A channel at one moment, for people."""

    account: str
    bound: int
    binds: int
    outstanding: int
    rate: float | None
    """Segments a second it may write now; None = no limit."""
    slowed: bool
    """Whether the operator has throttled us of late."""
    trouble: str | None
    """Why a bind is down, when none that can submit is up."""
    down_since: float | None
    """Time of the clock since which no bind that can submit is up."""


class BindView(msgspec.Struct, frozen=True):
    """One bind at one moment. Times are those of the clock."""

    name: str
    kind: str
    status: str
    host: str
    port: int
    bound_at: float | None
    """Since when it is bound."""
    bound_times: int
    outbinds: int
    """How often the operator has asked us to bind on it."""
    outstanding: int
    window: int | None
    """Submits that may be unanswered; None for a receiver and for one that is not bound."""
    window_shrunk: bool
    """Whether the operator takes fewer than are wanted."""
    silent: bool
    """Whether the peer has been asked for a sign of life and has given none."""
    trouble: str | None
    """Why it is down."""
