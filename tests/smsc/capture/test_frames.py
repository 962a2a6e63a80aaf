"""Streams cut into PDUs by their lengths."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from smppkit.codec import encode
from smppkit.pdus import EnquireLink, SubmitSm
from smsc.capture.frames import LONGEST, Cutter, Piece, is_frame, looks_like_pdu

FIRST = encode(SubmitSm(sequence_number=1, destination_addr="77051234567", short_message=b"one"))
SECOND = encode(EnquireLink(sequence_number=2))


def cut(cutter: Cutter, data: bytes, size: int) -> list[Piece]:
    return [piece for at in range(0, len(data), size) for piece in cutter.feed(data[at : at + size])]


def test_pdus_are_pieces_wherever_the_stream_was_cut() -> None:
    for size in range(1, len(FIRST) + len(SECOND) + 1):
        cutter = Cutter()
        assert cut(cutter, FIRST + SECOND, size) == [Piece(FIRST, True), Piece(SECOND, True)]
        assert cutter.finish() == []


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(1, 40))
def test_the_pieces_of_a_stream_are_the_stream(data: bytes, size: int) -> None:
    cutter = Cutter()
    pieces = [*cut(cutter, FIRST + data, size), *cutter.finish()]
    assert b"".join(piece.octets for piece in pieces) == FIRST + data
    assert all(is_frame(piece.octets) for piece in pieces if piece.framed)


def test_what_is_no_smpp_is_given_as_it_came() -> None:
    cutter = Cutter()
    assert cutter.feed(b"GET / HTTP/1.1\r\n") == [Piece(b"GET / HTTP/1.1\r\n", False)]
    assert cutter.feed(SECOND) == [Piece(SECOND, False)]
    assert cutter.broken


def test_a_length_beyond_reason_ends_the_framing() -> None:
    cutter = Cutter()
    assert cutter.feed(SECOND + (LONGEST + 1).to_bytes(4)) == [
        Piece(SECOND, True),
        Piece((LONGEST + 1).to_bytes(4), False),
    ]


def test_after_a_hole_the_next_header_is_looked_for() -> None:
    cutter = Cutter()
    assert cutter.feed(FIRST[:20]) == []
    assert cutter.lost() == [Piece(FIRST[:20], False)]
    pieces = cut(cutter, FIRST[30:] + SECOND + FIRST, 7)
    assert [piece.octets for piece in pieces if piece.framed] == [SECOND, FIRST]
    assert b"".join(piece.octets for piece in pieces if not piece.framed) == FIRST[30:]


def test_a_header_is_plausible_by_length_command_and_status() -> None:
    assert looks_like_pdu(FIRST)
    assert not looks_like_pdu(FIRST[:15])
    assert not looks_like_pdu(FIRST, 1)
    assert not looks_like_pdu(bytes(8) + FIRST[8:])
