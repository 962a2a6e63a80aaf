"""How far a campaign is, and when there is nothing more to wait for: pure rules over counts and times."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import msgspec

from sender.channels.status import ChannelStatus
from sender.domain.message import FINAL, State

UNSENT = (State.QUEUED, State.CLAIMED, State.SUBMITTING)
"""States in which we still have something to do."""
UNSETTLED = (State.ACCEPTED, State.IN_DOUBT)
"""States in which only a receipt can change anything."""


class Progress(msgspec.Struct, frozen=True):
    """One look at a running campaign."""

    campaign_id: int
    total: int
    counts: Mapping[State, int]
    channels: tuple[ChannelStatus, ...]
    held: str = ""
    """Why nothing of the campaign is written now, for people: it is paused, or has not begun."""

    @property
    def unsent(self) -> int:
        """Messages that are still to be submitted, or whose answer is awaited."""
        return sum(self.counts[state] for state in UNSENT)

    @property
    def unsettled(self) -> int:
        """Messages that wait for a receipt, or are in doubt."""
        return sum(self.counts[state] for state in UNSETTLED)

    @property
    def final(self) -> int:
        """Messages that are done with."""
        return sum(count for state, count in self.counts.items() if state in FINAL)


class Ending(Enum):
    """Why a run is over."""

    COMPLETE = "every message is final"
    NO_MORE_RECEIPTS = "no receipt has come for a while"
    GAVE_UP = "an operator could not be reached"
    STRANDED = "messages wait for an operator account that is not configured"


class LaneView(msgspec.Struct, frozen=True):
    """What the ending rule needs to know about one operator account."""

    exhausted: bool
    """Nothing to send, now or at a known later time."""
    down_for: float | None
    """Seconds without a bind that can submit; None while there is one."""
    quiet_for: float
    """Seconds since the last answer or receipt was recorded, or since its bind came up."""


_LOOK = 0.25
_LONGEST_LOOK = 10.0
_LOOKS = 1000


def look_again(progress: Progress, receipt_wait: float) -> float:
    """Seconds until the next look at a campaign: a wait of hours for receipts needs none four times a second."""
    if progress.unsent:
        return _LOOK
    return min(_LONGEST_LOOK, max(_LOOK, receipt_wait / _LOOKS))


def ending(
    progress: Progress, lanes: list[LaneView], *, receipt_wait: float, give_up: float | None, held: bool = False
) -> Ending | None:
    """Whether to stop waiting, and why. Times are seconds; `give_up` None = try for ever.

    `held`: what is unsent waits for nothing that happens here (the campaign is paused).
    """
    if not progress.unsent:
        if not progress.unsettled:
            return Ending.COMPLETE
        if min(lane.quiet_for for lane in lanes) >= receipt_wait:
            return Ending.NO_MORE_RECEIPTS
        return None
    if held:
        return None
    if all(lane.exhausted for lane in lanes):
        return Ending.STRANDED
    if give_up is None:
        return None
    down = [lane for lane in lanes if lane.down_for is not None and lane.down_for >= give_up]
    others = [lane for lane in lanes if lane not in down]
    if down and all(lane.exhausted for lane in others):
        return Ending.GAVE_UP
    return None
