"""Whose memory a thing belongs to: what was under way when it was forgotten comes to nothing when it arrives."""

from __future__ import annotations

from typing import Final

MOST_FORGOTTEN: Final = 10_000
"""Accounts that are known to have been forgotten; of more the one forgotten first is not, and by then nothing of it
is under way any more."""


class Lives:
    """A number for each memory there was: a restart without one begins another for all, a reset for one account."""

    __slots__ = ("_accounts", "_all", "now")

    def __init__(self) -> None:
        self.now = 0
        self._all = 0
        self._accounts: dict[str, int] = {}

    def forget(self, system_id: str | None = None) -> None:
        """What belongs to an account, or (None) to any, belongs to nobody from now on."""
        self.now += 1
        if system_id is None:
            self._all = self.now
            self._accounts.clear()
            return
        self._accounts.pop(system_id, None)
        self._accounts[system_id] = self.now
        if len(self._accounts) > MOST_FORGOTTEN:
            del self._accounts[next(iter(self._accounts))]

    def over(self, life: int, system_id: str) -> bool:
        """Whether what an account had in that life is forgotten."""
        return life != self.now and (life < self._all or life < self._accounts.get(system_id, 0))
