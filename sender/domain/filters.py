"""Filters of message templates. Each takes the words behind its name, once, and gives a function from text to text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from sender.domain.languages import LANGUAGES, SpeltDate, SpeltMoney, plural_forms
from sender.domain.values import BadValue, read_amount, read_date, read_number
from smppkit.graphemes import is_boundary

__all__ = ["FILTERS", "BadValue", "Filter", "FilterError"]

Filter = Callable[[str], str]
"""BadValue when the text is nothing that it can work on."""


class FilterError(ValueError):
    """The words behind a filter's name make no sense."""


def _case(change: Filter, turkish: Filter) -> Callable[[str], Filter]:
    """A filter that is another one in Turkish, which has two letters i."""

    def build(argument: str) -> Filter:
        if argument not in ("", "tr"):
            raise FilterError(f'found "{argument}"; expected nothing, or tr for the Turkish i')
        return turkish if argument else change

    return build


def _turkish_upper(text: str) -> str:
    return text.replace("i", "İ").upper()


def _turkish_lower(text: str) -> str:
    return text.replace("İ", "i").replace("I", "ı").lower()


_WORD = re.compile(r"[^\s-]+")


def _title(text: str) -> str:
    return _WORD.sub(lambda word: word[0][:1].upper() + word[0][1:].lower(), text)


def _turkish_title(text: str) -> str:
    return _WORD.sub(lambda word: _turkish_upper(word[0][:1]) + _turkish_lower(word[0][1:]), text)


def _trim(argument: str) -> Filter:
    """Single spaces, and at most so many characters when a number is given."""
    if not argument:
        return lambda text: " ".join(text.split())
    if not (argument.isascii() and argument.isdigit() and 1 <= int(argument) <= 1000):
        raise FilterError(f'found "{argument}"; expected how many characters may stay, 1 to 1000, or nothing')
    longest = int(argument)

    def trim(text: str) -> str:
        text = " ".join(text.split())
        end = longest
        while 0 < end < len(text) and not is_boundary(text, end):
            end -= 1
        return text[:end].rstrip()

    return trim


def _split_language(argument: str) -> tuple[str | None, str]:
    first, _, rest = argument.partition(" ")
    return (first, rest.strip()) if first in LANGUAGES else (None, argument)


def _date(argument: str) -> Filter:
    language, pattern = _split_language(argument)
    try:
        spelt = SpeltDate(pattern or "%d.%m.%Y", language or "en")
    except ValueError as error:
        raise FilterError(str(error)) from None
    return lambda text: spelt(read_date(text))


def _money(argument: str) -> Filter:
    words = argument.split()
    language = words.pop() if words and words[-1] in LANGUAGES else None
    if len(words) > 1:
        raise FilterError(f'found "{argument}"; expected a currency and, at will, one of {", ".join(LANGUAGES)}')
    spelt = SpeltMoney(words[0] if words else "", language)
    return lambda text: spelt(read_amount(text))


def _plural(argument: str) -> Filter:
    language, listed = _split_language(argument)
    forms = [form.strip() for form in listed.split(",")]
    if not all(forms):
        raise FilterError("expected the forms of a word with commas between them, as in plural день,дня,дней")
    try:
        choose = plural_forms(forms, language)
    except ValueError as error:
        raise FilterError(str(error)) from None
    return lambda text: choose(read_number(text))


FILTERS: Final[dict[str, Callable[[str], Filter]]] = {
    "upper": _case(str.upper, _turkish_upper),
    "lower": _case(str.lower, _turkish_lower),
    "title": _case(_title, _turkish_title),
    "trim": _trim,
    "date": _date,
    "money": _money,
    "plural": _plural,
}
"""By name; each raises FilterError. ``default`` is not here: it stands for a value and does not change one."""
