from itertools import accumulate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smppkit.pdus import DataSm, DeliverSm, SubmitSm
from smppkit.segments import (
    UDHI,
    InformationElement,
    LongMessage,
    PartInfo,
    Segment,
    Segmented,
    SegmentError,
    count_segments,
    part_of,
    segment,
    split_header,
)
from smppkit.text import Alphabet, UnencodableText, decode_text
from smppkit.tlvs import (
    MESSAGE_PAYLOAD,
    SAR_MSG_REF_NUM,
    SAR_SEGMENT_SEQNUM,
    SAR_TOTAL_SEGMENTS,
    Tlv,
)

HEADER_OCTETS = {LongMessage.UDH8: 6, LongMessage.UDH16: 7, LongMessage.SAR: 0, LongMessage.PAYLOAD: 0}
FAMILY = "👨‍👩‍👧‍👦"  # one character of eleven UTF-16 code units
EIGHT_BIT = (Alphabet.LATIN1,)

# What people write, with much of what is hard to cut.
pieces = st.sampled_from([
    "a", " ", "\r\n", "€", "{", "^", "Ж", "қ", "ş", "e\u0301", "😀", "👍🏽", FAMILY, "❤️", "1\ufe0f\u20e3",
    "🇰🇿", "🇹🇷", "🇷🇺", "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "न\u093f", "\u200d",
])  # fmt: skip
texts = st.lists(pieces, max_size=400).map("".join) | st.text(max_size=300)
gsm_texts = st.text(st.sampled_from("abc {}€^\r\n@ß"), max_size=1200)


def bodies(message: Segmented) -> list[bytes]:
    """The segments' octets without headers, from message_payload where they are there."""
    return [part_of(submit(part, message))[1] for part in message.segments]


def submit(part: Segment, message: Segmented) -> SubmitSm:
    return SubmitSm(
        esm_class=UDHI if part.udhi else 0,
        data_coding=message.data_coding,
        short_message=part.short_message,
        tlvs=part.tlvs,
    )


def decoded(message: Segmented) -> list[str]:
    return [decode_text(body, message.data_coding) for body in bodies(message)]


@pytest.mark.parametrize(
    ("character", "allowed", "alone", "udh8", "udh16"),
    [
        ("a", (Alphabet.GSM7,), 160, 153, 152),
        ("Ж", (Alphabet.UCS2,), 70, 67, 66),
        ("é", EIGHT_BIT, 140, 134, 133),
    ],
)
def test_limits_are_exact(character, allowed, alone, udh8, udh16):
    def sizes(count, method=LongMessage.UDH8):
        message = segment(character * count, reference=1, method=method, allowed=allowed)
        assert count_segments(character * count, method=method, allowed=allowed) == len(message.segments)
        return [len(text) for text in decoded(message)]

    assert sizes(alone) == [alone]
    for method, limit in (
        (LongMessage.UDH8, udh8),
        (LongMessage.SAR, udh8),
        (LongMessage.UDH16, udh16),
    ):
        assert sizes(alone, method) == [alone]
        assert sizes(alone + 1, method) == [limit, alone + 1 - limit]
        assert sizes(2 * limit, method) == [limit, limit]
        assert sizes(2 * limit + 1, method) == [limit, limit, 1]
        assert sizes(255 * limit, method) == [limit] * 255
        with pytest.raises(SegmentError, match="more than 255 parts"):
            sizes(255 * limit + 1, method)


def test_a_short_text_is_sent_plain_whatever_the_method():
    for method in LongMessage:
        assert segment("Hello", reference=7, method=method) == Segmented(Alphabet.GSM7, 0, (Segment(b"Hello"),))


def test_an_empty_text_is_one_empty_segment():
    assert segment("", reference=7).segments == (Segment(b""),)
    assert count_segments("") == 1


def test_an_8_bit_header_is_05_00_03():
    first, second = segment("x" * 161, reference=0x1234, method=LongMessage.UDH8).segments
    assert first.udhi
    assert first.short_message[:6].hex(" ") == "05 00 03 34 02 01"
    assert second.short_message[:6].hex(" ") == "05 00 03 34 02 02"
    assert len(first.short_message) == 159


def test_a_16_bit_header_is_06_08_04():
    first, second = segment("Ж" * 71, reference=0x11234, method=LongMessage.UDH16).segments
    assert first.short_message[:7].hex(" ") == "06 08 04 12 34 02 01"
    assert second.short_message[:7].hex(" ") == "06 08 04 12 34 02 02"
    assert len(first.short_message) == 139


def test_sar_parts_have_three_tlvs_and_no_header():
    first, second = segment("x" * 161, reference=0x11234, method=LongMessage.SAR).segments
    assert not first.udhi
    assert first.short_message == b"x" * 153
    assert [(tlv.tag, tlv.value.hex()) for tlv in second.tlvs] == [
        (0x020C, "1234"),
        (0x020E, "02"),
        (0x020F, "02"),
    ]


