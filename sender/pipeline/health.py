"""The health of the accounts of a program: told by what comes back, looked at once a second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from sender.domain.health import AccountHealth, Circuit, Health, HealthPolicy, Standing
from sender.domain.message import DoubtCause, State, final_of
from sender.domain.retry import SHAPED
from sender.store.records import Accepted, InDoubt, Outcome, ReceiptIn, Refused, Retry

_LINK = (DoubtCause.CONNECTION_LOST, DoubtCause.CRASH)
"""Doubts that say nothing of how an operator answers: whether its binds are up is looked at."""


class HealthBook:
    """The health of each account. `now` is seconds of the program's clock."""

    def __init__(self, policy: HealthPolicy, accounts: Iterable[str], now: float) -> None:
        self.policy = policy
        self._accounts = {name: AccountHealth(policy, now) for name in accounts}
        self._standings: dict[str, Standing] = {}

    def add(self, account: str, now: float) -> None:
        """An account, if it is not known yet."""
        if account not in self._accounts:
            self._accounts[account] = AccountHealth(self.policy, now)

    def standings(self) -> Health:
        """How every account stood at the last look; one that is missing is healthy."""
        return self._standings

    def know(self, account: str, now: float) -> None:
        """An account is new, or back: it begins healthy."""
        self._accounts[account] = AccountHealth(self.policy, now)

    def outcomes(self, account: str, outcomes: Sequence[Outcome], now: float) -> None:
        """What became of submits on an account."""
        others = [outcome for outcome in outcomes if type(outcome) is not Accepted]
        good, bad = len(outcomes) - len(others), 0
        for outcome in others:
            if isinstance(outcome, Refused):
                good += 1
            elif isinstance(outcome, Retry):
                if outcome.status in SHAPED:
                    good += 1
                else:
                    bad += 1
            elif isinstance(outcome, InDoubt) and outcome.cause not in _LINK:
                bad += 1
        if good or bad:
            self._accounts[account].answered(good, bad, now)

    def receipts(self, account: str, receipts: Iterable[ReceiptIn], now: float) -> None:
        """Receipts of an account, whatever they are about."""
        counts = Counter([receipt.state for receipt in receipts])
        finals = [(final, count) for state, count in counts.items() if (final := final_of(state)) is not None]
        if finals:
            delivered = sum(count for final, count in finals if final is State.DELIVERED)
            self._accounts[account].received(delivered, sum(count for _, count in finals) - delivered, now)

    def look(self, down: Collection[str], now: float) -> None:
        """Bring every circuit up to date; `down` are the accounts without a bind."""
        self._standings = {name: health.look(name in down, now) for name, health in self._accounts.items()}

    def to_leave(self, now: float) -> list[str]:
        """Accounts that are passed over for so long that what waits for them is to go elsewhere."""
        return [
            name
            for name, health in self._accounts.items()
            if self._standings.get(name, Standing()).circuit is Circuit.OPEN
            and health.passed_over_for(now) >= self.policy.failover_after
        ]
