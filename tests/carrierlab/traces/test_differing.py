"""Where two traces go apart."""

from __future__ import annotations

import msgspec

from carrierlab.traces.differing import difference, told_apart
from carrierlab.traces.format import SenderState, TraceFile
from carrierlab.traces.reading import entries
from tests.carrierlab.traces.small import END, HEADER, LINES, TO, TRACE

ENTRIES = entries(TRACE)


def test_equal_traces_do_not_differ() -> None:
    assert difference(ENTRIES, entries(TRACE), 3) is None
    assert told_apart(TRACE, TRACE) == []


def test_the_first_difference_has_its_surroundings() -> None:
    lines = (*LINES[:12], SenderState(1.2, 1, TO, 1, "in_doubt"), *LINES[13:])
    found = difference(ENTRIES, entries(TraceFile(HEADER, lines, END)), 2)
    assert found is not None
    assert [entry.number for entry in found.before] == [11, 12]
    assert [entry.number for entry in found.ours] == [13, 14]
    assert found.theirs[0].line == lines[12]


def test_a_trace_that_ends_earlier_differs_there() -> None:
    found = difference(ENTRIES, ENTRIES[:5], 2)
    assert found is not None
    assert (found.theirs, found.ours) == ((), tuple(ENTRIES[5:7]))


def test_other_runs_are_told_apart() -> None:
    other = TraceFile(msgspec.structs.replace(HEADER, seed=8), LINES, msgspec.structs.replace(END, digest="cd" * 32))
    assert told_apart(TRACE, other) == ["seed: 7 and 8", f"trace hash: {'ab' * 32} and {'cd' * 32}"]
