"""Taking messages from the queue: by priority, and fairly between campaigns.

Which campaigns have messages is found by stepping from one to the next through the index of the queue, and remembered
for a second, so that the cost of a claim depends on what it takes and not on how many campaigns there are. What is
remembered is only whose turn it is: every claim looks at the campaigns and messages themselves, and nothing is said to
be empty without having been looked for.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from sender.domain.fairness import FairQueue, Share
from sender.domain.message import State
from sender.store import fields
from sender.store.database import Database, json_list
from sender.store.records import Claimed
from sender.store.settling import move_alike
from sender.store.sql import sql

_REMEMBERED: Final = 1.0
"""Seconds; a campaign that was resumed or is new beside others waits at most so long for its first turn."""

_DUE: Final = sql(
    "SELECT m.id, m.number, m.parts, m.expires FROM messages m INDEXED BY messages_queued"
    " WHERE m.state = $QUEUED AND m.account = ? AND m.campaign = ? AND m.due <= ? ORDER BY m.due, m.id LIMIT ?"
)
_EARLIER: Final = sql(
    "SELECT p.message, group_concat(CASE WHEN p.state <> $QUEUED THEN p.part END), max(p.submits),"
    " max(p.resends + (p.state = $QUEUED AND p.submits > 0 AND p.doubtful)),"
    " min(CASE WHEN p.submits > 0 THEN p.first_at END)"
    " FROM json_each(?) j CROSS JOIN parts p ON p.message = j.value GROUP BY p.message"
)
# Campaigns with queued messages of an account, each found by one step through the index.
_STEPS: Final = sql(
    "WITH RECURSIVE q(campaign) AS ("
    " SELECT (SELECT campaign FROM messages INDEXED BY messages_queued"
    " WHERE state = $QUEUED AND account = ?1 ORDER BY campaign LIMIT 1)"
    " UNION ALL SELECT (SELECT campaign FROM messages INDEXED BY messages_queued"
    " WHERE state = $QUEUED AND account = ?1 AND campaign > q.campaign ORDER BY campaign LIMIT 1)"
    " FROM q WHERE q.campaign IS NOT NULL)"
)
_MAY: Final = "c.state = 'running' AND NOT c.paused AND NOT c.cancelled"
_HAS: Final = sql(
    "(SELECT min(due) FROM messages INDEXED BY messages_queued"
    " WHERE state = $QUEUED AND account = ?1 AND campaign = c.id)"
)
_MAY_NOW: Final = f"SELECT 1 FROM campaigns c WHERE c.id = ? AND {_MAY}"  # noqa: S608
_ALL: Final = (
    f"{_STEPS} SELECT c.id, c.priority, coalesce(w.weight, 1), max({_HAS}, coalesce(c.starts_at, 0.0))"  # noqa: S608
    " FROM q CROSS JOIN campaigns c ON c.id = q.campaign LEFT JOIN campaign_weights w ON w.campaign = c.id"
    f" WHERE {_MAY}"
)
_SHARES: Final = {
    None: f"{_ALL} ORDER BY c.id",
    False: f"{_ALL} AND c.message_class <> 'code' ORDER BY c.id",
    # These are few, and asked for with every code: not by way of all that wait beside them.
    True: f"SELECT c.id, c.priority, coalesce(w.weight, 1), max({_HAS}, coalesce(c.starts_at, 0.0))"  # noqa: S608
    " FROM campaigns c INDEXED BY campaigns_of_codes LEFT JOIN campaign_weights w ON w.campaign = c.id"
    f" WHERE c.message_class = 'code' AND {_MAY} AND {_HAS} IS NOT NULL ORDER BY c.id",
}
"""Campaign, priority, weight, and from when on it has something to claim."""


_Earlier = tuple[tuple[int, ...], int, int, float | None]
"""Parts done, attempts, resends, first attempt."""
_NEVER: Final[_Earlier] = ((), 0, 0, None)


class _Turns(msgspec.Struct):
    """Whose turn it is among the campaigns of one account."""

    queue: FairQueue
    found_at: float


class Claims:
    """The verbs; turns are kept in memory, since nothing is lost with them."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._turns: dict[tuple[int, bool | None], _Turns] = {}

    def claim(self, account: str, limit: int, now: float, urgent: bool | None) -> list[Claimed]:
        """See `SqliteStore.claim`."""
        number = self._db.known_account(account)
        if number is None:
            return []
        turns = self._turns.get((number, urgent))
        if turns is None:
            turns = self._turns[number, urgent] = _Turns(FairQueue(), float("-inf"))
        batch = _Batch(self._db, number, limit, now)
        fresh = urgent is True or not turns.found_at <= now < turns.found_at + _REMEMBERED
        if fresh:
            self._find(turns, number, urgent, now)
        found = turns.queue.take(limit, batch.fetch)
        if found < limit and not fresh:
            self._find(turns, number, urgent, now)
            turns.queue.take(limit - found, batch.fetch)
        return batch.claim()

    def next_due(self, account: str, urgent: bool | None) -> float | None:
        """See `SqliteStore.next_due`."""
        number = self._db.known_account(account)
        if number is None:
            return None
        return min((row[3] for row in self._db.hot.execute(_SHARES[urgent], (number,))), default=None)

    def set_weight(self, campaign: int, weight: int) -> None:
        """See `SqliteStore.set_weight`."""
        self._db.hot.execute(
            "INSERT INTO campaign_weights (campaign, weight) VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET weight = excluded.weight",
            (campaign, weight),
        )

    def _find(self, turns: _Turns, number: int, urgent: bool | None, now: float) -> None:
        rows = self._db.hot.execute(_SHARES[urgent], (number,))
        turns.queue.update(Share(campaign, priority, weight) for campaign, priority, weight, due in rows if due <= now)
        turns.found_at = now


