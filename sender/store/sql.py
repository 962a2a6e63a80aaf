"""Statements with the numbers of states written into them."""

from __future__ import annotations

import re
import sqlite3
import string
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import count
from typing import Any, Final

import msgspec

from sender.domain.message import SOURCES, State


def state_is(states: Iterable[State]) -> str:
    """The condition that ``state`` is one of these. Not ``IN``, for which SQLite builds a table at every execution."""
    return "(" + " OR ".join(f"state = {int(state)}" for state in states) + ")"


_NUMBERS: Final = {state.name: str(int(state)) for state in State} | {
    f"MAY_BECOME_{state.name}": state_is(sources) for state, sources in SOURCES.items() if sources
}


@cache
def sql(statement: str, **pieces: str) -> str:
    """Write the numbers of states, and given pieces, into a statement.

    ``WHERE state = $QUEUED``; ``WHERE $MAY_BECOME_QUEUED`` for the states that may become queued, which is what keeps
    a final state final (I1). They must be literals, not parameters, for SQLite to see that a partial index applies.
    """
    return string.Template(statement).substitute(_NUMBERS, **pieces)


_AT_ONCE: Final = 25


class Insert:
    """An INSERT for rows that come many at a time: written by the dozen, each costs little more than half.

    And the thread that writes lets go of the interpreter, and waits for it again, once for all of them.
    """

    def __init__(self, head: str, row: str) -> None:
        """`head` is what stands before VALUES, `row` the values of one row, in brackets.

        ``?1`` and so on are parameters that all rows have in common, and given once; each ``?`` is the row's own.
        """
        shared = max(map(int, re.findall(r"\?(\d+)", row)), default=0)
        self._width = len(re.findall(r"\?(?!\d)", row))
        numbers = count(shared + 1)
        rows = [re.sub(r"\?(?!\d)", lambda _: f"?{next(numbers)}", sql(row)) for _ in range(_AT_ONCE)]
        self._many = sql("$head VALUES $rows", head=sql(head), rows=", ".join(rows))
        self._one = sql("$head VALUES $rows", head=sql(head), rows=rows[0])

    def run(self, conn: sqlite3.Connection, same: Sequence[Any], values: Sequence[Any]) -> None:
        """Insert rows with what they have in common, and the `values` of their own, those of all behind each other."""
        width = self._width
        step = width * _AT_ONCE
        whole = len(values) - len(values) % step
        for start in range(0, whole, step):
            conn.execute(self._many, [*same, *values[start : start + step]])
        if whole < len(values):
            rest = range(whole, len(values), width)
            conn.executemany(self._one, [(*same, *values[start : start + width]) for start in rest])


_RUN: Final = 4
"""Rows of a run on average, from which on a statement for each run is cheaper than one for all."""


class Update:
    """An UPDATE of rows that are named by their numbers.

    Numbers that follow each other are a range: SQLite goes through it once, where it gathers the rows of a list first,
    and each costs half. Nearly all that happens to messages happens to neighbours.
    """

    def __init__(self, head: str, column: str, condition: str) -> None:
        """`head` is what stands before WHERE, with parameters; `column` has the numbers; `condition` must hold too."""
        self.in_range = sql("$head WHERE $column BETWEEN ? AND ? AND $condition", head=head, column=column,
                          condition=condition)  # fmt: skip
        self.in_list = sql("$head WHERE $column IN (SELECT value FROM json_each(?) j) AND $condition", head=head,
                         column=column, condition=condition)  # fmt: skip

    def run(self, conn: sqlite3.Connection, values: Sequence[Any], numbers: Sequence[int]) -> int:
        """Change these rows, of which no two are the same; how many there were."""
        if not numbers:
            return 0
        runs = ranges(numbers)
        if len(runs) == 1:
            return conn.execute(self.in_range, (*values, *runs[0])).rowcount
        if len(runs) * _RUN <= len(numbers):
            return conn.executemany(self.in_range, [(*values, *run) for run in runs]).rowcount
        return conn.execute(self.in_list, (*values, msgspec.json.encode(numbers).decode())).rowcount


def ranges(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Different numbers, at least one, as ranges: the first and the last of each, in order."""
    first, last = numbers[0], numbers[-1]
    if last - first == len(numbers) - 1 and list(numbers) == list(range(first, last + 1)):
        return [(first, last)]
    found: list[tuple[int, int]] = []
    ordered = sorted(numbers)
    start = end = ordered[0]
    for number in ordered:
        if number > end + 1:
            found.append((start, end))
            start = number
        end = number
    found.append((start, end))
    return found
