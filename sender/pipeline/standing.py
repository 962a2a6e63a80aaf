"""Campaigns that are paused, cancelled or past a deadline: the gate's knowledge of them, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from sender.channels.results import Hold, Later, Never, Submit
from sender.domain.message import State
from sender.store.records import Standing
from sender.store.sqlite import SqliteStore
from sender.store.writer import Writer

_LOOK_AGAIN: Final = 1.0
"""Seconds until a message that a pause kept from the wire is due again; the queue gives none of a paused campaign."""

_PAUSED: Final = "the campaign is paused"
_CANCELLED: Final = Never(State.CANCELLED, "the campaign was cancelled")
_EXPIRED: Final = Never(State.EXPIRED, "its deadline has passed")


class StandingCheck:
    """Asked at the instant of writing. What it knows is as the store was at the last `refresh`."""

    def __init__(self, store: SqliteStore, writer: Writer) -> None:
        self._store = store
        self._writer = writer
        self._standing: dict[int, Standing] = {}

    async def refresh(self) -> None:
        """Read anew what the store says."""
        self._standing = await self._writer.call(self._store.standing)

    def held(self, campaign_id: int, now: float) -> str:
        """Why nothing of a campaign is written: paused, not started, or cancelled while its messages are being ended.

        Empty when it goes on.
        """
        standing = self._standing.get(campaign_id)
        if standing is None:
            return ""
        if standing.cancelled:
            return "cancelled"
        if standing.paused:
            return "paused until `sender resume-campaign`"
        if standing.starts_at is not None and standing.starts_at > now:
            return f"starts {datetime.fromtimestamp(standing.starts_at, UTC):%Y-%m-%d %H:%M:%SZ}"
        return ""

    def concerns(self, submits: Sequence[Submit], now: float) -> bool:
        """For the gate: whether any campaign of these is not simply going on, or anything has a deadline of its own."""
        if self._writer.trouble is not None:
            return True
        for campaign_id in {submit.campaign_id for submit in submits}:
            it = self._standing.get(campaign_id)
            if it is not None and (it.cancelled or it.paused or (it.expires_at is not None and now >= it.expires_at)):
                return True
        return any(submit.expires is not None for submit in submits)

    def check(self, submit: Submit, now: float) -> Hold | None:
        """Why `submit` must not be written at unix time `now`, or None."""
        trouble = self._writer.trouble
        if trouble is not None:  # its answer could not be kept
            return Later(now + _LOOK_AGAIN, trouble)
        standing = self._standing.get(submit.campaign_id)
        if standing is not None:
            if standing.cancelled:
                return _CANCELLED
            if standing.expires_at is not None and now >= standing.expires_at:
                return _EXPIRED
            if standing.paused:
                return Later(now + _LOOK_AGAIN, _PAUSED)
        if submit.expires is not None and now >= submit.expires:
            return _EXPIRED
        return None
