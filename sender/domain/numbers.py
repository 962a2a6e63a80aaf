"""Whether two spellings are the same phone number.

Operators write the handset of a receipt in their own way: with a plus, in national form, with a trunk prefix.
"""

from __future__ import annotations

import re
from typing import Final

SHORTEST: Final = 7
"""Digits; a shorter address (a short code, an alphanumeric sender) does not identify a handset."""

_NATIONAL: Final = 10
"""Digits of the longest national numbers that come with a one-digit trunk prefix (8 705 … beside 7 705 …)."""

_NOT_DIGITS: Final = re.compile(r"\D+")


_HIDDEN: Final = re.compile(r"[*#xX?]")
"""What operators put in the place of digits that they do not show."""


def digits_of(number: str) -> str:
    """The digits that can be compared: no punctuation, no international or trunk zeros in front. May be empty.

    A number of which digits are hidden (``7705***4567``) has none: what is left of it may be another number's.
    """
    if number.isdigit():
        return number.lstrip("0")
    return "" if _HIDDEN.search(number) else _NOT_DIGITS.sub("", number).lstrip("0")


def tail(number: str) -> str:
    """The last `SHORTEST` digits: equal for every spelling of one number; empty when there are too few digits."""
    digits = digits_of(number)
    return digits[-SHORTEST:] if len(digits) >= SHORTEST else ""


def same_number(number: str, other: str) -> bool:
    """Whether both spell one number."""
    if number == other:
        return True
    a, b = digits_of(number), digits_of(other)
    if min(len(a), len(b)) < SHORTEST:
        return False
    if a.endswith(b) or b.endswith(a):
        return True
    if min(len(a), len(b)) > _NATIONAL and a[-_NATIONAL:] == b[-_NATIONAL:]:
        return True
    return _without_trunk(a, b) or _without_trunk(b, a)


def _without_trunk(number: str, national: str) -> bool:
    """Whether `national` has the trunk prefix 8 or 80 of the former Soviet plans (8 029 … for 375 29 …)."""
    if not national.startswith("8") or len(national) > len(number):
        return False
    rest = national[1:].lstrip("0")
    return len(rest) > SHORTEST and len(rest) <= len(number) - 3 and number.endswith(rest)
