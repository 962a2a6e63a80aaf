"""What is done to a store by people and once in a while: checks, figures, deletion by age."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from sender.domain.message import State
from sender.store import checking, retention
from sender.store.database import Database

UNMATCHED_FOR: Final = 30 * 86400.0
"""Seconds that a receipt of nobody is kept to be seen, when no shorter retention is set. It is matched for 72 hours."""


class Info(msgspec.Struct, frozen=True):
    """A store at a glance."""

    version: int
    octets: int
    free: int
    """Octets of it that are unused: `sender store vacuum` gives them back."""
    campaigns: int
    retired: int
    """Campaigns whose messages were deleted by age."""
    messages: dict[str, int]
    """By state, over all campaigns, those that were deleted included."""
    unexpanded: int
    """Recipients that are no message rows yet; queued."""
    unmatched: int
    """Receipts that belong to no message we know, or not yet."""
    written_down: int
    """Final receipts that are not entered yet: their messages count as accepted."""
    counters: dict[str, int]
    log: tuple[tuple[float, str], ...]
    """The last things that were done to the store: unix time and what."""


class Maintenance:
    """Verbs of the store for its upkeep."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def faults(self) -> Iterator[str]:
        """See `checking.faults`."""
        return checking.faults(self._db)

    def info(self, last: int = 10) -> Info:
        """Figures of the whole store, and the last entries of its log."""
        conn = self._db.conn
        page, pages, free, version = (
            int(conn.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_size", "page_count", "freelist_count", "user_version")
        )
        states = dict(conn.execute("SELECT state, sum(messages) FROM campaign_states GROUP BY state").fetchall())
        campaigns, retired, unexpanded = conn.execute(
            "SELECT count(*), coalesce(sum(retired), 0), coalesce(sum(unexpanded), 0) FROM campaigns"
        ).fetchone()
        log = conn.execute("SELECT at, event FROM store_log ORDER BY id DESC LIMIT ?", (last,)).fetchall()
        return Info(
            version=version,
            octets=page * pages,
            free=page * free,
            campaigns=campaigns,
            retired=retired,
            messages={state.label: states.get(int(state), 0) for state in State},
            unexpanded=unexpanded,
            unmatched=conn.execute(
                "SELECT (SELECT count(*) FROM parked_receipts) + (SELECT count(*) FROM unmatched_receipts)"
            ).fetchone()[0],
            written_down=conn.execute("SELECT coalesce(sum(json_array_length(messages)), 0) FROM told").fetchone()[0],
            counters=dict(conn.execute("SELECT name, number FROM counters ORDER BY name").fetchall()),
            log=tuple(log),
        )

    def log(self, at: float, event: str) -> None:
        """Write down what was done to the store. No numbers and no texts."""
        self._db.conn.execute("INSERT INTO store_log (at, event) VALUES (?, ?)", (at, event))

    def retire(self, before: float, limit: int) -> int:
        """Delete some messages of campaigns that ended before a unix time, and keep their figures; how many.

        Of campaigns that never end: messages whose last submit or answer is that old. 0 = nothing is left to delete.
        """
        return retention.retire(self._db, before, limit)

    def drop_incoming(self, before: float, limit: int) -> int:
        """Drop some messages of subscribers that came before a unix time; they are counted. How many."""
        return retention.drop_incoming(self._db, before, limit)

    def drop_unmatched(self, before: float, limit: int) -> int:
        """Drop some receipts that came before a unix time and were put aside unmatched; they are counted. How many."""
        return retention.drop_unmatched(self._db, before, limit)
