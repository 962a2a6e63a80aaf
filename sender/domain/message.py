"""The life of a message: its states, the transitions that are legal, and what its segments make of it.

::

    queued ──► claimed ──► submitting ──► accepted ──► delivered | undelivered | expired | rejected | unknown
       ▲          │         │  │   │                        ▲
       │◄─────────┘         │  │   └──► in_doubt ───────────┘   (a receipt, or a late response, resolves it)
       │◄───────────────────┘  └──────► rejected                (refused for good)
       │◄───────────────────────────── in_doubt                 (the class of the message allows a resend)
       └──► cancelled | blocked                                 (also from claimed and submitting: never written)

One table, `TRANSITIONS`, says what may follow what. The store guards every update with it, so a final state
is never left (I1). A message of several segments has one row per segment with a state of its own from the same
enumeration; `message_state` folds them into the state of the message.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, IntEnum
from typing import Final

from smppkit.enums import at_hand
from smppkit.message_state import MessageState


@at_hand
class State(IntEnum):
    """Where a message (or one segment of it) stands. The numbers are what the store keeps."""

    QUEUED = 1
    """Accepted into the campaign; waits for its due time and a free place in a window."""
    CLAIMED = 2
    """Taken by the pipeline; nothing has been promised to the wire yet."""
    SUBMITTING = 3
    """The intent is durable; the submit_sm may or may not have reached the operator."""
    ACCEPTED = 4
    """The operator answered every segment with ESME_ROK and a message id."""
    IN_DOUBT = 5
    """A submit_sm went out and no answer came: SMPP has no way to ask what became of it."""
    DELIVERED = 10
    UNDELIVERED = 11
    EXPIRED = 12
    REJECTED = 13
    """Refused by a submit_sm_resp that no retry would change, or by a REJECTD receipt."""
    UNKNOWN = 14
    """A final receipt said UNKNOWN: the operator itself does not know."""
    CANCELLED = 20
    BLOCKED = 21
    """Never sent, or not to its last segment: opt-out, missing consent, or quiet hours past the validity."""

    @property
    def label(self) -> str:
        """The word for reports and files: ``in_doubt``."""
        return self.name.lower()

    @property
    def final(self) -> bool:
        """True when nothing can follow."""
        return self in FINAL


RECEIPT_FINALS: Final = (State.DELIVERED, State.UNDELIVERED, State.EXPIRED, State.REJECTED, State.UNKNOWN)
ANSWERED: Final = (State.ACCEPTED, State.IN_DOUBT, *RECEIPT_FINALS)

TRANSITIONS: Final[dict[State, frozenset[State]]] = {
    State.QUEUED: frozenset({State.CLAIMED, State.CANCELLED, State.BLOCKED, *ANSWERED}),
    State.CLAIMED: frozenset({State.QUEUED, State.SUBMITTING, State.CANCELLED, State.BLOCKED, *ANSWERED}),
    State.SUBMITTING: frozenset({State.QUEUED, State.CANCELLED, State.BLOCKED, *ANSWERED}),
    State.ACCEPTED: frozenset({State.CANCELLED, State.BLOCKED, *RECEIPT_FINALS}),
    State.IN_DOUBT: frozenset({State.QUEUED, State.ACCEPTED, State.CANCELLED, State.BLOCKED, *RECEIPT_FINALS}),
    State.DELIVERED: frozenset(),
    State.UNDELIVERED: frozenset(),
    State.EXPIRED: frozenset(),
    State.REJECTED: frozenset(),
    State.UNKNOWN: frozenset(),
    State.CANCELLED: frozenset(),
    State.BLOCKED: frozenset(),
}
"""What may follow each state.

