"""Suppression lists as files: read row by row, whatever columns they have; written with all of them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final, TextIO

import msgspec

from sender.domain.phone import BadNumber, parse_number
from sender.domain.recipients import NUMBER_COLUMNS
from sender.domain.scope import ScopeError, read_scope
from sender.store.suppression import Suppressed

COLUMNS: Final = ("number", "scope", "source", "reason", "text", "at")
"""Columns of a file: only the number is needed; a file without header has one number a line."""

_MOST_LINES: Final = 100
"""A quoted text may have line breaks; one that runs on for longer was never closed."""


class BadLine(msgspec.Struct, frozen=True):
    """A line that is left out."""

    line: int
    reason: str


def read_entries(file: TextIO, region: str, usual: Suppressed) -> Iterator[Suppressed | BadLine]:
    """The rows of a file; what a row does not say is taken from `usual`."""
    columns: dict[str, int] | None = None
    for line, row in _rows(file, _delimiter(file)):
        if isinstance(row, str):
            yield BadLine(line, row)
            continue
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if columns is None:
            columns = _header(cells)
            if columns is not None:
                continue
            columns = {"number": 0}
        try:
            yield _entry(cells, columns, region, usual)
        except (BadNumber, ScopeError, ValueError) as error:
            yield BadLine(line, str(error))


def write_entries(file: TextIO, entries: Iterable[Suppressed]) -> int:
    """Write entries with a header; how many."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for entry in entries:
        at = datetime.fromtimestamp(entry.at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        writer.writerow((f"+{entry.number}", entry.scope, entry.source, entry.reason, entry.text, at))
        count += 1
    return count


def read_time(text: str) -> float:
    """A time such as 2026-03-01, 2026-03-01T12:00:00Z or unix seconds; UTC when no zone is given. ValueError."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f'found "{text}"; expected a time such as 2026-03-01T12:00:00Z') from None
    return (when if when.tzinfo is not None else when.replace(tzinfo=UTC)).timestamp()


def _rows(file: TextIO, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Rows with the line that each begins on, or what is wrong with that line: the rows after it are not lost."""
    again: list[str] = []  # lines that a row has taken, and was none
    taken: list[str] = []

    def lines() -> Iterator[str]:
        while len(taken) < _MOST_LINES and (line := again.pop() if again else file.readline()):
            taken.append(line)
            yield line

    number = 1
    while True:
        taken.clear()
        try:
            row = next(csv.reader(lines(), delimiter=delimiter, strict=True), None)
        except csv.Error as error:
            yield number, "a quote is never closed" if len(taken) > 1 or "unexpected end" in str(error) else str(error)
            again += reversed(taken[1:])
            number += 1
        else:
            if row is None:
                return
            yield number, row
            number += len(taken)


def _delimiter(file: TextIO) -> str:
    start = file.tell()
    first = file.readline()
    file.seek(start)
    return max((",", ";", "\t"), key=first.count)


def _header(cells: list[str]) -> dict[str, int] | None:
    titles = [cell.lower() for cell in cells]
    number = next((title for title in NUMBER_COLUMNS if title in titles), None)
    if number is None:
        return None
    found: dict[str, int] = {title: titles.index(title) for title in COLUMNS[1:] if title in titles}
    found["number"] = titles.index(number)
    return found


def _entry(cells: list[str], columns: dict[str, int], region: str, usual: Suppressed) -> Suppressed:
    said = {title: cells[index] for title, index in columns.items() if index < len(cells) and cells[index]}
    return Suppressed(
        number=int(parse_number(said.get("number", ""), region)),
        scope=read_scope(said["scope"]) if "scope" in said else usual.scope,
        source=said.get("source", usual.source),
        reason=said.get("reason", usual.reason),
        text=said.get("text", usual.text),
        at=read_time(said["at"]) if "at" in said else usual.at,
    )
