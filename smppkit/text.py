"""Alphabets of a short message and the `data_coding` that names them (SMPP 3.4 §5.2.19)."""

from collections.abc import Sequence
from enum import Enum

from smppkit.enums import at_hand
from smppkit.gsm0338 import UnencodableText, decode_gsm7, encode_gsm7, try_encode_gsm7
from smppkit.national import Shifts

__all__ = ["Alphabet", "UnencodableText", "alphabet_of", "choose_alphabet", "decode_text", "encode_text"]


@at_hand
class Alphabet(Enum):
    """How text becomes octets. GSM7 is unpacked (one septet per octet); UCS2 is UTF-16 big-endian with surrogates."""

    GSM7 = "gsm7"
    LATIN1 = "latin1"
    UCS2 = "ucs2"
    ASCII = "ascii"
    OCTETS = "octets"

    @property
    def data_coding(self) -> int:
        """The value of the PDU's `data_coding` field."""
        return _DATA_CODING[self]


_DATA_CODING = {
    Alphabet.GSM7: 0x00,
    Alphabet.ASCII: 0x01,
    Alphabet.LATIN1: 0x03,
    Alphabet.OCTETS: 0x04,
    Alphabet.UCS2: 0x08,
}
# Python's names; OCTETS has no alphabet, and Latin-1 shows every octet as one character and loses none.
_CODECS = {
    Alphabet.ASCII: "ascii",
    Alphabet.LATIN1: "latin-1",
    Alphabet.OCTETS: "latin-1",
    Alphabet.UCS2: "utf-16-be",
}
# Values of SMPP 3.4 §5.2.19 that no Alphabet stands for, since nothing here sends them.
_READ_ONLY_CODECS = {0x06: "iso8859-5", 0x07: "iso8859-8", 0x0A: "iso2022_jp", 0x0E: "euc_kr"}
_BY_DATA_CODING = {0x01: Alphabet.ASCII, 0x03: Alphabet.LATIN1, 0x08: Alphabet.UCS2}


def choose_alphabet(text: str, allowed: Sequence[Alphabet] = (Alphabet.GSM7, Alphabet.UCS2)) -> Alphabet:
    """Return the first allowed alphabet that holds the text; UnencodableText (of the last one) when none does."""
    return encode_first(text, allowed)[0]


def encode_first(text: str, allowed: Sequence[Alphabet]) -> tuple[Alphabet, bytes]:
    """Return the first allowed alphabet that holds the text, and the text in it; UnencodableText when none does."""
    if not allowed:
        raise ValueError("no alphabet is allowed; at least one is needed")
    for alphabet in allowed[:-1]:
        octets = _try_encode(text, alphabet)
        if octets is not None:
            return alphabet, octets
    return allowed[-1], encode_text(text, allowed[-1])


def _try_encode(text: str, alphabet: Alphabet) -> bytes | None:
    if alphabet is Alphabet.GSM7:
        return try_encode_gsm7(text)
    try:
        return text.encode(_CODECS[alphabet])
    except UnicodeEncodeError:
        return None


def encode_text(text: str, alphabet: Alphabet) -> bytes:
    """Encode for `short_message` or `message_payload`; UnencodableText names the characters that do not fit."""
    if alphabet is Alphabet.GSM7:
        return encode_gsm7(text)
    codec = _CODECS[alphabet]
    try:
        return text.encode(codec)
    except UnicodeEncodeError:
        raise UnencodableText(alphabet.value, _not_in(text, codec)) from None


def decode_text(
    octets: bytes, data_coding: int, default: Alphabet = Alphabet.GSM7, *, shifts: Shifts | None = None
) -> str:
    """Decode user data (without header); never raises: what cannot be read becomes U+FFFD.

    `default` is what the operator's account means by `data_coding` 0, `shifts` are the national language tables that
    the header names (`national.shifts_of`). Binary and reserved codings that carry no
    alphabet show each octet as a Latin-1 character.
    """
    codec = _READ_ONLY_CODECS.get(data_coding)
    if codec is not None:
        return octets.decode(codec, "replace")
    alphabet = alphabet_of(data_coding, default)
    if alphabet is Alphabet.GSM7:
        return decode_gsm7(octets) if shifts is None else shifts.decode(octets)
    return octets.decode(_CODECS[alphabet], "replace")


def alphabet_of(data_coding: int, default: Alphabet = Alphabet.GSM7) -> Alphabet:
    """Return the alphabet a `data_coding` names; OCTETS for binary and for the charsets that are only read.

    Above 0x0F the GSM groups hold (3GPP TS 23.038 §4), the message-class one (0x10–0x1F) included, which SMPP 3.4
    reserves but clients send for flash messages. Reserved groups mean the default alphabet, as TS 23.038 asks.
    """
    if data_coding == 0:
        return default
    if data_coding < 0x10:
        return _BY_DATA_CODING.get(data_coding, Alphabet.OCTETS)
    group = data_coding >> 4
    if group == 0xF:
        return Alphabet.OCTETS if data_coding & 0x04 else default
    if group == 0xE:
        return Alphabet.UCS2
    if group in (0x2, 0x3):  # compressed text
        return Alphabet.OCTETS
    if group == 0x1:
        return (default, Alphabet.OCTETS, Alphabet.UCS2, default)[data_coding >> 2 & 0x03]
    return default


def _not_in(text: str, codec: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(c for c in text if not c.encode(codec, "ignore")))
