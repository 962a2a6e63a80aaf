"""What came closest to what was looked for, and why it is not it.

Pure: rows of any kind, conditions on their fields, and how to read a field of a row::

    conditions = [Condition("to", "77011234567", glob.compile()), Condition("text", "*code 1234*", pattern.compile())]
    found = matching(rows, conditions)
    if not found:
        for near in near_misses(rows, conditions):
            print(near.row, [(missed.field, missed.wanted, missed.found) for missed in near.missed])
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher
from heapq import nlargest
from typing import Any, Final, NamedTuple

_COMPARED: Final = 200
"""Rows whose texts are compared letter by letter, which is slow; and letters of each."""

ValueOf = Callable[[Any, str], object]
"""From a row and the name of a field to what the row has there."""


class Condition(NamedTuple):
    """What a field must be. `wanted` is how that was written; `fits` takes what a row has there."""

    field: str
    wanted: str
    fits: Callable[[Any], object]


class Missed(NamedTuple):
    """A condition that a row does not meet; `found` is what the row has instead, as text."""

    field: str
    wanted: str
    found: str


class NearMiss(NamedTuple):
    """A row that meets `met` of the conditions and not those in `missed`, which are in the order they were given."""

    row: Any
    met: int
    missed: tuple[Missed, ...]


def matching(rows: Iterable[Any], conditions: Sequence[Condition], value_of: ValueOf = getattr) -> list[Any]:
    """The rows that meet all conditions, in their order."""
    return [row for row in rows if all(fits(value_of(row, field)) for field, _, fits in conditions)]


def near_misses(
    rows: Iterable[Any], conditions: Sequence[Condition], value_of: ValueOf = getattr, *, most: int = 3
) -> list[NearMiss]:
    """The rows that meet most of the conditions but not all, closest first; of equal ones the latest first.

    Where as many are met, the values that are not are compared with what was wanted. A row that meets none is as far
    away as can be, and is told only when there is nothing better.
    """
    missed = [near for near in (_judge(row, conditions, value_of) for row in rows) if near.missed]
    closest = nlargest(_COMPARED, enumerate(missed), key=lambda numbered: (numbered[1].met, numbered[0]))
    ranked = sorted(closest, key=lambda numbered: (numbered[1].met, _likeness(numbered[1]), numbered[0]), reverse=True)
    return [near for _, near in ranked[:most]]


def _judge(row: Any, conditions: Sequence[Condition], value_of: ValueOf) -> NearMiss:
    missed = []
    for field, wanted, fits in conditions:
        value = value_of(row, field)
        if not fits(value):
            missed.append(Missed(field, wanted, "" if value is None else str(value)))
    return NearMiss(row, len(conditions) - len(missed), tuple(missed))


def _likeness(near: NearMiss) -> float:
    """How alike what was wanted and what was found are, summed over the conditions that are not met."""
    return sum(
        SequenceMatcher(None, missed.wanted.casefold()[:_COMPARED], missed.found.casefold()[:_COMPARED]).ratio()
        for missed in near.missed
    )
