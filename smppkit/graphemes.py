"""What a reader sees as one character: where a text may be cut.

Unicode's extended grapheme clusters (UAX #29) as far as the standard library knows the properties; where it does not,
the ranges are written out. Hangul jamo, conjuncts of the Indic scripts (rule GB9c), emoji sequences and flags hold
together. Wherever it is doubtful, two characters are held together: that loses a unit of room, and no letter.
"""

import unicodedata
from typing import Final

_ZWNJ: Final = "\u200c"
_ZWJ: Final = "\u200d"
# Viramas that join consonants (Indic_Conjunct_Break=Linker): Devanagari, Bengali, Gujarati, Oriya, Telugu, Malayalam.
_LINKERS: Final = frozenset("\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d")
# Grapheme_Cluster_Break=Prepend in the planes that people write; they belong to what follows.
_PREPENDED: Final = frozenset(
    [*map(chr, range(0x0600, 0x0606)), "\u06dd", "\u070f", "\u0890", "\u0891", "\u08e2", "\u0d4e"]
)
# Spacing marks that stand alone, and letters that are no marks and extend all the same (UAX #29, table 2).
_STANDING: Final = frozenset("\u102b\u102c\u1038\u1062\u1063\u1064\u1067\u1068\u1069\u106a\u106b\u106c\u106d\u1083")
_EXTENDING: Final = frozenset("\u0e33\u0eb3\uff9e\uff9f")


def is_boundary(text: str, index: int) -> bool:
    """Whether a cut before `text[index]` (0 < index < len) leaves both neighbours whole."""
    before, after = text[index - 1], text[index]
    if before < "\u0300" and after < "\u0300":
        return not (before == "\r" and after == "\n")
    if after in "\r\n" or before in "\r\n":
        return True
    if before == _ZWJ or before in _PREPENDED or _extends(after):
        return False
    if _is_regional_indicator(after) and _is_regional_indicator(before):
        # Flags are pairs, counted from the start of the run of indicators.
        run = index
        while run > 0 and _is_regional_indicator(text[run - 1]):
            run -= 1
        return (index - run) % 2 == 0
    if after >= "\u1100":
        return not _hangul(before, after)
    return not _conjunct(text, index)


def _extends(character: str) -> bool:
    """Whether a character belongs to the one before it."""
    return (
        character in (_ZWNJ, _ZWJ)
        or (unicodedata.category(character)[0] == "M" and character not in _STANDING)  # marks, variation selectors
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= character <= "\U000e007f"  # tags, as in the flag of Scotland
        or character in _EXTENDING
    )


def _is_regional_indicator(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _hangul(before: str, after: str) -> bool:
    """Whether two letters of Hangul are of one syllable (rules GB6–GB8)."""
    first, second = _jamo(before), _jamo(after)
    return second in {"L": ("L", "V", "LV", "LVT"), "V": ("V", "T"), "LV": ("V", "T"), "T": ("T",), "LVT": ("T",)}.get(
        first, ()
    )


def _jamo(character: str) -> str:
    point = ord(character)
    if 0xAC00 <= point <= 0xD7A3:
        return "LVT" if (point - 0xAC00) % 28 else "LV"
    if 0x1100 <= point <= 0x115F or 0xA960 <= point <= 0xA97C:
        return "L"
    if 0x1160 <= point <= 0x11A7 or 0xD7B0 <= point <= 0xD7C6:
        return "V"
    if 0x11A8 <= point <= 0x11FF or 0xD7CB <= point <= 0xD7FB:
        return "T"
    return ""


def _conjunct(text: str, index: int) -> bool:
    """Whether a consonant follows another one and a virama, be there other marks between them (rule GB9c)."""
    if not _is_consonant(text[index]):
        return False
    linked = False
    at = index - 1
    while at > 0 and _extends(text[at]):
        linked = linked or text[at] in _LINKERS
        at -= 1
    return linked and _is_consonant(text[at])


def _is_consonant(character: str) -> bool:
    # The Indic blocks of 128 code points from Devanagari to Malayalam are laid out alike.
    point = ord(character)
    if not 0x0900 <= point < 0x0D80:
        return False
    offset = point & 0x7F
    return 0x15 <= offset <= 0x39 or 0x58 <= offset <= 0x5F or offset >= 0x70
