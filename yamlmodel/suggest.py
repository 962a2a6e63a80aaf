"""The nearest known name: "did you mean"."""

import difflib
from collections.abc import Iterable
from typing import Final

DID_YOU_MEAN: Final = "; did you mean"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known name that `word` most likely meant, or None when nothing is near."""
    by_folded = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean "x"?`, or an empty text when no known name is near."""
    name = nearest(word, known)
    return f'{DID_YOU_MEAN} "{name}"?' if name is not None else ""
