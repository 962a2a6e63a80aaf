"""XLSX workbooks (ECMA-376, SpreadsheetML) as rows, one at a time: a million of them take no more memory than ten.

Read here, and not by a library, because those that stream read a few thousand rows a second, and those that are fast
hold the sheet.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from sender.domain.rows import HeaderError
from sender.pipeline.reading.archive import Archive
from sender.pipeline.reading.cells import date_text, number_text
from sender.pipeline.reading.sheet import SheetRows
from sender.pipeline.reading.strings import Strings
from sender.pipeline.reading.xml import End, Reader, Start, Text, local

MAX_COLUMNS: Final = 16_384
"""ECMA-376 part 1, 18.3.1.13."""

_DATES: Final = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
"""Built-in number formats that show a date or a time (18.8.30)."""
_NOT_OF_THE_FORMAT: Final = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')


class XlsxRows(SheetRows):
    """The rows of one sheet: the first visible one, or that of the given name. HeaderError."""

    def __init__(self, archive: Archive, sheet: str | None = None) -> None:
        self._archive = archive
        self._book = _Book(archive)
        self._name, path = self._book.sheet(sheet)
        self._dates = _date_styles(archive)
        self._strings = _shared_strings(archive)
        try:
            super().__init__(self._read(path))
        except StopIteration:
            raise HeaderError(f'the sheet "{self._name}" is empty; the first row must name the columns') from None
        while self.titles and not self.titles[-1].strip():
            self.titles.pop()

    def close(self) -> None:
        """Let go of what stands beside the memory."""
        self._strings.close()

    @property
    def described(self) -> str:
        """See `RowSource.described`."""
        return f'XLSX, sheet "{self._name}"'

    def _read(self, path: str) -> Iterator[tuple[int, list[str]]]:
        """Line and cells of each row with something in it; cells may end early."""
        rows: list[tuple[int, list[str]]] = []
        reader = Reader(path)

        def root(name: str, _: dict[str, str]) -> None:
            prefix = name.removesuffix(local(name))  # some programs write ``x:row``
            reader.handle(*_handlers(prefix, rows, self._strings, self._dates, self._book.since_1904))

        reader.handle(root, None, None)
        with self._archive.open(path) as stream:
            for _ in reader.feed(stream):
                yield from rows
                rows.clear()


def _handlers(
    prefix: str, rows: list[tuple[int, list[str]]], strings: Strings, dates: frozenset[str], since_1904: bool
) -> tuple[Start, End, Text]:
    """Handlers that gather rows. Functions over shared variables: they run some twenty times for a row."""
    cell, plain, rich, row, phonetic = (prefix + name for name in ("c", "v", "t", "row", "rPh"))
    line, column = 0, 0
    kind: str | None = None
    style: str | None = None
    cells: list[str] = []
    value = ""
    inside = spoken = False
    columns: dict[str, int] = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal line, column, kind, style, value, inside, spoken, cells
        if name == cell:
            get = attributes.get
            kind, style, value = get("t"), get("s"), ""
            reference = get("r")
            if reference is None:
                column = len(cells)
                return
            letters = reference.rstrip("0123456789")
            try:
                column = columns[letters]
            except KeyError:
                column = _column(letters, columns)
        elif name == plain:
            inside = True
        elif name == rich:
            inside = not spoken
        elif name == row:
            number = attributes.get("r")
            line = int(number) if number is not None and number.isdigit() else line + 1
            cells = []
        elif name == phonetic:
            spoken = True

    def end(name: str) -> None:
        nonlocal inside, spoken
        if name == plain or name == rich:  # noqa: SIM109 - a tuple of variables would be made every time
            inside = False
        elif name == cell:
            if not value:
                return
            gap = column - len(cells)
            if gap > 0:
                cells.extend([""] * gap)
            if kind is None and style is None and value.isdigit():
                text = value
            else:
                text = _text(kind, value, strings, date=style in dates, since_1904=since_1904)
            if gap < 0:
                cells[column] = text
            else:
                cells.append(text)
        elif name == row:
            if any(cells):
                rows.append((line, cells))
        elif name == phonetic:
            spoken = False

    def text(data: str) -> None:
        nonlocal value
        if inside:
            value += data

    return start, end, text


def _text(kind: str | None, value: str, strings: Strings, *, date: bool, since_1904: bool) -> str:
    """What a cell of this type (18.18.11) says."""
    if kind == "s":
        try:
            return strings[int(value)]
        except (ValueError, IndexError):
            raise HeaderError(f"the workbook is damaged: there is no shared string {value[:20]}") from None
    if kind is None or kind == "n":
        return date_text(value, since_1904=since_1904) if date else number_text(value)
    if kind == "b":
        return "TRUE" if value == "1" else "FALSE"
    return _unescaped(value)


def _column(letters: str, columns: dict[str, int]) -> int:
    index = 0
    for letter in letters.upper():
        index = index * 26 + ord(letter) - 64
        if not ("A" <= letter.upper() <= "Z") or index > MAX_COLUMNS:
            raise HeaderError(f'the workbook is damaged: there is no column "{letters[:10]}"')
    columns[letters] = index - 1
    return index - 1


_ESCAPE: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")


def _unescaped(text: str) -> str:
    """``_x000D_`` stands for a character that XML cannot hold (22.9.2.19)."""
    if "_x" not in text:
        return text
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)


class _Book:
    """The sheets of the workbook."""

    def __init__(self, archive: Archive) -> None:
        self.since_1904 = False
        self._sheets: list[tuple[str, str, bool]] = []  # name, relation, hidden
        self._targets: dict[str, str] = {}
        Reader("workbook.xml", start=self._workbook).all(archive.open("xl/workbook.xml"))
        Reader("workbook.xml.rels", start=self._relation).all(archive.open("xl/_rels/workbook.xml.rels"))
        self._sheets = [sheet for sheet in self._sheets if sheet[1] in self._targets]

    def sheet(self, wanted: str | None) -> tuple[str, str]:
        """Name of a sheet, and its member of the archive."""
        names = [name for name, _, _ in self._sheets]
        for name, relation, hidden in self._sheets:
            if name == wanted or (wanted is None and not hidden):
                return name, posixpath.normpath(posixpath.join("xl", self._targets[relation])).lstrip("/")
        if wanted is None:
            raise HeaderError("the workbook has no visible sheet")
        raise HeaderError(f'the workbook has no sheet "{wanted}"; it has: {", ".join(names)}')

    def _workbook(self, name: str, attributes: dict[str, str]) -> None:
        name = local(name)
        if name == "sheet":
            relation = next((value for key, value in attributes.items() if local(key) == "id"), "")
            hidden = attributes.get("state", "visible") != "visible"
            self._sheets.append((attributes.get("name", ""), relation, hidden))
        elif name == "workbookPr":
            self.since_1904 = attributes.get("date1904") in ("1", "true")

    def _relation(self, name: str, attributes: dict[str, str]) -> None:
        if local(name) == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
            self._targets[attributes.get("Id", "")] = attributes.get("Target", "")


def _date_styles(archive: Archive) -> frozenset[str]:
    """Styles of cells whose numbers are dates, as cells name them."""
    if "xl/styles.xml" not in archive.names:
        return frozenset()
    formats: dict[str, str] = {}
    styles: list[str] = []
    within: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        name = local(name)
        within.append(name)
        if name == "numFmt":
            formats[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "xf" and "cellXfs" in within:
            styles.append(attributes.get("numFmtId", "0"))

    def end(_: str) -> None:
        within.pop()

    Reader("styles.xml", start=start, end=end).all(archive.open("xl/styles.xml"))
    return frozenset(str(index) for index, number in enumerate(styles) if _shows_a_date(number, formats))


def _shows_a_date(number: str, formats: dict[str, str]) -> bool:
    code = formats.get(number)
    if code is None:
        return number.isdigit() and int(number) in _DATES
    return any(letter in "ymdhs" for letter in _NOT_OF_THE_FORMAT.sub("", code).lower().replace("general", ""))


def _shared_strings(archive: Archive) -> Strings:
    strings = Strings()
    name = "xl/sharedStrings.xml"
    if name in archive.names:
        reader = Reader(name)
        reader.handle(
            lambda root, _: reader.handle(*_string_handlers(root.removesuffix(local(root)), strings)), None, None
        )
        with archive.open(name) as stream:
            reader.all(stream)
    strings.seal()
    return strings


def _string_handlers(prefix: str, strings: Strings) -> tuple[Start, End, Text]:
    """Handlers that gather strings, whose runs of one look are elements of their own."""
    item, rich, phonetic = (prefix + name for name in ("si", "t", "rPh"))
    value = ""
    inside = spoken = False

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal value, inside, spoken
        if name == rich:
            inside = not spoken
        elif name == item:
            value = ""
        elif name == phonetic:
            spoken = True

    def end(name: str) -> None:
        nonlocal inside, spoken
        if name == rich:
            inside = False
        elif name == item:
            strings.append(_unescaped(value))
        elif name == phonetic:
            spoken = False

    def text(data: str) -> None:
        nonlocal value
        if inside:
            value += data

    return start, end, text
