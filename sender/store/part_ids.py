"""Finding parts by the id that the operator gave them, at a price that does not depend on how it counts.

An index over ids without any order touches a page for each, and all of them are written. So only ids that come in order
are written at once: they are put behind each other. All others stand in memory, and in `new_ids` as they came, until
`HELD` are there; from then on the 256th part of them that lies together in the index is written whenever as many have
come. A page then takes many. The index begins anew after `RUN` ids, so that it does not grow away from what is held;
a look-up asks memory and each run. A row of it is a number made of the id, and the part: what several ids share is told
apart by the parts themselves.
"""

from __future__ import annotations

from array import array
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final
from zlib import crc32

import msgspec

from sender.store.sql import Insert

if TYPE_CHECKING:
    from sender.store.database import Database

HELD: Final = 200_000
"""Ids in memory at most, some 25 MB; in `new_ids` are twice as many."""
RUN: Final = 4_000_000
"""Ids of a run, some 100 MB."""
_BUCKETS: Final = 256
_AT_ONCE: Final = 2
"""A call writes at most so many times as many ids as it brings, and a bucket."""
_SHORT: Final = 12
"""Characters of an id that is a number of 63 bits in base 36; nothing is larger than `_LONG` decimal digits."""
_LONG: Final = 18
_FEW: Final = 8
"""Ids come in order when those of a call lie within this part of all that the account has given in this process."""

PARTS: Final = 256
"""Parts of a message at most (UDH): a part is named ``message * PARTS + part``."""

_WRITE: Final = Insert("INSERT OR IGNORE INTO part_ids (run, hash, part)", "(?, ?, ?)")
_FIND: Final = (
    "SELECT i.part FROM part_runs r CROSS JOIN json_each(?) j"
    " CROSS JOIN part_ids i ON i.run = r.run AND i.hash = j.value"
)
_LATEST: Final = "SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM new_ids"
_COUNT: Final = (
    "INSERT INTO part_runs (run, ids) VALUES (?, ?) ON CONFLICT DO UPDATE SET ids = ids + excluded.ids RETURNING ids"
)

Named = tuple[str, int, int]
"""The key of an id, message, part."""


def hash_of(key: str) -> int:
    """What stands in the index for an id that came without order: negative, 32 bits."""
    return ~crc32(key.encode())


def place_of(key: str) -> int | None:
    """What stands there for one that came in order: a number that counts as the operator does. None for long ids."""
    if len(key) <= _SHORT:
        return int(key, 36) if key.isalnum() and key.isascii() else None
    return int(key) if len(key) <= _LONG and key.isdigit() and key.isascii() else None


