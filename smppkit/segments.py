"""Long messages: cutting text into segments, and reading which part a PDU is.

A segment carries 140 octets of user data (3GPP TS 23.040 §9.2.3.24.1): what a concatenation header takes is lost to
the text. Four ways to say "this is part n of m" are in use: a user data header with an 8- or a 16-bit reference, the
sar_* TLVs of SMPP 3.4 §5.3.2.22–24, and message_payload, where the SMSC does the cutting.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from typing import NamedTuple

import msgspec

from smppkit.graphemes import is_boundary
from smppkit.gsm0338 import UnencodableText, encode_gsm7, pack_septets
from smppkit.national import Shifts, pairs, shifts_of
from smppkit.national_tables import Language
from smppkit.pdus import DataSm, DeliverSm, SubmitSm
from smppkit.text import Alphabet, decode_text, encode_first, encode_text
from smppkit.tlvs import (
    MESSAGE_PAYLOAD,
    SAR_MSG_REF_NUM,
    SAR_SEGMENT_SEQNUM,
    SAR_TOTAL_SEGMENTS,
    Tlv,
)

UDHI = 0x40  # the bit of esm_class that announces a user data header (SMPP 3.4 §5.2.12)
MOST_PARTS = 255
MOST_PAYLOAD_OCTETS = 0xFFFF

_CONCATENATION_8, _CONCATENATION_16 = 0x00, 0x08


class LongMessage(Enum):
    """How a text that does not fit one segment is sent."""

    UDH8 = "udh8"
    UDH16 = "udh16"
    SAR = "sar"
    PAYLOAD = "payload"


class SegmentError(ValueError):
    """The text is too long for this way of sending it."""


class Segment(msgspec.Struct, frozen=True):
    """What one PDU carries. With `udhi` its esm_class gets `UDHI`, and `short_message` begins with the header."""

    short_message: bytes
    udhi: bool = False
    tlvs: tuple[Tlv, ...] = ()


class Segmented(msgspec.Struct, frozen=True):
    """A whole message, ready for one PDU per segment."""

    alphabet: Alphabet
    data_coding: int
    segments: tuple[Segment, ...]
    shifts: Shifts | None = None
    """The national language tables that every segment's header names."""


class PartInfo(msgspec.Struct, frozen=True):
    """Which part of a long message a PDU is: `number` counts from 1 to `total`."""

    reference: int
    total: int
    number: int


class InformationElement(NamedTuple):
    """One element of a user data header (3GPP TS 23.040 §9.2.3.24)."""

    identifier: int
    data: bytes


# Units that fit one segment: (alone, UDH8, UDH16). A unit is a septet, a UTF-16 code unit, or an octet.
_LIMITS = {
    Alphabet.GSM7: (160, 153, 152),
    Alphabet.UCS2: (70, 67, 66),
    Alphabet.LATIN1: (140, 134, 133),
    Alphabet.ASCII: (140, 134, 133),
    Alphabet.OCTETS: (140, 134, 133),
}
# The SMSC turns sar_* TLVs into an 8-bit header on the air, so a SAR part holds what a UDH8 part holds.
_LIMIT_OF = {LongMessage.UDH8: 1, LongMessage.SAR: 1, LongMessage.UDH16: 2}
_HEADER_OF = (0, 6, 7)
_OCTETS = 140
ALONE = {alphabet: limits[0] * (2 if alphabet is Alphabet.UCS2 else 1) for alphabet, limits in _LIMITS.items()}
"""Octets of `short_message` that one segment without a header holds."""

Encode = Callable[[str], bytes]


def segment(
    text: str,
    *,
    reference: int,
    method: LongMessage = LongMessage.UDH8,
    allowed: Sequence[Alphabet] = (Alphabet.GSM7, Alphabet.UCS2),
    languages: tuple[Language, ...] = (),
    packed: bool = False,
) -> Segmented:
    """Encode a text in the first allowed alphabet that holds it and cut it into segments.

    With `languages`, and GSM7 allowed, the text goes out with national language tables where that makes fewer
    segments: every pair of the languages' tables is tried.
    `packed` puts eight septets into seven octets, for operators that want GSM-7 so.

    A text that fits one segment is sent plain, whatever the method. `reference` is any integer ≥ 0; its low 8 or 16
    bits are used, as the method has room. A cut never falls inside an escape pair or a surrogate pair, nor inside what
    a reader sees as one character unless that alone exceeds a segment. UnencodableText when no allowed alphabet
    holds the text, SegmentError beyond 255 parts or 65,535 octets of payload.
    """
    shifts = None
    if languages:
        alphabet, octets, shifts = _written(text, method, allowed, languages)
    else:
        alphabet, octets = encode_first(text, allowed)
    if shifts is not None:
        pieces = _national(text, octets, shifts, reference, method)
    else:
        pieces = cut_encoded(text, alphabet, octets, reference=reference, method=method)
    if packed and alphabet is Alphabet.GSM7:
        pieces = tuple(map(pack_segment, pieces))
    return Segmented(alphabet, alphabet.data_coding, pieces, shifts)


