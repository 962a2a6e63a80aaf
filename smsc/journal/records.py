"""What a journal records, and how one group of it is written into the tables, in one transaction.

Within a group every table is written by ONE statement. sqlite3 gives the interpreter lock back for each step
of a statement and a busy reactor keeps it for milliseconds, so a row at a time costs hundreds of times more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from itertools import chain
from struct import unpack_from
from typing import TYPE_CHECKING, TypeAlias
from typing import Final as Constant

import msgspec

from smppkit.enums import at_hand
from smppkit.pdus import DataSm, DeliverSm, SubmitSm
from smppkit.segments import part_of
from smppkit.tlvs import Tlv
from smsc.journal.erasing import Erasure
from smsc.journal.parts import PartKey, Parts
from smsc.scenario.decisions import Plan
from smsc.scenario.reading import read

if TYPE_CHECKING:
    from smsc.journal.together import MessageRun, OwedRun


@at_hand
class Kind(IntEnum):
    """What is delivered to an ESME. The numbers are those of a journal."""

    RECEIPT = 0  # of a final state
    NOTICE = 1  # any other receipt
    MO = 2
    MESSAGE = 3  # of another ESME
    ALERT = 4  # never kept: who is not there is not told


class Message(msgspec.Struct, frozen=True, gc=False, array_like=True):
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
    plan: Plan
    submit: SubmitSm
    told: int = 0


BY_PLAN: Constant = -1
"""In the place of a delivery's number: it is not in the journal, and made again by the plan of its message, which is
there until it is settled."""


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
    """Of the delivery, in the journal; or BY_PLAN."""
    withdrawn: bool = False
    """Not wanted any more: what the ESME says about it counts for nothing."""
    life: int = 0
    """Which memory of the operator it belongs to; a restart without memory begins another one."""
    about: object = None
    """The message it carries, when what the ESME answers decides about that (Kind.MESSAGE)."""


Committed = Callable[[Exception | None], None]
OnePdu: TypeAlias = tuple[float, int, str, bytes]
ManyPdus: TypeAlias = tuple[float, int, str, bytes, int]
"""As one: when, on which connection, "in" or "out", and the octets; and how many they are."""


class Group:
    """What is written in one transaction; an `erasure` and an `expansion` in one after another, while `unfinished`.

    What was recorded as one (`runs`, `ended`, `owed_runs`, `settled_runs`, and of `pdus` the entries that say how many
    they are) goes into a log alone; what is read from there has each by itself.
    """

    __slots__ = (
        "ended",
        "erasure",
        "expansion",
        "forgotten",
        "messages",
        "over",
        "owed",
        "owed_runs",
        "pdus",
        "pending",
        "reached",
        "replaced",
        "runs",
        "settled",
        "settled_runs",
        "size",
        "statements",
        "told",
        "unfinished",
        "upto",
        "waiting",
    )

    def __init__(self) -> None:
        self.messages: list[tuple[int, Message]] = []
        self.pending: list[Pending] = []
        self.owed: list[tuple[str, float, Owed]] = []
        self.reached: list[tuple[int, float, str | None, str | None, bool]] = []
        self.over: list[int] = []
        self.told: list[tuple[int, int]] = []
        self.replaced: list[tuple[Pending, Message]] = []
        self.forgotten: list[tuple[str, int]] = []
        self.settled: list[tuple[int, int | None, float | None, str | None]] = []
        self.pdus: list[OnePdu | ManyPdus] = []
        self.runs: list[MessageRun] = []
        # The rows that came to their end; when (all, or each), to which (None: what was decided), and whether they are
        # over with that.
        self.ended: list[tuple[list[int], float | list[float], str | None, str | None, bool]] = []
        self.owed_runs: list[OwedRun] = []
        # The deliveries, and the rows of their messages; without numbers they are BY_PLAN, and the messages are over.
        self.settled_runs: list[tuple[list[int] | None, list[int] | None, float, str | None]] = []
        self.statements: list[tuple[str, tuple[object, ...]]] = []
        self.waiting: list[Committed] = []
        self.erasure: Erasure | None = None
        self.expansion = False  # somebody reads: the tables are to have all that is in the log
        self.upto: int | None = None  # the last entry of the log that they are to have
        self.unfinished = False
        self.size = 0

    def changed(self) -> frozenset[int]:
        """The rows of messages that it adds or changes."""
        rows = {entry[0] for entry in self.messages}
        rows.update(entry[0] for entry in self.reached)
        rows.update(entry[0].row for entry in self.replaced)
        rows.update(entry[1] for entry in self.settled if entry[1] is not None)
        for run in self.runs:
            rows.update(run.rows())
        for several, *_ in self.ended:
            rows.update(several)
        for _, of, *_ in self.settled_runs:
            rows.update(of or ())
        return frozenset(rows)

    def numbers(self) -> dict[str, int]:
        """The highest message number that each operator has used in it, where there is one."""
        numbers = {message.operator: message.number for _, message in self.messages if message.number is not None}
        for run in self.runs:
            last = run.number + run.count - 1
            numbers[run.operator] = max(last, numbers.get(run.operator, 0))
        return numbers

    def takes(self, later: Group, most: int) -> bool:
        """Whether both can be written at once: they are no more than so many operations, and of the plain kind."""
        special = self.erasure or later.erasure or self.expansion or later.expansion
        return not special and self.size + later.size <= most

    def absorb(self, later: Group) -> None:
        """Write what another group, recorded after this one, has as well."""
        for name in _ABSORBED:
            both = getattr(self, name)
            both += getattr(later, name)  # lists grow in place: many groups may come together
            setattr(self, name, both)


_ABSORBED = tuple(name for name in Group.__slots__ if name not in ("erasure", "expansion", "unfinished", "upto"))

# --- SQL -------------------------------------------------------------------------------------------

_MESSAGE_COLUMNS = (
    "row, at, operator, system_id, connection, command, source, destination, text, data_coding,"
    " reference, part, parts, first, sequence, status, number, message_id, outcome, err, state, starts_at, settles_at"
)
_PENDING_COLUMNS = (
    "row, operator, until, version, told, plan, submit,"
    " at, system_id, connection, status, number, message_id, final_at, state, err"
)
_OWED_COLUMNS = "delivery, row, operator, system_id, kind, destination, bind, due, octets"
_REPLACED = (
    "UPDATE messages SET text = ?, data_coding = ?, outcome = ?, err = ?,"
    " state = ?, starts_at = ?, settles_at = ? WHERE row = ?"
)
_NUMBER = (
    "INSERT INTO numbers VALUES (?, ?)"
    " ON CONFLICT (operator) DO UPDATE SET number = excluded.number WHERE number < excluded.number"
)
_MOST_MARKS = 32_766  # question marks in a statement: what SQLite allows unless it was built otherwise
_PDU_COLUMNS = "at, connection, direction, command_id, status, sequence, octets"


def write(connection: sqlite3.Connection, group: Group, parts: Parts) -> None:
    """Write a group, within the transaction that is open; sqlite3.Error when that cannot be done.

    `parts` is told of the parts of long messages.
    """
    write_rows(connection, group, parts)
    _insert_alive(connection, group)
    for sql, values in group.statements:
        connection.execute(sql, values)
    change_alive(connection, group)


def write_rows(connection: sqlite3.Connection, group: Group, parts: Parts) -> None:
    """Write what people look at: messages, what became of them, and PDUs."""
    _insert(connection, "messages", _MESSAGE_COLUMNS, [_message_row(*entry, parts) for entry in group.messages])
    _insert(connection, "pdus", _PDU_COLUMNS, [_pdu_row(*entry[:4]) for entry in group.pdus])
    for pending, message in group.replaced:
        connection.execute(_REPLACED, (*_replaced_row(message), pending.row))
    if group.reached:
        connection.execute(
            "UPDATE messages SET final_at = json_extract(value, '$[1]'), settles_at = NULL,"
            " state = coalesce(json_extract(value, '$[2]'), outcome),"
            " err = coalesce(json_extract(value, '$[3]'), err) FROM json_each(?)"
            " WHERE messages.row = json_extract(value, '$[0]')"
            " AND (final_at IS NULL OR json_extract(value, '$[4]'))",
            (_json(_once(group.reached)),),
        )
    # Of several copies the first that is acknowledged tells when.
    acknowledged = [entry for entry in group.settled if entry[1] is not None and entry[2] is not None]
    if acknowledged:
        connection.execute(
            "UPDATE messages SET acknowledged_at = coalesce(acknowledged_at, json_extract(value, '$[2]')),"
            " state = coalesce(json_extract(value, '$[3]'), state)"
            " FROM json_each(?) WHERE messages.row = json_extract(value, '$[1]')",
            (_json(list({entry[1]: entry for entry in reversed(acknowledged)}.values())),),
        )


def _insert_alive(connection: sqlite3.Connection, group: Group) -> None:
    """Write what is needed to go on after a restart: what is planned, and what is owed."""
    # What is over before it was ever written leaves nothing behind.
    over = frozenset(group.over)
    settled = frozenset([entry[0] for entry in group.settled])
    pending = [entry for entry in group.pending if entry.row not in over]
    if pending:
        messages = dict(group.messages)
        insert_pending(connection, [(entry, messages[entry.row], None) for entry in pending])
    insert_owed(connection, [entry for entry in group.owed if entry[2].number not in settled])


def change_alive(connection: sqlite3.Connection, group: Group) -> None:
    """Change what is planned and owed as a group says that changes what was written before it."""
    over = frozenset(group.over)
    for pending, message in group.replaced:
        connection.execute(
            "UPDATE pending SET until = ?, plan = ?, submit = ?, final_at = NULL, state = ?, err = ? WHERE row = ?",
            (
                pending.until,
                plan_octets(pending.plan),
                submit_octets(pending.submit),
                message.outcome,
                message.err,
                pending.row,
            ),
        )
    if group.told:
        connection.executemany("UPDATE pending SET told = ? WHERE row = ?", [(told, row) for row, told in group.told])
    reached = [entry for entry in _once(group.reached) if entry[0] not in over]
    if reached:
        connection.executemany(
            "UPDATE pending SET final_at = ?2, state = coalesce(?3, state), err = coalesce(?4, err)"
            " WHERE row = ?1 AND (final_at IS NULL OR ?5)",
            reached,
        )
    if group.over:
        connection.execute("DELETE FROM pending WHERE row IN (SELECT value FROM json_each(?))", (_json(group.over),))
    if group.settled:
        connection.execute(
            "DELETE FROM owed WHERE delivery IN (SELECT value FROM json_each(?))",
            (_json([entry[0] for entry in group.settled]),),
        )


Final = tuple[float, str | None, str | None]
"""When (unix seconds) a message came to which stat and err; None for those that were decided for it."""


def insert_pending(connection: sqlite3.Connection, pending: Sequence[tuple[Pending, Message, Final | None]]) -> None:
    """Write plans, each with its message and what that has come to."""
    _insert(connection, "pending", _PENDING_COLUMNS, [_pending_row(*entry) for entry in pending])


def insert_owed(connection: sqlite3.Connection, owed: Sequence[tuple[str, float, Owed]]) -> None:
    """Write deliveries that are owed: of which operator, and from when on (unix seconds)."""
    _insert(connection, "owed", _OWED_COLUMNS, [_owed_row(*entry) for entry in owed])


def insert_numbers(connection: sqlite3.Connection, numbers: Mapping[str, int]) -> None:
    """Remember the highest message numbers of operators: they use none again."""
    if numbers:
        connection.executemany(_NUMBER, numbers.items())


_SUBMITS = msgspec.msgpack.Encoder()


def submit_octets(submit: SubmitSm) -> bytes:
    """A submit as `pending` keeps it: what was read is kept as it was read, whether or not it could be written."""
    return _SUBMITS.encode(msgspec.structs.astuple(submit))


def submit_from(octets: bytes) -> SubmitSm:
    """The submit that ``submit_octets`` kept."""
    values = dict(zip(SubmitSm.__struct_fields__, msgspec.msgpack.decode(octets), strict=True))
    values["tlvs"] = tuple(Tlv(*tlv) for tlv in values["tlvs"])
    return SubmitSm(**values)


def plain(value: object) -> object:
    """The words and numbers of a scenario are of types of their own; here they are words and numbers."""
    for kind in (float, int, str):
        if isinstance(value, kind):
            return kind(value)
    raise NotImplementedError(f"a plan holds a {type(value).__name__}")


_PLANS = msgspec.msgpack.Encoder(enc_hook=plain)


def plan_octets(plan: Plan) -> bytes:
    """A plan as `pending` keeps it. How its receipts look is not kept: after a restart they look as all others do."""
    if plan.look is not None:
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
            list(chain.from_iterable(some)),
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


def _replaced_row(message: Message) -> tuple[object, ...]:
    return (
        read(message.pdu, message.alphabet).encode("utf-8", "replace").decode(),
        message.pdu.data_coding,
        message.outcome,
        message.err,
        message.state,
        message.starts_at,
        message.settles_at,
    )


def _pending_row(pending: Pending, message: Message, final: Final | None) -> tuple[object, ...]:
    at, stat, err = final or (None, None, None)
    return (
        pending.row,
        pending.operator,
        pending.until,
        pending.version,
        pending.told,
        plan_octets(pending.plan),
        submit_octets(pending.submit),
        message.at,
        message.system_id,
        message.connection,
        message.status,
        message.number,
        message.message_id,
        at,
        message.outcome if stat is None else stat,
        message.err if err is None else err,
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