def test_a_long_payload_is_one_segment_with_an_empty_short_message():
    (only,) = segment("x" * 500, reference=1, method=LongMessage.PAYLOAD).segments
    assert only == Segment(b"", tlvs=(Tlv(0x0424, b"x" * 500),))
    assert count_segments("x" * 500, method=LongMessage.PAYLOAD) == 1


def test_a_payload_beyond_64_kib_is_an_error():
    assert len(segment("x" * 65535, reference=1, method=LongMessage.PAYLOAD).segments) == 1
    with pytest.raises(SegmentError, match="65536 octets; message_payload holds at most 65535"):
        segment("x" * 65536, reference=1, method=LongMessage.PAYLOAD)
    with pytest.raises(SegmentError, match="65536 octets"):
        count_segments("x" * 65536, method=LongMessage.PAYLOAD)


def test_a_text_no_allowed_alphabet_holds_is_an_error():
    with pytest.raises(UnencodableText):
        segment("Ж", reference=1, allowed=(Alphabet.GSM7,))


def test_an_escape_pair_is_not_split():
    first, second = segment("x" * 152 + "€" + "y" * 20, reference=1).segments
    assert first.short_message[6:] == b"x" * 152
    assert second.short_message[6:8] == b"\x1be"


def test_a_surrogate_pair_is_not_split():
    message = segment("Ж" * 66 + "😀" + "Ж" * 20, reference=1)
    assert decoded(message) == ["Ж" * 66, "😀" + "Ж" * 20]


@pytest.mark.parametrize(
    "cluster",
    [
        "e\u0301",
        "👍🏽",
        "❤️",
        "1\ufe0f\u20e3",
        "🇰🇿",
        FAMILY,
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "न\u093f",
        "\r\n",
    ],
)
def test_what_a_reader_sees_as_one_character_is_not_split(cluster):
    units = len(cluster.encode("utf-16-be")) // 2
    for before in range(67 - units + 1, 67):
        message = segment("Ж" * before + cluster + "Ж" * 60, reference=1)
        assert decoded(message)[0] == "Ж" * before


def test_flags_are_counted_in_pairs_from_the_start_of_the_run():
    # Each flag is four code units: 16 of them are 64, and the 17th does not fit 67.
    message = segment("🇰🇿" * 20, reference=1)
    assert decoded(message) == ["🇰🇿" * 16, "🇰🇿" * 4]


def test_a_character_longer_than_a_segment_is_cut_between_code_points():
    stacked = "a" + "\u0301" * 100
    message = segment(stacked, reference=1)
    assert [len(text) for text in decoded(message)] == [67, 34]
    message = segment("ab" + "\u0301" * 100, reference=1)
    assert [len(text) for text in decoded(message)] == [1, 67, 34]


