"""Recipients: rows of cells in, `Recipient | BadRow` out, in the order of the file.

The header decides which column is the number. A bad row never stops the rest: it comes out with the line it begins on
and a reason that a person can act on. Every row of the file comes out exactly once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import msgspec

from sender.domain.delimited import LIKE_A_NUMBER, DelimitedRows
from sender.domain.phone import BadNumber, NumberReader
from sender.domain.rows import MAX_CELL, MAX_RAW, BadRow, HeaderError, RowSource
from sender.domain.template import field_key

NUMBER_COLUMNS: Final = (
    "phone", "msisdn", "number", "to", "mobile", "recipient", "phone number", "phone_number",
    "телефон", "номер", "номер телефона", "telefon", "numara",
)  # fmt: skip
"""Accepted titles of the column with the number; the first of these that the file has is taken."""


class Recipient(msgspec.Struct, frozen=True, gc=False):
    """A good row."""

    row: int
    """1-based line of the file on which the row begins."""
    number: str
    """E.164 digits without the plus."""
    fields: dict[str, str]
    """The wanted columns of the row by `field_key` of their titles; the number is as written."""


class Recipients:
    """The rows of one recipients file; iterate once. HeaderError at construction when it has no usable header.

    `wanted` are the columns that come out (None: all), `number_column` the title of the one with the number when it is
    not one of `NUMBER_COLUMNS`. Memory: one integer pair per distinct number, for the duplicates.
    """

    columns: tuple[str, ...]
    """Titles as `field_key` writes them; unnamed columns are empty."""
    number_column: str

    def __init__(
        self, source: RowSource, region: str, *, wanted: Collection[str] | None = None, number_column: str | None = None
    ) -> None:
        self.source = source
        self.columns = tuple(field_key(title) for title in source.titles)
        self.number_column = _find_number_column(self.columns, source.titles, number_column)
        self._number_index = self.columns.index(self.number_column)
        if isinstance(source, DelimitedRows):
            source.number_at = self._number_index
        self._read = NumberReader(region).read
        self._seen: dict[int, int] = {}
        self._wanted = [
            (column, index)
            for index, column in enumerate(self.columns)
            if column and (wanted is None or column in wanted)
        ]

    def __iter__(self) -> Iterator[Recipient | BadRow]:
        width, at, read, seen, wanted = len(self.columns), self._number_index, self._read, self._seen, self._wanted
        for row in self.source:
            if isinstance(row, BadRow):
                yield row
                continue
            line, cells = row
            if len(cells) != width and (problem := self._uneven(cells)):
                yield self._bad(line, problem)
                continue
            try:
                number = read(cells[at])
            except BadNumber as error:
                yield self._bad(line, str(error))
                continue
            earlier = seen.setdefault(int(number), line)
            if earlier != line:
                yield self._bad(line, f"duplicate of line {earlier} (+{number})")
                continue
            yield Recipient(line, number, {column: cells[index] for column, index in wanted})

    def raw(self) -> str:
        """The row that came last, as it stands in the file."""
        return self.source.raw()

    def _uneven(self, cells: list[str]) -> str | None:
        width = len(self.columns)
        if len(cells) < width:
            return f"only {len(cells)} of {width} cells"
        if any(cell.strip() for cell in cells[width:]):
            return f"{len(cells)} cells, the header has {width}; a cell that contains the delimiter needs quotes"
        return None

    def _bad(self, line: int, reason: str) -> BadRow:
        return BadRow(line, self.source.raw()[:MAX_RAW], reason)


def _find_number_column(columns: tuple[str, ...], titles: list[str], chosen: str | None) -> str:
    named = [column for column in columns if column]
    repeated = sorted({column for column in named if named.count(column) > 1})
    if repeated:
        raise HeaderError(f'two columns are called "{repeated[0]}"')
    found = ", ".join(f'"{title.strip()[:40]}"' for title in titles)
    if chosen is not None:
        if field_key(chosen) in named:
            return field_key(chosen)
        raise HeaderError(f'no column is called "{chosen}"; found {found}')
    for name in NUMBER_COLUMNS:
        if name in columns:
            return name
    accepted = ", ".join(NUMBER_COLUMNS)
    if any(LIKE_A_NUMBER.fullmatch(title) for title in titles):
        raise HeaderError(f"the first line is data ({found}); it must name the columns, one of them: {accepted}")
    raise HeaderError(f"no column with the phone number; found {found}; expected one of: {accepted}")


__all__ = ["MAX_CELL", "NUMBER_COLUMNS", "BadRow", "HeaderError", "Recipient", "Recipients"]
