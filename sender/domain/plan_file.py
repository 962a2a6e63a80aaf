"""Files with numbering plans and ported numbers, read line by line.

``ru-def``: the registry that the Russian regulator publishes, with the columns ``АВС/DEF; От; До; Емкость; Оператор;
Регион; ИНН`` and numbers without the country code. ``csv``: a header with ``first`` and ``last``, or ``prefix``, and
``operator``, and perhaps ``region``. ``ported``: a header with ``number`` and ``operator``.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from typing import Final

from sender.domain.numbering import LONGEST, Range


class PlanFormat(Enum):
    """What kind of file it is."""

    RU_DEF = "ru-def"
    CSV = "csv"
    PORTED = "ported"


class PlanError(ValueError):
    """Something in a file cannot be used; `line` counts from 1."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


Row = tuple[int, Range]
"""A range and the line that it stands on. A ported number is a range of its own: see `ported_number`."""

_RU: Final = {
    "code": ("авс/def", "авс/ def", "abc/def", "abc/ def", "def"),
    "first": ("от",),
    "last": ("до",),
    "capacity": ("емкость", "ёмкость"),
    "operator": ("оператор",),
    "region": ("регион", "регион гар", "территория гар"),
}


def read_plan(lines: Iterable[str], form: PlanFormat) -> Iterator[Row]:
    """Every row; PlanError for the first that cannot be used."""
    source = iter(lines)
    head = next(source, "")
    delimiter = max(";,\t", key=head.count)
    try:
        titles = next(csv.reader([head], delimiter=delimiter), [])
    except csv.Error as error:
        raise PlanError(1, f"{error}; save the file as CSV UTF-8") from None
    header = [name.strip().casefold().lstrip("\ufeff") for name in titles]
    if not any(header):
        raise PlanError(1, "the file is empty; expected a header and rows")
    parse = {PlanFormat.RU_DEF: _russian, PlanFormat.CSV: _ranges, PlanFormat.PORTED: _ported}[form](header)
    try:
        rows = csv.reader(source, delimiter=delimiter, strict=True)
        for fields in rows:
            line = rows.line_num + 1
            if not any(fields):
                continue
            if len(fields) < len(header):
                raise PlanError(line, f"found {len(fields)} fields; expected {len(header)}, as in the header")
            try:
                yield line, parse(fields)
            except ValueError as error:
                raise PlanError(line, str(error)) from None
    except csv.Error as error:
        raise PlanError(rows.line_num + 1, str(error)) from None


def _russian(header: Sequence[str]) -> Callable[[Sequence[str]], Range]:
    places = {}
    for key, names in _RU.items():
        found = [header.index(name) for name in names if name in header]
        if found:
            places[key] = found[0]
        elif key != "region":
            raise PlanError(1, f'there is no column "{names[0]}"; expected the header of the Russian registry')
    code, first, last, capacity = places["code"], places["first"], places["last"], places["capacity"]
    operator, region = places["operator"], places.get("region")

    def parse(fields: Sequence[str]) -> Range:
        head = _digits(fields[code], "the code")
        if len(head) != 3:
            raise ValueError(f'found the code "{head}"; expected three digits')
        low, high = (_digits(fields[it], "a number") for it in (first, last))
        if max(len(low), len(high)) > 7:
            raise ValueError(f"found {low} to {high}; expected numbers of at most seven digits")
        size, numbers = fields[capacity].strip(), int(high) - int(low) + 1
        if size.isdecimal() and int(size) != numbers:
            raise ValueError(f"found a capacity of {size}; {low} to {high} are {numbers} numbers")
        ends = [f"7{head}{it:0>7}" for it in (low, high)]
        return _range(ends[0], ends[1], fields[operator], "" if region is None else fields[region])

    return parse


def _ranges(header: Sequence[str]) -> Callable[[Sequence[str]], Range]:
    operator = _column(header, "operator")
    region = header.index("region") if "region" in header else None
    if "prefix" in header:
        prefix = header.index("prefix")

        def parse_prefix(fields: Sequence[str]) -> Range:
            digits = _digits(fields[prefix], "a prefix")
            return _range(digits, digits, fields[operator], "" if region is None else fields[region])

        return parse_prefix
    first, last = _column(header, "first"), _column(header, "last")

    def parse(fields: Sequence[str]) -> Range:
        low, high = (_digits(fields[it], "a number") for it in (first, last))
        if len(low) != len(high):
            raise ValueError(f"found {low} to {high}; expected numbers of one length")
        return _range(low, high, fields[operator], "" if region is None else fields[region])

    return parse


def _ported(header: Sequence[str]) -> Callable[[Sequence[str]], Range]:
    number, operator = _column(header, "number"), _column(header, "operator")

    def parse(fields: Sequence[str]) -> Range:
        digits = _digits(fields[number], "a number")
        return _range(digits, digits, fields[operator], "")

    return parse


def _column(header: Sequence[str], name: str) -> int:
    if name not in header:
        raise PlanError(1, f'there is no column "{name}"; found: {", ".join(header)}')
    return header.index(name)


def _digits(text: str, what: str) -> str:
    digits = text.strip().removeprefix("+")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > LONGEST:
        raise ValueError(f'found "{text.strip()}"; expected {what}, in digits')
    return digits


def _range(first: str, last: str, operator: str, region: str) -> Range:
    if last < first:
        raise ValueError(f"the range ends ({last}) before it begins ({first})")
    name = " ".join(operator.split())
    if not name:
        raise ValueError("the operator is empty")
    return Range(int(first.ljust(LONGEST, "0")), int(last.ljust(LONGEST, "9")), name, " ".join(region.split()))
