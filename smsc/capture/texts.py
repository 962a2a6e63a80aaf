"""Texts without what they say: as long, in the same alphabet, with their spaces and punctuation.

Every letter becomes one letter of its script, every digit 0. So segments stay as long as they were, and a client reads
the same number of characters. A user data header, escapes and surrogate pairs stay.
"""

from __future__ import annotations

import re
from typing import Final

from smppkit.national import shifts_of
from smppkit.pdus import DataSm, DeliverSm
from smppkit.receipts import parse_receipt
from smppkit.segments import UDHI, split_header
from smppkit.text import Alphabet, alphabet_of

_ESCAPE: Final = 0x1B
_SMILE: Final = b"\xd8\x3d\xde\x00"
# First code point, the letter that stands for all letters from there on.
_LETTERS: Final = (
    (0x0000, "x"),
    (0x0370, "χ"),
    (0x0400, "х"),
    (0x0530, "խ"),
    (0x0590, "ש"),
    (0x0600, "س"),
    (0x0900, "क"),
    (0x0E00, "ก"),
    (0x10A0, "ხ"),
    (0x1100, "一"),
)
_TEXT_FIELD = re.compile(rb"(?<![\w-])t(\0?)e\1x\1t\1(?:[ ]\1)*:", re.IGNORECASE)
_ID_FIELD = re.compile(rb"\0?(?:\0? )*i\0?d\0?\s*:", re.IGNORECASE)


def without_words(octets: bytes, data_coding: int, *, header: bool) -> bytes:
    """User data whose words are hidden; `header`: it begins with a user data header, which stays."""
    elements, body = split_header(octets) if header else ((), octets)
    hidden = _hide_national(body) if shifts_of(elements) else _hide(body, data_coding)
    return octets[: len(octets) - len(body)] + hidden


def receipt_without_words(pdu: DeliverSm | DataSm, octets: bytes) -> bytes:
    """The text of a receipt, of which only the words of the message are hidden: they follow `text:`.

    A text without any field of a receipt is hidden altogether.
    """
    found = _TEXT_FIELD.search(octets)
    if found is not None:
        # The words are in the coding of the fields before them: many copy data_coding and write ASCII all the same.
        wide = found[1] == b"\0"
        return octets[: found.end()] + _hide(octets[found.end() :], 0x08 if wide else 0x03)
    if _ID_FIELD.match(octets):
        return octets
    return without_words(octets, pdu.data_coding, header=bool(pdu.esm_class & UDHI))


def is_receipt(pdu: object) -> bool:
    """Whether a PDU is a receipt, whatever its esm_class says."""
    return isinstance(pdu, DeliverSm | DataSm) and parse_receipt(pdu) is not None


def _hide(octets: bytes, data_coding: int) -> bytes:
    alphabet = alphabet_of(data_coding)
    if alphabet is Alphabet.UCS2:
        return _hide_ucs2(octets)
    if alphabet is Alphabet.OCTETS:
        return b"x" * len(octets)
    if alphabet is Alphabet.GSM7:
        return _hide_gsm7(octets)
    return octets.translate(_LATIN1)


def _hide_gsm7(octets: bytes) -> bytes:
    pieces = []
    escaped = False
    for octet in octets:
        pieces.append(octet if escaped else _GSM7[octet])
        escaped = octet == _ESCAPE and not escaped
    return bytes(pieces)


def _hide_national(octets: bytes) -> bytes:
    """With a national language table nearly every code may be a letter, behind an escape too; "e" is the Euro there."""
    pieces = []
    escaped = False
    for octet in octets:
        pieces.append(octet if octet in b"\x1b \n\r" else ord("e") if escaped else ord("x"))
        escaped = octet == _ESCAPE and not escaped
    return bytes(pieces)


def _hide_ucs2(octets: bytes) -> bytes:
    pieces = []
    at = 0
    while at + 1 < len(octets):
        unit = int.from_bytes(octets[at : at + 2])
        if 0xD800 <= unit < 0xDC00 and 0xDC <= (octets[at + 2] if at + 3 < len(octets) else 0) < 0xE0:
            pieces.append(_SMILE)
            at += 4
            continue
        pieces.append(_hidden(chr(unit)).encode("utf-16-be", "surrogatepass"))
        at += 2
    return b"".join(pieces) + b"x" * (len(octets) - at)


def _hidden(character: str) -> str:
    if character.isdigit():
        return "0"
    if not character.isalpha():
        return character
    if ord(character) < 0x370 and character.isupper():
        return "X"
    return next(letter for first, letter in reversed(_LETTERS) if ord(character) >= first)


_LATIN1: Final = bytes(_hidden(chr(octet)).encode("latin-1")[0] for octet in range(256))
# 3GPP TS 23.038 §6.2.1: Latin letters and digits are where ASCII has them, other letters in between.
_GSM7_LETTERS: Final = frozenset({*range(4, 10), 11, 12, 14, 15, *range(0x10, 0x1B), *range(0x1C, 0x20), 0x40, 0x60})
_GSM7: Final = bytes(
    ord("x") if octet in _GSM7_LETTERS or 0x5B <= octet <= 0x5E or 0x7B <= octet <= 0x7F else _LATIN1[octet]
    for octet in range(256)
)
