"""The first difference between two traces: where two runs that should have been the same went apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import msgspec

from carrierlab.traces.format import TraceFile
from carrierlab.traces.reading import Entry


class Difference(msgspec.Struct, frozen=True):
    """Where two traces go apart."""

    before: tuple[Entry, ...]
    """The last entries that are the same."""
    ours: tuple[Entry, ...]
    """What follows in the first trace; empty when it ends there."""
    theirs: tuple[Entry, ...]


def difference(ours: Sequence[Entry], theirs: Sequence[Entry], context: int) -> Difference | None:
    """Return the first difference with ``context`` entries on each side of it; None when there is none."""
    for index, (one, other) in enumerate(zip_longest(ours, theirs)):
        if one is None or other is None or not _same(one, other):
            return Difference(
                tuple(ours[max(0, index - context) : index]),
                tuple(ours[index : index + context]),
                tuple(theirs[index : index + context]),
            )
    return None


def told_apart(one: TraceFile, other: TraceFile) -> list[str]:
    """Return what differs about the runs themselves: another file, seed or hash."""
    pairs = (
        ("scenario", one.header.scenario, other.header.scenario),
        ("file", one.header.file, other.header.file),
        ("seed", one.header.seed, other.header.seed),
        ("trace hash", one.end.digest, other.end.digest),
    )
    return [f"{name}: {a} and {b}" for name, a, b in pairs if a != b]


def _same(one: Entry, other: Entry) -> bool:
    if one.fate is None and other.fate is None:
        return one.line == other.line
    return (one.at, one.link, one.octets) == (other.at, other.link, other.octets)
