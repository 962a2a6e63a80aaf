"""Parts that were delivered as nearly all are, and whose neighbours were with them: one row for all of a call.

Such a part was submitted once, accepted, and had one receipt; a row of `ended` says all that a row of `parts` would.
It never changes. Whoever has to write to one of its parts, or reads by joining `parts`, gives that a row of its own
first (`unpack`), which holds from then on. A row is found by the number of its first message and how far it reaches.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sender.store.sql import sql

if TYPE_CHECKING:
    from sender.store.database import Database
    from sender.store.parts import PartRow

_LEVELS: Final = 16
"""The messages of a row are numbers from its first to below first + 2^level, with a level below this."""
_DENSE: Final = 4
"""Numbers for each of them at most: so few rows may have a message between their ends."""

_WRITE: Final = (
    "INSERT INTO ended (level, first, account, epoch, at, answered_at, stat, err, received, received_at, parts)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_LEVEL: Final = "SELECT 1 FROM ended WHERE level = ? LIMIT 1"
_FIND: Final = (
    "SELECT DISTINCT e.id FROM json_each(?) l CROSS JOIN json_each(?) j"
    " CROSS JOIN ended e ON e.level = l.value AND e.first BETWEEN j.value - (1 << l.value) + 1 AND j.value"
)
COLUMNS: Final = (
    "message, part, account, state, epoch, sequence, first_at, submitted_at, answered_at, submits, retries, resends,"
    " doubtful, cause, status, smsc_id, key, stat, err, receipts, repeated, received, received_at"
)
"""Of parts, and of every view of them."""
_UNPACK: Final = sql(
    "INSERT OR IGNORE INTO parts ($columns) SELECT $columns FROM ended_parts"
    " WHERE id IN (SELECT value FROM json_each(?)) AND message IN (SELECT value FROM json_each(?))",
    columns=COLUMNS,
)
_text: Final = msgspec.json.Encoder().encode
_parts: Final = msgspec.json.Decoder(list[tuple[int, int, str, str]]).decode


class Ended:
    """The rows of `ended`, as far as a process remembers which there are."""

    def __init__(self) -> None:
        self._levels: set[int] | None = None

    def clear(self) -> None:
        """Another process may have written some."""
        self._levels = None

    def add(self, db: Database, rows: Sequence[PartRow], said: Sequence[Any]) -> bool:
        """Parts that were answered as one had the same receipt; False when they lie too far from each other.

        `said`: stat, err, received, received_at.
        """
        messages = [row.message for row in rows]
        start = min(messages)
        width = max(messages) - start
        if width >= min(_DENSE * len(rows), 1 << (_LEVELS - 1)):
            return False
        level = width.bit_length()
        parts = _text([(row.message, row.sequence, row.smsc_id, row.key) for row in rows]).decode()
        first = rows[0]
        db.hot.execute(
            _WRITE,
            (level, start, first.account, first.epoch, first.submitted_at, first.answered_at, *said, parts),
        )
        if self._levels is not None:
            self._levels.add(level)
        return True

    def rows(self, db: Database, messages: Collection[int]) -> list[int]:
        """The rows that these messages may be in."""
        if self._levels is None or not db.hot.in_transaction:
            self._levels = {level for level in range(_LEVELS) if db.hot.execute(_LEVEL, (level,)).fetchone()}
        if not self._levels or not messages:
            return []
        names = [_text(list(numbers)).decode() for numbers in (self._levels, messages)]
        return [row[0] for row in db.hot.execute(_FIND, names)]

    def unpack(self, db: Database, messages: Collection[int]) -> None:
        """Give those of these messages that are here, and have no row in `parts`, their row."""
        rows = self.rows(db, messages)
        if rows:
            db.hot.execute(_UNPACK, (_text(rows).decode(), _text(list(messages)).decode()))

    def forget(self, db: Database, messages: Collection[int]) -> None:
        """These messages are deleted, and have rows in `parts` that go with them."""
        gone = set(messages)
        for row in self.rows(db, messages):
            (text,) = db.hot.execute("SELECT parts FROM ended WHERE id = ?", (row,)).fetchone()
            left = [part for part in _parts(text) if part[0] not in gone]
            if left:
                db.hot.execute("UPDATE ended SET parts = ? WHERE id = ?", (_text(left).decode(), row))
            else:
                db.hot.execute("DELETE FROM ended WHERE id = ?", (row,))


def part_rows(db: Database, message: int, columns: str) -> Iterator[tuple[Any, ...]]:
    """These columns of every part of a message, wherever it is, in order. Looks through what is under way."""
    packed = _text(db.ended.rows(db, [message])).decode()
    for source, where, values in (
        ("parts p", "message = ?", (message,)),
        ("ended_parts p", "id IN (SELECT value FROM json_each(?)) AND message = ?", (packed, message)),
        ("waiting_parts p", "message = ?1 AND first <= ?1 AND last >= ?1", (message,)),
    ):
        rows = db.conn.execute(f"SELECT {columns} FROM {source} WHERE {where} ORDER BY part", values).fetchall()  # noqa: S608
        if rows:
            return iter(rows)
    return iter(())
