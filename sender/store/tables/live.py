"""Version 2: what the process that sends says about itself."""

from typing import Final

STATEMENTS: Final[tuple[str, ...]] = (
    """CREATE TABLE live (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        at REAL NOT NULL,
        pid INTEGER NOT NULL,
        status TEXT NOT NULL
    ) STRICT""",
)
