"""Texts in national language tables, cut into segments: what it costs, and that nothing is torn."""

from itertools import product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.codec import decode, encode
from smppkit.graphemes import is_boundary
from smppkit.gsm0338 import UnencodableText, unpack_septets
from smppkit.national import Shifts, shifts_of
from smppkit.national_tables import Language
from smppkit.pdus import SubmitSm
from smppkit.segments import (
    UDHI,
    LongMessage,
    Segmented,
    SegmentError,
    count_segments,
    decode_user_data,
    fill_bits,
    part_of,
    segment,
    split_header,
    user_data,
)
from smppkit.text import Alphabet

GSM_ONLY = (Alphabet.GSM7,)
TURKISH = (Language.TURKISH,)
texts = st.text(st.sampled_from("aaabc şğıİç€{}\r\nक्षि😀é́e"), max_size=700)
languages = st.sampled_from([(), TURKISH, (Language.TURKISH, Language.PORTUGUESE), (Language.HINDI,), tuple(Language)])


def submits(message: Segmented) -> list[SubmitSm]:
    return [
        SubmitSm(
            esm_class=UDHI if piece.udhi else 0,
            data_coding=message.data_coding,
            short_message=piece.short_message,
            tlvs=piece.tlvs,
        )
        for piece in message.segments
    ]


def decoded(message: Segmented) -> list[str]:
    return [
        decode_user_data(user_data(pdu), pdu.data_coding, header=bool(pdu.esm_class & UDHI)) for pdu in submits(message)
    ]


@pytest.mark.parametrize(
    ("text", "method", "alone", "part"),
    [
        ("ş", LongMessage.UDH8, 155, 149),  # the locking shift table alone holds it in one septet
        ("ş", LongMessage.SAR, 155, 149),
        ("ş", LongMessage.UDH16, 155, 148),
    ],
)
def test_capacities_with_one_table_are_exact(text: str, method: LongMessage, alone: int, part: int) -> None:
    def sizes(count: int) -> list[int]:
        message = segment(text * count, reference=1, method=method, allowed=GSM_ONLY, languages=TURKISH)
        assert count_segments(text * count, method=method, allowed=GSM_ONLY, languages=TURKISH) == len(message.segments)
        return [len(said) for said in decoded(message)]

    assert sizes(alone) == [alone]
    assert sizes(alone + 1) == [part, alone + 1 - part]
    assert sizes(2 * part) == [part, part]
    assert sizes(255 * part) == [part] * 255
    with pytest.raises(SegmentError):
        sizes(255 * part + 1)


@pytest.mark.parametrize(
    ("method", "alone", "part"),
    [(LongMessage.UDH8, 152, 146), (LongMessage.SAR, 152, 146), (LongMessage.UDH16, 152, 145)],
)
def test_capacities_with_two_tables_are_exact(method: LongMessage, alone: int, part: int) -> None:
    # A Turkish letter, a Portuguese one, and letters that cost one septet in the Turkish locking table.
    def sizes(septets: int) -> list[int]:
        text = "õ" + "ş" * (septets - 2)
        message = segment(
            text, reference=1, method=method, allowed=GSM_ONLY, languages=(Language.TURKISH, Language.PORTUGUESE)
        )
        assert message.shifts == Shifts(Language.TURKISH, Language.PORTUGUESE)
        return [len(said) + said.count("õ") for said in decoded(message)]

    assert sizes(alone) == [alone]
    assert sizes(alone + 1) == [part, alone + 1 - part]
    assert sizes(2 * part) == [part, part]


def test_a_header_names_the_tables_in_every_part() -> None:
    message = segment("ş" * 300, reference=7, languages=TURKISH)
    assert [piece.short_message[:10].hex(" ") for piece in message.segments] == [
        "08 00 03 07 03 01 25 01 01 1d",
        "08 00 03 07 03 02 25 01 01 1d",
        "08 00 03 07 03 03 25 01 01 1d",
    ]
    assert all(piece.udhi and len(piece.short_message) <= 158 for piece in message.segments)
    (one,) = segment("ş" + "a" * 100, reference=7, languages=TURKISH).segments
    assert one.short_message[:6].hex(" ") == "03 24 01 01 1b 73"


