"""What a refused submit_sm means, and when it is sent again."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

import msgspec

from smppkit.status import CommandStatus


class RetryClass(Enum):
    """What the command_status of a submit_sm_resp says about the message."""

    SAFE = "safe"
    """Certainly not taken, and another attempt may succeed."""
    UNSAFE = "unsafe"
    """May have been taken: the message is in doubt, and its class decides about another attempt."""
    PERMANENT = "permanent"
    """Certainly not taken, and the same submit_sm would be refused again."""


RETRY_CLASSES: Final[dict[int, RetryClass]] = {
    CommandStatus.ESME_RTHROTTLED: RetryClass.SAFE,
    CommandStatus.ESME_RMSGQFUL: RetryClass.SAFE,
    # SMPP 5.0 §4.7.6: "all or part of the MC is currently unavailable".
    CommandStatus.ESME_RSYSERR: RetryClass.SAFE,
    # Seen when a response crosses an unbind: the next bind will take the message.
    CommandStatus.ESME_RINVBNDSTS: RetryClass.SAFE,
    CommandStatus.ESME_RSUBMITFAIL: RetryClass.SAFE,
    CommandStatus.ESME_RX_T_APPN: RetryClass.SAFE,
    # Of transaction mode (§4.2.10.6): delivery was tried there and then, and failed.
    CommandStatus.ESME_RDELIVERYFAILURE: RetryClass.SAFE,
    # "Due to a service outage within the MC".
    CommandStatus.ESME_RSERTYPUNAVAIL: RetryClass.SAFE,
    # "Some unexpected error has occurred": at which step, nobody says. Vendors give it meanings of their own.
    CommandStatus.ESME_RUNKNOWNERR: RetryClass.UNSAFE,
}
"""Every status that is worth a second thought; all others, vendors' own among them, are permanent.

Those that vendors document (0x22 no coverage, 0x400 no route, 0x401 no credit, 0x40A do-not-disturb, 0x432 spam, 0x433
wrong coding, 0x4A1) refuse the same submit_sm again until a person does something.
"""

SHAPED: Final = frozenset({CommandStatus.ESME_RTHROTTLED, CommandStatus.ESME_RMSGQFUL})
"""Refusals that the pace itself reacts to: the account is slowed down, so that the message need not pay twice."""

_SHAPED_ATTEMPTS: Final = 3
"""For these the delay stops growing after so many attempts, and none of them is the last."""


class RetryPolicy(msgspec.Struct, frozen=True):
    """Exponential back-off and its ends. All in seconds; `give_up` counts from the first submit of the message."""

    first: float = 1.0
    longest: float = 60.0
    give_up: float = 3600.0
    attempts: int | None = None
    """Most submits of one segment. A refusal by throttling is never the last for this reason. None = no limit."""
    statuses: Mapping[Any, RetryClass] = {}
    """What the operator means by a status (an int), where it differs from `RETRY_CLASSES`."""

    def retry_class(self, status: int) -> RetryClass:
        """Class of a command_status (not ESME_ROK)."""
        return self.statuses.get(status) or RETRY_CLASSES.get(status, RetryClass.PERMANENT)

    def next_attempt(self, status: int, attempts: int, since: float, at: float, draw: float) -> float | None:
        """When to send again after a safe refusal at `at`, which followed `attempts` earlier submits; None = never.

        `since` is the time of the first submit; for `draw` see `retry_delay`.
        """
        attempt = attempts + 1
        if status in SHAPED:
            attempt = min(attempt, _SHAPED_ATTEMPTS)
        elif self.attempts is not None and attempt >= self.attempts:
            return None
        due = at + retry_delay(attempt, self, draw)
        return None if due - since > self.give_up else due


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
