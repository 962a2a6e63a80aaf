"""Version 2: what is left of messages that were deleted by age, what was dropped, and what was done to the store."""

from typing import Final

STATEMENTS: Final[tuple[str, ...]] = (
    # Set when every message of a campaign is deleted. Its counts by state stay as they are.
    "ALTER TABLE campaigns ADD COLUMN retired INTEGER NOT NULL DEFAULT 0",
    # The figures of deleted messages, to be added to those of the rows. what: state, total, doubt, or the stage of a
    # failure; name: the state's number, the total's name, the cause or the reason.
    """CREATE TABLE retired (
        campaign INTEGER NOT NULL REFERENCES campaigns(id),
        what TEXT NOT NULL,
        name TEXT NOT NULL,
        number INTEGER NOT NULL,
        PRIMARY KEY (campaign, what, name)
    ) STRICT, WITHOUT ROWID""",
    "CREATE TABLE counters (name TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE store_log (id INTEGER PRIMARY KEY, at REAL NOT NULL, event TEXT NOT NULL) STRICT",
)
