import pytest

from smppkit.gsm0338 import pack_septets
from smppkit.national_tables import Language
from smppkit.pdus import SubmitSm
from smppkit.segments import UDHI, LongMessage, fill_bits, segment
from smppkit.text import Alphabet
from smsc.scenario.reading import ALPHABETS, Reading, read, text_of, write


@pytest.mark.parametrize(
    ("alphabet", "octets", "text"),
    [
        ("gsm7", b"\x00\x1b\x65", "@€"),
        ("latin1", b"\xe9\x40", "é@"),
        ("ascii", b"a@", "a@"),
        ("gsm7-packed", pack_septets(b"\x00hello"), "@hello"),
    ],
)
def test_data_coding_0_is_what_the_operator_makes_of_it(alphabet: str, octets: bytes, text: str) -> None:
    assert text_of(octets, 0, alphabet) == text
    assert Reading(SubmitSm(short_message=octets), alphabet).text == text
    assert Reading(SubmitSm(), alphabet).alphabet is ALPHABETS[alphabet]


def test_other_codings_are_what_they_say() -> None:
    for alphabet in ALPHABETS:
        assert text_of("Қ".encode("utf-16-be"), 8, alphabet) == "Қ"
        assert Reading(SubmitSm(data_coding=8), alphabet).alphabet is Alphabet.UCS2


@pytest.mark.parametrize("method", [LongMessage.UDH8, LongMessage.UDH16, LongMessage.SAR])
def test_a_part_is_read_without_its_header(method: LongMessage) -> None:
    parts = segment("b" * 200, reference=3, method=method).segments
    readings = [
        Reading(SubmitSm(short_message=part.short_message, esm_class=UDHI if part.udhi else 0, tlvs=part.tlvs))
        for part in parts
    ]
    assert "".join(reading.text for reading in readings) == "b" * 200
    assert [(reading.part.number, reading.part.total) for reading in readings if reading.part] == [(1, 2), (2, 2)]


def test_a_whole_message_is_no_part_and_its_text_may_be_replaced() -> None:
    assert Reading(SubmitSm(short_message=b"hi")).part is None
    assert Reading(SubmitSm(short_message=b"hi"), says="Good bye").text == "Good bye"


@pytest.mark.parametrize("header", [b"\x05\x00\x03\x07\x02\x01", b"\x06\x08\x04\x00\x07\x02\x01"])
def test_packed_septets_begin_on_a_septet_boundary_behind_a_header(header: bytes) -> None:
    octets = header + pack_septets(b"hello", fill_bits(len(header)))
    pdu = SubmitSm(short_message=octets, esm_class=UDHI)
    assert Reading(pdu, "gsm7-packed").text == read(pdu, "gsm7-packed") == "hello"


@pytest.mark.parametrize("alphabet", ALPHABETS)
@pytest.mark.parametrize("text", ["hello", "a@b_c", "é", "Қайда"])
def test_what_is_written_is_read(alphabet: str, text: str) -> None:
    data_coding, octets = write(text, alphabet)
    assert text_of(octets, data_coding, alphabet) == text
    assert data_coding == (8 if text == "Қайда" or (text == "é" and alphabet == "ascii") else 0)


@pytest.mark.parametrize("data_coding", [0x00, 0x10, 0xF0])
def test_a_message_class_changes_nothing_about_the_alphabet(data_coding: int) -> None:
    for alphabet in ("gsm7", "gsm7-packed"):
        octets = pack_septets(b"hello") if alphabet == "gsm7-packed" else b"hello"
        assert text_of(octets, data_coding, alphabet) == "hello"
    assert text_of(b"hello", 0x04, "gsm7-packed") == "hello"


@pytest.mark.parametrize("alphabet", ["gsm7", "gsm7-packed"])
@pytest.mark.parametrize("text", ["Şıkça ğ", "Şıkça ğ " * 30])
def test_national_language_tables_are_heeded(alphabet: str, text: str) -> None:
    message = segment(
        text,
        reference=3,
        allowed=(Alphabet.GSM7,),
        languages=(Language.TURKISH,),
        packed=alphabet == "gsm7-packed",
    )
    said = [read(SubmitSm(short_message=piece.short_message, esm_class=UDHI), alphabet) for piece in message.segments]
    assert "".join(said) == text