A queued or claimed message may become accepted, in doubt or final without a submit: when a segment waits for a
resend after a doubt and the answer to its first attempt arrives after all. A message that is accepted or in doubt
becomes cancelled or blocked when one of its segments never was written and the last of the others is settled.
"""

FINAL: Final = frozenset(state for state, following in TRANSITIONS.items() if not following)
IN_FLIGHT: Final = frozenset({State.CLAIMED, State.SUBMITTING, State.ACCEPTED})
OPEN: Final = frozenset({State.QUEUED}) | IN_FLIGHT
"""States in which something is still expected to happen by itself; in doubt is not one of them."""

SOURCES: Final[dict[State, tuple[State, ...]]] = {
    state: tuple(source for source, following in TRANSITIONS.items() if state in following) for state in State
}
"""The table read backwards: the states that each state may be entered from."""

_FINAL_OF: Final = {
    MessageState.DELIVERED: State.DELIVERED,
    MessageState.EXPIRED: State.EXPIRED,
    MessageState.DELETED: State.UNDELIVERED,
    MessageState.UNDELIVERABLE: State.UNDELIVERED,
    MessageState.UNKNOWN: State.UNKNOWN,
    MessageState.REJECTED: State.REJECTED,
    MessageState.SKIPPED: State.UNDELIVERED,
}

_SEVERITY: Final = {
    State.DELIVERED: 0,
    State.UNKNOWN: 1,
    State.EXPIRED: 2,
    State.UNDELIVERED: 3,
    State.CANCELLED: 4,
    State.BLOCKED: 5,
    State.REJECTED: 6,
}
_WORST: Final = State.REJECTED


def final_of(state: MessageState) -> State | None:
    """Our final state for an SMPP message_state (SMPP 3.4 §5.2.28), or None for an intermediate one.

    ACCEPTED counts as intermediate: operators send it first and DELIVERED afterwards.
    """
    return _FINAL_OF.get(state)


def message_state(segments: Sequence[State], total: int) -> State:
    """State of a message of `total` segments from the states of those that were ever submitted.

    Delivered when all are; otherwise the worst final segment decides, as soon as no other could change it.
    """
    if State.SUBMITTING in segments:
        return State.SUBMITTING
    final = [state for state in segments if state in _SEVERITY]
    worst = max(final, key=_SEVERITY.__getitem__, default=None)
    if worst is _WORST:
        return _WORST
    bad = worst is not None and worst is not State.DELIVERED
    if len(segments) < total or State.QUEUED in segments:
        # A segment is still to be sent; pointless once the message cannot become whole.
        return worst if bad and worst is not None else State.QUEUED
    if State.IN_DOUBT in segments:
        # Doubt has no deadline, so it does not hold up a failure that is already certain.
        only_doubt_left = State.ACCEPTED not in segments
        return worst if bad and only_doubt_left and worst is not None else State.IN_DOUBT
    if State.ACCEPTED in segments or worst is None:
        return State.ACCEPTED
    return worst


@at_hand
class DoubtCause(Enum):
    """Why nobody knows what became of a submit_sm."""

    TIMEOUT = "response timeout"
    CONNECTION_LOST = "connection lost"
    UNREADABLE = "unreadable response"
    UNCLEAR = "unclear refusal"
    CRASH = "sender stopped"


class DoubtPolicy(Enum):
    """What to do with a message in doubt; every resend may be a duplicate and is counted."""

    AT_MOST_ONCE = "at_most_once"
    ONCE_RETRY = "once_retry"
    PREFER_DUPLICATE = "prefer_duplicate"


@at_hand
class MessageClass(Enum):
    """What kind of traffic a campaign is, which decides what happens to a message in doubt."""

    ADVERTISING = "advertising"
    SERVICE = "service"
    CODE = "code"

    @property
    def policy(self) -> DoubtPolicy:
        """The doubt policy of this class."""
        return _POLICY[self]

    @property
    def priority(self) -> int:
        """The priority of campaigns of this class that are given none: 0 (lowest) to 9."""
        return _PRIORITY[self]

    @property
    def max_resends(self) -> int:
        """How many times one segment may be sent again after a doubt."""
        return _MAX_RESENDS[self.policy]

    @property
    def resend_wait(self) -> float:
        """Seconds that a message in doubt waits before it is sent again."""
        return _RESEND_WAIT[self.policy]

    def resend_allowed(self, resends: int) -> bool:
        """Whether a segment in doubt that was already resent `resends` times may go out once more."""
        return resends < self.max_resends


_POLICY: Final = {
    MessageClass.ADVERTISING: DoubtPolicy.AT_MOST_ONCE,
    MessageClass.SERVICE: DoubtPolicy.ONCE_RETRY,
    MessageClass.CODE: DoubtPolicy.PREFER_DUPLICATE,
}

_PRIORITY: Final = {MessageClass.ADVERTISING: 2, MessageClass.SERVICE: 5, MessageClass.CODE: 9}

_MAX_RESENDS: Final = {
    DoubtPolicy.AT_MOST_ONCE: 0,
    DoubtPolicy.ONCE_RETRY: 1,
    # A code is worthless after minutes: five resends outlast any outage in which it still matters.
    DoubtPolicy.PREFER_DUPLICATE: 5,
}

# A receipt that comes meanwhile resolves the doubt and spares the duplicate; a one-time code cannot wait for that.
_RESEND_WAIT: Final = {
    DoubtPolicy.AT_MOST_ONCE: 0.0,
    DoubtPolicy.ONCE_RETRY: 30.0,
    DoubtPolicy.PREFER_DUPLICATE: 1.0,
}
