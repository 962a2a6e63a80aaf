"""The reading side of a journal: what ``smsc messages`` lists, and what expectations are checked against."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from math import inf
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
from sqlite_utils import Database

from smsc.journal.file import open_readonly


class MessageRow(msgspec.Struct, frozen=True):
    """One message. Times are unix seconds; `state` is None when the message was refused."""

    row: int
    at: float
    operator: str
    system_id: str
    command: str
    source: str
    destination: str
    text: str
    data_coding: int
    reference: int | None
    part: int
    parts: int
    status: int
    message_id: str | None
    err: str | None
    state: str | None
    final_at: float | None
    acknowledged_at: float | None


class PduRow(msgspec.Struct, frozen=True):
    """One PDU as it was on the wire, and whose connection that was; `direction` is "in" or "out"."""

    row: int
    at: float
    operator: str
    connection: int
    peer: str
    system_id: str | None
    direction: str
    command_id: int
    status: int
    sequence: int
    octets: bytes


class OperatorSummary(msgspec.Struct):
    """What one operator has seen. `received` = `accepted` + the sum of `refused`."""

    received: int = 0
    accepted: int = 0
    refused: dict[int, int] = {}
    """By command_status."""
    states: dict[str, int] = {}
    """Accepted messages by the state they are in now."""
    acknowledged: int = 0
    """Accepted messages whose receipt the ESME has acknowledged."""
    mo: int = 0
    owed: int = 0
    """Receipts and MOs that are not acknowledged yet."""


class Inbox:
    """Reads a journal, also one that a running ``smsc serve`` writes."""

    def __init__(self, journal: Path | str | sqlite3.Connection, now: float | None = None) -> None:
        """`journal` is a file, or the connection of an inline journal (flush it before reading).

        `now` is the time as of which the states of messages are told (unix seconds). Without one, what is planned for
        messages that nobody is told about counts as having come to pass: nothing else can become of them unasked.
        JournalError when there is no such file or it is not a journal of this version.
        """
        self._now = inf if now is None else now
        if isinstance(journal, sqlite3.Connection):
            self._owned = False
            connection = journal
        else:
            self._owned = True
            connection = open_readonly(Path(journal))
        self._db = Database(connection, execute_plugins=False)
        self._db.register_function(_contains, name="contains", deterministic=True)

    def close(self) -> None:
        """Close the file, when this inbox opened it."""
        if self._owned:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def messages(
        self,
        *,
        to: str | None = None,
        from_: str | None = None,
        text: str | None = None,
        operator: str | None = None,
        state: str | None = None,
        status: int | None = None,
        since: float | None = None,
        limit: int | None = None,
        after: int | None = None,
    ) -> list[MessageRow]:
        """Messages in the order they came.

        `to` and `from_` are globs (`*`, `?`, `[…]`), `text` is a part of the text in any case, `since` is unix
        seconds. `limit` keeps the newest; with `after` (a row) it keeps the first ones after that row.
        """
        conditions = {
            "destination GLOB ?": to,
            "source GLOB ?": from_,
            "contains(text, ?)": text,
            "operator = ?": operator,
            "state = ?": state,
            "status = ?": status,
            "at >= ?": since,
            "row > ?": after,
        }
        where, values = _where(conditions)
        newest = limit is not None and after is None
        rows = self._db.query(
            f"SELECT {_MESSAGE_COLUMNS} FROM {_MESSAGES} WHERE {where or 'true'}"  # noqa: S608 - our names
            f" ORDER BY row {'DESC' if newest else 'ASC'} LIMIT ?",
            (*self._as_of(), *values, -1 if limit is None else limit),
        )
        found = [MessageRow(**row) for row in rows]
        return found[::-1] if newest else found

    def pdus(
        self,
        *,
        connection: int | None = None,
        operator: str | None = None,
        system_id: str | None = None,
        direction: str | None = None,
        command_id: int | None = None,
        status: int | None = None,
        since: float | None = None,
        limit: int | None = None,
        after: int | None = None,
        before: int | None = None,
    ) -> list[PduRow]:
        """PDUs in the order they were on the wire: the newest `limit` before a row, or the first ones after one."""
        conditions = {
            "connection = ?": connection,
            "operator = ?": operator,
            "system_id = ?": system_id,
            "direction = ?": direction,
            "command_id = ?": command_id,
            "status = ?": status,
            "at >= ?": since,
            "row > ?": after,
            "row < ?": before,
        }
        where, values = _where(conditions)
        newest = limit is not None and after is None
        rows = self._db.query(
            f"SELECT {_PDU_COLUMNS} FROM pdus JOIN connections USING (connection)"  # noqa: S608 - our names
            f" WHERE {where or 'true'} ORDER BY row {'DESC' if newest else 'ASC'} LIMIT ?",
            (*values, -1 if limit is None else limit),
        )
        found = [PduRow(**row) for row in rows]
        return found[::-1] if newest else found

    def pdu(self, row: int) -> PduRow | None:
        """One PDU."""
        found = self.pdus(after=row - 1, before=row + 1)
        return found[0] if found else None

    def operators(self) -> list[str]:
        """The operators that the journal knows, by name."""
        return [row["operator"] for row in self._db.query("SELECT DISTINCT operator FROM connections ORDER BY 1")]

    def summary(self) -> dict[str, OperatorSummary]:
        """Counts per operator."""
        summaries: dict[str, OperatorSummary] = {}
        for row in self._counts("operator, command, status, state, acknowledged_at IS NOT NULL AS acknowledged"):
            summary = summaries.setdefault(row["operator"], OperatorSummary())
            count: int = row["count"]
            if row["command"] == "deliver_sm":
                summary.mo += count
                continue
            summary.received += count
            if row["status"]:
                summary.refused[row["status"]] = summary.refused.get(row["status"], 0) + count
                continue
            summary.accepted += count
            summary.states[row["state"]] = summary.states.get(row["state"], 0) + count
            if row["acknowledged"]:
                summary.acknowledged += count
        for row in self._db.query("SELECT operator, count(*) AS count FROM owed GROUP BY operator"):
            summaries.setdefault(row["operator"], OperatorSummary()).owed = row["count"]
        return summaries

    def _counts(self, columns: str) -> Iterator[dict[str, Any]]:
        groups = ", ".join(str(number + 1) for number in range(columns.count(",") + 1))
        yield from self._db.query(
            f"SELECT {columns}, count(*) AS count FROM {_MESSAGES} GROUP BY {groups}",  # noqa: S608 - our names
            self._as_of(),
        )

    def _as_of(self) -> tuple[float, float, float]:
        return self._now, self._now, self._now


_STATED = {
    "state": (
        "CASE WHEN settles_at <= ? THEN outcome WHEN final_at IS NULL AND starts_at > ? THEN 'SCHEDLD' ELSE state END"
    ),
    "final_at": "CASE WHEN settles_at <= ? THEN settles_at ELSE final_at END",
}
_MESSAGES = (
    "(SELECT "  # noqa: S608 - our names
    + ", ".join(f"{_STATED[name]} AS {name}" if name in _STATED else name for name in MessageRow.__struct_fields__)
    + " FROM messages)"
)
"""The messages as they are at a time, which is given three times."""
_MESSAGE_COLUMNS = ", ".join(MessageRow.__struct_fields__)
_PDU_COLUMNS = ", ".join(PduRow.__struct_fields__)


def _where(conditions: dict[str, Any]) -> tuple[str | None, list[Any]]:
    used = {condition: value for condition, value in conditions.items() if value is not None}
    return " AND ".join(used) or None, list(used.values())


def _contains(text: str, part: str) -> bool:
    # SQLite folds the case of ASCII only; the texts are Cyrillic and Turkish as well.
    return part.casefold() in text.casefold()
