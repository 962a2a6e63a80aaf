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
)


def migrate(db: Database) -> None:
    """From version 4 to version 5."""
    for statement in _STATEMENTS:
        db.execute(sql(statement))
