"""Version 2: what receipts are matched by, and what is learned about an operator."""

from typing import Final

STATEMENTS: Final[tuple[str, ...]] = (
    # What a receipt says beside its id: for those that only these can tell apart.
    "ALTER TABLE parked_receipts ADD COLUMN sender TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE parked_receipts ADD COLUMN text TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE parked_receipts ADD COLUMN reference INTEGER",
    # held: its id is that of a message that is final, and another submit to its number is under way.
    "ALTER TABLE parked_receipts ADD COLUMN held INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX parked_held ON parked_receipts(account, tail) WHERE held = 1",
    # Parked for too long to be matched any more: kept to be seen, out of every index.
    """CREATE TABLE unmatched_receipts (
        id INTEGER PRIMARY KEY,
        account INTEGER NOT NULL REFERENCES accounts(id),
        smsc_id TEXT NOT NULL,
        state INTEGER NOT NULL,
        stat TEXT NOT NULL,
        err TEXT,
        number TEXT NOT NULL,
        sender TEXT NOT NULL,
        text TEXT NOT NULL,
        reference INTEGER,
        at REAL NOT NULL
    ) STRICT""",
    """CREATE TABLE dialects (
        account INTEGER PRIMARY KEY REFERENCES accounts(id),
        settings TEXT NOT NULL,
        learned TEXT NOT NULL
    ) STRICT""",
    # Messages of several parts of which some have their final receipt: until the others come, or do not.
    """CREATE TABLE part_waits (
        account INTEGER NOT NULL REFERENCES accounts(id),
        message INTEGER NOT NULL REFERENCES messages(id),
        at REAL NOT NULL,
        judged INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (account, message)
    ) STRICT, WITHOUT ROWID""",
    # What a person, or an operator's delivery file, decided about a part: never changed, never removed.
    """CREATE TABLE settlements (
        id INTEGER PRIMARY KEY,
        at REAL NOT NULL,
        who TEXT NOT NULL,
        source TEXT NOT NULL,
        message INTEGER NOT NULL,
        part INTEGER NOT NULL,
        before INTEGER NOT NULL REFERENCES states(state),
        after INTEGER NOT NULL REFERENCES states(state)
    ) STRICT""",
    "CREATE INDEX settlements_by_message ON settlements(message)",
)
