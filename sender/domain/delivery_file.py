"""An operator's delivery file: a stream of text lines in, `DeliveryRow | BadRow` out, every row once.

CSV with comma, semicolon, tab or bar, or words between spaces. The columns are found by their titles; a file without
titles by what its cells look like. Only an id or a number, and a state, are needed.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from sender.domain.delimited import find_dialect
from sender.domain.phone import BadNumber, parse_number
from sender.domain.recipients import NUMBER_COLUMNS
from sender.domain.rows import MAX_RAW, BadRow
from smppkit.message_state import MessageState, state_of

_SAMPLE: Final = 50
_TITLES: Final = {
    "id": ("id", "message id", "messageid", "msg id", "msgid", "smsc id", "smscid", "smsc message id",
           "receipted message id", "sms id", "smsid", "external id", "id сообщения", "ид"),
    "number": (*NUMBER_COLUMNS, "destination", "destination addr", "dest", "dest addr", "da", "address", "абонент"),
    "state": ("state", "status", "stat", "dlr", "dlr status", "delivery status", "message status", "message state",
              "result", "статус", "состояние", "durum"),
    "sent": ("submit date", "submitted", "submit time", "sent", "sent at", "send date", "send time", "created",
             "дата отправки", "отправлено"),
    "done": ("done date", "done", "done time", "delivered at", "delivery date", "delivery time", "received", "updated",
             "date", "time", "timestamp", "дата доставки", "дата", "время"),
}  # fmt: skip
_WORDS: Final = {
    "delivered": MessageState.DELIVERED,
    "success": MessageState.DELIVERED,
    "доставлено": MessageState.DELIVERED,
    "доставлен": MessageState.DELIVERED,
    "not delivered": MessageState.UNDELIVERABLE,
    "не доставлено": MessageState.UNDELIVERABLE,
    "не доставлен": MessageState.UNDELIVERABLE,
    "undelivered": MessageState.UNDELIVERABLE,
    "error": MessageState.UNDELIVERABLE,
    "просрочено": MessageState.EXPIRED,
    "отклонено": MessageState.REJECTED,
    "sent": MessageState.ENROUTE,
    "pending": MessageState.ENROUTE,
    "отправлено": MessageState.ENROUTE,
}


class DeliveryFileError(ValueError):
    """The file cannot be read as a delivery file at all; the text is for people."""


class DeliveryRow(msgspec.Struct, frozen=True, gc=False):
    """One line about one message, or one part of it."""

    line: int
    smsc_id: str
    """As the operator writes it, in whatever base; empty without a column for it."""
    number: str
    """As the operator writes it; empty without a column for it."""
    state: MessageState
    stat: str
    """The word of the file."""
    sent: float | None
    """Unix times, read as UTC where the file names no zone."""
    done: float | None
    raw: str


class DeliveryFile:
    """The rows of one delivery file; iterate once. DeliveryFileError at construction when it shows no columns.

    `lines` are decoded lines with their ends; `region` (``KZ``) is where numbers without prefix belong, which matters
    only for finding their column.
    """

    columns: dict[str, int]
    """Which column (from 0) holds the id, number, state, sent and done; those that were found."""

    def __init__(self, lines: Iterable[str], region: str) -> None:
        source = iter(lines)
        sample = list(itertools.islice(source, _SAMPLE))
        if sample:
            sample[0] = sample[0].removeprefix("\ufeff")
        filled = [line for line in sample if line.strip()]
        if not filled:
            raise DeliveryFileError("the file is empty")
        if "\0" in filled[0]:
            raise DeliveryFileError("the file is not text (a workbook, or UTF-16); save it as CSV UTF-8")
        self.delimiter = find_dialect(filled).delimiter
        if self.delimiter not in filled[0]:
            self.delimiter = " "
        self.columns = _by_titles(self._cells(filled[0]))
        self.titled = bool(self.columns)
        if not self.titled:
            self.columns = _by_looks([self._cells(line) for line in filled], region)
        if "state" not in self.columns or not self.columns.keys() & {"id", "number"}:
            known = ", ".join(f'"{cell}"' for cell in self._cells(filled[0])[:10])
            missing = "state" if "state" not in self.columns else "message id or number"
            raise DeliveryFileError(
                f"no column with the {missing}; the first line has {known}; "
                'expected titles such as "message id", "number", "status", "done date"'
            )
        self._lines = itertools.chain(sample, source)

    def __iter__(self) -> Iterator[DeliveryRow | BadRow]:
        titled = self.titled
        for number, line in enumerate(self._lines, 1):
            raw = line.rstrip("\r\n")[:MAX_RAW]
            if not raw.strip():
                continue
            if titled:
                titled = False
                continue
            yield self._row(number, raw)

    def _row(self, line: int, raw: str) -> DeliveryRow | BadRow:
        cells = self._cells(raw)
        found = {name: cells[at].strip() if at < len(cells) else "" for name, at in self.columns.items()}
        smsc_id, number = found.get("id", ""), found.get("number", "")
        if not (smsc_id or number):
            return BadRow(line, raw, "neither an id nor a number")
        state = state_in(found["state"])
        if state is None:
            return BadRow(line, raw, f'nobody knows what the state "{found["state"][:40]}" means')
        sent, done = moment(found.get("sent", "")), moment(found.get("done", ""))
        return DeliveryRow(line, smsc_id, number, state, found["state"][:40], sent, done, raw)

    def _cells(self, line: str) -> list[str]:
        if self.delimiter == " ":
            return line.split()
        try:
            return next(csv.reader([line.rstrip("\r\n")], delimiter=self.delimiter, skipinitialspace=True))
        except (csv.Error, StopIteration):
            return line.split(self.delimiter)


def state_in(word: str) -> MessageState | None:
    """The state that a word of a delivery file means: of receipts, of people, or the number of `message_state`."""
    plain = word.strip()
    if plain.isdigit():
        return _NUMBERED.get(int(plain)) if len(plain) == 1 else None
    return state_of(plain) or _WORDS.get(plain.casefold().replace("_", " "))


_NUMBERED: Final = {int(state): state for state in MessageState}

_SHAPES: Final = (
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M",
)  # fmt: skip
_DIGITS: Final = {14: "%Y%m%d%H%M%S", 10: "%y%m%d%H%M"}


def moment(text: str) -> float | None:
    """Unix time of what a file writes, or None: ISO 8601, day first with dots, unix seconds, or a receipt's digits."""
    word = text.strip()
    if not word:
        return None
    if word.isdigit():
        if len(word) == 10 and word.startswith("1"):  # unix seconds from 2001 on; as YYMMDDhhmm it were 2010 to 2019
            return float(word)
        shapes: Sequence[str] = ("%Y%m%d%H%M", "%y%m%d%H%M%S") if len(word) == 12 else (_DIGITS.get(len(word), ""),)
    else:
        try:
            found = datetime.fromisoformat(word)
        except ValueError:
            shapes = _SHAPES
        else:
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    for shape in shapes:
        try:
            return datetime.strptime(word, shape).replace(tzinfo=UTC).timestamp() if shape else None
        except ValueError:
            continue
    return None


