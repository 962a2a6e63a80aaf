"""The national language tables of 3GPP TS 23.038 (annexes A.2, single shift, and A.3, locking shift), Release 18.

The nine Indic scripts were laid out alike: their code points, in the order of Unicode's blocks, fill the codes that
are left over by what all of them share. So a table is an order of codes and the offsets that stand there.
"""

from enum import Enum
from typing import Final

from smppkit.enums import at_hand
from smppkit.gsm0338 import DEFAULT, EXTENSION

ESC: Final = 0x1B


@at_hand
class Language(Enum):
    """A language that has tables of its own."""

    TURKISH = "turkish"
    SPANISH = "spanish"
    PORTUGUESE = "portuguese"
    BENGALI = "bengali"
    GUJARATI = "gujarati"
    HINDI = "hindi"
    KANNADA = "kannada"
    MALAYALAM = "malayalam"
    ORIYA = "oriya"
    PUNJABI = "punjabi"
    TAMIL = "tamil"
    TELUGU = "telugu"
    URDU = "urdu"

    @property
    def identifier(self) -> int:
        """The National Language Identifier (TS 23.038 §6.2.1.2.4)."""
        return _IDENTIFIERS[self]


_IDENTIFIERS = {language: number for number, language in enumerate(Language, 1)}
BY_IDENTIFIER: Final = {number: language for language, number in _IDENTIFIERS.items()}

Table = dict[int, str]
"""Characters by code; a code that is not there has none."""

# --- languages in Latin letters: what differs from the default tables -------------------------------------------------

_TURKISH_LOCKING = {4: "€", 7: "ı", 0x0B: "Ğ", 0x0C: "ğ", 0x1C: "Ş", 0x1D: "ş", 0x40: "İ", 0x60: "ç"}
_PORTUGUESE_LOCKING = (
    dict(enumerate("êéúíóç", 4))
    | {0x0B: "Ô", 0x0C: "ô", 0x0E: "Á", 0x0F: "á", 0x1C: "Â", 0x1D: "â", 0x1E: "Ê", 0x24: "º"}
    | dict(enumerate("ªÇÀ∞^\\€Ó|", 0x12))
    | {0x40: "Í", 0x5B: "Ã", 0x5C: "Õ", 0x5D: "Ú", 0x60: "~", 0x7B: "ã", 0x7C: "õ", 0x7D: "`"}
)
_TURKISH_SINGLE = {0x47: "Ğ", 0x49: "İ", 0x53: "Ş", 0x63: "ç", 0x67: "ğ", 0x69: "ı", 0x73: "ş"}
_SPANISH_SINGLE = {0x09: "ç", 0x41: "Á", 0x49: "Í", 0x4F: "Ó", 0x55: "Ú", 0x61: "á", 0x69: "í", 0x6F: "ó", 0x75: "ú"}
_PORTUGUESE_SINGLE = (
    {0x05: "ê", 0x09: "ç", 0x0B: "Ô", 0x0C: "ô", 0x0E: "Á", 0x0F: "á", 0x12: "Φ", 0x13: "Γ", 0x1F: "Ê"}
    | dict(enumerate("ΩΠΨΣΘ", 0x15))
    | {0x41: "À", 0x49: "Í", 0x4F: "Ó", 0x55: "Ú", 0x5B: "Ã", 0x5C: "Õ", 0x61: "Â"}
    | {0x69: "í", 0x6F: "ó", 0x75: "ú", 0x7B: "ã", 0x7C: "õ", 0x7F: "â"}
)

# --- languages in scripts of their own --------------------------------------------------------------------------------

_SHARED_LOCKING: Table = (
    {0x0A: "\n", 0x0D: "\r", 0x20: " ", 0x21: "!", 0x28: ")", 0x29: "(", 0x2C: ",", 0x2E: "."}
    | dict(enumerate("0123456789:;", 0x30))
    | {0x3F: "?"}
    | dict(enumerate("abcdefghijklmnopqrstuvwxyz", 0x61))
)
_SHARED_SINGLE: Table = (
    dict(enumerate("@£$¥¿\"¤%&'\f*+", 0x00))
    | dict(enumerate("-/<=>¡^¡_#*", 0x0E))
    | {0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|"}
    | dict(enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 0x41))
    | {0x65: "€"}
)
_LOCKING_CODES = [code for code in range(0x80) if code != ESC and code not in _SHARED_LOCKING]
_SINGLE_CODES = [*range(0x19, 0x1B), *range(0x1C, 0x28), *range(0x2A, 0x2F), *range(0x30, 0x3C), 0x3F]
# The letters of an Indic block in its order: signs, vowels, consonants, vowel signs, virama.
_LETTERS = [*range(0x01, 0x04), *range(0x05, 0x3A), *range(0x3C, 0x4E)]
_DIGITS = [*range(0x66, 0x70)]
_DANDAS = [0x0964, 0x0965]  # of Devanagari, which the other scripts use too
_NONE = -1


def _offsets(digits: str) -> list[int]:
    return list(bytes.fromhex(digits))


