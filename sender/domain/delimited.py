"""Delimited text (CSV, TSV and their like) as rows: what separates the cells is found out from the first rows.

A bad row never stops the rest: it comes out with the line it begins on and a reason that a person can act on. Blocks
of lines go through the parser of the standard library as they are; only a row that breaks its line, or the rules, is
looked at by itself.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, Protocol

import msgspec

from sender.domain.rows import MAX_CELL, MAX_RAW, BadRow, HeaderError

MAX_ROW_LINES: Final = 20
"""A quoted cell may contain line breaks; one that runs on for longer was never closed."""

DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}

_BLOCK: Final = 1_024
"""Lines that go through the parser at once; fewer after a row that had to be looked at by itself."""
_SMALL: Final = 8
_SAMPLE: Final = 50
"""Rows that say which dialect a file is in."""


class _Reader(Protocol):
    """What ``csv.reader`` makes."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


class Dialect(msgspec.Struct, frozen=True):
    """How cells are told apart."""

    delimiter: str
    quote: str = '"'

    @property
    def described(self) -> str:
        """For people: ``separated by semicolons``."""
        by = DELIMITERS.get(self.delimiter, f'"{self.delimiter}"')
        return f"separated by {by}" + ("" if self.quote == '"' else ", quoted with '")


class DelimitedRows:
    """The rows of a delimited file; HeaderError at construction when it has no header.

    `lines` are the lines of the file, decoded with ``errors="surrogateescape"`` and ``newline=""``. `encoding` is its
    name for people. Without `delimiter` it is found out. `number_at` says, once the header is known, in which column
    a number stands: it tells a whole row that a quote has swallowed.
    """

    def __init__(self, lines: Iterable[str], *, encoding: str = "UTF-8", delimiter: str | None = None) -> None:
        self._encoding = encoding
        self._lines = _Lines(lines)
        self._raw: list[str] = []
        self._dialect, self.titles = self._read_header(delimiter)
        self.number_at: int | None = None

    @property
    def described(self) -> str:
        """See `RowSource.described`."""
        return f"CSV, {self._encoding}, {self._dialect.described}"

    def raw(self) -> str:
        """See `RowSource.raw`."""
        return "".join(self._raw).rstrip("\r\n")

    def __iter__(self) -> Iterator[tuple[int, list[str]] | BadRow]:
        lines, size = self._lines, _BLOCK
        while block := lines.block(size):
            size = min(size * 2, _BLOCK)
            first, clean, taken = lines.number, self._clean(block), 0
            reader = self._reader(block)
            try:
                for cells in reader:
                    if reader.line_num != taken + 1:
                        break  # it runs over the end of its line
                    self._raw = block[taken : taken + 1]
                    taken += 1
                    problem = None if clean else self._problem(cells)
                    if problem is not None:
                        yield BadRow(first + taken, self.raw()[:MAX_RAW], problem)
                    elif cells and (len(cells) > 1 or cells[0]):
                        yield first + taken, cells
            except csv.Error:
                pass
            lines.number += taken
            if taken < len(block):
                lines.give_back(block[taken:])
                size = _SMALL
                yield from self._one_by_itself()

    def _one_by_itself(self) -> Iterator[tuple[int, list[str]] | BadRow]:
        """The next row, which is more than one line, or none at all."""
        lines = self._lines
        lines.begin_row()
        try:
            cells = next(self._reader(lines))
        except (csv.Error, _RowTooLong) as error:
            # The parser cannot be trusted past a stray quote: leave out this line only, begin anew after it.
            yield lines.bad_first_line(_csv_reason(error))
            return
        if swallowed := self._swallowed_row():
            yield lines.bad_first_line(f"a quote is never closed: it runs into the row of line {swallowed}")
            return
        self._raw = list(lines.taken)
        problem = self._problem(cells)
        yield (lines.first_line, cells) if problem is None else BadRow(lines.first_line, self.raw()[:MAX_RAW], problem)

    def _reader(self, lines: Iterable[str]) -> _Reader:
        return csv.reader(lines, delimiter=self._dialect.delimiter, quotechar=self._dialect.quote, strict=True)

    def _clean(self, block: list[str]) -> bool:
        """Whether no row of a block can have a problem of `_problem`."""
        if max(map(len, block)) > MAX_CELL:
            return False
        text = "".join(block)
        return "\0" not in text and (text.isascii() or not _SURROGATE.search(text))

    def _problem(self, cells: list[str]) -> str | None:
        raw = self.raw()
        if "\0" in raw:
            return "a NUL character in the row"
        if octets := _undecodable(raw):
            return f"not {self._encoding} (octet {octets}); save the file as UTF-8"
        for index, cell in enumerate(cells):
            if len(cell) > MAX_CELL:
                title = self.titles[index].strip() if index < len(self.titles) else str(index + 1)
                return f'the cell "{title}" has {len(cell)} characters; at most {MAX_CELL}'
        return None

    def _swallowed_row(self) -> int | None:
        """Line of a whole row that a cell with line breaks seems to contain, or None."""
        if self.number_at is None:
            return None
        for offset, line in enumerate(self._lines.taken[1:], 1):
            cells = next(csv.reader([line], delimiter=self._dialect.delimiter), [])
            if len(cells) == len(self.titles) > 1 and LIKE_A_NUMBER.fullmatch(cells[self.number_at]):
                return self._lines.first_line + offset
        return None

    def _read_header(self, delimiter: str | None) -> tuple[Dialect, list[str]]:
        lines = self._lines
        while lines.begin_row():
            text = next(lines).removeprefix("\ufeff").rstrip("\r\n")
            if text[:4].lower() == "sep=" and len(text) == 5:
                delimiter = delimiter or text[4]  # Excel's way to say it
            elif text.strip():
                break
        else:
            raise HeaderError("the file is empty; the first line must name the columns")
        if "\0" in text or text.startswith("\udcff"):
            raise HeaderError("the file is not text (it has NUL characters); save it as CSV UTF-8")
        if octets := _undecodable(text):
            raise HeaderError(f"the header is not {self._encoding} (octet {octets}); save the file as CSV UTF-8")
        dialect = find_dialect([text, *lines.ahead(_SAMPLE)], delimiter)
        try:
            titles = next(csv.reader([text], delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True))
        except csv.Error as error:
            raise HeaderError(f"the header cannot be read: {_csv_reason(error)}") from None
        return dialect, titles


