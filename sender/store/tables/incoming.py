"""Version 2: messages of subscribers, the parts of those that are not whole yet, and what they were answered."""

from typing import Final

STATEMENTS: Final[tuple[str, ...]] = (
    # missing: parts of a long message that never came. repeats: deliveries of the same message beyond the first.
    """CREATE TABLE incoming (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        account TEXT NOT NULL,
        source TEXT NOT NULL,
        destination TEXT NOT NULL,
        text TEXT NOT NULL,
        data_coding INTEGER NOT NULL,
        at REAL NOT NULL,
        parts INTEGER NOT NULL,
        missing INTEGER NOT NULL,
        repeats INTEGER NOT NULL DEFAULT 0,
        action TEXT NOT NULL,
        label TEXT NOT NULL,
        answer INTEGER
    ) STRICT""",
    "CREATE INDEX incoming_by_source ON incoming(source)",
    """CREATE TABLE incoming_parts (
        account TEXT NOT NULL,
        source TEXT NOT NULL,
        destination TEXT NOT NULL,
        reference INTEGER NOT NULL,
        total INTEGER NOT NULL,
        number INTEGER NOT NULL,
        octets BLOB NOT NULL,
        data_coding INTEGER NOT NULL,
        tables BLOB NOT NULL,
        digest BLOB NOT NULL,
        at REAL NOT NULL,
        PRIMARY KEY (account, source, destination, reference, total, number)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX incoming_parts_by_age ON incoming_parts(at)",
    # What was delivered lately, by a digest of all that makes a delivery the same as another.
    """CREATE TABLE incoming_seen (
        digest BLOB PRIMARY KEY,
        sequence INTEGER NOT NULL,
        at REAL NOT NULL,
        message INTEGER
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX incoming_seen_by_age ON incoming_seen(at)",
    # Campaigns that consist of answers: the suppression list does not hold them up, they are what it is announced by.
    """CREATE TABLE answer_campaigns (
        sender TEXT PRIMARY KEY,
        campaign INTEGER NOT NULL REFERENCES campaigns(id)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE answered (
        number TEXT NOT NULL,
        keyword TEXT NOT NULL,
        at REAL NOT NULL,
        PRIMARY KEY (number, keyword)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX answered_by_age ON answered(at)",
)
