"""Statements with the numbers of states written into them."""

from __future__ import annotations

import sqlite3
import string
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from typing import Any, Final

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
        """`head` is what stands before VALUES, `row` the values of one row with its parameters, in brackets."""
        self._one = sql("$head VALUES $row", head=sql(head), row=sql(row))
        self._many = f"{self._one}{f', {sql(row)}' * (_AT_ONCE - 1)}"

    def run(self, conn: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Insert `rows`, each with its parameters."""
        whole = len(rows) - len(rows) % _AT_ONCE
        for start in range(0, whole, _AT_ONCE):
            conn.execute(self._many, list(chain.from_iterable(rows[start : start + _AT_ONCE])))
        if whole < len(rows):
            conn.executemany(self._one, rows[whole:])
