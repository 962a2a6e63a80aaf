"""PDUs are found in the octets again, and every happening knows whose message it is about."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from carrierlab.traces.format import Octets, TraceFile
from carrierlab.traces.reading import entries, first_failure
from smppkit.codec import encode
from tests.carrierlab.traces.small import END, HEADER, LINES, TO, TRACE, submit

ENTRIES = entries(TRACE)


def test_octets_become_pdus_whatever_the_pieces_they_came_in() -> None:
    pdus = [entry for entry in ENTRIES if entry.fate is not None]
    assert [entry.command for entry in pdus] == [
        "bind_transceiver", "submit_sm", "submit_sm", "submit_sm_resp", "submit_sm_resp", "submit_sm", "submit_sm_resp",
        "deliver_sm", "deliver_sm_resp",
    ]  # fmt: skip
    first = pdus[1]
    assert (first.at, first.link, first.operator, first.octets) == (0.07, "1>", "alpha", encode(submit(2)))
    assert {entry.operator for entry in pdus} == {"alpha"}


STREAM = b"".join(encode(submit(number, f"7705000{number:04}")) for number in range(1, 6))


@settings(deadline=None)
@given(st.sets(st.integers(1, len(STREAM) - 1)))
def test_pieces_of_any_size_make_the_same_pdus(cuts: set[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    lines = [Octets(float(b), "1>", STREAM[a:b]) for a, b in pairwise(edges)]
    found = entries(TraceFile(HEADER, tuple(lines), END))
    assert b"".join(entry.octets for entry in found) == STREAM
    assert [sorted(entry.about) for entry in found] == [[f"7705000{number:04}"] for number in range(1, 6)]


def test_entries_are_numbered_in_order() -> None:
    assert [entry.number for entry in ENTRIES] == list(range(1, len(ENTRIES) + 1))


def test_a_message_is_followed_through_submit_response_receipt_and_states() -> None:
    followed = [(entry.command, entry.at) for entry in ENTRIES if TO in entry.about]
    assert followed == [
        ("sender", 0.005), ("sender", 0.05), ("submit_sm", 0.07), ("submit_sm_resp", 0.08), ("submit_sm", 1.0),
        ("operator", 1.0), ("submit_sm_resp", 1.1), ("sender", 1.2), ("sender", 1.2), ("deliver_sm", 2.0),
        ("sender", 2.1), ("sender", 2.1), ("deliver_sm_resp", 2.2),
    ]  # fmt: skip


def test_octets_that_are_no_pdu_are_an_entry_and_end_their_direction() -> None:
    broken = Octets(0.1, "2>", b"\xff\xff\xff\xff" + b"GET / HTTP/1.1")
    bad = Octets(0.2, "3>", b"\0\0\0\x11\0\0\0\x04\0\0\0\0\0\0\0\x01X")
    first, second = entries(TraceFile(HEADER, (broken, bad), END))
    assert (first.command, first.status) == ("unreadable", "ESME_RINVCMDLEN")
    assert second.command == "unreadable"
    assert second.octets == bad.octets


def test_the_first_failure_is_worse_than_a_throttle() -> None:
    failure = first_failure(ENTRIES)
    assert failure is not None
    assert (failure.command, failure.at) == ("log", 1.5)
    throttled = first_failure(entry for entry in ENTRIES if entry.at < 1)
    assert throttled is not None
    assert throttled.status == "ESME_RTHROTTLED"
    assert first_failure(ENTRIES[:3]) is None


def test_a_link_that_nobody_opened_has_no_operator() -> None:
    (entry,) = entries(TraceFile(HEADER, (LINES[2],), END))
    assert entry.operator == ""
