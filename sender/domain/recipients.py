"""Recipients from CSV: a stream of text lines in, `Recipient | BadRow` out, in the order of the file.

The header decides the delimiter (comma, semicolon or tab) and the columns. A bad row never stops the rest: it comes
out with the line it begins on and a reason that a person can act on. Every row of the file comes out exactly once.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
import phonenumbers

from sender.domain.template import field_key

NUMBER_COLUMNS: Final = (
    "phone", "msisdn", "number", "to", "mobile", "recipient", "phone number", "phone_number",
    "телефон", "номер", "номер телефона", "telefon", "numara",
)  # fmt: skip
"""Accepted titles of the column with the number; the first of these that the file has is taken."""

MAX_CELL: Final = 2_000
"""Characters; far beyond what any template can use, far below what exhausts memory."""
MAX_ROW_LINES: Final = 20
"""A quoted cell may contain line breaks; one that runs on for longer was never closed."""
MAX_RAW: Final = 10_000

_DELIMITERS: Final = (",", ";", "\t")


class HeaderError(ValueError):
    """The file cannot be read as recipients at all."""


class Recipient(msgspec.Struct, frozen=True, gc=False):
    """A good row."""

    row: int
    """1-based line of the file on which the row begins."""
    number: str
    """E.164 digits without the plus."""
    fields: dict[str, str]
    """Every column of the row by `field_key` of its title, the number as written included."""


class BadRow(msgspec.Struct, frozen=True, gc=False):
    """A row that is left out."""

    line: int
    """1-based line of the file on which the row begins."""
    raw: str
    """The row as it stands in the file, without its line end, at most `MAX_RAW` characters.

    Undecodable octets are surrogates (PEP 383): write it with ``errors="surrogateescape"`` to get them back.
    """
    reason: str


class BadNumber(ValueError):
    """Not a phone number that a message can be sent to."""


def parse_number(text: str, region: str) -> str:
    """E.164 digits without plus of a number as people write it; BadNumber says what is wrong with it.

    `region` (``KZ``) is where numbers written without an international prefix belong; digits that begin with
    another country's code are understood too when they make a valid number.
    """
    written = text.strip().removeprefix("'").strip()
    if not written:
        raise BadNumber("no number")
    if _SPREADSHEET.fullmatch(written):
        raise BadNumber(f'"{written}" was rounded by a spreadsheet; format the column as text')
    if stray := _STRAY.search(written):
        raise BadNumber(f'"{written}" is not a phone number: it contains "{stray[0]}"')
    digits = re.sub(r"\D", "", written)
    if not digits:
        raise BadNumber(f'"{written}" is not a phone number: it has no digits')
    if written.startswith("00") and not written.startswith("000"):
        written = "+" + written[2:]
    reason = ""
    for candidate in (written,) if written.startswith("+") else (written, "+" + digits):
        number, problem = _parsed(candidate, region)
        if number is not None:
            return number
        reason = reason or problem
    raise BadNumber(f'"{text.strip()}" is not a phone number: {reason}')


_SPREADSHEET: Final = re.compile(r"\d+([.,]\d+)?[eE]\+?\d+")
_STRAY: Final = re.compile(r"[^\d\s()./\-+\u2010-\u2015\u00a0\u202f]|(?<!^)\+")

_IMPOSSIBLE: Final = {
    phonenumbers.ValidationResult.TOO_SHORT: "too few digits",
    phonenumbers.ValidationResult.TOO_LONG: "too many digits",
    phonenumbers.ValidationResult.INVALID_COUNTRY_CODE: "no such country code",
    phonenumbers.ValidationResult.INVALID_LENGTH: "the wrong count of digits",
    phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "the area code is missing",
}
_UNPARSABLE: Final = {
    phonenumbers.NumberParseException.INVALID_COUNTRY_CODE: "no such country code",
    phonenumbers.NumberParseException.TOO_LONG: "too many digits",
}


def _parsed(written: str, region: str) -> tuple[str | None, str]:
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException as error:
        return None, _UNPARSABLE.get(error.error_type, "too few digits")
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None, _IMPOSSIBLE.get(possible, "the wrong count of digits")
    if not phonenumbers.is_valid_number(number):
        return None, f"no operator of country code +{number.country_code} has this range"
    return f"{number.country_code}{phonenumbers.national_significant_number(number)}", ""


class Recipients:
    """The rows of one recipients file; iterate once. HeaderError at construction when it has no usable header.

    `lines` are the lines of the file, decoded as UTF-8 with ``errors="surrogateescape"`` and ``newline=""``.
    Memory: one integer pair per distinct number, for the duplicates.
    """

    columns: tuple[str, ...]
    """Titles as `field_key` writes them; unnamed columns are empty."""
    number_column: str

    def __init__(self, lines: Iterable[str], region: str) -> None:
        self._lines = _Lines(lines)
        self._region = region
        self._seen: dict[int, int] = {}
        self._delimiter, titles = _read_header(self._lines)
        self.columns = tuple(field_key(title) for title in titles)
        self.number_column = _find_number_column(self.columns, titles)
        self._number_index = self.columns.index(self.number_column)

    def __iter__(self) -> Iterator[Recipient | BadRow]:
        while True:
            reader = csv.reader(self._lines, delimiter=self._delimiter, strict=True)
            for _ in iter(self._lines.begin_row, False):
                try:
                    cells = next(reader)
                except (csv.Error, _RowTooLong) as error:
                    # The parser cannot be trusted past a stray quote: leave out this line only, begin anew after it.
                    yield self._lines.bad_first_line(_csv_reason(error))
                    break
                if swallowed := self._swallowed_row():
                    reason = f"a quote is never closed: it runs into the row of line {swallowed}"
                    yield self._lines.bad_first_line(reason)
                    break
                row = self._row(cells)
                if row is not None:
                    yield row
            else:
                return

    def _row(self, cells: list[str]) -> Recipient | BadRow | None:
        if not cells or cells == [""]:
            return None
        line, raw = self._lines.first_line, self._lines.raw()
        problem = _row_problem(raw, cells, self.columns)
        if problem:
            return BadRow(line, raw[:MAX_RAW], problem)
        try:
            number = parse_number(cells[self._number_index], self._region)
        except BadNumber as error:
            return BadRow(line, raw[:MAX_RAW], str(error))
        earlier = self._seen.setdefault(int(number), line)
        if earlier != line:
            return BadRow(line, raw[:MAX_RAW], f"duplicate of line {earlier} (+{number})")
        fields = {column: cell for column, cell in zip(self.columns, cells, strict=False) if column}
        return Recipient(line, number, fields)

    def _swallowed_row(self) -> int | None:
        """Line of a whole row that a cell with line breaks seems to contain, or None."""
        for offset, line in enumerate(self._lines.taken[1:], 1):
            cells = next(csv.reader([line], delimiter=self._delimiter), [])
            if len(cells) == len(self.columns) > 1 and _LIKE_A_NUMBER.fullmatch(cells[self._number_index]):
                return self._lines.first_line + offset
        return None


_LIKE_A_NUMBER: Final = re.compile(r"\s*\+?[\d\s()\-]{7,}\s*")


class _RowTooLong(Exception):
    """A quoted cell ran over `MAX_ROW_LINES` lines."""


class _Lines:
    """The lines of the file one at a time, remembering which ones the row at hand took, able to take them back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._source = iter(lines)
        self._back: list[str] = []
        self.taken: list[str] = []
        self.first_line = 0
        self._number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_ROW_LINES:
            raise _RowTooLong
        line = self._back.pop() if self._back else next(self._source)
        self._number += 1
        if not self.taken:
            self.first_line = self._number
        self.taken.append(line)
        return line

    def begin_row(self) -> bool:
        """Forget the row before; False at the end of the file."""
        self.taken.clear()
        if not self._back:
            line = next(self._source, None)
            if line is None:
                return False
            self._back.append(line)
        return True

    def bad_first_line(self, reason: str) -> BadRow:
        """The first line of the row at hand as a bad row; the others are given back."""
        first, *others = self.taken
        self._back.extend(reversed(others))
        self._number -= len(others)
        self.taken.clear()
        return BadRow(self.first_line, first.rstrip("\r\n")[:MAX_RAW], reason)

    def raw(self) -> str:
        """The row at hand as it stands in the file."""
        return "".join(self.taken).rstrip("\r\n")


