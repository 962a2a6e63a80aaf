"""Version 2: everything that a sender needs beyond one file sent once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sender.domain.message import State
from sender.store.sql import sql
from sender.store.tables import (
    access,
    applied,
    campaigns,
    chunks,
    incoming,
    live,
    outbox,
    receipts,
    routing,
    suppression,
    upkeep,
)

if TYPE_CHECKING:
    from sqlite_utils import Database

_SUBJECTS: Final = (
    campaigns, chunks, receipts, routing, suppression, incoming, outbox, access, live, upkeep, applied,
)  # fmt: skip


def migrate(db: Database) -> None:
    """From version 1 to version 2."""
    for subject in _SUBJECTS:
        for statement in subject.STATEMENTS:
            db.execute(sql(statement))
    db.conn.executemany(
        "INSERT OR REPLACE INTO states (state, name, final) VALUES (?, ?, ?)",
        [(int(state), state.label, int(state.final)) for state in State],
    )
