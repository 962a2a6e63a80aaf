"""Texts in the letters of GSM-7: plain punctuation for the typographer's, Latin letters for Cyrillic and Turkish ones.

The tables are ours. Russian goes as passports and the press write it, Kazakh as its Latin alphabet of 2021 as far as
GSM-7 has the letters, Turkish letters lose what GSM-7 lacks (ç has a small letter nowhere in it). What a table does not
know stays as it is.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

PUNCTUATION: Final = {
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("‘’‚‛‹›′`´ʼ", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    "…": "...",
    "•": "*",
    "·": "*",
    "×": "x",
    "№": "No",
    "™": "(TM)",
    "©": "(c)",
    "®": "(R)",
    "\t": " ",
    # Spaces of every width but the plain one, and what has no width at all.
    **dict.fromkeys([*map(chr, range(0x2000, 0x200B)), "\u00a0", "\u1680", "\u202f", "\u205f", "\u3000"], " "),
    **dict.fromkeys("\u00ad\u200b\u200e\u200f\u2060\ufeff", ""),
    "\u2028": "\n",
    "\u2029": "\n",
}  # fmt: skip
"""Typographic signs and what stands for them."""

_SMALL: Final = {
    # Russian
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "zh", "з": "z", "и": "i", "й": "y",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
    # Kazakh, beside the Russian letters
    "ә": "ä", "ғ": "g", "қ": "q", "ң": "ñ", "ө": "ö", "ұ": "u", "ү": "ü", "һ": "h", "і": "i",
    # Turkish
    "ş": "s", "ğ": "g", "ı": "i", "ç": "c", "â": "a", "î": "i", "û": "u",
}  # fmt: skip
_SIGNS: Final = {"₸": "KZT", "₽": "RUB", "₺": "TL", "₴": "UAH", "İ": "I"}

LETTERS: Final = {
    **PUNCTUATION,
    **_SMALL,
    **{small.upper(): latin.capitalize() for small, latin in _SMALL.items() if small != "ı"},
    **_SIGNS,
}
"""Letters too. A capital letter is written by several with one capital, unless the whole word is in capitals."""

_PUNCTUATION_TABLE: Final = str.maketrans(PUNCTUATION)
_LETTERS_TABLE: Final = str.maketrans(LETTERS)
_CAPITALS: Final = re.compile(r"\b[^\W\d_a-z]{2,}\b")


def plain_punctuation(text: str) -> str:
    """The text with plain quotes, dashes, dots and spaces."""
    return text.translate(_PUNCTUATION_TABLE)


def transliterate(text: str) -> str:
    """The text in Latin letters, with plain punctuation."""
    if text.isascii():
        return text
    return _CAPITALS.sub(_in_capitals, text).translate(_LETTERS_TABLE)


def _in_capitals(word: re.Match[str]) -> str:
    said = word[0]
    return said.translate(_LETTERS_TABLE).upper() if said.isupper() else said


class Change(msgspec.Struct, frozen=True):
    """A character that something else stands for; `position` counts from 1 in the original text."""

    position: int
    found: str
    instead: str


def changes(text: str, *, letters: bool) -> list[Change]:
    """What `transliterate` (or `plain_punctuation`) does to a text, character by character.

    Putting each `found` back where it stood gives the original, so that a person can go through them one by one.
    """
    table = LETTERS if letters else PUNCTUATION
    capitals: set[int] = set()
    if letters:
        for word in _CAPITALS.finditer(text):
            if word[0].isupper():
                capitals.update(range(*word.span()))
    return [
        Change(at + 1, char, table[char].upper() if at in capitals else table[char])
        for at, char in enumerate(text)
        if char in table
    ]


def suggestion(character: str) -> str | None:
    """What could stand for a character that GSM-7 lacks; None when there is nothing near it."""
    return LETTERS.get(character)
