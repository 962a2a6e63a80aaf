"""What to record about a submit, once its fate on the wire is known: one decision, from tables."""

from __future__ import annotations

import logging
import random

from sender.channels.results import Answered, Hold, Later, Postponed, Result, Submit, Unanswered, Unsendable, Withheld
from sender.domain.retry import RetryClass, RetryPolicy, retry_class, retry_delay
from sender.store.records import Accepted, Dropped, InDoubt, NotSent, Outcome, Refused, Retry
from smppkit.status import CommandStatus

log = logging.getLogger(__name__)

_SHAPED_ATTEMPTS = 3
"""For refusals that the pace itself reacts to, the delay stops growing after this many attempts: the account is
slowed down already, and the message need not pay twice."""


class Judge:
    """Decides outcomes for one process. Draws come from `rng`, times are unix seconds."""

    def __init__(self, policy: RetryPolicy, rng: random.Random) -> None:
        self._policy = policy
        self._rng = rng

    def outcome(self, result: Result, at: float) -> Outcome:
        """What the store shall know about `result`, which was learnt at `at`."""
        submit = result.submit
        if isinstance(result, Answered):
            if result.status == CommandStatus.ESME_ROK:
                return Accepted(submit.message_id, submit.part, result.smsc_id, at)
            return self._refused(submit, result.status, at)
        if isinstance(result, Unanswered):
            return InDoubt(submit.message_id, submit.part, result.cause, self._resend_due(submit, at), at)
        if isinstance(result, Unsendable):
            log.error("message %d cannot be put on the wire: %s", submit.message_id, result.reason)
            return Refused(submit.message_id, submit.part, CommandStatus.ESME_RSUBMITFAIL, at)
        if isinstance(result, Withheld):
            return self._withheld(submit, result.hold, at)
        if isinstance(result, Postponed):
            return NotSent(submit.message_id, submit.part, at + result.delay)
        return NotSent(submit.message_id, submit.part, at)

    def _withheld(self, submit: Submit, hold: Hold, at: float) -> Outcome:
        if isinstance(hold, Later):
            return NotSent(submit.message_id, submit.part, hold.due)
        return Dropped(submit.message_id, submit.part, hold.state, hold.reason, at)

    def _refused(self, submit: Submit, status: int, at: float) -> Outcome:
        kind = retry_class(status)
        if kind is RetryClass.PERMANENT:
            return Refused(submit.message_id, submit.part, status, at)
        attempt = submit.attempts + 1
        if kind in (RetryClass.RETRY_THROTTLE, RetryClass.RETRY_QUEUE):
            attempt = min(attempt, _SHAPED_ATTEMPTS)
        due = at + retry_delay(attempt, self._policy, self._rng.random())
        since = submit.tried_since if submit.tried_since is not None else at
        if due - since > self._policy.give_up:
            return Refused(submit.message_id, submit.part, status, at)
        return Retry(submit.message_id, submit.part, status, due, at)

    def _resend_due(self, submit: Submit, at: float) -> float | None:
        if not submit.message_class.resend_allowed(submit.resends):
            return None
        return at + submit.message_class.resend_wait
