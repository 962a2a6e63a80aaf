"""The fields of messages: one row for messages that were made together, some dozen at most.

A row has the fields of the message whose number it has, as an object, or of that one and those that follow it, as a
list. So they cost next to nothing to write, and are read a row at a time, as messages are claimed. Nothing changes
them but a redaction and the deletion of their messages. `all_fields` shows those of each message.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from sender.store.sql import ranges

if TYPE_CHECKING:
    from sender.store.database import Database

AT_ONCE: Final = 50
"""Messages of a row: who reads one of them reads as many."""

_WRITE: Final = "INSERT INTO message_fields (message, fields) VALUES (?, ?)"
_FIND: Final = (
    "SELECT message, fields FROM message_fields WHERE message BETWEEN"
    " coalesce((SELECT max(message) FROM message_fields WHERE message <= ?1), ?1) AND ?2"
)
# For messages that do not follow each other: the row of each, if any.
_FIND_EACH: Final = (
    "SELECT DISTINCT f.message, f.fields FROM json_each(?) j CROSS JOIN message_fields f"
    " ON f.message = (SELECT max(message) FROM message_fields WHERE message <= j.value)"
)
_FEW: Final = 4
"""So many runs are looked for one by one."""

Fields = Mapping[str, str]
_Row = list[dict[str, str]] | dict[str, str]
_NONE: Final[dict[str, str]] = {}

_decode: Final = msgspec.json.Decoder(_Row).decode
_encode: Final = msgspec.json.Encoder().encode


def write(db: Database, first: int, fields: Sequence[Fields]) -> None:
    """Keep the fields of new messages, whose numbers follow each other from `first` on."""
    rows = []
    for start in range(0, len(fields), AT_ONCE):
        some = fields[start : start + AT_ONCE]
        if any(some):
            rows.append((first + start, _encode(some if len(some) > 1 else some[0]).decode()))
    db.hot.executemany(_WRITE, rows)


def read(db: Database, messages: Sequence[int]) -> dict[int, dict[str, str]]:
    """The fields of messages, by message; one without any may be missing."""
    found: dict[int, dict[str, str]] = {}
    for first, row in _rows(db, messages):
        if isinstance(row, dict):
            found[first] = row
        else:
            found.update(enumerate(row, first))
    return found


def blank(db: Database, messages: Iterable[int]) -> None:
    """Forget the fields of these messages, which stay."""
    wanted = set(messages)
    for first, row in _rows(db, sorted(wanted)):
        several = row if isinstance(row, list) else [row]
        kept = [_NONE if message in wanted else it for message, it in enumerate(several, first)]
        text = _encode(kept if isinstance(row, list) else kept[0]).decode()
        db.hot.execute("UPDATE message_fields SET fields = ? WHERE message = ?", (text, first))


def forget(db: Database, messages: Iterable[int]) -> None:
    """These messages are about to be deleted."""
    gone = set(messages)
    for first, row in _rows(db, sorted(gone)):
        db.hot.execute("DELETE FROM message_fields WHERE message = ?", (first,))
        kept = {message: it for message, it in enumerate(row if isinstance(row, list) else [row], first)
                if message not in gone}  # fmt: skip
        for start, end in ranges(list(kept)) if kept else ():
            write(db, start, [kept[message] for message in range(start, end + 1)])


def _rows(db: Database, messages: Sequence[int]) -> Iterator[tuple[int, _Row]]:
    """The rows that these messages may be in, each once, by their first message."""
    if not messages:
        return
    runs = ranges(messages)
    if len(runs) <= _FEW:
        found = dict(row for run in runs for row in db.hot.execute(_FIND, run))
    else:
        found = dict(db.hot.execute(_FIND_EACH, (_encode(messages).decode(),)).fetchall())
    for first, text in found.items():
        yield first, _decode(text)
