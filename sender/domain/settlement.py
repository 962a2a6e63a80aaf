"""What a person may decide about a message of which nobody knows what became of it."""

from __future__ import annotations

from enum import Enum
from typing import Final

from sender.domain.message import State


class Verdict(Enum):
    """``sender settle --as``."""

    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    RESEND = "resend"
    """Send it again, now: it may arrive twice, and counts as resent."""
    DROP = "drop"
    """Wait for it no longer: it ends as unknown."""


_FINAL: Final = {
    Verdict.DELIVERED: State.DELIVERED,
    Verdict.UNDELIVERED: State.UNDELIVERED,
    Verdict.DROP: State.UNKNOWN,
}


def settled(state: State, verdict: Verdict, *, doubtful: bool) -> State | None:
    """The state of a part after a verdict; None when the verdict does not touch it.

    `doubtful`: a queued part waits for the resend after a doubt, and is not simply unsent. What the operator has
    accepted is not sent again: then there would certainly be two.
    """
    if state is State.IN_DOUBT or (state is State.QUEUED and doubtful):
        return State.QUEUED if verdict is Verdict.RESEND else _FINAL[verdict]
    if state is State.ACCEPTED and verdict is not Verdict.RESEND:
        return _FINAL[verdict]
    return None
