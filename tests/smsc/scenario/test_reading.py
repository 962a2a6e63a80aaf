import pytest

from smppkit.gsm0338 import pack_septets
from smppkit.pdus import SubmitSm
from smppkit.segments import UDHI, LongMessage, segment
from smppkit.text import Alphabet
from smsc.scenario.reading import ALPHABETS, Reading, text_of


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
