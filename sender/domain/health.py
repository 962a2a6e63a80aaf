"""How well an operator account does, and how much of the new traffic it gets: a circuit breaker without I/O.

::

    closed ──(down, or too many errors, or too few delivered, for `after`)──► open ──(`rest`, and bound)──► half open
       ▲                                                                       ▲                                │
       │                                                                       └──────(trouble again)───────────┤
       └───────────────────────────────(answers enough, none of the trouble)────────────────────────────────────┘

An open circuit gets nothing new, a half-open one a trickle. Shares decay by half-lives, so that an account is judged by
what it does and not by what it did. Times are seconds of any clock that does not jump.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

import msgspec


class HealthPolicy(msgspec.Struct, frozen=True):
    """When an account is passed over. Shares are between 0 and 1."""

    after: float = 10.0
    """Seconds of trouble until it is."""
    errors: float = 0.5
    """Share of answers that are errors of the operator (not of the message) from which on it is in trouble."""
    least: int = 20
    """Answers, or receipts, before a share is believed."""
    half_life: float = 60.0
    """Of the share of errors."""
    receipts_half_life: float = 1800.0
    """Of the share delivered."""
    rest: float = 30.0
    """Seconds until it is tried again; doubles every time that fails, up to `longest_rest`."""
    longest_rest: float = 600.0
    trickle: float = 0.05
    """Share of its traffic that it is tried with."""
    failover_after: float = 60.0
    """Seconds of being passed over after which what is queued for it moves to the next choice."""


class Circuit(Enum):
    """Whether an account gets traffic."""

    CLOSED = "healthy"
    OPEN = "passed over"
    HALF_OPEN = "on trial"


class Standing(msgspec.Struct, frozen=True):
    """What routing needs to know of an account at one moment."""

    circuit: Circuit = Circuit.CLOSED
    share: float = 1.0
    """Of the messages that would go here, the share that may: 0 none, 1 all."""
    quality: float | None = None
    """Share of messages that were delivered, of late; None = not enough receipts."""
    reason: str = ""
    """For people: why it is not healthy."""


HEALTHY: Final = Standing()

Health = Mapping[str, Standing]
"""By account name; one that is missing is healthy."""


class Decaying:
    """Two counts that lose half of their weight every `half_life` seconds: of good things and of bad."""

    def __init__(self, half_life: float, now: float) -> None:
        self._half_life = half_life
        self._at = now
        self.good = 0.0
        self.bad = 0.0

    def add(self, good: int, bad: int, now: float) -> None:
        """Count at `now`."""
        if now > self._at:
            factor = 0.5 ** ((now - self._at) / self._half_life)
            self.good *= factor
            self.bad *= factor
            self._at = now
        self.good += good
        self.bad += bad

    def share_bad(self, least: float) -> float | None:
        """Share of the bad, once the weight of all is `least`."""
        weight = self.good + self.bad
        return self.bad / weight if weight >= least else None

    def clear(self) -> None:
        """Begin anew."""
        self.good = self.bad = 0.0


class AccountHealth:
    """The health of one account: told what happens, and looked at now and then."""

    def __init__(self, policy: HealthPolicy, now: float) -> None:
        self._policy = policy
        self._answers = Decaying(policy.half_life, now)
        self._receipts = Decaying(policy.receipts_half_life, now)
        self._circuit = Circuit.CLOSED
        self._trouble: str = ""
        self._trouble_since: float | None = None
        self._opened_at = now
        self._passed_over_since: float | None = None
        self._rest = policy.rest
        self._trial_at = now

    def answered(self, good: int, bad: int, now: float) -> None:
        """Answers came: `bad` are system errors, unclear refusals and answers that never came.

        Refusals of the message itself and throttles are good: the operator does its work.
        """
        self._answers.add(good, bad, now)

    def received(self, delivered: int, failed: int, now: float) -> None:
        """Final receipts came."""
        self._receipts.add(delivered, failed, now)

    def passed_over_for(self, now: float) -> float:
        """Seconds since the circuit opened and did not close again; 0 while it is closed."""
        return 0.0 if self._passed_over_since is None else now - self._passed_over_since

    def look(self, down: bool, now: float) -> Standing:
        """Bring the circuit up to date, given whether no bind is up; how the account stands."""
        self._answers.add(0, 0, now)
        self._receipts.add(0, 0, now)
        trouble = self._in_trouble(down)
        if not trouble:
            self._trouble_since = None
        elif self._trouble_since is None:
            self._trouble_since = now
        if self._circuit is Circuit.CLOSED:
            if trouble and self._trouble_since is not None and now - self._trouble_since >= self._policy.after:
                self._passed_over_since = now
                self._open(trouble, now)
        elif self._circuit is Circuit.OPEN:
            if not down and now - self._opened_at >= self._rest:
                self._circuit = Circuit.HALF_OPEN
                self._trial_at = now
                self._answers.clear()  # judged by what it does on trial
        elif trouble:
            self._rest = min(self._policy.longest_rest, self._rest * 2)
            self._open(trouble, now)
        elif self._answers.good + self._answers.bad >= min(self._policy.least, _ENOUGH_ON_TRIAL):
            self._close()
        elif now - self._trial_at >= self._policy.rest:
            self._close()  # there was nothing to try it with, and nothing speaks against it
        return self._standing()

    def _in_trouble(self, down: bool) -> str:
        if down:
            return "no bind is up"
        least = self._policy.least if self._circuit is Circuit.CLOSED else _ENOUGH_ON_TRIAL / 2
        share = self._answers.share_bad(min(least, self._policy.least) * _DECAYED)
        if share is not None and share >= self._policy.errors:
            return f"{share:.0%} of answers are errors"
        return ""

    def _open(self, trouble: str, now: float) -> None:
        self._circuit = Circuit.OPEN
        self._trouble = trouble
        self._opened_at = now

    def _close(self) -> None:
        self._circuit = Circuit.CLOSED
        self._rest = self._policy.rest
        self._passed_over_since = None
        self._trouble = ""

    def _standing(self) -> Standing:
        failed = self._receipts.share_bad(self._policy.least)
        share = {Circuit.CLOSED: 1.0, Circuit.OPEN: 0.0, Circuit.HALF_OPEN: self._policy.trickle}[self._circuit]
        return Standing(self._circuit, share, None if failed is None else 1.0 - failed, self._trouble)


_ENOUGH_ON_TRIAL: Final = 10
"""Answers that end a trial, one way or the other half of them."""
_DECAYED: Final = 0.99
"""So many answers in a row weigh a little less than their number, the first being a moment old."""
