"""PDUs are found in a stream at whatever octet one begins to look."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smsc.faults.framing import LONGEST, Framer
from smsc.faults.passing import pdu

frames = st.lists(st.binary(max_size=40).map(lambda body: pdu(4, body=body)), max_size=10)


def pieces(stream: bytes, sizes: list[int]) -> list[bytes]:
    cut, at = [], 0
    for size in sizes:
        cut.append(stream[at : at + size])
        at += size
    return [piece for piece in [*cut, stream[at:]] if piece]


@given(frames, st.lists(st.integers(1, 50), max_size=20))
def test_every_pdu_comes_whole_however_it_was_cut(sent: list[bytes], sizes: list[int]) -> None:
    framer, found = Framer(), []
    for piece in pieces(b"".join(sent), sizes):
        loose, whole = framer.cut(piece)
        assert loose == b""
        found += whole
    assert found == sent
    assert framer.kept == 0


@given(frames, st.integers(0, 300), st.lists(st.integers(1, 50), max_size=20))
def test_who_begins_to_look_in_the_middle_finds_the_next_pdu(sent: list[bytes], at: int, sizes: list[int]) -> None:
    stream = b"".join(sent)
    framer = Framer()
    for piece in pieces(stream[:at], sizes):
        framer.follow(piece)
    loose, found = b"", []
    for piece in pieces(stream[at:], sizes):
        passed, whole = framer.cut(piece)
        loose += passed
        found += whole
    assert loose + b"".join(found) == stream[at:]
    assert found == sent[len(sent) - len(found) :]
    assert len(loose) < 60


@given(st.binary(max_size=200), st.lists(st.tuples(st.integers(1, 30), st.booleans()), max_size=20))
def test_no_octet_is_lost_whatever_the_stream_says(stream: bytes, steps: list[tuple[int, bool]]) -> None:
    framer, out, at = Framer(), b"", 0
    for size, looking in [*steps, (len(stream), True)]:
        piece = stream[at : at + size]
        at += size
        if looking:
            loose, whole = framer.cut(piece)
            out += loose + b"".join(whole)
        else:
            out += framer.let_go()
            framer.follow(piece)
            out += piece
    assert out + framer.let_go() == stream


def test_a_length_that_cannot_be_true_ends_the_looking() -> None:
    for length in (0, 15, LONGEST + 1, 0xFFFF_FFFF):
        framer, rest = Framer(), length.to_bytes(4) + b"rest"
        assert framer.cut(pdu(4) + rest) == (b"", [pdu(4), rest])
        assert framer.broken
        assert framer.cut(pdu(4)) == (pdu(4), [])
