"""Version 2: the configuration that was applied last."""

from typing import Final

STATEMENTS: Final[tuple[str, ...]] = (
    """CREATE TABLE applied (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        at REAL NOT NULL,
        salt BLOB NOT NULL,
        document TEXT NOT NULL
    ) STRICT""",
)