def _by_titles(cells: list[str]) -> dict[str, int]:
    """Columns by the titles of the first line; the earlier words of `_TITLES` win."""
    titles = [re.sub(r"[\s_\-]+", " ", cell).strip().casefold() for cell in cells]
    found: dict[str, int] = {}
    for name, words in _TITLES.items():
        places = [titles.index(word) for word in (re.sub("_", " ", it) for it in words) if word in titles]
        free = [place for place in places if place not in found.values()]
        if free:
            found[name] = free[0]
    return found if "state" in found else {}


def _by_looks(rows: list[list[str]], region: str) -> dict[str, int]:
    """Columns of a file without titles: the state speaks for itself, the number is a valid one, the id differs."""
    width = min(len(row) for row in rows)
    columns = {at: [row[at].strip() for row in rows] for at in range(width)}
    found: dict[str, int] = {}
    states = [at for at, cells in columns.items() if all(state_in(cell) is not None for cell in cells)]
    words = [at for at in states if any(not cell.isdigit() for cell in columns[at])]
    if words or states:
        found["state"] = (words or states)[0]
    numbers = [at for at, cells in columns.items() if all(_is_number(cell, region) for cell in cells)]
    if numbers:
        found["number"] = numbers[0]
    times = [
        at
        for at, cells in columns.items()
        if at not in found.values() and all(moment(cell) is not None for cell in cells)
    ]
    found |= dict(zip(("sent", "done") if len(times) > 1 else ("done",), times, strict=False))
    ids = [
        at
        for at, cells in columns.items()
        if at not in (*found.values(), *times, *states) and all(_ID.fullmatch(cell) for cell in cells)
    ]
    if ids:
        found["id"] = max(ids, key=lambda at: len(set(columns[at])))
    return found


_ID: Final = re.compile(r"[\w.:\-]{1,64}")


def _is_number(text: str, region: str) -> bool:
    try:
        parse_number(text, region)
    except BadNumber:
        return False
    return True
