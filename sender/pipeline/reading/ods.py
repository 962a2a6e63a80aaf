"""ODS workbooks (OpenDocument 1.2, part 1, chapter 9) as rows, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sender.domain.rows import MAX_CELL, HeaderError
from sender.pipeline.reading.archive import Archive
from sender.pipeline.reading.cells import number_text
from sender.pipeline.reading.sheet import SheetRows
from sender.pipeline.reading.xml import Reader, local

MAX_COLUMNS: Final = 16_384
MAX_ROWS: Final = 1_048_576


class OdsRows(SheetRows):
    """The rows of one sheet: the first one, or that of the given name. HeaderError."""

    def __init__(self, archive: Archive, sheet: str | None = None) -> None:
        self._archive = archive
        self._table = _Table(sheet)
        try:
            super().__init__(self._read())
        except StopIteration:
            raise HeaderError(self._table.nothing()) from None

    @property
    def described(self) -> str:
        """See `RowSource.described`."""
        return f'ODS, sheet "{self._table.name}"'

    def _read(self) -> Iterator[tuple[int, list[str]]]:
        table = self._table
        with self._archive.open("content.xml") as stream:
            reader = Reader("content.xml", start=table.start, end=table.end, text=table.text)
            for _ in reader.feed(stream):
                for line, cells, times in table.rows:
                    for again in range(times):
                        yield line + again, list(cells)
                table.rows.clear()
                if table.done:
                    return


class _Table:
    """Gathers the rows of one table."""

    def __init__(self, wanted: str | None) -> None:
        self.name = wanted or ""
        self.names: list[str] = []
        self.rows: list[tuple[int, list[str], int]] = []
        """Line, cells, and how many rows in a row are alike."""
        self.done = False
        self._wanted = wanted
        self._open = False
        self._line = 1
        self._times = 1
        self._cells: list[str] = []
        self._gap = 0
        self._repeated = 1
        self._value: str | None = None
        self._paragraphs: list[str] = []
        self._text_depth = self._note_depth = 0

    def nothing(self) -> str:
        """Why there is no header."""
        if self._wanted is not None and self._wanted not in self.names:
            return f'the workbook has no sheet "{self._wanted}"; it has: {", ".join(self.names)}'
        return f'the sheet "{self.name}" is empty; the first row must name the columns'

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        name = local(name)
        if name == "table":
            self._begin_table(_attribute(attributes, "name"))
        elif not self._open:
            return
        elif name == "annotation":
            self._note_depth += 1
        elif self._note_depth:
            return
        elif name == "table-row":
            self._times = _count(attributes, "number-rows-repeated", MAX_ROWS)
            self._cells, self._gap = [], 0
        elif name in ("table-cell", "covered-table-cell"):
            self._repeated = _count(attributes, "number-columns-repeated", MAX_COLUMNS)
            self._value, self._paragraphs = _value(attributes), []
        elif name == "p":
            self._text_depth += 1
            self._paragraphs.append("")
        elif self._text_depth:
            self.text(_blank(name, attributes))

    def end(self, name: str) -> None:
        """An element ends."""
        name = local(name)
        if not self._open:
            return
        if name == "annotation":
            self._note_depth -= 1
        elif self._note_depth:
            return
        elif name == "p":
            self._text_depth -= 1
        elif name in ("table-cell", "covered-table-cell"):
            self._add("\n".join(self._paragraphs) if self._value is None else self._value)
        elif name == "table-row":
            if any(self._cells):
                if self._line + self._times - 1 > MAX_ROWS:
                    raise HeaderError(f"the sheet has more than {MAX_ROWS} rows")
                self.rows.append((self._line, self._cells, self._times))
            self._line += self._times
        elif name == "table":
            self._open, self.done = False, True

    def text(self, data: str) -> None:
        """Characters of a paragraph."""
        if self._open and self._text_depth and not self._note_depth:
            self._paragraphs[-1] += data

    def _begin_table(self, name: str) -> None:
        self.names.append(name)
        if not self.done and (self._wanted is None or self._wanted == name):
            self._open, self.name = True, name

    def _add(self, cell: str) -> None:
        if not cell:
            self._gap += self._repeated  # at the end of a row, thousands of them
            return
        if len(self._cells) + self._gap + self._repeated > MAX_COLUMNS:
            raise HeaderError(f"the sheet has more than {MAX_COLUMNS} columns")
        self._cells.extend([""] * self._gap)
        self._cells.extend([cell] * self._repeated)
        self._gap = 0


def _attribute(attributes: dict[str, str], name: str) -> str:
    return next((value for key, value in attributes.items() if local(key) == name), "")


def _count(attributes: dict[str, str], name: str, most: int) -> int:
    """A number of repetitions: 1 when it is not given, `most` at most."""
    written = _attribute(attributes, name)
    if not (written.isascii() and written.isdigit()):
        return 1
    return max(1, min(int(written[:9]), most))


def _value(attributes: dict[str, str]) -> str | None:
    """What the cell holds, where that is not its text."""
    kind = _attribute(attributes, "value-type")
    if kind in ("float", "currency", "percentage"):
        return number_text(_attribute(attributes, "value"))
    if kind == "date":
        return _attribute(attributes, "date-value").removesuffix("T00:00:00").replace("T", " ")
    if kind == "boolean":
        return _attribute(attributes, "boolean-value").upper()
    return None


def _blank(name: str, attributes: dict[str, str]) -> str:
    """Spaces, tabs and line ends are elements."""
    if name == "s":
        return " " * _count(attributes, "c", MAX_CELL)
    return {"tab": "\t", "line-break": "\n"}.get(name, "")
