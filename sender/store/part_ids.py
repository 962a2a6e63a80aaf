"""Finding parts by the id that the operator gave them, at a price that does not depend on how it counts.

An index over ids without any order touches a page for each, and all of them are written. So only ids that come in order
are written at once: those of a call are one row of `part_spans`, found by where they begin and how far they reach; a
few, or such as lie far apart, are put behind each other in the index. All others stand in memory, and in `new_ids` as
they came, until `HELD` are there; from then on the 256th part of them that lies together in the index is written
whenever as many have come. A page then takes many. The index begins anew after `RUN` ids, so that it does not grow away
from what is held; a look-up asks memory and each run. A row of it is a number made of the id, and the part: what
several ids share is told apart by the parts themselves.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final
from zlib import crc32

import msgspec

from sender.store.sql import Insert

if TYPE_CHECKING:
    from sender.store.database import Database
    from sender.store.parts import PartRow

HELD: Final = 200_000
"""Ids in memory, some 22 MB; in `new_ids` are twice as many at most, which is what a new process begins with."""
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

_MANY: Final = 8
"""Ids of a call that are one row: fewer take no longer by themselves."""
_SPARSE: Final = 64
"""Numbers for each id of such a row at most: so few rows may have a number between their ends."""
_LEVELS: Final = 32
"""More than there can be: a call has far fewer ids than 2^25."""

PARTS: Final = 256
"""Parts of a message at most (UDH): a part is named ``message * PARTS + part``."""

_WRITE: Final = Insert("INSERT OR IGNORE INTO part_ids (run, hash, part)", "(?1, ?, ?)")
_FIND: Final = (
    "SELECT i.part FROM part_runs r CROSS JOIN json_each(?) j"
    " CROSS JOIN part_ids i ON i.run = r.run AND i.hash = j.value"
)
_ENDS: Final = (
    "SELECT (SELECT min(hash) FROM part_ids WHERE run = r.run), (SELECT max(hash) FROM part_ids WHERE run = r.run)"
    " FROM part_runs r WHERE EXISTS (SELECT 1 FROM part_ids WHERE run = r.run)"
)
_SPAN: Final = "INSERT INTO part_spans (level, first, ids) VALUES (?, ?, ?)"
_FIND_SPANS: Final = (
    "SELECT id, ids FROM part_spans WHERE id IN (SELECT s.id FROM json_each(?) l CROSS JOIN json_each(?) j"
    " CROSS JOIN part_spans s ON s.level = l.value AND s.first BETWEEN j.value - (1 << l.value) + 1 AND j.value)"
)
_SPAN_ENDS: Final = "SELECT min(first), max(first) FROM part_spans WHERE level = ?"
_LAST: Final = "SELECT run, ids FROM part_runs ORDER BY run DESC LIMIT 1"
_LATEST: Final = "SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM new_ids"
_COUNT: Final = "UPDATE part_runs SET ids = ids + ? WHERE run = ?"


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
        self._ids = 0  # in that run
        self._span: tuple[int, int] = (0, 0)  # of the ids in `new_ids`
        self._lowest: dict[int, int] = {}  # by account: the lowest place
        self._reach: tuple[int, int] | None = None  # no number of a row is below or above these; None: not known
        self._levels: set[int] = set()  # of `part_spans`; known when `_reach` is
        self.touched = False
        """Whether anything was read or written since somebody set this to False."""

    def clear(self) -> None:
        """Forget everything."""
        self._buckets.clear()
        self._rows.clear()
        self.held = self._written = 0
        self._reach = None

    def check(self, db: Database) -> None:
        """Another process has committed: forget what is no longer so."""
        self._reach = None
        if self._buckets and db.hot.execute(_LATEST).fetchone() != self._span:
            self.clear()

    def note(self, db: Database, account: int, keys: Sequence[str], parts: Sequence[int]) -> None:
        """These parts of an account have ids with these keys now."""
        self._read(db)
        places = self._in_order(account, keys)
        if places is not None:
            if len(places) < _MANY or max(places) - min(places) > _SPARSE * len(places):
                self._write(db, places, parts)
            else:
                self._write_span(db, places, parts)
            return
        new = array("q")
        buckets = self._buckets
        for key, part in zip(keys, parts, strict=True):
            mark = crc32(key.encode())
            new.extend((mark, part))
            _put(buckets[mark >> 24], mark, part)
        self.held += len(keys)
        ident = db.hot.execute("INSERT INTO new_ids (ids) VALUES (?)", (new.tobytes(),)).lastrowid or 0
        self._rows.append((ident, self._written))
        self._span = (self._span[0] or ident, ident)
        enough = self.held - _AT_ONCE * len(keys)
        for _ in range(_BUCKETS):
            if self.held <= max(HELD, enough):
                break
            self._write_bucket(db)

    def find(self, db: Database, keys: Iterable[str]) -> list[int]:
        """Parts that may have one of these ids, in order; their rows tell."""
        self._read(db)
        lowest, highest = self._range(db)
        found: set[int] = set()
        wanted: list[int] = []
        wanted_places: set[int] = set()
        for key in keys:
            mark = crc32(key.encode())
            held = self._buckets[mark >> 24].get(mark)
            if isinstance(held, int):
                found.add(held)
            elif held is not None:
                found.update(held)
            if ~mark >= lowest:
                wanted.append(~mark)
            place = place_of(key)
            if place is not None and lowest <= place <= highest:
                wanted.append(place)
                wanted_places.add(place)
        if wanted:
            found.update(row[0] for row in db.hot.execute(_FIND, (msgspec.json.encode(wanted).decode(),)))
        for _, places, parts in self._spans(db, wanted_places):
            found.update(part for place, part in zip(places, parts, strict=True) if place in wanted_places)
        return sorted(found)

    def _spans(self, db: Database, places: Collection[int]) -> Iterator[tuple[int, array[int], array[int]]]:
        """The rows of `part_spans` that may have one of these places: id, places, parts."""
        if not places or not self._levels:
            return
        names = [msgspec.json.encode(list(numbers)).decode() for numbers in (self._levels, places)]
        for ident, octets in db.hot.execute(_FIND_SPANS, names).fetchall():
            numbers = array("q", octets)
            yield ident, numbers[: len(numbers) // 2], numbers[len(numbers) // 2 :]

    def _range(self, db: Database) -> tuple[int, int]:
        """Between which numbers those of all rows are: a receipt that is ahead of its response is not looked for."""
        if self._reach is None:
            ends = db.hot.execute(_ENDS).fetchall()
            self._levels.clear()
            for level in range(_LEVELS):
                first, last = db.hot.execute(_SPAN_ENDS, (level,)).fetchone()
                if first is not None:
                    self._levels.add(level)
                    ends.append((first, last + (1 << level) - 1))
            self._reach = min([row[0] for row in ends], default=0), max([row[1] for row in ends], default=-1)
        return self._reach

    def forget(self, db: Database, messages: str) -> None:
        """Parts of these messages (a JSON list) are about to be deleted."""
        rows = db.hot.execute(
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
        for (run,) in db.hot.execute("SELECT run FROM part_runs ORDER BY run").fetchall():
            gone = db.hot.executemany(
                "DELETE FROM part_ids WHERE run = ? AND hash = ? AND part = ?", [(run, *mark) for mark in marks]
            ).rowcount
            db.hot.execute(_COUNT, (-gone, run))
            if run != self._run:
                db.hot.execute("DELETE FROM part_runs WHERE run = ? AND ids <= 0", (run,))
        self._forget_in_spans(db, set(marks))

    def _forget_in_spans(self, db: Database, gone: Collection[tuple[int, int]]) -> None:
        """Take these pairs of a place and a part out of `part_spans`."""
        self._range(db)
        for ident, places, parts in self._spans(db, {place for place, _ in gone if place >= 0}):
            kept = [pair for pair in zip(places, parts, strict=True) if pair not in gone]
            db.hot.execute("DELETE FROM part_spans WHERE id = ?", (ident,))
            if kept:
                self._write_span(db, [place for place, _ in kept], [part for _, part in kept])

    def _in_order(self, account: int, keys: Sequence[str]) -> list[int] | None:
        """Their places, when they lie close to each other among all that the account has given."""
        whole = "".join(keys)
        if not whole.isascii():
            return None
        if whole.isalnum() and (len(whole) <= _SHORT or max(map(len, keys)) <= _SHORT):
            places = [int(key, 36) for key in keys if key]
        elif whole.isdigit():
            places = [place for key in keys if (place := place_of(key)) is not None]
        else:
            return None
        if len(places) < len(keys):
            return None
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
        self._run, self._ids = db.hot.execute(_LAST).fetchone() or (1, 0)
        self._span = db.hot.execute(_LATEST).fetchone()
        for ident, octets in db.hot.execute("SELECT id, ids FROM new_ids ORDER BY id"):
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
        self._write(db, [mark for mark, _ in rows], [part for _, part in rows])
        done = 0
        while self._rows and self._rows[0][1] + _BUCKETS <= self._written:
            done = self._rows.popleft()[0]
        if done:
            db.hot.execute("DELETE FROM new_ids WHERE id <= ?", (done,))
            self._span = (self._rows[0][0], self._span[1]) if self._rows else (0, 0)

    def _write_span(self, db: Database, places: Sequence[int], parts: Sequence[int]) -> None:
        first, last = min(places), max(places)
        level = (last - first).bit_length()
        octets = array("q", places).tobytes() + array("q", parts).tobytes()
        db.hot.execute(_SPAN, (level, first, octets))
        if self._reach is not None:
            self._levels.add(level)
            self._reach = min(self._reach[0], first), max(self._reach[1], last)

    def _write(self, db: Database, marks: Sequence[int], parts: Sequence[int]) -> None:
        run = self._run
        _WRITE.run(db.hot, (run,), list(chain.from_iterable(zip(marks, parts, strict=True))))
        if not db.hot.execute(_COUNT, (len(marks), run)).rowcount:
            db.hot.execute("INSERT INTO part_runs (run, ids) VALUES (?, ?)", (run, len(marks)))
            self._ids = 0
        self._ids += len(marks)
        if self._reach is not None and marks:
            self._reach = min(self._reach[0], *marks), max(self._reach[1], *marks)
        if self._ids >= RUN:
            self._run, self._ids = run + 1, 0


def note_all(db: Database, rows: Sequence[PartRow]) -> None:
    """These parts have their ids now."""
    accounts = {row.account: None for row in rows}
    for account in accounts:
        some = rows if len(accounts) == 1 else [row for row in rows if row.account == account]
        db.ids.note(db, account, [row.key or "" for row in some], [row.message * PARTS + row.part for row in some])


def _put(bucket: dict[int, int | tuple[int, ...]], mark: int, part: int) -> None:
    there = bucket.setdefault(mark, part)
    if there != part:
        there = there if isinstance(there, tuple) else (there,)
        if part not in there:
            bucket[mark] = (*there, part)
