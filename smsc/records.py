"""What a journal records, and how one group of it is written in one transaction.

Within a group every table is written by ONE statement. sqlite3 gives the interpreter lock back for each step
of a statement and a busy reactor keeps it for milliseconds, so a row at a time costs hundreds of times more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from struct import unpack_from

import msgspec

from smppkit.pdus import DataSm, DeliverSm, SubmitSm
from smppkit.segments import part_of
from smppkit.text import decode_text


class Message(msgspec.Struct, frozen=True, gc=False):
    """A message as it is recorded: a submit that was decided, or an MO that is to be delivered."""

    at: float  # unix seconds
    operator: str
    system_id: str
    connection: int
    pdu: SubmitSm | DataSm | DeliverSm
    status: int = 0
    number: int | None = None  # the counter behind message_id; None when the message was refused
    message_id: str | None = None
    outcome: str | None = None  # the stat that the receipt will say
    err: str | None = None
    state: str | None = None  # the stat of the state it is in now; None when it was refused


class Owed(msgspec.Struct, gc=False):
    """What the operator still has to deliver to an ESME: a receipt or an MO, encoded, sequence number 0."""

    row: int  # of its message
    system_id: str
    octets: bytes
    receipt: bool
    early: bool = False
    """Goes out before the submit_sm_resp where both are due."""
    attempts: int = 0


Committed = Callable[[Exception | None], None]


class Group:
    """What is written in one transaction."""

    __slots__ = ("acknowledged", "messages", "owed", "pdus", "reached", "size", "statements", "waiting")

    def __init__(self) -> None:
        self.messages: list[tuple[int, Message]] = []
        self.owed: list[tuple[int, str, str, float, bytes]] = []
        self.reached: list[tuple[int, float]] = []
        self.acknowledged: list[tuple[int, float | None, str | None]] = []
        self.pdus: list[tuple[float, int, str, bytes]] = []
        self.statements: list[tuple[str, tuple[object, ...]]] = []
        self.waiting: list[Committed] = []
        self.size = 0

    def absorb(self, later: Group) -> None:
        """Write what another group, recorded after this one, has as well."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(later, name))


# --- SQL -------------------------------------------------------------------------------------------

_MESSAGE_COLUMNS = (
    "row, at, operator, system_id, connection, command, source, destination, text, data_coding,"
    " reference, part, parts, status, number, message_id, outcome, err, state"
)
_PDU_COLUMNS = "at, connection, direction, command_id, status, sequence, octets"


def write(connection: sqlite3.Connection, group: Group) -> None:
    """Write a group, within the transaction that is open; sqlite3.Error when that cannot be done."""
    _insert(connection, "messages", _MESSAGE_COLUMNS, [_message_row(*entry) for entry in group.messages])
    _insert(connection, "owed", "row, operator, system_id, due, octets", group.owed)
    _insert(connection, "pdus", _PDU_COLUMNS, [_pdu_row(*entry) for entry in group.pdus])
    for sql, values in group.statements:
        connection.execute(sql, values)
    if group.reached:
        connection.execute(
            "UPDATE messages SET state = outcome, final_at = json_extract(value, '$[1]') FROM json_each(?)"
            " WHERE messages.row = json_extract(value, '$[0]') AND final_at IS NULL",
            (_json(group.reached),),
        )
    if group.acknowledged:
        settled = _json(group.acknowledged)
        connection.execute(
            "UPDATE messages SET acknowledged_at = json_extract(value, '$[1]'),"
            " state = coalesce(json_extract(value, '$[2]'), state)"
            " FROM json_each(?) WHERE messages.row = json_extract(value, '$[0]')",
            (settled,),
        )
        connection.execute(
            "DELETE FROM owed WHERE row IN (SELECT json_extract(value, '$[0]') FROM json_each(?))", (settled,)
        )


def _insert(connection: sqlite3.Connection, table: str, columns: str, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        one = "(" + ", ".join("?" * len(rows[0])) + ")"
        values = ", ".join([one] * len(rows))
        connection.execute(
            f"INSERT INTO {table} ({columns}) VALUES {values}",  # noqa: S608 - our names, and marks
            [value for row in rows for value in row],
        )


def _json(rows: Sequence[tuple[object, ...]]) -> str:
    return msgspec.json.encode(rows).decode()


def _message_row(row: int, message: Message) -> tuple[object, ...]:
    pdu = message.pdu
    part, user_data = part_of(pdu)
    text = decode_text(user_data, pdu.data_coding)
    return (
        row,
        message.at,
        message.operator,
        message.system_id,
        message.connection,
        pdu.name,
        pdu.source_addr,
        pdu.destination_addr,
        text.encode("utf-8", "replace").decode(),  # SQLite takes no lone surrogates
        pdu.data_coding,
        None if part is None else part.reference,
        1 if part is None else part.number,
        1 if part is None else part.total,
        message.status,
        message.number,
        message.message_id,
        message.outcome,
        message.err,
        message.state,
    )


def _pdu_row(at: float, connection: int, direction: str, octets: bytes) -> tuple[object, ...]:
    return (at, connection, direction, *unpack_from(">III", octets, 4), octets)
