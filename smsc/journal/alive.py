"""What is planned and owed, and stands in the log alone: most of it is over before it is ever written into the tables.

So do the numbers of messages that were used last.

It is held in memory, as the message centre holds it too, until it is over, or until `MOST_HELD` messages have come
after it: then what is left of it goes into `pending` and `owed`. So a restart reads the latest entries of the log only.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from typing import Final

import msgspec

from smsc.journal.log import Entry, each_ended, group_from
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

MOST_HELD: Final = 50_000  # messages, and deliveries: as many as the message centre remembers
SETTLED_AT_ONCE: Final = 5_000  # of those that are too many


class _Planned(msgspec.Struct, gc=False):
    pending: Pending
    message: Message
    final: Ended | None = None

    @property
    def operator(self) -> str:
        """As of a run."""
        return self.pending.operator

    def until_of(self, row: int) -> float | None:
        """As of a run."""
        return self.pending.until


class Alive:
    """What is planned and owed beyond what `pending` and `owed` have."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """As the log of a journal has it."""
        self._planned: dict[int, _Planned | MessageRun] = {}
        self._owed: dict[int, tuple[str, float, Owed] | OwedRun] = {}
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
            group = group_from(size, events, messages, b"")
            group.pending = [one for one in group.pending if one.row > max(self._row, forgotten.get(one.operator, 0))]
            group.replaced = [one for one in group.replaced if one[0].row > forgotten.get(one[0].operator, 0)]
            group.owed = [
                one for one in group.owed if one[2].number > self._delivery and one[2].row > forgotten.get(one[0], 0)
            ]
            self.add(group, Entry(number, row, delivery, at))

    def change_older(self, connection: sqlite3.Connection, group: Group) -> None:
        """Change what is in the tables already as a group says, within the transaction that is open."""
        row, delivery = self._row, self._delivery
        late = Group()
        late.reached = [entry for entry in group.reached if entry[0] <= row]
        late.over = [one for one in group.over if one <= row]
        late.told = [entry for entry in group.told if entry[0] <= row]
        late.replaced = [entry for entry in group.replaced if entry[0].row <= row]
        late.settled = [entry for entry in group.settled if entry[0] <= delivery]
        for ended in group.ended:
            older = [entry for entry in each_ended(ended) if entry[0] <= row] if min(ended[0]) <= row else []
            late.reached += older
            late.over += [entry[0] for entry in older]
        for numbers, *_ in group.settled_runs:
            if min(numbers) <= delivery:
                late.settled += [(number, None, None, None) for number in numbers if number <= delivery]
        change_alive(connection, late)

    def add(self, group: Group, entry: Entry) -> None:
        """A group stands in the log, in this entry."""
        self._entries.append(entry)
        self.last = entry
        self._numbers.update(group.numbers())
        planned, owed = self._planned, self._owed
        if group.pending:
            messages = dict(group.messages)
            for pending in group.pending:
                row = pending.row
                planned[row] = _Planned(pending, messages[row])
        for run in group.runs:
            planned.update(dict.fromkeys(run.rows(), run))
        for one in group.owed:
            owed[one[2].number] = one
        for several in group.owed_runs:
            owed.update(dict.fromkeys(several.numbers(), several))
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
            planned.pop(row, None)
        for rows, *_ in group.ended:
            for row in rows:
                planned.pop(row, None)
        for settled in group.settled:
            owed.pop(settled[0], None)
        for numbers, *_ in group.settled_runs:
            for number in numbers:
                owed.pop(number, None)
        for operator, upto in group.forgotten:
            self._forget(operator, upto)
        self._let_go(entry.at)

    def settle(self, connection: sqlite3.Connection, *, everything: bool = False) -> None:
        """Write into the tables what is held too long, or all, within the transaction that is open."""
        entries, cut = self._entries, Entry(0, self._row, self._delivery, 0.0)
        row, delivery = self.last.row - MOST_HELD, self.last.delivery - MOST_HELD
        if everything:
            cut = self.last
            entries.clear()
        elif not entries or max(row - self._row, delivery - self._delivery, len(entries) - MOST_HELD) < SETTLED_AT_ONCE:
            return
        while entries and (entries[0].row <= row or entries[0].delivery <= delivery or len(entries) > MOST_HELD):
            cut = entries.popleft()
        self._row, self._delivery = cut.row, cut.delivery
        old = [number for number in self._planned if number <= cut.row]
        planned = [of for number in old if (of := self._by_itself(number)) is not None]
        for number in old:
            del self._planned[number]
        insert_pending(connection, [(of.pending, of.message, of.final) for of in planned])
        due = [number for number in self._owed if number <= cut.delivery]
        insert_owed(connection, [_one(self._owed.pop(number), number) for number in due])
        insert_numbers(connection, self._numbers)
        connection.execute(
            "UPDATE progress SET row = ?, delivery = ?, needed = max(needed, ?)",
            (self._row, self._delivery, cut.number + 1),
        )
        connection.execute("DELETE FROM log WHERE entry <= (SELECT min(expanded, needed - 1) FROM progress)")

    def rows(self, upto: int) -> list[int]:
        """The rows of messages, up to one, of which something is planned or owed that is not in the tables."""
        rows = [row for number, one in self._owed.items() if (row := _row_of(one, number)) <= upto]
        if upto > self._row:
            rows += [row for row in self._planned if row <= upto]
        return rows

    def _by_itself(self, row: int) -> _Planned | None:
        """What is planned of a message; if it was recorded with others, each of them stands by itself from now on."""
        planned = self._planned
        of = planned.get(row)
        if isinstance(of, MessageRun):
            for number, message, pending in of.members():
                if planned.get(number) is of:
                    planned[number] = _Planned(pending, message)
            of = planned[row]
        return of if isinstance(of, _Planned) else None

    def _let_go(self, at: float) -> None:
        """What is of no use any more: most come to their end in the order they came."""
        planned = self._planned
        done = []
        for row, of in planned.items():
            until = of.until_of(row)
            if until is None or until > at:
                break
            done.append(row)
        for row in done:
            del planned[row]

    def _forget(self, operator: str, upto: int) -> None:
        for row in [row for row, of in self._planned.items() if row <= upto and of.operator == operator]:
            del self._planned[row]
        for number, one in list(self._owed.items()):
            of = one.operator if isinstance(one, OwedRun) else one[0]
            if of == operator and _row_of(one, number) <= upto:
                del self._owed[number]


def _row_of(owed: tuple[str, float, Owed] | OwedRun, number: int) -> int:
    return owed.rows[number - owed.number] if isinstance(owed, OwedRun) else owed[2].row


def _one(owed: tuple[str, float, Owed] | OwedRun, number: int) -> tuple[str, float, Owed]:
    return owed.one(number) if isinstance(owed, OwedRun) else owed
