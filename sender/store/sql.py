"""Statements with the numbers of states written into them."""

from __future__ import annotations

import string
from collections.abc import Iterable
from functools import cache
from typing import Final

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