def test_parts_that_need_a_header_have_no_sar_tlvs_and_a_payload_carries_it() -> None:
    by_tlvs = segment("ş" * 300, reference=7, method=LongMessage.SAR, languages=TURKISH)
    assert by_tlvs == segment("ş" * 300, reference=7, method=LongMessage.UDH8, languages=TURKISH)
    for pdu in submits(by_tlvs):
        decode(encode(msgspec.structs.replace(pdu, destination_addr="905301112233")))
    (whole,) = segment("ş" * 300, reference=7, method=LongMessage.PAYLOAD, allowed=GSM_ONLY, languages=TURKISH).segments
    assert (whole.short_message, whole.udhi, whole.tlvs[0].value[:5].hex(" ")) == (b"", True, "03 25 01 01 1d")


def test_tables_are_taken_only_where_they_save_a_segment() -> None:
    def shifts(text: str, **asked: object) -> Shifts | None:
        return segment(text, reference=1, languages=TURKISH, **asked).shifts  # type: ignore[arg-type]

    assert shifts("ş" * 70) is None  # one segment of UCS-2: every phone can read that
    assert shifts("ş" + "a" * 70) == Shifts(single=Language.TURKISH)
    assert shifts("ş" * 71) == Shifts(single=Language.TURKISH)
    assert shifts("ş" * 100) == Shifts(locking=Language.TURKISH)
    assert shifts("a" * 500) is None
    assert shifts("€" * 100) == Shifts(locking=Language.TURKISH)  # one septet there, two by the default escape
    assert shifts("Ж" * 100) is None
    assert shifts("ş" * 100, allowed=(Alphabet.UCS2, Alphabet.GSM7)) is None
    assert shifts("ş" * 100, allowed=(Alphabet.UCS2,)) is None
    assert shifts("ş", allowed=GSM_ONLY) == Shifts(single=Language.TURKISH)
    with pytest.raises(UnencodableText, match="Ж"):
        shifts("Ж", allowed=GSM_ONLY)


@given(texts, languages, st.sampled_from([LongMessage.UDH8, LongMessage.UDH16, LongMessage.SAR]), st.booleans())
def test_what_is_cut_comes_back_and_counts_agree(
    text: str, languages: tuple[Language, ...], method: LongMessage, packed: bool
) -> None:
    message = segment(text, reference=9, method=method, languages=languages, packed=packed)
    assert count_segments(text, method=method, languages=languages) == len(message.segments)
    said = []
    for pdu in submits(message):
        octets = user_data(pdu)
        header = octets[: 1 + octets[0]] if pdu.esm_class & UDHI else b""
        body = octets[len(header) :]
        if packed and message.alphabet is Alphabet.GSM7:
            assert len(octets) <= 140
            body = unpack_septets(body, fill_bits=fill_bits(len(header)))
        said.append(decode_user_data(header + body, pdu.data_coding, header=bool(header)))
    if packed and message.alphabet is Alphabet.GSM7:  # spare bits may read as one more "@" or hide a CR
        assert "".join(said).replace("\r", "") == text.replace("\r", "")
    else:
        assert "".join(said) == text
        at = 0
        for piece in said[:-1]:  # clusters are whole: none of these is longer than a part
            at += len(piece)
            assert is_boundary(text, at)


@given(texts, languages)
def test_no_pair_and_no_alphabet_would_have_been_cheaper(text: str, languages: tuple[Language, ...]) -> None:
    chosen = count_segments(text, languages=languages)
    assert chosen <= count_segments(text)
    for locking, single in product((None, *languages), repeat=2):
        shifts = shifts_of(
            [(0x25, bytes([locking.identifier if locking else 0])), (0x24, bytes([single.identifier if single else 0]))]
        )
        if shifts is None or (octets := shifts.try_encode(text)) is None:
            continue
        header = len(shifts.elements)
        alone, part = (139 - header) * 8 // 7, (134 - header) * 8 // 7
        assert chosen <= (1 if len(octets) <= alone else -(-len(octets) // (part - 8)))


def test_parts_of_a_national_text_are_parts() -> None:
    message = segment("ş" * 300, reference=0x1234, method=LongMessage.UDH16, languages=TURKISH)
    infos = [part_of(pdu)[0] for pdu in submits(message)]
    assert [(info.reference, info.number, info.total) for info in infos if info] == [
        (0x1234, number, 3) for number in (1, 2, 3)
    ]
    assert shifts_of(split_header(message.segments[0].short_message)[0]) == message.shifts
