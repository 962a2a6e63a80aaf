"""Version 3: the common life of a message takes fewer rows.

The intents of messages that have one part and are submitted for the first time are one row for all of a call, until
their responses come; and the first receipt of a part stands in the row of the part, when it says nothing that is not
there already. `all_parts` and `all_receipts` show every part and receipt in one way, wherever it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sender.store.sql import sql

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS: Final[tuple[str, ...]] = (
    # The message_state of the first receipt, and when it came. Its id and number are those of the part and message.
    "ALTER TABLE parts ADD COLUMN received INTEGER",
    "ALTER TABLE parts ADD COLUMN received_at REAL",
    # submits: [[message, epoch, sequence], …] as JSON. One that has a row in parts is no longer of any account.
    """CREATE TABLE intents (
        id INTEGER PRIMARY KEY,
        account INTEGER NOT NULL REFERENCES accounts(id),
        at REAL NOT NULL,
        submits TEXT NOT NULL
    ) STRICT""",
    """CREATE VIEW all_parts AS
        SELECT message, part, account, state, epoch, sequence, first_at, submitted_at, answered_at, submits, retries,
            resends, doubtful, cause, status, smsc_id, key, stat, err, receipts, repeated, received, received_at
        FROM parts
        UNION ALL
        SELECT json_extract(j.value, '$$[0]'), 1, i.account, $SUBMITTING, json_extract(j.value, '$$[1]'),
            json_extract(j.value, '$$[2]'), i.at, i.at, NULL, 1, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0,
            NULL, NULL
        FROM intents i, json_each(i.submits) j
        WHERE NOT EXISTS (SELECT 1 FROM parts p WHERE p.message = json_extract(j.value, '$$[0]'))""",
    """CREATE VIEW all_receipts AS
        SELECT message, part, n, smsc_id, state, stat, err, number, at FROM receipts
        UNION ALL
        SELECT p.message, p.part, 1, p.smsc_id, p.received, p.stat, p.err, m.number, p.received_at
        FROM parts p JOIN messages m ON m.id = p.message WHERE p.received IS NOT NULL""",
)


def migrate(db: Database) -> None:
    """From version 2 to version 3."""
    for statement in _STATEMENTS:
        db.execute(sql(statement))
