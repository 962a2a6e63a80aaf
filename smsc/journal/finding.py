"""One message by its id, as query_sm asks for it: in the tables, and in what the log has beyond them."""

from __future__ import annotations

import sqlite3

import msgspec

from smppkit.pdus import DeliverSm
from smsc.journal.expansion import expanded_upto
from smsc.journal.log import group_from
from smsc.journal.records import Group, Message

_COLUMNS = "row, source, outcome, err, state, starts_at, settles_at, final_at"
_FIND = (
    f"SELECT {_COLUMNS} FROM messages"  # noqa: S608 - our names
    " WHERE message_id = ? AND operator = ? AND system_id = ? AND status = 0 AND command != ?"
    " AND row > ? ORDER BY row LIMIT 1"
)


class Found(msgspec.Struct, frozen=True):
    """What query_sm needs to know of a message. Times are unix seconds."""

    row: int
    source: str
    state: str
    err: str | None
    final_at: float | None


class _Row(msgspec.Struct, gc=False):
    """A message as `messages` has it."""

    row: int
    source: str
    outcome: str | None
    err: str | None
    state: str | None
    starts_at: float | None
    settles_at: float | None
    final_at: float | None = None

    def found(self, now: float) -> Found:
        state, final_at = self.state, self.final_at
        if self.settles_at is not None and self.settles_at <= now:
            state, final_at = self.outcome, self.settles_at
        elif final_at is None and self.starts_at is not None and self.starts_at > now:
            state = "SCHEDLD"
        return Found(self.row, self.source, state or "", self.err, final_at)


def find(
    connection: sqlite3.Connection, operator: str, system_id: str, message_id: str, now: float, after: int
) -> Found | None:
    """The accepted message of an account with this id at `now` (unix seconds), of those behind the row `after`."""
    connection.execute("BEGIN")
    try:
        values = connection.execute(_FIND, (message_id, operator, system_id, DeliverSm.name, after)).fetchone()
        expanded = expanded_upto(connection)
        if values is not None:
            row, since = _Row(*values), expanded
        else:
            found = _in_log(connection, expanded, (operator, system_id, message_id), after)
            if found is None:
                return None
            row, since = found
        _follow(connection, row, since)
        return row.found(now)
    finally:
        connection.execute("COMMIT")


def _in_log(
    connection: sqlite3.Connection, after: int, wanted: tuple[str, str, str], after_row: int
) -> tuple[_Row, int] | None:
    """The message, and the entry before the one that it stands in."""
    entries = connection.execute(
        "SELECT entry, size, messages FROM log WHERE entry > ? AND instr(messages, ?) ORDER BY entry",
        (after, wanted[2].encode()),
    )
    for entry, size, messages in entries:
        for row, message in group_from(size, b"", messages, b"").messages:
            if _is_wanted(message, wanted) and row > after_row:
                entries.close()
                return _row_of(row, message), entry - 1
    return None


def _is_wanted(message: Message, wanted: tuple[str, str, str]) -> bool:
    this = (message.operator, message.system_id, message.message_id)
    return this == wanted and not message.status and not isinstance(message.pdu, DeliverSm)


def _row_of(row: int, message: Message) -> _Row:
    return _Row(
        row,
        message.pdu.source_addr,
        message.outcome,
        message.err,
        message.state,
        message.starts_at,
        message.settles_at,
    )


def _follow(connection: sqlite3.Connection, row: _Row, after: int) -> None:
    """Let happen to a message what the log has of it behind an entry."""
    entries = connection.execute(
        "SELECT size, events FROM log WHERE entry > ? AND instr(events, ?) ORDER BY entry",
        (after, msgspec.msgpack.encode(row.row)),
    )
    for size, events in entries:
        _apply(row, group_from(size, events, b"", b""))


def _apply(row: _Row, group: Group) -> None:
    for pending, message in group.replaced:
        if pending.row == row.row:
            row.outcome, row.err, row.state = message.outcome, message.err, message.state
            row.starts_at, row.settles_at = message.starts_at, message.settles_at
    for number, at, stat, err, again in group.reached:
        if number == row.row and (again or row.final_at is None):
            row.final_at, row.settles_at = at, None
            row.state, row.err = stat or row.outcome, err or row.err
