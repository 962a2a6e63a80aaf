"""What an earlier run left in a journal: all that an operator needs to go on where that one stopped."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from smppkit.pdus import SubmitSm
from smsc.journal.log import plan_from
from smsc.journal.records import Kind, Owed, submit_from
from smsc.scenario.decisions import Plan

_OWED: Final = (
    "SELECT row, system_id, octets, kind, destination, bind, delivery, due FROM owed"
    " WHERE operator = ? ORDER BY due, delivery"
)
_UNFINISHED: Final = (
    "SELECT row, at, coalesce(number, 0), coalesce(message_id, ''), status, system_id, connection,"
    " final_at, state, err, version, told, plan, submit FROM pending"
    " WHERE operator = ? AND (until IS NULL OR until > ?) ORDER BY row"
)


class Unfinished(msgspec.Struct, frozen=True):
    """A message that an earlier run left before it was final, or before all was said about it."""

    row: int
    at: float  # unix seconds
    number: int
    message_id: str
    status: int
    system_id: str
    connection: int
    final: tuple[float, str, str] | None  # when (unix seconds) it came to which stat and err
    version: int
    told: int
    plan: Plan
    submit: SubmitSm


def last_number(connection: sqlite3.Connection, operator: str) -> int:
    """The highest message number the operator has used; 0 when none."""
    row = connection.execute("SELECT number FROM numbers WHERE operator = ?", (operator,)).fetchone()
    return 0 if row is None else int(row[0])


def owed(connection: sqlite3.Connection, operator: str) -> Iterator[tuple[float, Owed]]:
    """What the operator still owes, with when it is due (unix seconds), in the order of falling due."""
    for row, system_id, octets, kind, to, bind, number, due in connection.execute(_OWED, (operator,)):
        yield due, Owed(row, system_id, octets, Kind(kind), to, bind, number=number)


def unfinished(connection: sqlite3.Connection, operator: str, now: float) -> Iterator[Unfinished]:
    """The messages of which something is still to come, in the order they came; `now` is unix seconds."""
    for values in connection.execute(_UNFINISHED, (operator, now)):
        yield _unfinished(values)


def _unfinished(values: tuple[Any, ...]) -> Unfinished:
    row, at, number, message_id, status, system_id, connection, *rest = values
    final_at, state, err, version, told, plan, submit = rest
    return Unfinished(
        row,
        at,
        number,
        message_id,
        status,
        system_id,
        connection,
        None if final_at is None else (final_at, state or "", err or ""),
        version,
        told,
        plan_from(plan),
        submit_from(submit),
    )