class _Batch:
    """The messages of one claim, read campaign by campaign and marked at the end."""

    def __init__(self, db: Database, account: int, limit: int, now: float) -> None:
        self._db = db
        self._account = account
        self._limit = limit
        self._now = now
        self._cursors: dict[int, sqlite3.Cursor] = {}
        self._taken: list[tuple[int, list[tuple[Any, ...]]]] = []

    def fetch(self, campaign: int, count: int) -> int:
        """Take up to `count` more messages of a campaign, by due time."""
        cursor = self._cursors.get(campaign)
        if cursor is None:
            if self._db.hot.execute(_MAY_NOW, (campaign,)).fetchone() is None:
                return 0
            cursor = self._db.hot.execute(_DUE, (self._account, campaign, self._now, self._limit))
            self._cursors[campaign] = cursor
        rows = cursor.fetchmany(count)
        if rows:
            self._taken.append((campaign, rows))
        return len(rows)

    def claim(self) -> list[Claimed]:
        """Mark what was taken."""
        for cursor in self._cursors.values():
            cursor.close()
        if not self._taken:
            return []
        ids = [row[0] for _, rows in self._taken for row in rows]
        values = fields.read(self._db, ids)
        earlier = _earlier(self._db, [row[0] for _, rows in self._taken for row in rows if row[2]])
        claimed: list[Claimed] = []
        known: dict[int, tuple[int, str]] = {}
        by_campaign: Counter[int] = Counter()
        given = values.get
        for campaign, rows in self._taken:
            by_campaign[campaign] += len(rows)
            if not earlier:  # nearly always
                claimed += [
                    Claimed(message, campaign, number, given(message) or {}, 0, parts, (), 0, None, expires)
                    for message, number, parts, expires in rows
                ]
                known |= {row[0]: (campaign, row[1]) for row in rows if not row[2]}
                continue
            for message, number, parts, expires in rows:
                if parts:
                    done, attempts, resends, since = earlier.get(message, _NEVER)
                else:
                    done, attempts, resends, since = _NEVER
                    known[message] = campaign, number
                claimed.append(
                    Claimed(message, campaign, number, given(message) or {}, attempts, parts, done, resends, since,
                            expires)
                )  # fmt: skip
        move_alike(self._db, ids, by_campaign, State.QUEUED, State.CLAIMED)
        self._db.hand.claimed(known)
        return claimed


def _earlier(db: Database, messages: Sequence[int]) -> dict[int, _Earlier]:
    """Of messages that were submitted before."""
    if not messages:
        return {}
    rows = db.hot.execute(_EARLIER, (json_list(messages),))
    return {
        message: (tuple(sorted(int(part) for part in done.split(","))) if done else (), attempts, resends, since)
        for message, done, attempts, resends, since in rows
    }
