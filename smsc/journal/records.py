"""What a journal records, and how one group of it is written in one transaction.

Within a group every table is written by ONE statement. sqlite3 gives the interpreter lock back for each step
of a statement and a busy reactor keeps it for milliseconds, so a row at a time costs hundreds of times more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from enum import IntEnum
from struct import unpack_from

import msgspec

from smppkit.enums import at_hand
from smppkit.pdus import DataSm, DeliverSm, SubmitSm
from smppkit.segments import part_of
from smppkit.tlvs import Tlv
from smsc.journal.erasing import Erasure
from smsc.journal.parts import PartKey, Parts
from smsc.scenario.reading import read


@at_hand
class Kind(IntEnum):
    """What is delivered to an ESME. The numbers are those of a journal."""

    RECEIPT = 0  # of a final state
    NOTICE = 1  # any other receipt
    MO = 2
    MESSAGE = 3  # of another ESME
    ALERT = 4  # never kept: who is not there is not told


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
    outcome: str | None = None  # the stat that it comes to
    err: str | None = None
    state: str | None = None  # the stat of the state it is in now; None when it was refused
    starts_at: float | None = None  # until when it is SCHEDULED
    settles_at: float | None = None  # when it comes to the outcome, if nothing more is recorded of it
    alphabet: str = "gsm7"  # what the operator means by data_coding 0


class Pending(msgspec.Struct, frozen=True, gc=False):
    """What is to become of a message: its plan, the submit as it was judged, and until when this is of use.

    `until` is None while something has to happen first (unix seconds).
    """

    row: int
    operator: str
    until: float | None
    version: int
    plan: msgspec.Struct
    submit: SubmitSm
    told: int = 0


class Owed(msgspec.Struct, gc=False):
    """What the operator still has to deliver to an ESME: encoded, sequence number 0."""

    row: int  # of its message
    system_id: str
    octets: bytes
    kind: Kind = Kind.RECEIPT
    to: str = ""
    """The address it is for: what an ESME that answers 0x65 wants no more of."""
    bind: int = 0
    """The connection that its message came on, for the routes that ask for it or for another one."""
    attempts: int = 0
    number: int = 0
    """Of the delivery, in the journal."""
    withdrawn: bool = False
    """Not wanted any more: what the ESME says about it counts for nothing."""
    life: int = 0
    """Which memory of the operator it belongs to; a restart without memory begins another one."""
    about: object = None
    """The message it carries, when what the ESME answers decides about that (Kind.MESSAGE)."""


Committed = Callable[[Exception | None], None]


class Group:
    """What is written in one transaction; an `erasure` in one after another, while it is `unfinished`."""

    __slots__ = (
        "erasure",
        "messages",
        "over",
        "owed",
        "pdus",
        "pending",
        "reached",
        "rewritten",
        "settled",
        "size",
        "statements",
        "unfinished",
        "waiting",
    )

    def __init__(self) -> None:
        self.messages: list[tuple[int, Message]] = []
        self.pending: list[Pending] = []
        self.owed: list[tuple[str, float, Owed]] = []
        self.reached: list[tuple[int, float, str | None, str | None, bool]] = []
        self.over: list[int] = []
        self.rewritten: list[int] = []
        self.settled: list[tuple[int, int | None, float | None, str | None]] = []
        self.pdus: list[tuple[float, int, str, bytes]] = []
        self.statements: list[tuple[str, tuple[object, ...]]] = []
        self.waiting: list[Committed] = []
        self.erasure: Erasure | None = None
        self.unfinished = False
        self.size = 0

    def changed(self) -> frozenset[int]:
        """The rows of messages that it adds or changes."""
        rows = {entry[0] for entry in self.messages}
        rows.update(entry[0] for entry in self.reached)
        rows.update(self.rewritten)
        rows.update(entry[1] for entry in self.settled if entry[1] is not None)
        return frozenset(rows)

    def takes(self, later: Group, most: int) -> bool:
        """Whether both can be written at once: they are no more than so many operations, and nothing is erased."""
        return self.erasure is None and later.erasure is None and self.size + later.size <= most

    def absorb(self, later: Group) -> None:
        """Write what another group, recorded after this one, has as well."""
        for name in _ABSORBED:
            both = getattr(self, name)
            both += getattr(later, name)  # lists grow in place: many groups may come together
            setattr(self, name, both)


_ABSORBED = tuple(name for name in Group.__slots__ if name not in ("erasure", "unfinished"))

# --- SQL -------------------------------------------------------------------------------------------

_MESSAGE_COLUMNS = (
    "row, at, operator, system_id, connection, command, source, destination, text, data_coding,"
    " reference, part, parts, first, sequence, status, number, message_id, outcome, err, state, starts_at, settles_at"
)
_PENDING_COLUMNS = "row, operator, until, version, told, plan, submit"
_OWED_COLUMNS = "delivery, row, operator, system_id, kind, destination, bind, due, octets"
_MOST_MARKS = 32_766  # question marks in a statement: what SQLite allows unless it was built otherwise
_PDU_COLUMNS = "at, connection, direction, command_id, status, sequence, octets"


def write(connection: sqlite3.Connection, group: Group, parts: Parts) -> None:
    """Write a group, within the transaction that is open; sqlite3.Error when that cannot be done.

    `parts` is told of the parts of long messages.
    """
    # What is over before it was ever written leaves nothing behind.
    over = frozenset(group.over)
    settled = frozenset([entry[0] for entry in group.settled])
    pending = [entry for entry in group.pending if entry.row not in over]
    owed = [entry for entry in group.owed if entry[2].number not in settled]
    _insert(connection, "messages", _MESSAGE_COLUMNS, [_message_row(*entry, parts) for entry in group.messages])
    _insert(connection, "pending", _PENDING_COLUMNS, [_pending_row(entry) for entry in pending])
    _insert(connection, "owed", _OWED_COLUMNS, [_owed_row(*entry) for entry in owed])
    _insert(connection, "pdus", _PDU_COLUMNS, [_pdu_row(*entry) for entry in group.pdus])
    for sql, values in group.statements:
        connection.execute(sql, values)
    if group.reached:
        connection.execute(
            "UPDATE messages SET final_at = json_extract(value, '$[1]'), settles_at = NULL,"
            " state = coalesce(json_extract(value, '$[2]'), outcome),"
            " err = coalesce(json_extract(value, '$[3]'), err) FROM json_each(?)"
            " WHERE messages.row = json_extract(value, '$[0]')"
            " AND (final_at IS NULL OR json_extract(value, '$[4]'))",
            (_json(_once(group.reached)),),
        )
    if group.over:
        connection.execute("DELETE FROM pending WHERE row IN (SELECT value FROM json_each(?))", (_json(group.over),))
    if group.settled:
        # Of several copies the first that is acknowledged tells when.
        acknowledged = [entry for entry in group.settled if entry[1] is not None and entry[2] is not None]
        connection.execute(
            "UPDATE messages SET acknowledged_at = coalesce(acknowledged_at, json_extract(value, '$[2]')),"
            " state = coalesce(json_extract(value, '$[3]'), state)"
            " FROM json_each(?) WHERE messages.row = json_extract(value, '$[1]')",
            (_json(list({entry[1]: entry for entry in reversed(acknowledged)}.values())),),
        )
        connection.execute(
            "DELETE FROM owed WHERE delivery IN (SELECT value FROM json_each(?))",
            (_json([entry[0] for entry in group.settled]),),
        )


_SUBMITS = msgspec.msgpack.Encoder()


def submit_octets(submit: SubmitSm) -> bytes:
    """A submit as `pending` keeps it: what was read is kept as it was read, whether or not it could be written."""
    return _SUBMITS.encode(msgspec.structs.astuple(submit))


def submit_from(octets: bytes) -> SubmitSm:
    """The submit that ``submit_octets`` kept."""
    values = dict(zip(SubmitSm.__struct_fields__, msgspec.msgpack.decode(octets), strict=True))
    values["tlvs"] = tuple(Tlv(*tlv) for tlv in values["tlvs"])
    return SubmitSm(**values)


def _plain(value: object) -> object:
    """The words and numbers of a scenario are of types of their own; here they are words and numbers."""
    for kind in (float, int, str):
        if isinstance(value, kind):
            return kind(value)
    raise NotImplementedError(f"a plan holds a {type(value).__name__}")


_PLANS = msgspec.msgpack.Encoder(enc_hook=_plain)


def plan_octets(plan: msgspec.Struct) -> bytes:
    """A plan as `pending` keeps it. How its receipts look is not kept: after a restart they look as all others do."""
    if getattr(plan, "look", None) is not None:
        plan = msgspec.structs.replace(plan, look=None)
    return _PLANS.encode(plan)


def _once(reached: Sequence[tuple[int, float, str | None, str | None, bool]]) -> list[tuple[object, ...]]:
    """One entry a message, as a statement would not say which of several it takes: the first, or the last `again`."""
    by_row: dict[int, tuple[object, ...]] = {}
    for entry in reached:
        if entry[4] or entry[0] not in by_row:
            by_row[entry[0]] = entry
    return list(by_row.values())


def _insert(connection: sqlite3.Connection, table: str, columns: str, rows: Sequence[tuple[object, ...]]) -> None:
    if not rows:
        return
    one = "(" + ", ".join("?" * len(rows[0])) + ")"
    most = _MOST_MARKS // len(rows[0])
    for at in range(0, len(rows), most):
        some = rows[at : at + most]
        values = ", ".join([one] * len(some))
        connection.execute(
            f"INSERT INTO {table} ({columns}) VALUES {values}",  # noqa: S608 - our names, and marks
            [value for row in some for value in row],
        )


def _json(rows: Sequence[object]) -> str:
    return msgspec.json.encode(rows).decode()


def _message_row(row: int, message: Message, parts: Parts) -> tuple[object, ...]:
    pdu = message.pdu
    part, body = part_of(pdu)
    text = read(pdu, message.alphabet, body)
    first = None
    if part is not None and part.total > 1:
        key = PartKey(
            message.operator,
            message.system_id,
            pdu.name,
            pdu.source_addr,
            pdu.destination_addr,
            part.reference,
            part.total,
        )
        first = parts.first(key, part.number, row, message.at, refused=bool(message.status))
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
        first,
        pdu.sequence_number or None,
        message.status,
        message.number,
        message.message_id,
        message.outcome,
        message.err,
        message.state,
        message.starts_at,
        message.settles_at,
    )


def _pending_row(pending: Pending) -> tuple[object, ...]:
    return (
        pending.row,
        pending.operator,
        pending.until,
        pending.version,
        pending.told,
        plan_octets(pending.plan),
        submit_octets(pending.submit),
    )


def _owed_row(operator: str, due: float, owed: Owed) -> tuple[object, ...]:
    return (
        owed.number,
        owed.row,
        operator,
        owed.system_id,
        int(owed.kind),
        owed.to,
        owed.bind,
        due,
        owed.octets,
    )


def _pdu_row(at: float, connection: int, direction: str, octets: bytes) -> tuple[object, ...]:
    # What a recording has of a stream that is no SMPP may be shorter than a header.
    header = octets if len(octets) >= 16 else octets.ljust(16, b"\0")
    return (at, connection, direction, *unpack_from(">III", header, 4), octets)