class _Script:
    """A block of Unicode, which letters its locking table lacks, and what ends it; what its single shift table has."""

    def __init__(self, block: int, lacks: str, last: str, single: list[int], *, dandas: bool = True) -> None:
        without = set(_offsets(lacks))
        locking = [_NONE if offset in without else block + offset for offset in _LETTERS]
        self.locking = _filled(_SHARED_LOCKING, _LOCKING_CODES, [*locking, *(block + n for n in _offsets(last))])
        self.single = _filled(
            _SHARED_SINGLE, _SINGLE_CODES, [*(_DANDAS if dandas else []), *(block + n if n >= 0 else n for n in single)]
        )


def _filled(shared: Table, codes: list[int], points: list[int]) -> Table:
    return shared | {code: chr(point) for code, point in zip(codes, points, strict=False) if point >= 0}


_URDU_LOCKING = _offsets(
    "27 22 28 7B 80 7E A6 2A C2 7F 79 7D 7A 7C 2B 2C 81 84 83 85 86 87 2D 2E 2F 8C 88 89 8A 8F 8D 30 31 91 93 99 32 96"
    "98 9A 33 34 35 36 37 38 39 41 42 A9 AA AB AF B3 B1 44 45 46 BA BB BC 48 C4 D5 C1 BE 21 CC D0 D2 4D 50 4F 57 54 55"
    "51 53 56 70"
)
_URDU_SINGLE = _offsets(
    "00 01 F0 F1 F2 F3 F4 F5 F6 F7 F8 F9 0C 0D 0E 0F 10 11 12 13 14 1B 1F 40 52 58 6B 6C 72 73 CD D4"
)

_SCRIPTS = {
    Language.BENGALI: _Script(
        0x0980,
        "0D 0E 11 12 29 31 33 34 35 45 46 49 4A",
        "4E 57 5C 5D 70 71",
        [*_DIGITS, *_offsets("5F 60 61 62 63 72 73 74 75 76 77 78 79 7A")],
        dandas=False,
    ),
    Language.GUJARATI: _Script(0x0A80, "0E 12 29 31 34 46 4A", "50 60 61 62 63 71", _DIGITS),
    Language.HINDI: _Script(
        0x0900, "", "50 72 7B 7C 7E 7F", [*_DIGITS, *_offsets("51 52 53 54 58 59 5A 5B 5C 5D 5E 5F 60 61 62 63 70 71")]
    ),
    # Where the letter DDA (U+0CA1) belongs the specification prints the number of PA, which the table has already.
    Language.KANNADA: _Script(0x0C80, "01 0D 11 29 34 45 49", "55 56 60 61 62 63", [*_DIGITS, *_offsets("5E 71 72")]),
    Language.MALAYALAM: _Script(
        0x0D00,
        "01 0D 11 29 3C 45 49",
        "57 60 61 62 63 79",
        [*_DIGITS, *_offsets("70 71 72 73 74 75 7A 7B 7C 7D 7E 7F")],
    ),
    Language.ORIYA: _Script(
        0x0B00,
        "0D 0E 11 12 29 31 34 45 46 49 4A",
        "56 57 60 61 62 63",
        [*_DIGITS, *_offsets("5C 5D 5F 70 71")],
    ),
    Language.PUNJABI: _Script(
        0x0A00,
        "0B 0C 0D 0E 11 12 29 31 34 37 3D 43 44 45 46 49 4A",
        "51 70 71 72 73 74",
        [*_DIGITS, *_offsets("59 5A 5B 5C 5E 75")],
    ),
    Language.TAMIL: _Script(
        0x0B80,
        "01 0B 0C 0D 11 16 17 18 1B 1D 20 21 22 25 26 27 2B 2C 2D 3C 3D 43 44 45 49",
        "50 57 70 71 72 79",
        [*_DIGITS, *_offsets("73 74 75 76 77 78 7A")],
    ),
    Language.TELUGU: _Script(
        0x0C00,
        "0D 11 29 34 3C 45 49",
        "55 56 60 61 62 63",
        [_NONE, _NONE, *_DIGITS, *_offsets("58 59 78 79 7A 7B 7C 7D 7E 7F")],
        dandas=False,
    ),
}

DEFAULT_LOCKING: Final[Table] = {code: char for code, char in enumerate(DEFAULT) if code != ESC}
DEFAULT_SINGLE: Final[Table] = dict(EXTENSION)

LOCKING: Final[dict[Language, Table]] = {
    Language.TURKISH: DEFAULT_LOCKING | _TURKISH_LOCKING,
    Language.PORTUGUESE: DEFAULT_LOCKING | _PORTUGUESE_LOCKING,
    **{language: script.locking for language, script in _SCRIPTS.items()},
    Language.URDU: _filled(_SHARED_LOCKING, _LOCKING_CODES, [0x0600 + offset for offset in _URDU_LOCKING]),
}
"""Tables in the place of the default alphabet, for the whole segment. Spanish has none."""

SINGLE: Final[dict[Language, Table]] = {
    Language.TURKISH: DEFAULT_SINGLE | _TURKISH_SINGLE,
    Language.SPANISH: DEFAULT_SINGLE | _SPANISH_SINGLE,
    Language.PORTUGUESE: DEFAULT_SINGLE | _PORTUGUESE_SINGLE,
    **{language: script.single for language, script in _SCRIPTS.items()},
    Language.URDU: _filled(_SHARED_SINGLE, _SINGLE_CODES, [0x0600 + offset for offset in _URDU_SINGLE]),
}
"""Tables in the place of the extension table, for the one character behind an escape."""
