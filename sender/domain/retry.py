"""What a refused submit_sm means, and how long to wait before the next attempt."""

from __future__ import annotations

from enum import Enum
from typing import Final

import msgspec

from smppkit.status import CommandStatus


class RetryClass(Enum):
    """How to react to the command_status of a submit_sm_resp."""

    RETRY_THROTTLE = "throttle"
    """We send too fast: retry, and lower the rate."""
    RETRY_QUEUE = "queue"
    """The operator's queue is full: retry, and lower the rate."""
    RETRY_LATER = "later"
    """The operator is unwell: retry; the rate is not the cause."""
    PERMANENT = "permanent"
    """The same submit_sm would be refused again."""


RETRY_CLASSES: Final[dict[int, RetryClass]] = {
    CommandStatus.ESME_RTHROTTLED: RetryClass.RETRY_THROTTLE,
    CommandStatus.ESME_RMSGQFUL: RetryClass.RETRY_QUEUE,
    CommandStatus.ESME_RSYSERR: RetryClass.RETRY_LATER,
    # Seen when a response crosses an unbind: the next bind will take the message.
    CommandStatus.ESME_RINVBNDSTS: RetryClass.RETRY_LATER,
    CommandStatus.ESME_RSUBMITFAIL: RetryClass.RETRY_LATER,
    CommandStatus.ESME_RX_T_APPN: RetryClass.RETRY_LATER,
    CommandStatus.ESME_RDELIVERYFAILURE: RetryClass.RETRY_LATER,
    CommandStatus.ESME_RUNKNOWNERR: RetryClass.RETRY_LATER,
}
"""Every status that is worth another attempt; all others are permanent."""


class RetryPolicy(msgspec.Struct, frozen=True):
    """Exponential back-off. All in seconds; `give_up` counts from the first submit of the message."""

    first: float = 1.0
    longest: float = 60.0
    give_up: float = 3600.0


def retry_class(status: int) -> RetryClass:
    """Class of a command_status (not ESME_ROK)."""
    return RETRY_CLASSES.get(status, RetryClass.PERMANENT)


def retry_delay(attempt: int, policy: RetryPolicy, draw: float) -> float:
    """Seconds to wait after refused attempt number `attempt` (from 1).

    Doubles from `policy.first` to `policy.longest`; `draw` in [0, 1) takes off up to half, so that messages
    refused together do not come back together.
    """
    if attempt < 1:
        raise ValueError(f"attempt {attempt}: attempts count from 1")
    # 2**64 seconds exceed any policy; the bound keeps the power finite for a message refused thousands of times.
    full = min(policy.longest, policy.first * 2.0 ** min(attempt - 1, 64))
    return full * (1.0 - draw / 2.0)