def cut_encoded(
    text: str, alphabet: Alphabet, octets: bytes, *, reference: int, method: LongMessage
) -> tuple[Segment, ...]:
    """The segments of a text that is encoded already, as `segment` makes them; SegmentError."""
    if len(octets) <= ALONE[alphabet]:
        return (Segment(octets),)
    if method is LongMessage.PAYLOAD:
        return (Segment(b"", tlvs=(MESSAGE_PAYLOAD.of(_within_payload(octets)),)),)
    bodies = _bodies(text, octets, alphabet, method)
    total = len(bodies)
    return tuple([_part(body, PartInfo(reference, total, number), method) for number, body in enumerate(bodies, 1)])


def count_segments(
    text: str,
    *,
    method: LongMessage = LongMessage.UDH8,
    allowed: Sequence[Alphabet] = (Alphabet.GSM7, Alphabet.UCS2),
    languages: tuple[Language, ...] = (),
) -> int:
    """Return how many segments `segment` would make of the text; the same errors."""
    if not languages:
        alphabet, octets = encode_first(text, allowed)
        return 1 if len(octets) <= ALONE[alphabet] else _count(text, octets, method, alphabet)
    alphabet, octets, shifts = _written(text, method, allowed, languages)
    return _count(text, octets, method, shifts or alphabet)


def pack_segment(piece: Segment) -> Segment:
    """The same segment of GSM-7 with its septets packed, behind its header if it has one."""

    def packed(octets: bytes) -> bytes:
        header = octets[0] + 1 if piece.udhi and octets else 0
        return octets[:header] + pack_septets(octets[header:], fill_bits(header))

    tlvs = tuple(
        MESSAGE_PAYLOAD.of(packed(tlv.value)) if tlv.tag == MESSAGE_PAYLOAD.number else tlv for tlv in piece.tlvs
    )
    return Segment(packed(piece.short_message), udhi=piece.udhi, tlvs=tlvs)


def fill_bits(header: int) -> int:
    """The bits between a header of so many octets and the first septet (3GPP TS 23.040 §9.2.3.24)."""
    return -8 * header % 7


def _written(
    text: str, method: LongMessage, allowed: Sequence[Alphabet], languages: tuple[Language, ...]
) -> tuple[Alphabet, bytes, Shifts | None]:
    """The text in the alphabet it goes out in, and the national tables where those serve."""
    if Alphabet.GSM7 not in allowed:
        return *encode_first(text, allowed), None
    try:
        alphabet, octets = encode_first(text, allowed)
    except UnencodableText:
        found = _cheapest(text, method, languages, None)
        if found is None:
            raise
        return Alphabet.GSM7, *found
    # An alphabet that comes before GSM7 and holds the text is what is wanted. Where the default table needs no
    # escape, no other table needs less.
    if (
        len(octets) <= ALONE[alphabet]
        or allowed.index(alphabet) < allowed.index(Alphabet.GSM7)
        or (alphabet is Alphabet.GSM7 and b"\x1b" not in octets)
    ):
        return alphabet, octets, None
    try:
        plain: int | None = _count(text, octets, method, alphabet)
    except SegmentError:
        plain = None
    found = None if plain == 1 else _cheapest(text, method, languages, plain)
    return (alphabet, octets, None) if found is None else (Alphabet.GSM7, *found)


def _cheapest(
    text: str, method: LongMessage, languages: tuple[Language, ...], most: int | None
) -> tuple[bytes, Shifts] | None:
    """The octets and tables of the pair that makes the fewest segments, if that is fewer than `most`."""
    best = None
    cost = (MOST_PARTS + 2 if most is None else most, 0)
    for shifts in pairs(languages):
        octets = shifts.try_encode(text)
        if octets is None:
            continue
        try:
            count = _count(text, octets, method, shifts)
        except SegmentError:
            count = MOST_PARTS + 1
        if (count, len(octets)) < cost:
            best, cost = (octets, shifts), (count, len(octets))
            if count == 1 and method is not LongMessage.PAYLOAD:
                break
    return best


