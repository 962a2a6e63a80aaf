"""Version 6: final receipts that come by the hundred are written down as they come, and entered later, together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlite_utils import Database

# What the only parts of accepted messages were told: `telling`. Each had one receipt, of the id of its response. Until
# it is entered, messages and parts are as they were; a row is deleted by who enters it.
# messages: [message, …] as JSON. The other columns are those of parts.
_TOLD: Final = """CREATE TABLE told (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES accounts(id),
    state INTEGER NOT NULL REFERENCES states(state),
    stat TEXT,
    err TEXT,
    received INTEGER NOT NULL,
    received_at REAL NOT NULL,
    messages TEXT NOT NULL
) STRICT"""


def migrate(db: Database) -> None:
    """From version 5 to version 6."""
    db.execute(_TOLD)
