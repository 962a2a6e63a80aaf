"""What is planned and owed, and stands in the log alone: most of it is over before it is ever written into the tables.

So do the numbers of messages that were used last.

It is held in memory, as the message centre holds it too, until it is over, or until `MOST_HELD` messages have come
after it: then what is left of it goes into `pending` and `owed`. So a restart reads the latest entries of the log only.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec

from smsc.journal.left import Left
from smsc.journal.log import Entry, recorded
from smsc.journal.records import Final as Ended
from smsc.journal.records import (
    Group,
    Message,
    Owed,
    Pending,
    change_alive,
    insert_numbers,
    insert_owed,
    insert_pending,
)
from smsc.journal.together import MessageRun, OwedRun

MOST_HELD: Final = 150_000  # messages, and deliveries: those of some seconds, at any rate
SETTLED_AT_ONCE: Final = 5_000  # of those that are too many


class _Planned(msgspec.Struct, gc=False):
    pending: Pending
    message: Message
    final: Ended | None = None


class Alive:
    """What is planned and owed beyond what `pending` and `owed` have."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """As the log of a journal has it."""
        # What was recorded by itself, by its row or number, and what was recorded with others.
        self._planned: dict[int, _Planned] = {}
        self._runs = Left(MessageRun.rows)
        self._owed: dict[int, tuple[str, float, Owed]] = {}
        self._owed_runs = Left(OwedRun.numbers)
        self._entries: deque[Entry] = deque()
        self._numbers: dict[str, int] = {}  # the highest of messages, by operator
        expanded, needed, self._row, self._delivery = connection.execute(
            "SELECT expanded, needed, row, delivery FROM progress"
        ).fetchone()
        self.last = Entry(max(expanded, needed - 1), self._row, self._delivery, 0.0)
        """The last entry of the log, also when it is not there any more."""
        forgotten = dict(connection.execute("SELECT operator, row FROM forgotten"))
        entries = connection.execute(
            "SELECT entry, row, delivery, at, size, events, messages FROM log WHERE entry >= ? ORDER BY entry",
            (needed,),
        )
        for number, row, delivery, at, size, events, messages in entries:
            group = recorded(size, events, messages)
            self._count(group)  # also what is forgotten has used its numbers
            group.pending = [one for one in group.pending if one.row > max(self._row, forgotten.get(one.operator, 0))]
            group.runs = [one for one in group.runs if one.row > max(self._row, forgotten.get(one.operator, 0))]
            group.replaced = [one for one in group.replaced if one[0].row > forgotten.get(one[0].operator, 0)]
            group.owed = [
                one for one in group.owed if one[2].number > self._delivery and one[2].row > forgotten.get(one[0], 0)
            ]
            group.owed_runs = [one for one in group.owed_runs if one.number > self._delivery]
            self.add(group, Entry(number, row, delivery, at))
        for operator, upto in forgotten.items():
            self._forget(operator, upto)

    @property
    def is_due(self) -> bool:
        """Whether so much is held that ``settle`` has something to do."""
        last, held = self.last, len(self._entries)
        most = max(last.row - self._row, last.delivery - self._delivery, held) - MOST_HELD
        return held > 0 and most >= SETTLED_AT_ONCE

    def touches_older(self, group: Group) -> bool:
        """Whether a group changes what is in the tables already."""
        row, delivery = self._row, self._delivery
        return (
            any(over and min(rows) <= row for rows, *_, over in group.ended)
            or any(
                min(rows or ()) <= row if numbers is None else min(numbers) <= delivery
                for numbers, rows, *_ in group.settled_runs
            )
            or any(entry[0] <= row for entry in group.reached)
            or any(one <= row for one in group.over)
            or any(entry[0] <= row for entry in group.told)
            or any(entry[0].row <= row for entry in group.replaced)
            or any(0 < entry[0] <= delivery for entry in group.settled)
        )

    def change_older(self, connection: sqlite3.Connection, group: Group) -> None:
        """Change what is in the tables already as a group says, within the transaction that is open."""
        row, delivery = self._row, self._delivery
        late = Group()
        late.reached = [entry for entry in group.reached if entry[0] <= row]
        late.over = [one for one in group.over if one <= row]
        late.told = [entry for entry in group.told if entry[0] <= row]
        late.replaced = [entry for entry in group.replaced if entry[0].row <= row]
        late.settled = [entry for entry in group.settled if 0 < entry[0] <= delivery]
        for rows, *_, over in group.ended:
            if over:
                late.over += [one for one in rows if one <= row]
        for numbers, of, *_ in group.settled_runs:
            if numbers is None:
                late.over += [one for one in of or () if one <= row]
            else:
                late.settled += [(number, None, None, None) for number in numbers if number <= delivery]
        change_alive(connection, late)

    def add(self, group: Group, entry: Entry) -> None:
        """A group stands in the log, in this entry."""
        self._entries.append(entry)
        self.last = entry
        self._count(group)
        planned, owed = self._planned, self._owed
        if group.pending:
            messages = dict(group.messages)
            for pending in group.pending:
                row = pending.row
                planned[row] = _Planned(pending, messages[row])
        self._runs.add(group.runs)
        for one in group.owed:
            owed[one[2].number] = one
        self._owed_runs.add(group.owed_runs)
        for pending, message in group.replaced:
            of = self._by_itself(pending.row)
            if of is not None:
                of.pending = msgspec.structs.replace(pending, told=of.pending.told)
                of.message, of.final = message, None
            elif pending.row > self._row:  # it was let go, and there is something to come again
                planned[pending.row] = _Planned(pending, message)
        for row, told in group.told:
            if (of := self._by_itself(row)) is not None:
                of.pending = msgspec.structs.replace(of.pending, told=told)
        over = group.over
        if len(over) < len(group.reached):
            for row, ended_at, stat, err, again in group.reached:
                if (of := self._by_itself(row)) is not None and (again or of.final is None):
                    of.final = (ended_at, stat, err)
        for row in over:
            if planned.pop(row, None) is None:
                self._runs.over((row,))
        for rows, *_, ended in group.ended:
            if ended:
                self._over(rows)
        for settled in group.settled:
            if owed.pop(settled[0], None) is None:
                self._owed_runs.over((settled[0],))
        for numbers, rows_of, *_ in group.settled_runs:
            if numbers is None:
                self._over(rows_of or ())
                continue
            self._owed_runs.over(numbers)
            if owed:
                for number in numbers:
                    owed.pop(number, None)
        for operator, upto in group.forgotten:
            self._forget(operator, upto)
        self._let_go(entry.at)

    def _count(self, group: Group) -> None:
        numbers = self._numbers
        for operator, number in group.numbers().items():
            numbers[operator] = max(number, numbers.get(operator, 0))

    def settle(self, connection: sqlite3.Connection, *, everything: bool = False) -> None:
        """Write into the tables what is held too long, or all, within the transaction that is open."""
        entries, cut = self._entries, Entry(0, self._row, self._delivery, 0.0)
        row, delivery = self.last.row - MOST_HELD, self.last.delivery - MOST_HELD
        if everything:
            cut = self.last
            entries.clear()
        elif not self.is_due:
            return
        while entries and (entries[0].row <= row or entries[0].delivery <= delivery or len(entries) > MOST_HELD):
            cut = entries.popleft()
        self._row, self._delivery = cut.row, cut.delivery
        for run, rows in self._runs.take(cut.row):
            self._apart(run, rows)
        old = [number for number in self._planned if number <= cut.row]
        planned = [self._planned.pop(number) for number in old]
        insert_pending(connection, [(of.pending, of.message, of.final) for of in planned])
        owed = [self._owed.pop(number) for number in [number for number in self._owed if number <= cut.delivery]]
        for several, numbers in self._owed_runs.take(cut.delivery):
            owed += map(several.one, numbers)
        insert_owed(connection, owed)
        insert_numbers(connection, self._numbers)
        connection.execute(
            "UPDATE progress SET row = ?, delivery = ?, needed = max(needed, ?)",
            (self._row, self._delivery, cut.number + 1),
        )
        connection.execute("DELETE FROM log WHERE entry <= (SELECT min(expanded, needed - 1) FROM progress)")

    def rows(self, upto: int) -> list[int]:
        """The rows of messages, up to one, of which something is planned or owed that is not in the tables."""
        rows = [row for *_, owed in self._owed.values() if (row := owed.row) <= upto]
        for several, numbers in self._owed_runs:
            rows += [row for number in numbers if (row := several.rows[number - several.number]) <= upto]
        if upto > self._row:
            rows += [row for row in self._planned if row <= upto]
            for _, left in self._runs:
                rows += [row for row in left if row <= upto]
        return rows

    def _over(self, rows: Sequence[int]) -> None:
        self._runs.over(rows)
        if self._planned:
            for row in rows:
                self._planned.pop(row, None)

    def _by_itself(self, row: int) -> _Planned | None:
        """What is planned of a message; if it was recorded with others, each of them stands by itself from now on."""
        of = self._planned.get(row)
        if of is None and (found := self._runs.find(row)) is not None:
            self._apart(*found)
            return self._planned.get(row)
        return of

    def _apart(self, run: MessageRun, rows: Sequence[int]) -> None:
        """Have those of a run that are left stand by themselves."""
        left = frozenset(rows)
        for row, message, pending in run.members() if left else ():
            if row in left:
                self._planned[row] = _Planned(pending, message)

    def _let_go(self, at: float) -> None:
        """What is of no use any more: most come to their end in the order they came."""
        self._runs.let_go(lambda run: run.told(at))
        self._owed_runs.let_go(OwedRun.numbers)
        planned = self._planned
        done = []
        for row, of in planned.items():
            until = of.pending.until
            if until is None or until > at:
                break
            done.append(row)
        for row in done:
            del planned[row]

    def _forget(self, operator: str, upto: int) -> None:
        for row in [row for row, of in self._planned.items() if row <= upto and of.pending.operator == operator]:
            del self._planned[row]
        for number in [number for number, (of, _, owed) in self._owed.items() if of == operator and owed.row <= upto]:
            del self._owed[number]
        for run, rows in self._runs:
            if run.operator == operator:
                self._runs.over([row for row in rows if row <= upto])
        for several, numbers in self._owed_runs:
            if several.operator == operator:
                self._owed_runs.over([one for one in numbers if several.rows[one - several.number] <= upto])