def _read_header(lines: _Lines) -> tuple[str, list[str]]:
    delimiter = None
    while lines.begin_row():
        text = next(lines).removeprefix("\ufeff").rstrip("\r\n")
        if text[:4].lower() == "sep=" and len(text) == 5:
            delimiter = text[4]  # Excel's way to say it
        elif text.strip():
            break
    else:
        raise HeaderError("the file is empty; the first line must name the columns")
    if "\0" in text or text.startswith("\udcff"):
        raise HeaderError("the file is not UTF-8 text (it looks like UTF-16 or a spreadsheet); save it as CSV UTF-8")
    if octets := _undecodable(text):
        raise HeaderError(f"the header is not UTF-8 (octet {octets}); save the file as CSV UTF-8")
    if delimiter is None:
        outside = re.sub(r'"[^"]*"', "", text)
        delimiter = max(_DELIMITERS, key=outside.count)
    try:
        titles = next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise HeaderError(f"the header cannot be read: {_csv_reason(error)}") from None
    return delimiter, titles


def _find_number_column(columns: tuple[str, ...], titles: list[str]) -> str:
    named = [column for column in columns if column]
    repeated = sorted({column for column in named if named.count(column) > 1})
    if repeated:
        raise HeaderError(f'two columns are called "{repeated[0]}"')
    for name in NUMBER_COLUMNS:
        if name in columns:
            return name
    found = ", ".join(f'"{title.strip()[:40]}"' for title in titles)
    accepted = ", ".join(NUMBER_COLUMNS)
    if any(_LIKE_A_NUMBER.fullmatch(title) for title in titles):
        raise HeaderError(f"the first line is data ({found}); it must name the columns, one of them: {accepted}")
    raise HeaderError(f"no column with the phone number; found {found}; expected one of: {accepted}")