def _count(text: str, octets: bytes, method: LongMessage, written: Alphabet | Shifts) -> int:
    if len(octets) <= (_alone_with(written) if isinstance(written, Shifts) else ALONE[written]):
        return 1
    if method is LongMessage.PAYLOAD:
        _within_payload(octets)
        return 1
    return len(_bodies(text, octets, written, method))


def _alone_with(shifts: Shifts) -> int:
    """Return how many septets one segment holds behind a header that names its tables."""
    return (_OCTETS - 1 - len(shifts.elements)) * 8 // 7


def _unit_octets(alphabet: Alphabet) -> int:
    return 2 if alphabet is Alphabet.UCS2 else 1


def _within_payload(octets: bytes) -> bytes:
    if len(octets) > MOST_PAYLOAD_OCTETS:
        raise SegmentError(f"{len(octets)} octets; message_payload holds at most {MOST_PAYLOAD_OCTETS}")
    return octets


def _national(text: str, octets: bytes, shifts: Shifts, reference: int, method: LongMessage) -> tuple[Segment, ...]:
    """The segments of a text with national tables: each one's header names them."""
    elements = shifts.elements
    header = bytes((len(elements),)) + elements
    if len(octets) <= _alone_with(shifts):
        return (Segment(header + octets, udhi=True),)
    if method is LongMessage.PAYLOAD:
        return (Segment(b"", udhi=True, tlvs=(MESSAGE_PAYLOAD.of(_within_payload(header + octets)),)),)
    bodies = _bodies(text, octets, shifts, method)
    total = len(bodies)
    if method is LongMessage.SAR:  # a header and sar_* TLVs exclude each other (SMPP 3.4 §5.2.12)
        method = LongMessage.UDH8
    return tuple(
        _part(body, PartInfo(reference, total, number), method, elements) for number, body in enumerate(bodies, 1)
    )


def _part(body: bytes, info: PartInfo, method: LongMessage, elements: bytes = b"") -> Segment:
    reference, total, number = info.reference, info.total, info.number
    if method is LongMessage.UDH8:
        header = bytes((5 + len(elements), _CONCATENATION_8, 3, reference & 0xFF, total, number))
        return Segment(header + elements + body, udhi=True)
    if method is LongMessage.UDH16:
        header = bytes(
            (6 + len(elements), _CONCATENATION_16, 4, reference >> 8 & 0xFF, reference & 0xFF, total, number)
        )
        return Segment(header + elements + body, udhi=True)
    tlvs = (
        SAR_MSG_REF_NUM.of(reference & 0xFFFF),
        SAR_TOTAL_SEGMENTS.of(total),
        SAR_SEGMENT_SEQNUM.of(number),
    )
    return Segment(body, tlvs=tlvs)


