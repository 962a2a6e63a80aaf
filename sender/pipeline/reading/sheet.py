"""The rows of one sheet of a workbook, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator

from sender.domain.rows import MAX_CELL, MAX_RAW, BadRow
from sender.pipeline.reading.cells import as_csv


class SheetRows:
    """What readers of workbooks share: `rows` give line and cells, the titles first; cells may end early.

    StopIteration at construction when there is no row.
    """

    titles: list[str]

    def __init__(self, rows: Iterator[tuple[int, list[str]]]) -> None:
        self._cells: list[str] = []
        self._rows = rows
        _, self.titles = next(rows)

    def raw(self) -> str:
        """See `RowSource.raw`."""
        return as_csv(self._cells)

    def __iter__(self) -> Iterator[tuple[int, list[str]] | BadRow]:
        width = len(self.titles)
        for line, cells in self._rows:
            self._cells = cells
            if max(map(len, cells)) > MAX_CELL:
                yield BadRow(line, self.raw()[:MAX_RAW], f"a cell has more than {MAX_CELL} characters")
            elif len(cells) < width:
                yield line, cells + [""] * (width - len(cells))
            else:
                yield line, cells
