"""Parts that became the same together: one row of `packed` for all of a call.

Such a part was submitted once and accepted, and either waits for its receipt, or had one that says it was delivered. A
row says all that rows of `parts` would, and never changes. It is of account for a message as long as that is in the
state of the row, and has no row in `parts`: whoever has to write to a part, or reads by joining `parts`, gives it that
first (`Packs.unpack`). A row is found by the number of its first message and how far it reaches.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sender.domain.message import State
from sender.store.sql import sql

if TYPE_CHECKING:
    from sender.store.database import Database
    from sender.store.parts import PartRow

FEW: Final = 4
"""So many parts get rows of their own at once: one for all of them would cost as much."""
_LEVELS: Final = 16
"""The messages of a row are numbers from its first to below first + 2^level, with a level below this."""
_DENSE: Final = 4
"""Numbers for each of them at most: so few rows may have a message between their ends."""
_SPARSE: Final = 32
"""The same for parts of one row that became something else a few at a time."""
_WANTED: Final = 10
_ENOUGH: Final = 10_000
"""Where one in so many of these is asked for again, after as many as this, others get rows of their own at once."""

COLUMNS: Final = (
    "message, part, account, state, epoch, sequence, first_at, submitted_at, answered_at, submits, retries, resends,"
    " doubtful, cause, status, smsc_id, key, stat, err, receipts, repeated, received, received_at"
)
"""Of `parts`, and of every view of them."""
_WRITE: Final = (
    "INSERT INTO packed (level, first, account, epoch, at, answered_at, state, stat, err, received, received_at, parts)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_LEVEL: Final = "SELECT 1 FROM packed WHERE level = ? LIMIT 1"
_FIND: Final = (
    "SELECT DISTINCT k.id FROM json_each(?) l CROSS JOIN json_each(?) j"
    " CROSS JOIN packed k ON k.level = l.value AND k.first BETWEEN j.value - (1 << l.value) + 1 AND j.value"
)
_UNPACK: Final = sql(
    "INSERT INTO parts ($columns) SELECT $columns FROM packed_parts"
    " WHERE id IN (SELECT value FROM json_each(?)) AND message IN (SELECT value FROM json_each(?))"
    " ON CONFLICT DO NOTHING",  # a message may be in a row that says that it waits, and in one that it is delivered
    columns=COLUMNS,
)
# Delivered ones stay: their messages may be about to be moved to that state, by this very call.
_DONE_WITH: Final = sql(
    "SELECT 1 FROM packed k WHERE id = ? AND state = $ACCEPTED"
    " AND NOT EXISTS (SELECT 1 FROM packed_parts p WHERE p.id = k.id)"
)
_DROP: Final = "DELETE FROM packed WHERE id = ?"

_WAITING: Final = (int(State.ACCEPTED), None, None, None, None)

_text: Final = msgspec.json.Encoder().encode
_parts: Final = msgspec.json.Decoder(list[tuple[Any, ...]]).decode


class Packs:
    """The verbs, and what a process remembers of which rows there are."""

    def __init__(self) -> None:
        self._levels: set[int] | None = None
        self._sparse = 0  # parts in rows with many others between them
        self._wanted = 0  # parts that were given rows of their own

    def clear(self) -> None:
        """Another process may have written some."""
        self._levels = None

    def accepted(self, db: Database, rows: Sequence[PartRow]) -> int:
        """Parts that were submitted and answered as one wait for their receipts: the row that they are in now.

        0 when they are too few, or lie too far from each other.
        """
        return self._add(db, rows, _WAITING)

    def delivered(self, db: Database, rows: Sequence[PartRow], said: Sequence[Any]) -> int:
        """The same for those that had one receipt each, which said the same: stat, err, received, received_at."""
        return self._add(db, rows, (int(State.DELIVERED), *said))

    def delivered_by_turns(
        self, db: Database, rows: Sequence[PartRow], said: Sequence[Any], times: Sequence[float]
    ) -> int:
        """The same for parts of one row whose receipts came at these `times`, and said: stat, err, received."""
        if self._wanted * _WANTED > self._sparse + _ENOUGH:
            return 0
        return self._add(db, rows, (int(State.DELIVERED), *said, None), times)

    def _add(self, db: Database, rows: Sequence[PartRow], said: Sequence[Any], times: Sequence[float] = ()) -> int:
        if len(rows) <= FEW:
            return 0
        messages = [row.message for row in rows]
        start = min(messages)
        width = max(messages) - start
        if width >= min((_SPARSE if times else _DENSE) * len(rows), 1 << (_LEVELS - 1)):
            return 0
        level = width.bit_length()
        if self._levels is not None:
            self._levels.add(level)
        if times:
            self._sparse += len(rows)
            each = zip(rows, times, strict=True)
            parts = _text([(row.message, row.sequence, row.smsc_id, row.key, at) for row, at in each]).decode()
        else:
            parts = _text([(row.message, row.sequence, row.smsc_id, row.key) for row in rows]).decode()
        row = rows[0]
        values = (level, start, row.account, row.epoch, row.submitted_at, row.answered_at, *said, parts)
        return db.hot.execute(_WRITE, values).lastrowid or 0

    def rows(self, db: Database, messages: Collection[int]) -> list[int]:
        """The rows that these messages may be in."""
        if self._levels is None or not db.hot.in_transaction:
            self._levels = {level for level in range(_LEVELS) if db.hot.execute(_LEVEL, (level,)).fetchone()}
        if not self._levels or not messages:
            return []
        names = [_text(list(numbers)).decode() for numbers in (self._levels, messages)]
        return [row[0] for row in db.hot.execute(_FIND, names)]

    def unpack(self, db: Database, messages: Collection[int]) -> None:
        """Give those of these messages that are in rows of many, and not in hand, rows of their own."""
        rows = self.rows(db, messages)
        if not rows:
            return
        self._wanted += len(messages)
        db.hot.execute(_UNPACK, (_text(rows).decode(), _text(list(messages)).decode()))
        for row in rows:
            if row not in db.hand.packs and db.hot.execute(_DONE_WITH, (row,)).fetchone():
                db.hand.packs.drop(row)

    def forget(self, db: Database, messages: Collection[int]) -> None:
        """These messages are deleted. Nothing is in hand."""
        gone = set(messages)
        for row in self.rows(db, messages):
            (text,) = db.hot.execute("SELECT parts FROM packed WHERE id = ?", (row,)).fetchone()
            left = [part for part in _parts(text) if part[0] not in gone]
            if left:
                db.hot.execute("UPDATE packed SET parts = ? WHERE id = ?", (_text(left).decode(), row))
            else:
                db.hot.execute(_DROP, (row,))


def part_rows(db: Database, message: int, columns: str) -> Iterator[tuple[Any, ...]]:
    """These columns of every part of a message, wherever it is, in order."""
    packed = _text(db.packs.rows(db, [message])).decode()
    for source, values in (
        ("parts p WHERE message = ?", (message,)),
        ("packed_parts p WHERE id IN (SELECT value FROM json_each(?)) AND message = ?", (packed, message)),
        ("intended_parts p WHERE message = ?", (message,)),
    ):
        rows = db.conn.execute(f"SELECT {columns} FROM {source} ORDER BY part", values).fetchall()  # noqa: S608
        if rows:
            return iter(rows)
    return iter(())
