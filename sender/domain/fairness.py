"""Whose messages are claimed next: priority first, then deficit round robin between the campaigns of one priority.

M. Shreedhar, G. Varghese, "Efficient Fair Queuing using Deficit Round Robin", SIGCOMM 1995. Every visit lets a campaign
have `QUANTUM` messages for each unit of its weight; what it could not use because the batch was full is kept for its
next turn, what it could not use because it had nothing is not. The order of visits is the order of arrival, so that
one history gives one sequence of claims.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

QUANTUM: Final = 20
"""Messages of a visit, at weight 1: a claim of hundreds serves tens of campaigns, and a small one is done in one."""


class Share(msgspec.Struct, frozen=True):
    """A campaign that has something to send."""

    campaign: int
    priority: int
    """0 (lowest) to 9."""
    weight: int = 1
    """Against campaigns of the same priority."""


class FairQueue:
    """The campaigns of one operator account that have messages to send."""

    def __init__(self) -> None:
        self._shares: dict[int, Share] = {}
        self._rings: dict[int, deque[int]] = {}
        self._deficits: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._shares)

    def update(self, shares: Iterable[Share]) -> None:
        """The campaigns that there are now. Those that were there keep their place and what is owed to them."""
        new = {share.campaign: share for share in shares}
        for campaign, old in list(self._shares.items()):
            share = new.get(campaign)
            if share is None or share.priority != old.priority:
                self._remove(old)
        for campaign, share in new.items():
            if campaign not in self._shares:
                self._rings.setdefault(share.priority, deque()).append(campaign)
                self._deficits[campaign] = 0
            self._shares[campaign] = share

    def take(self, limit: int, fetch: Callable[[int, int], int]) -> int:
        """Take up to `limit` messages; how many were taken.

        ``fetch(campaign, count)`` takes up to `count` messages of a campaign and returns how many there were; one
        that has fewer is dropped until the next `update`. The number of fetches depends on `limit`, not on how many
        campaigns there are.
        """
        left = limit
        for priority in sorted(self._rings, reverse=True):
            ring = self._rings[priority]
            while ring and left > 0:
                left -= self._visit(ring, left, fetch)
            if left <= 0:
                break
        return limit - left

    def _visit(self, ring: deque[int], left: int, fetch: Callable[[int, int], int]) -> int:
        """Serve the campaign whose turn it is."""
        campaign = ring[0]
        share = self._shares[campaign]
        if self._deficits[campaign] <= 0:
            self._deficits[campaign] += QUANTUM * share.weight
        wanted = min(self._deficits[campaign], left)
        found = fetch(campaign, wanted)
        if found < wanted:
            self._remove(share)
            return found
        self._deficits[campaign] -= found
        if self._deficits[campaign] <= 0:
            ring.rotate(-1)
        return found

    def _remove(self, share: Share) -> None:
        ring = self._rings[share.priority]
        ring.remove(share.campaign)
        if not ring:
            del self._rings[share.priority]
        del self._shares[share.campaign]
        del self._deficits[share.campaign]
