"""Which of many texts that rules look for may be in a message, without a look at each."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from smsc.scenario.patterns import TextPattern

FEW: Final = 64
"""As many texts are tried one by one sooner than they are looked up."""
_LETTERS: Final = 3


def literal(pattern: TextPattern | None) -> str | None:
    """The text that a glob cannot do without, such as the casino of `*casino*`; None where that is not known."""
    if pattern is None or pattern.regex is not None:
        return None
    text = pattern.strip("*").casefold()
    return None if len(text) < _LETTERS or any(wild in text for wild in "*?[") else text


class TextIndex:
    """Texts by three letters of each: those that the fewest others have too."""

    def __init__(self, texts: Iterable[tuple[int, str]]) -> None:
        """Each text with its position; they are at least three letters long, and casefolded."""
        texts = list(texts)
        common = Counter(letters for _, text in texts for letters in set(_threes(text)))
        self._positions: dict[str, list[int]] = {}
        for position, text in texts:
            self._positions.setdefault(min(_threes(text), key=lambda letters: common[letters]), []).append(position)

    def find(self, text: str) -> Sequence[int]:
        """The positions of those that may be in a message, each once."""
        positions = self._positions
        found = positions.keys() & set(_threes(text.casefold()))
        return [position for letters in found for position in positions[letters]] if found else ()


def _threes(text: str) -> list[str]:
    return [text[at : at + _LETTERS] for at in range(len(text) - _LETTERS + 1)]
