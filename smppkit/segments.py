"""Long messages: cutting text into segments, and reading which part a PDU is.

A segment carries 140 octets of user data (3GPP TS 23.040 §9.2.3.24.1): what a concatenation header takes is lost to
the text. Four ways to say "this is part n of m" are in use: a user data header with an 8- or a 16-bit reference, the
sar_* TLVs of SMPP 3.4 §5.3.2.22–24, and message_payload, where the SMSC does the cutting.
"""

import unicodedata
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

import msgspec

from smppkit.pdus import DataSm, DeliverSm, SubmitSm
from smppkit.text import Alphabet, encode_first, encode_text
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


def segment(
    text: str,
    *,
    reference: int,
    method: LongMessage = LongMessage.UDH8,
    allowed: Sequence[Alphabet] = (Alphabet.GSM7, Alphabet.UCS2),
) -> Segmented:
    """Encode a text in the first allowed alphabet that holds it and cut it into segments.

    A text that fits one segment is sent plain, whatever the method. `reference` is any integer ≥ 0; its low 8 or 16
    bits are used, as the method has room. A cut never falls inside an escape pair or a surrogate pair, nor inside what
    a reader sees as one character unless that alone exceeds a segment. UnencodableText when no allowed alphabet
    holds the text, SegmentError beyond 255 parts or 65,535 octets of payload.
    """
    alphabet, octets = encode_first(text, allowed)
    if len(octets) <= _alone(alphabet):
        parts: tuple[Segment, ...] = (Segment(octets),)
    elif method is LongMessage.PAYLOAD:
        parts = (Segment(b"", tlvs=(MESSAGE_PAYLOAD.of(_within_payload(octets)),)),)
    else:
        bodies = _bodies(text, octets, alphabet, method)
        total = len(bodies)
        parts = tuple(_part(body, PartInfo(reference, total, number), method) for number, body in enumerate(bodies, 1))
    return Segmented(alphabet, alphabet.data_coding, parts)


def count_segments(
    text: str,
    *,
    method: LongMessage = LongMessage.UDH8,
    allowed: Sequence[Alphabet] = (Alphabet.GSM7, Alphabet.UCS2),
) -> int:
    """Return how many segments `segment` would make of the text; the same errors."""
    alphabet, octets = encode_first(text, allowed)
    if len(octets) <= _alone(alphabet):
        return 1
    if method is LongMessage.PAYLOAD:
        _within_payload(octets)
        return 1
    return len(_bodies(text, octets, alphabet, method))


def _alone(alphabet: Alphabet) -> int:
    """Return how many octets of `short_message` one plain segment holds."""
    return _LIMITS[alphabet][0] * _unit_octets(alphabet)


def _unit_octets(alphabet: Alphabet) -> int:
    return 2 if alphabet is Alphabet.UCS2 else 1


def _within_payload(octets: bytes) -> bytes:
    if len(octets) > MOST_PAYLOAD_OCTETS:
        raise SegmentError(f"{len(octets)} octets; message_payload holds at most {MOST_PAYLOAD_OCTETS}")
    return octets


def _part(body: bytes, info: PartInfo, method: LongMessage) -> Segment:
    reference, total, number = info.reference, info.total, info.number
    if method is LongMessage.UDH8:
        header = bytes((5, _CONCATENATION_8, 3, reference & 0xFF, total, number))
        return Segment(header + body, udhi=True)
    if method is LongMessage.UDH16:
        header = bytes((6, _CONCATENATION_16, 4, reference >> 8 & 0xFF, reference & 0xFF, total, number))
        return Segment(header + body, udhi=True)
    tlvs = (
        SAR_MSG_REF_NUM.of(reference & 0xFFFF),
        SAR_TOTAL_SEGMENTS.of(total),
        SAR_SEGMENT_SEQNUM.of(number),
    )
    return Segment(body, tlvs=tlvs)


def _bodies(text: str, octets: bytes, alphabet: Alphabet, method: LongMessage) -> list[bytes]:
    """Cut a text into encoded bodies, each within the method's limit."""
    capacity = _LIMITS[alphabet][_LIMIT_OF[method]] * _unit_octets(alphabet)
    # Even cut to the brim it would not fit: said before the work of cutting it.
    if len(octets) > MOST_PARTS * capacity:
        raise _too_many(text)
    bodies = []
    start = 0
    while start < len(text):
        end, body = _fill(text, start, capacity, alphabet)
        bodies.append(body)
        start = end
    if len(bodies) > MOST_PARTS:
        raise _too_many(text)
    return bodies


def _too_many(text: str) -> SegmentError:
    return SegmentError(f"a text of {len(text)} characters needs more than {MOST_PARTS} parts")


def _fill(text: str, start: int, capacity: int, alphabet: Alphabet) -> tuple[int, bytes]:
    """Return where the part that begins at `start` ends, and its octets (at most `capacity`)."""
    unit = _unit_octets(alphabet)
    end = min(len(text), start + capacity // unit)
    body = encode_text(text[start:end], alphabet)
    # A character costs one unit or two, so at least half of the excess units must go as characters; what that leaves
    # over is measured again. Whole characters go, which keeps escape and surrogate pairs together.
    while len(body) > capacity:
        end -= ((len(body) - capacity) // unit + 1) // 2
        body = encode_text(text[start:end], alphabet)
    if end < len(text) and not _is_boundary(text, end):
        kept = end
        while kept > start and not _is_boundary(text, kept):
            kept -= 1
        if kept > start:
            return kept, encode_text(text[start:kept], alphabet)
    return end, body


# --- what a reader sees as one character -------------------------------------------------------------------------
# A short form of Unicode's grapheme clusters (UAX #29) that the standard library suffices for. Not covered: Hangul
# letters written one by one and the prepended marks of some Indic scripts; a cut there loses nothing but looks.

_ZWNJ, _ZWJ = "\u200c", "\u200d"


def _is_boundary(text: str, index: int) -> bool:
    """Whether a cut before `text[index]` (0 < index < len) leaves both neighbours whole."""
    before, after = text[index - 1], text[index]
    if before < "\u0300" and after < "\u0300":
        return not (before == "\r" and after == "\n")
    if before == _ZWJ or _extends(after):
        return False
    if _is_regional_indicator(after) and _is_regional_indicator(before):
        # Flags are pairs, counted from the start of the run of indicators.
        run = index
        while run > 0 and _is_regional_indicator(text[run - 1]):
            run -= 1
        return (index - run) % 2 == 0
    return True


def _extends(character: str) -> bool:
    """Whether a character belongs to the one before it."""
    return (
        character in (_ZWNJ, _ZWJ)
        or unicodedata.category(character)[0] == "M"  # combining marks, variation selectors, the keycap
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= character <= "\U000e007f"  # tags, as in the flag of Scotland
    )


def _is_regional_indicator(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


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
