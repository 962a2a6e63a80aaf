"""What to record about a submit, once its fate on the wire is known: one decision, from tables."""

from __future__ import annotations

import random
from collections.abc import Iterable

from sender.channels.results import Answered, Hold, Later, One, Postponed, Result, Submit, Taken, Unanswered, Withheld
from sender.domain.message import DoubtCause
from sender.domain.retry import RetryClass, RetryPolicy
from sender.store.records import Accepted, Attempt, Dropped, InDoubt, NotSent, Outcome, Refused, Retry
from smppkit.status import CommandStatus


class Judge:
    """Decides outcomes for one operator account. Draws come from `rng`, times are unix seconds."""

    def __init__(self, policy: RetryPolicy, rng: random.Random) -> None:
        self._policy = policy
        self._rng = rng

    def outcomes(self, results: Iterable[Result], at: float) -> list[Outcome]:
        """What the store shall know about `results`, which were learnt at `at`."""
        outcomes: list[Outcome] = []
        for result in results:
            if isinstance(result, Taken):
                told = zip(result.submits, result.smsc_ids, strict=True)
                outcomes += [Accepted(submit.message_id, submit.part, smsc_id, at) for submit, smsc_id in told]
            else:
                outcomes.append(self.outcome(result, at))
        return outcomes

    def outcome(self, result: One, at: float) -> Outcome:
        """The same of one submit."""
        submit = result.submit
        if isinstance(result, Answered):
            if result.status == CommandStatus.ESME_ROK:
                return Accepted(submit.message_id, submit.part, result.smsc_id, at)
            late = None if result.late_on is None else (result.late_on, submit.sequence)
            return self._refused(submit, result.status, at, late)
        if isinstance(result, Unanswered):
            return self._in_doubt(submit, result.cause, at)
        if isinstance(result, Withheld):
            return self._withheld(submit, result.hold, at)
        if isinstance(result, Postponed):
            return NotSent(submit.message_id, submit.part, at + result.delay)
        return NotSent(submit.message_id, submit.part, 0.0)  # its time had come, by whatever clock

    def _withheld(self, submit: Submit, hold: Hold, at: float) -> Outcome:
        if isinstance(hold, Later):
            return NotSent(submit.message_id, submit.part, hold.due)
        return Dropped(submit.message_id, submit.part, hold.state, hold.reason, at)

    def _refused(self, submit: Submit, status: int, at: float, late: Attempt | None) -> Outcome:
        kind = self._policy.retry_class(status)
        if kind is RetryClass.UNSAFE:
            return self._in_doubt(submit, DoubtCause.UNCLEAR, at, late)
        if kind is RetryClass.SAFE:
            since = submit.tried_since if submit.tried_since is not None else at
            due = self._policy.next_attempt(status, submit.attempts, since, at, self._rng.random())
            if due is not None:
                return Retry(submit.message_id, submit.part, status, due, at, late)
        return Refused(submit.message_id, submit.part, status, at, late)

    def _in_doubt(self, submit: Submit, cause: DoubtCause, at: float, late: Attempt | None = None) -> InDoubt:
        due = None
        if submit.message_class.resend_allowed(submit.resends):
            due = at + submit.message_class.resend_wait
        return InDoubt(submit.message_id, submit.part, cause, due, at, late)
