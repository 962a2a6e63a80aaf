"""What a subscriber asks for with one word: STOP and its sisters in every language, and whatever a configuration adds.

People write the word as their keyboard gives it: in any case, with signs around it, with the letters of another
alphabet that look the same (STOP with a Cyrillic О, ТОКТА for ТОҚТА, İptal). So words are compared as *shapes*:
capitals without accents, every letter replaced by the Latin one that it looks like.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import Enum
from typing import Final

import msgspec


class Action(Enum):
    """What a keyword does besides being noted."""

    STOP = "stop"
    """No more advertising to this number."""
    STOP_ALL = "stop_all"
    """Nothing to this number any more, whatever its class."""
    START = "start"
    """What the subscriber stopped, goes on."""
    LABEL = "label"
    """The message is labelled, and may go to a webhook of its own."""


class Keyword(msgspec.Struct, frozen=True):
    """A word, and what it is taken for."""

    word: str
    action: Action
    alone: bool = False
    """Only by itself or with one more word ("END", "DUR SHOP"): as the first of many it is ordinary speech."""
    label: str = ""
    webhook: str = ""
    """Name of the webhook that gets the message, in place of those that get every message."""
    reply: str = ""


_UNMISTAKABLE: Final = {
    Action.STOP: (
        "STOP", "UNSUBSCRIBE",
        "СТОП", "ОТПИСКА", "ОТПИСАТЬСЯ", "OTPISKA",
        "ТОҚТА", "ТОҚТАТУ", "TOQTA", "TOKTA",
        "İPTAL",
    ),
    Action.STOP_ALL: ("STOPALL", "СТОПВСЕ"),
    Action.START: ("START", "UNSTOP", "СТАРТ"),
}  # fmt: skip
_ALONE: Final = {Action.STOP: ("CANCEL", "END", "QUIT", "DUR", "RET")}
_IN_TWO_WORDS: Final = {("STOP", "ALL"): "STOPALL", ("СТОП", "ВСЕ"): "СТОПВСЕ"}

BUILT_IN: Final = tuple(
    Keyword(word, action, alone)
    for table, alone in ((_UNMISTAKABLE, False), (_ALONE, True))
    for action, words in table.items()
    for word in words
)
"""The words that every sender knows."""

# Capitals that look like a Latin one, and the letters that people write in place of those their keyboard lacks.
_LOOKS_LIKE: Final = str.maketrans(
    {
        "А": "A", "В": "B", "Е": "E", "Ё": "E", "З": "3", "І": "I", "Ї": "I", "Ј": "J", "К": "K", "Қ": "K", "Ҡ": "K",
        "Ҝ": "K", "М": "M", "Н": "H", "Ң": "H", "О": "O", "Ө": "O", "Р": "P", "С": "C", "Ѕ": "S", "Т": "T", "У": "Y",
        "Ү": "Y", "Ұ": "Y", "Х": "X", "Һ": "H", "Ԛ": "Q", "Ԝ": "W", "Г": "Г", "Ғ": "Г",
        "Α": "A", "Β": "B", "Ε": "E", "Ζ": "Z", "Η": "H", "Ι": "I", "Κ": "K", "Μ": "M", "Ν": "N", "Ο": "O", "Ρ": "P",
        "Τ": "T", "Υ": "Y", "Χ": "X", "Ø": "O", "Đ": "D", "Ł": "L",
    }
)  # fmt: skip
_WORD: Final = re.compile(r"[^\W_]+")
_MOST: Final = 200
"""Characters of a text that are looked at: a keyword is its first word."""


def shape(word: str) -> str:
    """What a word looks like: equal for all spellings that a reader would take for the same word."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", word).replace("ı", "i").upper())
    bare = "".join(letter for letter in plain if unicodedata.category(letter) not in ("Mn", "Cf"))
    looked = bare.translate(_LOOKS_LIKE)
    # A nought stands for an O in a word, and for itself in a number.
    return looked if looked.isdigit() else looked.replace("0", "O")


def words_of(text: str) -> list[str]:
    """The first words of a text, signs and invisible characters left out."""
    visible = "".join(letter for letter in text[:_MOST] if unicodedata.category(letter) != "Cf")
    return _WORD.findall(unicodedata.normalize("NFC", visible))


class Keywords:
    """The keywords of a sender, looked up by the first word of a text. A word that is `added` wins over a built-in."""

    def __init__(self, added: Iterable[Keyword] = ()) -> None:
        self._by_shape = {shape(keyword.word): keyword for keyword in (*BUILT_IN, *added)}
        self._pairs = {
            (shape(first), shape(second)): self._by_shape[shape(word)]
            for (first, second), word in _IN_TWO_WORDS.items()
        }

    def match(self, text: str) -> Keyword | None:
        """The keyword that `text` begins with, or None."""
        words = words_of(text)
        if not words:
            return None
        first = shape(words[0])
        if len(words) > 1:
            pair = self._pairs.get((first, shape(words[1])))
            if pair is not None:
                return pair
        keyword = self._by_shape.get(first)
        if keyword is None or (keyword.alone and len(words) > 2):
            return None
        return keyword