LIKE_A_NUMBER: Final = re.compile(r"\s*\+?[\d\s()\-]{7,}\s*")


def find_dialect(lines: list[str], delimiter: str | None = None) -> Dialect:
    """The dialect in which most rows have as many cells as the header, and more than one.

    ``;`` before ``,`` when both fit: where the semicolon separates, the comma is a decimal sign.
    """
    best, most = Dialect(delimiter or ","), 0.0
    for quote in ('"', "'"):
        if not any(quote in line for line in lines) and quote != '"':
            continue
        for candidate in (delimiter,) if delimiter else ("\t", ";", "|", ","):
            score = _fit(lines, candidate, quote)
            if score > most:
                best, most = Dialect(candidate, quote), score
    return best


def _fit(lines: list[str], delimiter: str, quote: str) -> float:
    """How well a dialect explains these lines; 0 when the header would be one cell."""
    try:
        rows = list(islice(csv.reader(lines, delimiter=delimiter, quotechar=quote), _SAMPLE))
    except csv.Error:
        return 0.0
    width = len(rows[0])
    if width < 2:
        return 0.0
    alike = sum(len(row) == width for row in rows if row)
    # Cells that still carry quotes at both ends were quoted with another character.
    quoted = sum(cell[:1] == cell[-1:] and cell[:1] in ("'", '"') and len(cell) > 1 for row in rows for cell in row)
    return alike / len(rows) + width / 1000 - quoted / len(rows)


class _RowTooLong(Exception):
    """A quoted cell ran over `MAX_ROW_LINES` lines."""


class _Lines:
    """The lines of the file, in blocks or one at a time, able to take them back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._source = iter(lines)
        self._back: list[str] = []  # the next one last
        self.number = 0
        """Of the line that was taken last."""
        self.taken: list[str] = []
        """Those of the row at hand, when it is read by itself."""
        self.first_line = 0

    def block(self, size: int) -> list[str]:
        """At most `size` next lines; empty at the end. `number` is left to the caller."""
        self.taken.clear()
        back = self._back
        if back:
            block = back[: -size - 1 : -1]
            del back[-size:]
            return block
        return list(islice(self._source, size))

    def give_back(self, lines: list[str]) -> None:
        """They are the next ones again."""
        self._back.extend(reversed(lines))

    def ahead(self, count: int) -> list[str]:
        """The next lines, which stay the next ones."""
        lines = list(islice(self._source, max(0, count - len(self._back))))
        self._back[:0] = reversed(lines)
        return self._back[: -count - 1 : -1]

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_ROW_LINES:
            raise _RowTooLong
        line = self._back.pop() if self._back else next(self._source)
        self.number += 1
        if not self.taken:
            self.first_line = self.number
        self.taken.append(line)
        return line

    def begin_row(self) -> bool:
        """Forget the row before; False at the end of the file."""
        self.taken.clear()
        return bool(self.ahead(1))

    def bad_first_line(self, reason: str) -> BadRow:
        """The first line of the row at hand as a bad row; the others are given back."""
        first, *others = self.taken
        self._back.extend(reversed(others))
        self.number -= len(others)
        self.taken.clear()
        return BadRow(self.first_line, first.rstrip("\r\n")[:MAX_RAW], reason)


def _undecodable(text: str) -> str | None:
    """First octet that could not be decoded, as 0xE9, or None."""
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
