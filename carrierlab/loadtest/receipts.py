"""Which receipt belongs to which message, for all binds of an account in one process. Pure: times come as arguments.

An SMSC may send a receipt to any bind of the account, before the response that names its id, twice, or never.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import msgspec

from carrierlab.loadtest.tally import Receipts
from smppkit.message_ids import candidate_keys, key

MOST_REMEMBERED: Final = 100_000
"""Ids kept of receipts that came early, and of messages that are done with; the oldest are forgotten first."""


class Awaited(msgspec.Struct, frozen=True, gc=False):
    """A message that was accepted and asked for a receipt."""

    due: float
    """From when its latency counts."""
    accepted_at: float
    stretch: int


class Delivered(msgspec.Struct, frozen=True, gc=False):
    """A receipt that was waited for."""

    due: float
    came_at: float
    stretch: int


class ReceiptBook:
    """The receipts of one account. What it counts is in `counts`; what is over is told as it ends."""

    def __init__(self, counts: Receipts, wait: float) -> None:
        """`wait`: seconds after its response, when a receipt is given up as lost."""
        self.counts = counts
        self._wait = wait
        self._awaited: OrderedDict[str, Awaited] = OrderedDict()
        self._early: OrderedDict[str, float] = OrderedDict()
        self._done: OrderedDict[str, bool] = OrderedDict()  # the value: it was lost, and no receipt has come since

    @property
    def awaited(self) -> int:
        """Messages whose receipt is still to come."""
        return len(self._awaited)

    def accepted(self, message_id: str, due: float, now: float, stretch: int = 0) -> Delivered | None:
        """A message was accepted that asked for a receipt; what there is when that came already."""
        as_key = key(message_id)
        for candidate in candidate_keys(message_id):
            came_at = self._early.pop(candidate, None)
            if came_at is not None:
                self.counts.matched += 1
                self._remember(as_key, lost=False)
                return Delivered(due, came_at, stretch)
        self._done.pop(as_key, None)  # the SMSC uses the id again
        self._awaited[as_key] = Awaited(due, now, stretch)
        self.counts.awaited += 1
        return None

    def received(self, message_id: str, now: float) -> Delivered | None:
        """A final receipt came, and is acknowledged; None when nobody waits for it (yet)."""
        candidates = candidate_keys(message_id)
        for candidate in candidates:
            awaited = self._awaited.pop(candidate, None)
            if awaited is not None:
                self.counts.awaited -= 1
                self.counts.matched += 1
                self._remember(candidate, lost=False)
                return Delivered(awaited.due, now, awaited.stretch)
        for candidate in candidates:
            lost = self._done.get(candidate)
            if lost is not None:
                self.counts.late += lost
                self.counts.again += not lost
                self._done[candidate] = False
                return None
        self._early[candidates[0]] = now
        if len(self._early) > MOST_REMEMBERED:
            self._early.popitem(last=False)
            self.counts.unknown += 1
        return None

    def overdue(self, now: float) -> list[Awaited]:
        """The messages whose receipt has not come in time, which are lost from now on; early receipts grow unknown."""
        lost = []
        while self._awaited:
            first = next(iter(self._awaited))
            if self._awaited[first].accepted_at + self._wait > now:
                break
            lost.append(self._lose(first))
        while self._early and next(iter(self._early.values())) + self._wait <= now:
            self._early.popitem(last=False)
            self.counts.unknown += 1
        return lost

    def close(self) -> list[Awaited]:
        """Nothing more is waited for: what is missing is lost, and what nobody sent is unknown."""
        self.counts.unknown += len(self._early)
        self._early.clear()
        return [self._lose(each) for each in list(self._awaited)]

    def _lose(self, as_key: str) -> Awaited:
        awaited = self._awaited.pop(as_key)
        self.counts.awaited -= 1
        self.counts.lost += 1
        self._remember(as_key, lost=True)
        return awaited

    def _remember(self, as_key: str, *, lost: bool) -> None:
        self._done[as_key] = lost
        if len(self._done) > MOST_REMEMBERED:
            self._done.popitem(last=False)