def _bodies(text: str, octets: bytes, written: Alphabet | Shifts, method: LongMessage) -> list[bytes]:
    """Cut a text into encoded bodies, each within the method's limit."""
    limit = _LIMIT_OF[method]
    unit, encode = 1, encode_gsm7
    if isinstance(written, Shifts):
        capacity = (_OCTETS - _HEADER_OF[limit] - len(written.elements)) * 8 // 7
        encode = written.encode
    else:
        unit = _unit_octets(written)
        capacity = _LIMITS[written][limit] * unit
        if written is not Alphabet.GSM7:
            encode = partial(encode_text, alphabet=written)
    # Even cut to the brim it would not fit: said before the work of cutting it.
    if len(octets) > MOST_PARTS * capacity:
        raise _too_many(text)
    bodies = []
    start = 0
    even = len(octets) == len(text) * unit  # no escapes and no surrogates: the octets can be cut as they are
    while start < len(text):
        if even:
            end = _whole(text, start, min(len(text), start + capacity // unit))
            body = octets[start * unit : end * unit]
        else:
            end, body = _fill(text, start, capacity, unit, encode)
        bodies.append(body)
        start = end
    if len(bodies) > MOST_PARTS:
        raise _too_many(text)
    return bodies


def _too_many(text: str) -> SegmentError:
    return SegmentError(f"a text of {len(text)} characters needs more than {MOST_PARTS} parts")


def _fill(text: str, start: int, capacity: int, unit: int, encode: Encode) -> tuple[int, bytes]:
    """Return where the part that begins at `start` ends, and its octets (at most `capacity`)."""
    end = min(len(text), start + capacity // unit)
    body = encode(text[start:end])
    # A character costs one unit or two, so at least half of the excess units must go as characters; what that leaves
    # over is measured again. Whole characters go, which keeps escape and surrogate pairs together.
    while len(body) > capacity:
        end -= ((len(body) - capacity) // unit + 1) // 2
        body = encode(text[start:end])
    whole = _whole(text, start, end)
    return (end, body) if whole == end else (whole, encode(text[start:whole]))


def _whole(text: str, start: int, end: int) -> int:
    """The last place up to `end` where a cut tears nothing apart; `end` itself when there is none after `start`."""
    kept = end
    while start < kept < len(text) and not is_boundary(text, kept):
        kept -= 1
    return kept if kept > start else end


# --- reading -----------------------------------------------------------------------------------------------------


def user_data(pdu: SubmitSm | DeliverSm | DataSm) -> bytes:
    """Return the message's octets, header included: `short_message`, or `message_payload` when that is empty."""
    if not isinstance(pdu, DataSm) and pdu.short_message:
        return pdu.short_message
    return _tlv_value(pdu.tlvs, MESSAGE_PAYLOAD.number) or b""


def part_of(pdu: SubmitSm | DeliverSm | DataSm) -> tuple[PartInfo | None, bytes]:
    """Return which part of a long message the PDU is (None: a whole one), and its user data without header.

    Never raises: a header that cannot be read is left in the user data, an impossible part number or an incomplete
    set of sar_* TLVs (SMPP 3.4 §5.3.2.22) is as good as none. A header's word counts before the TLVs'.
    """
    body = user_data(pdu)
    info = None
    if pdu.esm_class & UDHI:
        elements, body = split_header(body)
        info = _concatenation(elements)
    return info or _sar(pdu.tlvs), body


def split_header(octets: bytes) -> tuple[tuple[InformationElement, ...], bytes]:
    """Split user data that begins with a header into the header's elements, in order, and the rest.

    A header longer than the data is none: no elements, everything is rest. An element that overruns the header ends
    the reading there; those before it count.
    """
    if not octets or octets[0] >= len(octets):
        return (), octets
    end = 1 + octets[0]
    elements = []
    at = 1
    while at + 2 <= end:
        identifier, length = octets[at], octets[at + 1]
        at += 2
        if at + length > end:
            break
        elements.append(InformationElement(identifier, octets[at : at + length]))
        at += length
    return tuple(elements), octets[end:]


def decode_user_data(octets: bytes, data_coding: int, *, header: bool, default: Alphabet = Alphabet.GSM7) -> str:
    """What user data says, without its header; with `header` it begins with one, whose tables are heeded.

    `default` is what the operator means by data_coding 0. Never raises.
    """
    if not header:
        return decode_text(octets, data_coding, default)
    elements, body = split_header(octets)
    return decode_text(body, data_coding, default, shifts=shifts_of(elements))


def _concatenation(elements: tuple[InformationElement, ...]) -> PartInfo | None:
    # Of elements that exclude each other or are repeated the last one counts (TS 23.040 §9.2.3.24).
    for identifier, data in reversed(elements):
        if (identifier, len(data)) in ((_CONCATENATION_8, 3), (_CONCATENATION_16, 4)):
            *reference, total, number = data
            info = _possible(int.from_bytes(bytes(reference)), total, number)
            if info is not None:
                return info
    return None


def _sar(tlvs: tuple[Tlv, ...]) -> PartInfo | None:
    if not tlvs:
        return None
    reference = _tlv_value(tlvs, SAR_MSG_REF_NUM.number)
    total = _tlv_value(tlvs, SAR_TOTAL_SEGMENTS.number)
    number = _tlv_value(tlvs, SAR_SEGMENT_SEQNUM.number)
    if reference is None or total is None or number is None or len(total) != 1 or len(number) != 1:
        return None
    return _possible(int.from_bytes(reference), total[0], number[0])


def _possible(reference: int, total: int, number: int) -> PartInfo | None:
    return PartInfo(reference, total, number) if 1 <= number <= total else None


def _tlv_value(tlvs: tuple[Tlv, ...], tag: int) -> bytes | None:
    for tlv in tlvs:
        if tlv.tag == tag:
            return tlv.value
    return None
