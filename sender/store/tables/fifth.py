"""Version 5: what is written once for each message is written once for some dozen of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sender.store.sql import sql

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS: Final[tuple[str, ...]] = (
    # A row of message_fields has the fields of one message, or a list: of this message and those that follow.
    """CREATE VIEW all_fields AS
        SELECT message, fields FROM message_fields WHERE fields NOT LIKE '[%'
        UNION ALL
        SELECT f.message + j.key, j.value FROM message_fields f, json_each(f.fields) j WHERE f.fields LIKE '[%'""",
    # Parts by ids that came in order: `part_ids`. The ids of a row are numbers from first to below first + 2^level.
    # ids: 64-bit integers in the order of the machine, the numbers, and then as many parts, which are message * 256 +
    # part.
    """CREATE TABLE part_spans (
        id INTEGER PRIMARY KEY,
        level INTEGER NOT NULL,
        first INTEGER NOT NULL,
        ids BLOB NOT NULL
    ) STRICT""",
    "CREATE INDEX part_spans_by_first ON part_spans(level, first)",
    # Parts that became the same together: `packed`. Accepted ones that wait for a receipt, and delivered ones. Their
    # messages are numbers from first to below first + 2^level; all were submitted at, and answered_at, these times.
    # parts: [[message, sequence, id, key], …] as JSON. Where the message is in another state, or has a row in parts, it
    # is no longer of any account.
    """CREATE TABLE packed (
        id INTEGER PRIMARY KEY,
        level INTEGER NOT NULL,
        first INTEGER NOT NULL,
        account INTEGER NOT NULL REFERENCES accounts(id),
        state INTEGER NOT NULL REFERENCES states(state),
        epoch INTEGER NOT NULL,
        at REAL NOT NULL,
        answered_at REAL NOT NULL,
        stat TEXT,
        err TEXT,
        received INTEGER,
        received_at REAL,
        parts TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX packed_by_first ON packed(level, first)",
    """CREATE VIEW packed_parts AS
        SELECT k.id, m.id AS message, 1 AS part, k.account, k.state, k.epoch,
            json_extract(j.value, '$$[1]') AS sequence, k.at AS first_at, k.at AS submitted_at, k.answered_at,
            1 AS submits, 0 AS retries, 0 AS resends, 0 AS doubtful, NULL AS cause, 0 AS status,
            json_extract(j.value, '$$[2]') AS smsc_id, json_extract(j.value, '$$[3]') AS key, k.stat, k.err,
            k.received IS NOT NULL AS receipts, 0 AS repeated, k.received, k.received_at
        FROM packed k, json_each(k.parts) j CROSS JOIN messages m ON m.id = json_extract(j.value, '$$[0]')
        WHERE m.state = k.state AND NOT EXISTS (SELECT 1 FROM parts p WHERE p.message = m.id)""",
    """CREATE VIEW intended_parts AS
        SELECT m.id AS message, 1 AS part, i.account, $SUBMITTING AS state, json_extract(j.value, '$$[1]') AS epoch,
            json_extract(j.value, '$$[2]') AS sequence, i.at AS first_at, i.at AS submitted_at, NULL AS answered_at,
            1 AS submits, 0 AS retries, 0 AS resends, 0 AS doubtful, NULL AS cause, NULL AS status, NULL AS smsc_id,
            NULL AS key, NULL AS stat, NULL AS err, 0 AS receipts, 0 AS repeated, NULL AS received,
            NULL AS received_at
        FROM intents i, json_each(i.submits) j CROSS JOIN messages m ON m.id = json_extract(j.value, '$$[0]')
        WHERE m.state = $SUBMITTING AND NOT EXISTS (SELECT 1 FROM parts p WHERE p.message = m.id)""",
    "DROP VIEW all_parts",
    """CREATE VIEW all_parts AS
        SELECT message, part, account, state, epoch, sequence, first_at, submitted_at, answered_at, submits, retries,
            resends, doubtful, cause, status, smsc_id, key, stat, err, receipts, repeated, received, received_at
        FROM parts
        UNION ALL
        SELECT message, part, account, state, epoch, sequence, first_at, submitted_at, answered_at, submits, retries,
            resends, doubtful, cause, status, smsc_id, key, stat, err, receipts, repeated, received, received_at
        FROM packed_parts
        UNION ALL
        SELECT message, part, account, state, epoch, sequence, first_at, submitted_at, answered_at, submits, retries,
            resends, doubtful, cause, status, smsc_id, key, stat, err, receipts, repeated, received, received_at
        FROM intended_parts""",
    "DROP VIEW all_receipts",
    """CREATE VIEW all_receipts AS
        SELECT message, part, n, smsc_id, state, stat, err, number, at FROM receipts
        UNION ALL
        SELECT p.message, p.part, 1, p.smsc_id, p.received, p.stat, p.err, m.number, p.received_at
        FROM parts p JOIN messages m ON m.id = p.message WHERE p.received IS NOT NULL
        UNION ALL
        SELECT k.message, k.part, 1, k.smsc_id, k.received, k.stat, k.err, m.number, k.received_at
        FROM packed_parts k JOIN messages m ON m.id = k.message WHERE k.received IS NOT NULL""",
)


def migrate(db: Database) -> None:
    """From version 4 to version 5."""
    for statement in _STATEMENTS:
        db.execute(sql(statement))