class PartIds:
    """The ids of parts. What is in memory is also in the file: to forget it is always right."""

    def __init__(self) -> None:
        self._buckets: list[dict[int, int | tuple[int, ...]]] = []  # empty: not read yet
        self.held = 0
        """Ids in memory."""
        self._rows: deque[tuple[int, int]] = deque()  # of `new_ids`: id, and what `_written` was when it came
        self._written = 0  # buckets
        self._run = 1
        self._span: tuple[int, int] = (0, 0)  # of the ids in `new_ids`
        self._lowest: dict[int, int] = {}  # by account: the lowest place
        self.touched = False
        """Whether anything was read or written since somebody set this to False."""

    def clear(self) -> None:
        """Forget everything."""
        self._buckets.clear()
        self._rows.clear()
        self.held = self._written = 0

    def check(self, db: Database) -> None:
        """Another process has committed: forget what is no longer so."""
        if self._buckets and db.conn.execute(_LATEST).fetchone() != self._span:
            self.clear()

    def note(self, db: Database, account: int, named: Sequence[Named]) -> None:
        """These parts of an account have their ids now."""
        self._read(db)
        places = self._in_order(account, named)
        if places is not None:
            self._write(db, [(place, part) for place, part in zip(places, map(_part, named), strict=True)])
            return
        new = array("q")
        buckets = self._buckets
        for it in named:
            mark, part = crc32(it[0].encode()), _part(it)
            new.extend((mark, part))
            _put(buckets[mark >> 24], mark, part)
        self.held += len(named)
        ident = db.conn.execute("INSERT INTO new_ids (ids) VALUES (?)", (new.tobytes(),)).lastrowid or 0
        self._rows.append((ident, self._written))
        self._span = (self._span[0] or ident, ident)
        enough = self.held - _AT_ONCE * len(named)
        for _ in range(_BUCKETS):
            if self.held <= max(HELD, enough):
                break
            self._write_bucket(db)

    def find(self, db: Database, keys: Iterable[str]) -> list[int]:
        """Parts that may have one of these ids, in order; their rows tell."""
        self._read(db)
        found: set[int] = set()
        wanted: list[int] = []
        for key in keys:
            mark = crc32(key.encode())
            held = self._buckets[mark >> 24].get(mark)
            if isinstance(held, int):
                found.add(held)
            elif held is not None:
                found.update(held)
            wanted.append(~mark)
            place = place_of(key)
            if place is not None:
                wanted.append(place)
        found.update(row[0] for row in db.conn.execute(_FIND, (msgspec.json.encode(wanted).decode(),)))
        return sorted(found)

    def forget(self, db: Database, messages: str) -> None:
        """Parts of these messages (a JSON list) are about to be deleted."""
        rows = db.conn.execute(
            "SELECT p.key, p.message, p.part FROM json_each(?) j CROSS JOIN parts p ON p.message = j.value"
            " WHERE p.key IS NOT NULL",
            (messages,),
        ).fetchall()
        marks = [
            (mark, message * PARTS + part)
            for key, message, part in rows
            for mark in (hash_of(key), place_of(key))
            if mark is not None
        ]
        for (run,) in db.conn.execute("SELECT run FROM part_runs ORDER BY run").fetchall():
            gone = db.conn.executemany(
                "DELETE FROM part_ids WHERE run = ? AND hash = ? AND part = ?", [(run, *mark) for mark in marks]
            ).rowcount
            left = db.conn.execute(_COUNT, (run, -gone)).fetchone()[0]
            if left <= 0 and run != self._run:
                db.conn.execute("DELETE FROM part_runs WHERE run = ?", (run,))

    def _in_order(self, account: int, named: Sequence[Named]) -> list[int] | None:
        """Their places, when they lie close to each other among all that the account has given."""
        places: list[int] = []
        for key, _, _ in named:
            place = place_of(key)
            if place is None:
                return None
            places.append(place)
        first, last = min(places), max(places)
        lowest = self._lowest.get(account)
        if lowest is None or first < lowest:
            lowest = self._lowest[account] = first
        return places if (last - first) * _FEW <= last - lowest else None

    def _read(self, db: Database) -> None:
        """Read what is not in a run yet."""
        self.touched = True
        if self._buckets:
            return
        self._buckets = [{} for _ in range(_BUCKETS)]
        self._run = db.conn.execute("SELECT coalesce(max(run), 1) FROM part_runs").fetchone()[0]
        self._span = db.conn.execute(_LATEST).fetchone()
        for ident, octets in db.conn.execute("SELECT id, ids FROM new_ids ORDER BY id"):
            numbers = array("q", octets)
            for mark, part in zip(numbers[::2], numbers[1::2], strict=True):
                _put(self._buckets[mark >> 24], mark, part)
            self.held += len(numbers) // 2
            self._rows.append((ident, 0))

    def _write_bucket(self, db: Database) -> None:
        """Write the next bucket, and drop the rows of which every id is in a run now."""
        bucket = self._buckets[self._written % _BUCKETS]
        rows: list[tuple[int, int]] = []
        for mark, parts in bucket.items():
            if isinstance(parts, int):
                rows.append((~mark, parts))
            else:
                rows += [(~mark, part) for part in parts]
        bucket.clear()
        self.held -= len(rows)
        self._written += 1
        rows.sort()
        self._write(db, rows)
        done = 0
        while self._rows and self._rows[0][1] + _BUCKETS <= self._written:
            done = self._rows.popleft()[0]
        if done:
            db.conn.execute("DELETE FROM new_ids WHERE id <= ?", (done,))
            self._span = (self._rows[0][0], self._span[1]) if self._rows else (0, 0)

    def _write(self, db: Database, rows: Sequence[tuple[int, int]]) -> None:
        run = self._run
        _WRITE.run(db.conn, [(run, mark, part) for mark, part in rows])
        if db.conn.execute(_COUNT, (run, len(rows))).fetchone()[0] >= RUN:
            self._run = run + 1


def note_all(db: Database, named: Iterable[tuple[int, str, int, int]]) -> None:
    """Parts have their ids now: account, key, message, part."""
    by_account: dict[int, list[Named]] = defaultdict(list)
    for account, key, message, part in named:
        by_account[account].append((key, message, part))
    for account, some in by_account.items():
        db.ids.note(db, account, some)


def _part(it: Named) -> int:
    return it[1] * PARTS + it[2]


def _put(bucket: dict[int, int | tuple[int, ...]], mark: int, part: int) -> None:
    there = bucket.setdefault(mark, part)
    if there != part:
        there = there if isinstance(there, tuple) else (there,)
        if part not in there:
            bucket[mark] = (*there, part)
