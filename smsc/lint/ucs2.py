"""Telling UCS-2 by its octets.

Every script but the East Asian ones keeps its characters in one or two blocks of 256, so every second octet of a text
is the same few values. Where that second octet stands tells the byte order. The tests are strict: a text that could
pass for something else is left alone.
"""

from __future__ import annotations

UCS2_CODINGS = frozenset({0x08, 0x18, 0x19, 0x1A, 0x1B})
"""Values of data_coding that say UCS-2: SMPP 3.4 §5.2.19, and with a message class 3GPP TS 23.038 §4."""

_LEAST_CHARACTERS = 4
# The high octets of Latin, Greek, Cyrillic, Hebrew, Arabic, Devanagari, Thai and Georgian text, with punctuation (20).
_HIGH = b"\x00\x01\x02\x03\x04\x05\x06\x09\x0e\x10\x20"


def looks_like_ucs2(octets: bytes) -> bool:
    """Whether octets that are said to be GSM 7-bit are UTF-16BE of an alphabet."""
    # Most texts hold no octet below 7: one look at the first settles it.
    return len(octets) >= 2 * _LEAST_CHARACTERS and octets[0] <= 0x10 and _alternate(octets[::2], octets[1::2])


def looks_little_endian(octets: bytes) -> bool:
    """Whether octets that are said to be UCS-2 are UTF-16LE of an alphabet."""
    return len(octets) >= 2 * _LEAST_CHARACTERS and octets[1] <= 0x10 and _alternate(octets[1::2], octets[::2])


def _alternate(high: bytes, low: bytes) -> bool:
    """Whether one half of the octets are high ones of a script, and the others vary as the letters of a text do."""
    if len(high) != len(low) or high.translate(None, _HIGH):
        return False
    # Of one block mainly, with what all scripts share (spaces, digits, punctuation); and not the other way about.
    blocks = set(high) - {0x00, 0x20}
    return (
        len(blocks) <= 1 and len(set(low)) >= 3 and bool(low.translate(None, _HIGH)) and min(low[:1] or b"\0") >= 0x09
    )
