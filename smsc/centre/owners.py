"""Which account a number belongs to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from smsc.scenario.accounts import Account


class Owners:
    """The numbers of an operator's accounts."""

    def __init__(self, accounts: Literal["any"] | Sequence[Account], somebody: Callable[[], str]) -> None:
        """`somebody` names an account that takes what belongs to nobody, where everyone is let in."""
        self._accounts = () if accounts == "any" else tuple(accounts)
        self._somebody = somebody
        self._patterns = [
            (pattern.compile(), account.system_id) for account in self._accounts for pattern in account.numbers
        ]

    @property
    def numbers(self) -> bool:
        """Whether any account has numbers of its own."""
        return bool(self._patterns)

    def other(self, number: str, system_id: str) -> str:
        """The account, other than `system_id`, whose number this is; "" when it is a subscriber's."""
        for matches, owner in self._patterns:
            if owner != system_id and matches(number):
                return owner
        return ""

    def of(self, number: str) -> str:
        """The account that a number written to belongs to: its own number, else its sender, else the first account."""
        owner = self.other(number, "")
        if owner:
            return owner
        for account in self._accounts:
            if account.senders is not None and number in account.senders:
                return account.system_id
        return self._accounts[0].system_id if self._accounts else self._somebody()
