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
    # Parts that were accepted and wait for their receipt. All were submitted at, and answered_at, these times. Their
    # messages are numbers from first to last. answers: [[message, sequence, id, key], …] as JSON. One that has a row in
    # parts is no longer of any account.
    """CREATE TABLE answers (
        id INTEGER PRIMARY KEY,
        account INTEGER NOT NULL REFERENCES accounts(id),
        epoch INTEGER NOT NULL,
        at REAL NOT NULL,
        answered_at REAL NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        answers TEXT NOT NULL
    ) STRICT""",
    # Parts that were delivered with others beside them: `ended`. Their messages are numbers from first to below
    # first + 2^level. parts: as answers. One that has a row in parts is no longer of any account.
    """CREATE TABLE ended (
        id INTEGER PRIMARY KEY,
        level INTEGER NOT NULL,
        first INTEGER NOT NULL,
        account INTEGER NOT NULL REFERENCES accounts(id),
        epoch INTEGER NOT NULL,
        at REAL NOT NULL,
        answered_at REAL NOT NULL,
        stat TEXT NOT NULL,
        err TEXT,
        received INTEGER NOT NULL,
        received_at REAL NOT NULL,
        parts TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX ended_by_first ON ended(level, first)",
    """CREATE VIEW ended_parts AS
        SELECT e.id, json_extract(j.value, '$$[0]') AS message, 1 AS part, e.account, $DELIVERED AS state, e.epoch,
            json_extract(j.value, '$$[1]') AS sequence, e.at AS first_at, e.at AS submitted_at, e.answered_at,
            1 AS submits, 0 AS retries, 0 AS resends, 0 AS doubtful, NULL AS cause, 0 AS status,
            json_extract(j.value, '$$[2]') AS smsc_id, json_extract(j.value, '$$[3]') AS key, e.stat, e.err,
            1 AS receipts, 0 AS repeated, e.received, e.received_at
        FROM ended e, json_each(e.parts) j""",
    # The state of its message tells in which row a part under way is: it may be in both. first and last: it is looked
    # for there only when its message is between these.
    """CREATE VIEW waiting_parts AS
        SELECT m.id AS message, 1 AS part, a.account, $ACCEPTED AS state, a.epoch,
            json_extract(j.value, '$$[1]') AS sequence, a.at AS first_at, a.at AS submitted_at, a.answered_at,
            1 AS submits, 0 AS retries, 0 AS resends, 0 AS doubtful, NULL AS cause, 0 AS status,
            json_extract(j.value, '$$[2]') AS smsc_id, json_extract(j.value, '$$[3]') AS key, NULL AS stat,
            NULL AS err, 0 AS receipts, 0 AS repeated, NULL AS received, NULL AS received_at, a.first, a.last
        FROM answers a, json_each(a.answers) j CROSS JOIN messages m ON m.id = json_extract(j.value, '$$[0]')
        WHERE m.state = $ACCEPTED AND NOT EXISTS (SELECT 1 FROM parts p WHERE p.message = m.id)
        UNION ALL
        SELECT m.id, 1, i.account, $SUBMITTING, json_extract(j.value, '$$[1]'), json_extract(j.value, '$$[2]'),
            i.at, i.at, NULL, 1, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL, 0, 1 << 62
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
        FROM ended_parts e WHERE NOT EXISTS (SELECT 1 FROM parts p WHERE p.message = e.message)
        UNION ALL
        SELECT message, part, account, state, epoch, sequence, first_at, submitted_at, answered_at, submits, retries,
            resends, doubtful, cause, status, smsc_id, key, stat, err, receipts, repeated, received, received_at
        FROM waiting_parts""",
    "DROP VIEW all_receipts",
    """CREATE VIEW all_receipts AS
        SELECT message, part, n, smsc_id, state, stat, err, number, at FROM receipts
        UNION ALL
        SELECT p.message, p.part, 1, p.smsc_id, p.received, p.stat, p.err, m.number, p.received_at
        FROM parts p JOIN messages m ON m.id = p.message WHERE p.received IS NOT NULL
        UNION ALL
        SELECT e.message, e.part, 1, e.smsc_id, e.received, e.stat, e.err, m.number, e.received_at
        FROM ended_parts e JOIN messages m ON m.id = e.message
        WHERE NOT EXISTS (SELECT 1 FROM parts p WHERE p.message = e.message)""",
)


def migrate(db: Database) -> None:
    """From version 4 to version 5."""
    for statement in _STATEMENTS:
        db.execute(sql(statement))
