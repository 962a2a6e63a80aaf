"""The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038 §6.2.1), unpacked and packed.

SMPP carries one septet per octet, and `encode_gsm7` and `decode_gsm7` speak that form; `pack_septets` and
`unpack_septets` turn it into the air's form of eight septets in seven octets and back.

Both directions run inside CPython's charmap codec. Encoding goes through a table in which every character of the
extension table, and "@" whose real code is 0, has a code of its own above 0x7F; those codes are replaced afterwards,
and only when there are any.
"""

import codecs
from collections.abc import Sequence

_ESC = 0x1B

DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet: the characters of the codes 0x00–0x7F; 0x1B is the escape to the extension table."""
EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
"""The extension table: characters by the code behind the escape."""

_UNDEFINED = "\ufffe"  # what the charmap codec takes for "no such code"
_AT_SIGN = 0x80  # a free code to stand for 0x00: the compiled map keeps 0 for U+0000


def _encoding_table() -> str:
    codes = list("\0" + DEFAULT[1:]) + [_UNDEFINED] * 128
    codes[_ESC] = _UNDEFINED
    codes[_AT_SIGN] = DEFAULT[0]
    for code, character in EXTENSION.items():
        codes[0x80 | code] = character
    return "".join(codes)


_ENCODING = codecs.charmap_build(_encoding_table())
_BETWEEN = "\x7f"
"""Stands between texts that are encoded together: it is in neither table, and no character of ASCII has its code."""


def _ascii_table() -> bytes:
    """For each octet of ASCII its code in the default alphabet; 0xFF for what is not there, or not as one septet."""
    return bytes(DEFAULT.find(chr(octet)) & 0xFF if octet != _ESC else 0xFF for octet in range(128)) + b"\xff" * 128


_OF_ASCII = _ascii_table()
_OF_ASCII_JOINED = _OF_ASCII[:0x7F] + b"\x7f" + _OF_ASCII[0x80:]
_STAND_INS = [(bytes([_AT_SIGN]), b"\0")] + [(bytes([0x80 | code]), bytes([_ESC, code])) for code in EXTENSION]
_DECODING = DEFAULT + "\ufffd" * 128
# An escape pair after decoding: ESC and the *default* character of its second code. TS 23.038 §6.2.1.1: a code that
# the extension table lacks shows the default character; a second escape, and one with nothing after it, a space.
# Two escapes go first: after that an escape belongs to what follows it.
_ESCAPE_PAIRS = [("\x1b\x1b", " ")] + [("\x1b" + DEFAULT[code], shown) for code, shown in EXTENSION.items()]
_CHARACTERS = frozenset(DEFAULT) - {"\x1b"} | frozenset(EXTENSION.values())


class UnencodableText(ValueError):
    """The text has characters that the wanted alphabet lacks: `characters`, each once, in order of appearance."""

    def __init__(self, alphabet: str, characters: tuple[str, ...]) -> None:
        self.alphabet = alphabet
        self.characters = characters
        shown = ", ".join(f"{character!r} (U+{ord(character):04X})" for character in characters[:5])
        more = f" and {len(characters) - 5} more" if len(characters) > 5 else ""
        super().__init__(f"{alphabet} has no {shown}{more}")


def encode_gsm7(text: str) -> bytes:
    """Encode to one septet per octet, two for a character of the extension table; UnencodableText when it cannot be."""
    octets = try_encode_gsm7(text)
    if octets is None:
        missing = dict.fromkeys(character for character in text if character not in _CHARACTERS)
        raise UnencodableText("gsm7", tuple(missing))
    return octets


def try_encode_gsm7(text: str) -> bytes | None:
    """Encode as `encode_gsm7` does, or return None: for who only asks whether the alphabet holds the text."""
    if text.isascii():  # most are, and this is the fastest way
        plain = text.encode().translate(_OF_ASCII)
        if plain.isascii():
            return plain
    if "\0" in text:
        return None
    try:
        octets = codecs.charmap_encode(text, "strict", _ENCODING)[0]
    except UnicodeEncodeError:
        return None
    if octets.isascii():
        return octets
    for stand_in, code in _STAND_INS:
        octets = octets.replace(stand_in, code)
    return octets


def try_encode_all(texts: Sequence[str]) -> list[bytes] | None:
    """As `try_encode_gsm7` of each of some texts; None when one of them cannot be."""
    joined = _BETWEEN.join(texts)
    if joined.isascii() and joined.count(_BETWEEN) == len(texts) - 1:
        octets = joined.encode().translate(_OF_ASCII_JOINED)
        if octets.isascii():
            return octets.split(b"\x7f")
    encoded = [found for text in texts if (found := try_encode_gsm7(text)) is not None]
    return encoded if len(encoded) == len(texts) else None


def decode_gsm7(octets: bytes) -> str:
    """Decode one septet per octet; an octet above 0x7F becomes U+FFFD, an unknown escape pair its base character."""
    text = codecs.charmap_decode(octets, "strict", _DECODING)[0]
    if "\x1b" not in text:
        return text
    for pair, shown in _ESCAPE_PAIRS:
        text = text.replace(pair, shown)
    if text.endswith("\x1b"):
        text = text[:-1] + " "
    return text.replace("\x1b", "")


def septets(text: str) -> int:
    """Return how many septets the text costs; UnencodableText when the alphabet lacks a character of it."""
    return len(encode_gsm7(text))


def pack_septets(octets: bytes, fill_bits: int = 0) -> bytes:
    """Pack septets (one per octet) into octets, least significant bits first (TS 23.038 §6.1.2.1).

    `fill_bits` zero bits come first: after a user data header the text starts on a septet boundary. When exactly
    seven bits are left over they are filled with CR, since zeros would read as one more "@" (§6.1.2.3.1).
    """
    packed = bytearray()
    held, bits = 0, fill_bits
    for septet in octets:
        held |= (septet & 0x7F) << bits
        bits += 7
        while bits >= 8:
            packed.append(held & 0xFF)
            held >>= 8
            bits -= 8
    if bits == 1 and octets:
        held |= 0x0D << 1
    if bits:
        packed.append(held)
    return bytes(packed)


def unpack_septets(octets: bytes, count: int | None = None, fill_bits: int = 0) -> bytes:
    """Unpack to one septet per octet: `count` of them, or all that fit when the count is not known.

    Without a count a CR in the seven spare bits of the last octet is taken for the padding that `pack_septets` wrote;
    only a count tells it from a message that ends in CR just there.
    """
    available = max(0, (8 * len(octets) - fill_bits) // 7)
    aligned = (int.from_bytes(octets, "little") >> fill_bits).to_bytes(len(octets), "little")
    # Seven octets are eight septets: block by block, for one long number would be copied for each of its septets.
    blocks = (int.from_bytes(aligned[at : at + 7], "little") for at in range(0, len(aligned), 7))
    unpacked = bytes(block >> shift & 0x7F for block in blocks for shift in range(0, 56, 7))[:available]
    if count is not None:
        return unpacked[:count]
    if unpacked.endswith(b"\r") and (8 * len(octets) - fill_bits) % 7 == 0:
        return unpacked[:-1]
    return unpacked
