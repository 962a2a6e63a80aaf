"""Version 6: final receipts that come by the hundred are written down as they come, and entered later, together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sender.store.sql import sql

if TYPE_CHECKING:
    from sqlite_utils import Database

# What the only parts of accepted messages were told: `telling`. Each had one receipt, of the id of its response. Until
# it is entered, messages and parts are as they were; a row is deleted by who enters it.
# messages: [message, …] as JSON. The other columns are those of parts.
_STATEMENTS: Final[tuple[str, ...]] = (
    """CREATE TABLE told (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES accounts(id),
    state INTEGER NOT NULL REFERENCES states(state),
    stat TEXT,
    err TEXT,
    received INTEGER NOT NULL,
    received_at REAL NOT NULL,
    messages TEXT NOT NULL
) STRICT""",
    # A part of packed.parts may say by itself when its receipt came: [message, sequence, id, key, received_at].
    "DROP VIEW packed_parts",
    """CREATE VIEW packed_parts AS
        SELECT k.id, m.id AS message, 1 AS part, k.account, k.state, k.epoch,
            json_extract(j.value, '$$[1]') AS sequence, k.at AS first_at, k.at AS submitted_at, k.answered_at,
            1 AS submits, 0 AS retries, 0 AS resends, 0 AS doubtful, NULL AS cause, 0 AS status,
            json_extract(j.value, '$$[2]') AS smsc_id, json_extract(j.value, '$$[3]') AS key, k.stat, k.err,
            k.received IS NOT NULL AS receipts, 0 AS repeated, k.received,
            coalesce(json_extract(j.value, '$$[4]'), k.received_at) AS received_at
        FROM packed k, json_each(k.parts) j CROSS JOIN messages m ON m.id = json_extract(j.value, '$$[0]')
        WHERE m.state = k.state AND NOT EXISTS (SELECT 1 FROM parts p WHERE p.message = m.id)""",
)


def migrate(db: Database) -> None:
    """From version 5 to version 6."""
    for statement in _STATEMENTS:
        db.execute(sql(statement))
