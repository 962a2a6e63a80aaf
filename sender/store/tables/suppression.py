"""Version 2: who must not be written to, why, and since when; and what was ever said about it."""

from typing import Final

STATEMENTS: Final[tuple[str, ...]] = (
    # Numbers are E.164 digits as integers: in the order of the key they are what the sender keeps in memory.
    """CREATE TABLE suppression (
        scope TEXT NOT NULL,
        number INTEGER NOT NULL,
        source TEXT NOT NULL,
        reason TEXT NOT NULL,
        text TEXT NOT NULL,
        at REAL NOT NULL,
        PRIMARY KEY (scope, number)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX suppression_by_number ON suppression(number)",
    # added, removed and consent: never changed, never deleted but by redaction.
    """CREATE TABLE suppression_history (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        number INTEGER NOT NULL,
        scope TEXT NOT NULL,
        change TEXT NOT NULL,
        source TEXT NOT NULL,
        reason TEXT NOT NULL,
        text TEXT NOT NULL,
        at REAL NOT NULL
    ) STRICT""",
    "CREATE INDEX suppression_history_by_number ON suppression_history(number)",
)
