"""What a cell of a workbook says, as text: the way a person sees it, without the format."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

_EPOCH_1900: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - a workbook knows no time zone
_EPOCH_1904: Final = datetime(1904, 1, 1)  # noqa: DTZ001
_MOST_DAYS: Final = 2_958_465
"""9999-12-31."""
_EXACT: Final = 1e15
"""Below it, integers in floating point are exact; spreadsheets show no more digits."""


def number_text(value: str) -> str:
    """A number as a spreadsheet writes it (``7.7051234567E10``) without exponent and noise: ``77051234567``."""
    if value.isdigit():
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    if number.is_integer() and abs(number) < _EXACT:
        return str(int(number))
    return format(number, ".15g")


def date_text(value: str, *, since_1904: bool = False) -> str:
    """Days since the epoch of the workbook as ``2026-11-30``, or with hours and minutes when there are any."""
    try:
        days = float(value)
    except ValueError:
        return value
    if not 0 <= days <= _MOST_DAYS:
        return number_text(value)
    moment = (_EPOCH_1904 if since_1904 else _EPOCH_1900) + timedelta(seconds=round(days * 86_400))
    if days < 1:
        return f"{moment:%H:%M}"
    return f"{moment:%Y-%m-%d}" if days == int(days) else f"{moment:%Y-%m-%d %H:%M}"


def as_csv(cells: Sequence[str]) -> str:
    """Cells in one line, for the file of rejected rows."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()
