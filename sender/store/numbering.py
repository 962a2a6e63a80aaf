"""Verbs about numbering plans: imported in batches, made active at once, and replaced by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from sender.domain.numbering import Range
from sender.store.database import Database
from sender.store.records import StoreError


class Plan(msgspec.Struct, frozen=True):
    """An imported numbering plan, or a list of ported numbers."""

    name: str
    source: str
    """The file that it came from."""
    imported_at: float
    rows: int


class NumberingVerbs:
    """The verbs. A plan is `begin`-ned, filled with `add_…`, and counts from `finish` on."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._operators: dict[str, int] = {}

    def begin(self, name: str, source: str, at: float) -> int:
        """A new plan, empty and not active; its number."""
        cursor = self._db.conn.execute(
            "INSERT INTO plans (name, source, imported_at) VALUES (?, ?, ?)", (name, source, at)
        )
        return int(cursor.lastrowid or 0)

    def add_ranges(self, plan: int, ranges: Sequence[Range]) -> None:
        """Add ranges that share no number with one another."""
        self._operators.clear()
        self._db.conn.executemany(
            "INSERT INTO plan_ranges (plan, first, last, operator, region) VALUES (?, ?, ?, ?, ?)",
            [(plan, it.first, it.last, self._operator(it.operator), it.region) for it in ranges],
        )
        self._count(plan, len(ranges))

    def add_ported(self, plan: int, ported: Sequence[tuple[int, str]]) -> None:
        """Add numbers with the operators they were ported to; of two for one number the later holds."""
        self._operators.clear()
        self._db.conn.executemany(
            "INSERT OR REPLACE INTO ported_numbers (plan, number, operator) VALUES (?, ?, ?)",
            [(plan, number, self._operator(operator)) for number, operator in ported],
        )
        self._count(plan, len(ported))

    def finish(self, plan: int) -> None:
        """Let the plan count, in place of every other of its name; StoreError when a later one has replaced it."""
        row = self._db.conn.execute("SELECT name FROM plans WHERE id = ?", (plan,)).fetchone()
        if row is None:
            raise StoreError("another import of this plan has ended first")
        self._db.conn.execute("UPDATE plans SET active = (id = ?) WHERE name = ?", (plan, row[0]))

    def clear(self, name: str, limit: int = 5000) -> int:
        """Delete some rows of plans of that name that do not count; how many, 0 when none are left."""
        gone = "SELECT id FROM plans WHERE name = ? AND NOT active"
        for table, key in (("plan_ranges", "first"), ("ported_numbers", "number")):
            cursor = self._db.conn.execute(
                f"DELETE FROM {table} WHERE (plan, {key}) IN"  # noqa: S608
                f" (SELECT plan, {key} FROM {table} WHERE plan IN ({gone}) LIMIT ?)",
                (name, limit),
            )
            if cursor.rowcount:
                return cursor.rowcount
        self._db.conn.execute("DELETE FROM plans WHERE name = ? AND NOT active", (name,))
        return 0

    def plans(self) -> list[Plan]:
        """The plans that count, by name."""
        rows = self._db.conn.execute("SELECT name, source, imported_at, rows FROM plans WHERE active ORDER BY name, id")
        return [Plan(*row) for row in rows]

    def version(self) -> tuple[int, ...]:
        """Changes when a plan does."""
        return tuple(row[0] for row in self._db.conn.execute("SELECT id FROM plans WHERE active ORDER BY id"))

    def ranges(self, without: str = "") -> Iterator[Range]:
        """The ranges of every plan that counts, but of the one called `without`."""
        rows = self._db.conn.execute(
            "SELECT r.first, r.last, o.name, r.region FROM plans p JOIN plan_ranges r ON r.plan = p.id"
            " JOIN plan_operators o ON o.id = r.operator WHERE p.active AND p.name <> ?",
            (without,),
        )
        return (Range(*row) for row in rows)

    def ported(self) -> Iterable[tuple[int, str]]:
        """Every ported number with its operator; where lists differ, the one imported last comes last."""
        return self._db.conn.execute(
            "SELECT n.number, o.name FROM plans p JOIN ported_numbers n ON n.plan = p.id"
            " JOIN plan_operators o ON o.id = n.operator WHERE p.active ORDER BY p.id"
        )

    def _count(self, plan: int, rows: int) -> None:
        self._db.conn.execute("UPDATE plans SET rows = rows + ? WHERE id = ?", (rows, plan))

    def _operator(self, name: str) -> int:
        number = self._operators.get(name)
        if number is None:
            conn = self._db.conn
            conn.execute("INSERT INTO plan_operators (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
            number = int(conn.execute("SELECT id FROM plan_operators WHERE name = ?", (name,)).fetchone()[0])
            self._operators[name] = number
        return number