@given(texts | gsm_texts, st.sampled_from(LongMessage), st.integers(0, 2**32))
@example("€" * 200, LongMessage.UDH8, 0)
@example("😀" * 100, LongMessage.UDH16, 0)
def test_segments_joined_are_the_text_and_each_is_within_its_limit(text, method, reference):
    message = segment(text, reference=reference, method=method)
    parts = bodies(message)
    # Each part decodes alone: an escape or surrogate pair cut in two would not.
    assert "".join(decoded(message)) == text
    assert decode_text(b"".join(parts), message.data_coding) == text
    assert count_segments(text, method=method) == len(parts)
    if len(parts) == 1:
        assert method is LongMessage.PAYLOAD or len(parts[0]) <= (160 if message.data_coding == 0 else 140)
        return
    on_air = 140 - (HEADER_OCTETS[method] or 6)
    for part in message.segments:
        assert part.udhi == (method in (LongMessage.UDH8, LongMessage.UDH16))
        assert len(part.short_message) <= 254
    for body in parts:
        assert body
        assert len(body) <= (on_air * 8 // 7 if message.data_coding == 0 else on_air)


@given(texts, st.sampled_from([LongMessage.UDH8, LongMessage.UDH16, LongMessage.SAR]), st.integers(0, 0xFFFF))
def test_every_part_says_which_it_is(text, method, reference):
    message = segment(text, reference=reference, method=method)
    infos = [part_of(submit(part, message))[0] for part in message.segments]
    if len(infos) == 1:
        assert infos == [None]
        return
    seen = reference & 0xFF if method is LongMessage.UDH8 else reference
    assert infos == [PartInfo(seen, len(infos), number) for number in range(1, len(infos) + 1)]


# One joiner alone would join its neighbours; without it every piece is a character of its own.
clusters = st.lists(pieces.filter(lambda piece: piece != "\u200d"), min_size=30, max_size=200)


@given(clusters, st.sampled_from([LongMessage.UDH8, LongMessage.UDH16, LongMessage.SAR]))
def test_cuts_fall_between_characters_as_readers_see_them(characters, method):
    message = segment("".join(characters), reference=1, method=method, allowed=(Alphabet.UCS2,))
    cuts = set(accumulate(len(text) for text in decoded(message)))
    assert cuts <= set(accumulate(len(character) for character in characters))


def deliver(short_message: bytes = b"", *, udhi: bool = False, tlvs: tuple[Tlv, ...] = ()) -> DeliverSm:
    return DeliverSm(esm_class=UDHI if udhi else 0, short_message=short_message, tlvs=tlvs)


def test_a_plain_message_is_no_part():
    assert part_of(deliver(b"Hello")) == (None, b"Hello")
    assert part_of(DataSm()) == (None, b"")


def test_the_payload_is_read_where_short_message_is_empty():
    payload = (MESSAGE_PAYLOAD.of(b"Hello"),)
    assert part_of(deliver(tlvs=payload)) == (None, b"Hello")
    assert part_of(DataSm(tlvs=payload)) == (None, b"Hello")
    assert part_of(deliver(b"Hi", tlvs=payload)) == (None, b"Hi")


def test_a_header_in_the_payload_of_data_sm_is_read():
    pdu = DataSm(esm_class=UDHI, tlvs=(MESSAGE_PAYLOAD.of(bytes.fromhex("050003070201") + b"Hello"),))
    assert part_of(pdu) == (PartInfo(7, 2, 1), b"Hello")


def test_elements_come_in_any_order():
    ports, concatenation = "0504 15810000", "0003 2a0302"
    for header in (ports + concatenation, concatenation + ports):
        octets = bytes.fromhex("0b" + header)
        assert part_of(deliver(octets + b"x", udhi=True)) == (PartInfo(42, 3, 2), b"x")


def test_of_repeated_concatenations_the_last_possible_counts():
    octets = bytes.fromhex("0f 0003010201 00030a0b0c 000302 0202".replace(" ", ""))
    assert part_of(deliver(octets, udhi=True))[0] == PartInfo(2, 2, 2)
    impossible_last = bytes.fromhex("0a 0003010201 00030a0b0c".replace(" ", ""))
    assert part_of(deliver(impossible_last, udhi=True))[0] == PartInfo(1, 2, 1)


@pytest.mark.parametrize("numbers", ["0000", "0200", "0203", "0001"])
def test_an_impossible_part_number_is_none(numbers):
    assert part_of(deliver(bytes.fromhex("05000307" + numbers) + b"x", udhi=True)) == (None, b"x")


@pytest.mark.parametrize(
    ("octets", "rest"),
    [
        ("", ""),  # the bit without any data
        ("05", "05"),  # a header longer than the data
        ("48656c6c6f", "48656c6c6f"),  # the bit, but plain text
        ("0500037f", "0500037f"),
        ("00aabb", "aabb"),  # an empty header
        ("0100aabb", "aabb"),  # half an element
        ("0300ff01aabb", "aabb"),  # an element that overruns the header
        ("050004070201aabb", "aabb"),  # a concatenation of the wrong length
    ],
)
def test_a_malformed_header_is_tolerated(octets, rest):
    assert part_of(deliver(bytes.fromhex(octets), udhi=True)) == (None, bytes.fromhex(rest))


def test_elements_before_one_that_overruns_are_kept():
    elements, rest = split_header(bytes.fromhex("08 0003070201 70ff01 aabb".replace(" ", "")))
    assert elements == (InformationElement(0, b"\x07\x02\x01"),)
    assert rest == b"\xaa\xbb"


def sar(reference: int, total: int, number: int) -> tuple[Tlv, ...]:
    return SAR_MSG_REF_NUM.of(reference), SAR_TOTAL_SEGMENTS.of(total), SAR_SEGMENT_SEQNUM.of(number)


def test_an_incomplete_or_impossible_sar_trio_is_ignored():  # C67
    trio = sar(300, 3, 2)
    assert part_of(deliver(b"x", tlvs=trio[::-1]))[0] == PartInfo(300, 3, 2)
    for missing in range(3):
        assert part_of(deliver(b"x", tlvs=trio[:missing] + trio[missing + 1 :])) == (None, b"x")
    assert part_of(deliver(b"x", tlvs=(*trio[:2], Tlv(0x020F, b"\x04")))) == (None, b"x")
    assert part_of(deliver(b"x", tlvs=(*trio[:2], Tlv(0x020F, b"\x00\x01")))) == (None, b"x")


def test_the_header_counts_before_the_tlvs():
    octets = bytes.fromhex("050003070201") + b"x"
    assert part_of(deliver(octets, udhi=True, tlvs=sar(300, 3, 2))) == (PartInfo(7, 2, 1), b"x")


tag_numbers = st.sampled_from([0x020C, 0x020E, 0x020F, 0x0424])


@given(st.binary(max_size=60), st.lists(st.tuples(tag_numbers, st.binary(max_size=4))))
def test_reading_any_octets_never_raises(octets, tlvs):
    pdu = deliver(octets, udhi=True, tlvs=tuple(Tlv(*pair) for pair in tlvs))
    info, body = part_of(pdu)
    assert info is None or 1 <= info.number <= info.total <= 255
    assert isinstance(body, bytes)
