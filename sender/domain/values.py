"""What recipients' files have for numbers, amounts and dates, read strictly: what could mean two things is refused."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal


class BadValue(ValueError):
    """The text is not what it should be; the words are for people."""


# Longer ones are no amounts, and Python's own limits on numbers are never reached.
_LONGEST = 30
_SPACES = re.compile(r"[ \u00a0\u202f\u2009']")
_AMOUNT = re.compile(r"([+-]?)(\d+(?:[.,]\d+)*)")


def read_amount(text: str) -> Decimal:
    """An amount such as 12345.50, 12 345,50, 12,345.50 or 12.345,50.

    One separator before exactly three digits (1,234) may be either kind and is refused, unless a 0 comes before it.
    """
    match = _AMOUNT.fullmatch(_SPACES.sub("", text)) if len(text) <= _LONGEST else None
    if match is None or (not text.isascii() and not _plain(text)):
        raise BadValue(f'found "{_shown(text)}"; expected an amount such as 12345.50')
    sign, digits = match.groups()
    separators = [char for char in digits if char in ".,"]
    if not separators:
        return Decimal(sign + digits)
    whole, last, fraction = digits.rpartition(separators[-1])
    groups = re.split(r"[.,]", whole)
    grouped = separators[:-1]
    if len(set(grouped)) > 1 or (last in grouped and len(set(separators)) > 1):
        raise BadValue(f'found "{_shown(text)}"; expected an amount such as 12345.50')
    if last in grouped:  # 1.234.567: all of them part thousands
        groups, fraction = [*groups, fraction], ""
    elif not grouped and len(fraction) == 3 and len(whole) <= 3 and whole.lstrip("0"):
        raise BadValue(f'found "{_shown(text)}", which may be thousands or a fraction; write 1234 or 1234.00')
    if len(groups) > 1 and not (1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])):
        raise BadValue(f'found "{_shown(text)}"; expected an amount such as 12345.50')
    return Decimal(f"{sign}{''.join(groups)}.{fraction or 0}")


def _plain(text: str) -> bool:
    return all(char.isascii() or _SPACES.fullmatch(char) for char in text)


_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(?:[.,][0-9]{1,9})?")


def read_number(text: str) -> Decimal:
    """A count such as 5, -3 or 1.5."""
    if _NUMBER.fullmatch(text) is None:
        raise BadValue(f'found "{_shown(text)}"; expected a number such as 5')
    return Decimal(text.replace(",", "."))


_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?: (\d\d?):(\d\d)(?::(\d\d))?)?", re.ASCII)


def read_date(text: str) -> datetime:
    """A day, with or without a time: 2026-05-31, 2026-05-31 18:00, 31.05.2026, 31/05/2026 18:00.

    The time is what is written: an offset at its end is read over, since it is not known where the recipient is.
    """
    if match := _ISO.fullmatch(text):
        year, month, day, *clock = match.groups()
    elif match := _DAY_FIRST.fullmatch(text):
        day, _, month, year, *clock = match.groups()
    else:
        raise BadValue(f'found "{_shown(text)}"; expected a date such as 2026-05-31, 31.05.2026 or 31.05.2026 18:00')
    try:
        hour, minute, second = (int(part or 0) for part in clock)
        return datetime(int(year), int(month), int(day), hour, minute, second)  # noqa: DTZ001
    except ValueError:
        raise BadValue(f'found "{_shown(text)}"; there is no such date') from None


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
