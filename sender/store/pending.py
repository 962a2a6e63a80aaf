"""What calls of one transaction add to the same few rows: written once for all of them, before anybody looks.

Counts of campaigns, the times of their last answers and what is learned about receipts change with every call. Who
takes the connection of the `Database` finds everything written; only statements that touch none of these rows go by
`Database.hot`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final

_COUNT: Final = (
    "INSERT INTO campaign_states (campaign, state, messages) VALUES (?, ?, ?)"
    " ON CONFLICT DO UPDATE SET messages = messages + excluded.messages"
)
_SUBMIT: Final = "UPDATE campaigns SET first_submit = ? WHERE id = ? AND first_submit IS NULL"
_RESPONSE: Final = "UPDATE campaigns SET last_response = max(coalesce(last_response, 0), ?) WHERE id = ?"
_RECEIPT: Final = "UPDATE campaigns SET last_receipt = max(coalesce(last_receipt, 0), ?) WHERE id = ?"
_LEARN: Final = (
    "INSERT INTO dialects (account, settings, learned) VALUES (?, ?, ?)"
    " ON CONFLICT DO UPDATE SET learned = excluded.learned"
)

Times = Mapping[int, float]
"""Unix times by campaign."""


class Pending:
    """What is not written yet. Forgotten with the transaction, or back to its `copy` with a call."""

    def __init__(self) -> None:
        self.any = False
        """Whether there may be anything."""
        self._counts: dict[tuple[int, int], int] = {}
        self._submits: dict[int, float] = {}
        self._responses: dict[int, float] = {}
        self._receipts: dict[int, float] = {}
        self._dialects: dict[int, tuple[str, str]] = {}

    def copy(self) -> Pending:
        """The same, to come back to."""
        made = Pending()
        made.any = self.any
        made._counts = self._counts.copy()
        made._submits = self._submits.copy()
        made._responses = self._responses.copy()
        made._receipts = self._receipts.copy()
        made._dialects = self._dialects.copy()
        return made

    def count(self, moves: Mapping[tuple[int, int], int]) -> None:
        """Messages by campaign and state are so many more, or fewer."""
        self.any = True
        counts = self._counts
        for place, change in moves.items():
            counts[place] = counts.get(place, 0) + change

    def submitted(self, first: Times) -> None:
        """Messages of campaigns were submitted, the first of them at these times."""
        self.any = True
        for campaign, at in first.items():
            self._submits.setdefault(campaign, at)

    def responded(self, last: Times) -> None:
        """Responses came, the last ones at these times."""
        _raise(self._responses, last)
        self.any = True

    def reported(self, last: Times) -> None:
        """Receipts came, the last ones at these times."""
        _raise(self._receipts, last)
        self.any = True

    def learned(self, account: int, settings: str, learned: str) -> None:
        """What was learned about an account, with its settings for one of which nothing was written yet."""
        self.any = True
        self._dialects[account] = settings, learned

    def dialect(self, account: int) -> tuple[str, str] | None:
        """Settings and what was learned, when it is not written yet."""
        return self._dialects.get(account)

    def write(self, conn: sqlite3.Connection) -> None:
        """Write all of it; nothing is pending then."""
        self.any = False
        counts = [(*place, change) for place, change in self._counts.items() if change]
        for statement, rows in (
            (_COUNT, counts),
            (_SUBMIT, [(at, campaign) for campaign, at in self._submits.items()]),
            (_RESPONSE, [(at, campaign) for campaign, at in self._responses.items()]),
            (_RECEIPT, [(at, campaign) for campaign, at in self._receipts.items()]),
            (_LEARN, [(account, *texts) for account, texts in self._dialects.items()]),
        ):
            if rows:
                conn.executemany(statement, rows)
        for kept in (self._counts, self._submits, self._responses, self._receipts, self._dialects):
            kept.clear()


def _raise(times: dict[int, float], last: Times) -> None:
    for campaign, at in last.items():
        if at > times.get(campaign, 0.0):
            times[campaign] = at
