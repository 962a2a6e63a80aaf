"""Long messages of subscribers, whatever way their parts are marked."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from sender.domain.reassembly import MISSING, Piece, read_part, tables_of, text_of
from smppkit.national_tables import Language
from smppkit.pdus import DeliverSm
from smppkit.segments import UDHI, LongMessage, PartInfo, segment
from smppkit.text import Alphabet

LONG = "Қайырлы таң! " * 20


def deliveries(text: str, method: LongMessage, *, announced: bool = True) -> list[DeliverSm]:
    cut = segment(text, reference=7, method=method)
    return [
        DeliverSm(
            esm_class=UDHI if piece.udhi and announced else 0,
            data_coding=cut.data_coding,
            short_message=piece.short_message,
            tlvs=piece.tlvs,
        )
        for piece in cut.segments
    ]


def whole(parts: list[DeliverSm]) -> str:
    read = [(*read_part(pdu), pdu.data_coding) for pdu in parts]
    pieces = {1 if info is None else info.number: Piece(octets, coding) for info, octets, coding in read}
    info = read[0][0]
    return text_of(pieces, 1 if info is None else info.total)


def test_every_way_of_cutting_reads_the_same() -> None:
    for method in LongMessage:
        assert whole(deliveries(LONG, method)) == LONG


def test_any_order_reads_the_same() -> None:
    parts = deliveries("{" * 400, LongMessage.UDH8)
    for order in permutations(parts):
        assert whole(list(order)) == "{" * 400


def test_a_header_that_was_left_in_the_text_is_read_and_taken_out() -> None:
    for method in (LongMessage.UDH8, LongMessage.UDH16):
        parts = deliveries(LONG, method, announced=False)
        assert read_part(parts[1])[0] == PartInfo(7, len(parts), 2)
        assert whole(parts) == LONG


def test_what_only_begins_like_a_header_is_text() -> None:
    for octets in (b"\x05\x00\x03", b"\x05\x00\x03\x01\x02\x03body", b"\x05\x00\x03\x01\x02\x00body", b"\x05hello you"):
        assert read_part(DeliverSm(short_message=octets)) == (None, octets)


def test_the_only_part_of_one_is_a_whole_message() -> None:
    assert read_part(DeliverSm(esm_class=UDHI, short_message=b"\x05\x00\x03\x09\x01\x01STOP")) == (None, b"STOP")


def test_missing_parts_are_marked_once_where_they_are() -> None:
    pieces = {2: Piece(b"two", 0), 5: Piece(b"five", 0)}
    assert text_of(pieces, 6) == f"{MISSING}two{MISSING}five{MISSING}"


def test_parts_of_several_codings() -> None:
    assert text_of({1: Piece(b"abc", 0), 2: Piece("где".encode("utf-16-be"), 8)}, 2) == "abcгде"


def test_the_default_alphabet_is_that_of_the_account() -> None:
    assert text_of({1: Piece(b"\xe9", 0)}, 1, Alphabet.LATIN1) == "é"


def test_national_tables_of_a_header_are_heeded() -> None:
    for text in ("Şikayet için ğ ü ş ı ö ç " * 4, "Şikayet için ğ ü ş ı ö ç " * 12):
        cut = segment(text, reference=7, languages=(Language.TURKISH,))
        assert cut.shifts is not None
        parts = [DeliverSm(esm_class=UDHI, short_message=piece.short_message) for piece in cut.segments]
        pieces = {}
        for number, pdu in enumerate(parts, 1):
            info, octets = read_part(pdu)
            pieces[number if info is None else info.number] = Piece(octets, 0, tables_of(pdu))
        assert text_of(pieces, len(parts)) == text


@given(st.binary(max_size=200), st.integers(0, 255), st.integers(0, 255))
def test_nothing_that_comes_raises(octets: bytes, esm_class: int, data_coding: int) -> None:
    pdu = DeliverSm(esm_class=esm_class, data_coding=data_coding, short_message=octets)
    info, body = read_part(pdu)
    assert isinstance(text_of({1: Piece(body, data_coding, tables_of(pdu))}, 1 if info is None else info.total), str)