def _row_problem(raw: str, cells: list[str], columns: tuple[str, ...]) -> str | None:
    if "\0" in raw:
        return "a NUL character in the row"
    if octets := _undecodable(raw):
        return f"not UTF-8 (octet {octets}); save the file as UTF-8"
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        return f"{len(cells)} cells, the header has {len(columns)}; a cell that contains the delimiter needs quotes"
    if len(cells) < len(columns):
        return f"only {len(cells)} of {len(columns)} cells"
    for column, cell in zip(columns, cells, strict=False):
        if len(cell) > MAX_CELL:
            return f'the cell "{column}" has {len(cell)} characters; at most {MAX_CELL}'
    return None


def _undecodable(text: str) -> str | None:
    """First octet that was not UTF-8, as 0xE9, or None."""
    if text.isascii() or not (found := _SURROGATE.search(text)):
        return None
    return f"0x{ord(found[0]) - 0xDC00:02X}"


_SURROGATE: Final = re.compile("[\udc80-\udcff]")


def _csv_reason(error: Exception) -> str:
    text = str(error)
    if isinstance(error, _RowTooLong) or "unexpected end" in text:
        return "a quote is never closed"
    if "expected after" in text:
        return "text after a closing quote"
    if "field larger" in text:
        return f"a cell has more than {csv.field_size_limit()} characters; at most {MAX_CELL}"
    return f"not CSV: {text}"
