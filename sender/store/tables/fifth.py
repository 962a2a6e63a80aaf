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
)


def migrate(db: Database) -> None:
    """From version 4 to version 5."""
    for statement in _STATEMENTS:
        db.execute(sql(statement))
