"""The log of a journal: what was recorded, as it was recorded, one row for each commit.

A message costs a tenth in it of what its rows cost in the tables. So what is recorded goes here first, and into the
tables when somebody reads them (`smsc.journal.expansion`), or never, when it is dropped before. Within an entry what
happened to messages, the messages themselves and the PDUs stand apart: each is read by itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import repeat
from typing import Any, Final

import msgspec

from smppkit.pdus import DataSm, DeliverSm, SubmitSm
from smppkit.runs import split
from smppkit.tlvs import Tlv
from smsc.journal.records import BY_PLAN, Group, Kind, Message, Owed, Pending, plain
from smsc.journal.together import Drawn, MessageRun, OwedRun
from smsc.scenario.decisions import Fate, Plan, PlannedNotice, PlannedReply
from smsc.scenario.template import Words

_encode: Final = msgspec.msgpack.Encoder(enc_hook=plain).encode
_decode: Final = msgspec.msgpack.Decoder().decode
_NOTHING: Final = b""
_PLAN: Final = MessageRun.__struct_fields__.index("plan")

_CLASSES: Final[tuple[type[SubmitSm | DataSm | DeliverSm], ...]] = (SubmitSm, DataSm, DeliverSm)  # by number
_KINDS: Final = {kind: number for number, kind in enumerate(_CLASSES)}


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One row of the log: the highest row of a message, and number of a delivery, that there are up to it.

    `at` is the latest time (unix seconds) that was recorded up to it.
    """

    number: int
    row: int
    delivery: int
    at: float


def append(connection: sqlite3.Connection, group: Group, last: Entry) -> Entry:
    """Write a group into the log, within the transaction that is open; `last` is the entry before it."""
    row, delivery, at = last.row, last.delivery, last.at
    if group.messages:
        row = group.messages[-1][0]
    if group.runs:
        row = max(row, group.runs[-1].rows()[-1])
    if group.owed:
        delivery = group.owed[-1][2].number
    if group.owed_runs:
        delivery = max(delivery, group.owed_runs[-1].numbers()[-1])
    if group.pdus:
        at = max(at, group.pdus[-1][0])
    elif group.messages:
        at = max(at, group.messages[-1][1].at)
    elif group.runs:
        at = max(at, group.runs[-1].at)
    entry = Entry(last.number + 1, row, delivery, at)
    connection.execute(
        "INSERT INTO log (entry, row, delivery, at, size, events, messages, pdus) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (entry.number, row, delivery, at, group.size, _events(group), _messages(group), _pdus(group)),
    )
    return entry


def _events(group: Group) -> bytes:
    together = group.ended or group.settled_runs
    if not (together or group.reached or group.over or group.settled or group.told or group.replaced):
        return _NOTHING
    replaced = [(_pending(pending, None), message, _KINDS[type(message.pdu)]) for pending, message in group.replaced]
    return _encode((group.reached, group.over, group.settled, group.told, replaced, group.ended, group.settled_runs))


def _messages(group: Group) -> bytes:
    messages = group.messages
    if not (messages or group.pending or group.owed or group.runs or group.owed_runs):
        return _NOTHING
    submits = {row: message.pdu for row, message in messages} if group.pending else {}
    return _encode(
        (
            messages,
            bytes([_KINDS[type(message.pdu)] for _, message in messages]),
            [_pending(pending, submits.get(pending.row)) for pending in group.pending],
            [_owed(*entry) for entry in group.owed],
            group.runs,
            group.owed_runs,
        )
    )


def _pdus(group: Group) -> bytes:
    """Where they are the messages of a run of this group, their octets are not written twice."""
    if not group.pdus:
        return _NOTHING
    if not group.runs:
        return _encode(group.pdus)
    here = {id(run.octets): run.row for run in group.runs}
    return _encode([(*pdu[:3], here.get(id(pdu[3]), pdu[3]), *pdu[4:]) for pdu in group.pdus])


# --- reading ---------------------------------------------------------------------------------------


def group_from(size: int, events: bytes, messages: bytes, pdus: bytes) -> Group:
    """The group that an entry keeps, each by itself; what is left empty of it is not taken into it.

    It says nothing of what is planned and owed.
    """
    group = Group()
    group.size = size
    if events:
        ended, settled_runs = _take_events(group, events)
        if ended:
            group.reached = [entry for several in ended for entry in each_ended(several)] + group.reached
            group.over += [row for rows, *_, over in ended if over for row in rows]
        if settled_runs:
            _settle_all(group, settled_runs)
    runs: dict[int, bytes] = {}
    if messages:
        _, _, together, _ = _take_messages(group, messages)
        for values in together:
            run = _run_from(values)
            runs[run.row] = run.octets
            group.messages += run.messages()
        if together:
            group.messages.sort(key=_first)
    for at, connection, direction, written, *count in _decode(pdus) if pdus else ():
        octets = runs[written] if isinstance(written, int) else written
        group.pdus += [(at, connection, direction, one) for one in (split(octets) if count else (octets,))]
    return group


def recorded(size: int, events: bytes, messages: bytes) -> Group:
    """The group that an entry keeps, without its PDUs, as it was recorded: runs are runs."""
    group = Group()
    group.size = size
    if events:
        ended, settled_runs = _take_events(group, events)
        group.ended = ended
        group.settled_runs = [tuple(several) for several in settled_runs]
    if messages:
        planned, owed, together, owed_runs = _take_messages(group, messages)
        submits = {row: message.pdu for row, message in group.messages} if planned else {}
        group.pending = [_pending_from(entry, submits.get(entry[0])) for entry in planned]
        group.owed = [_owed_from(*entry) for entry in owed]
        group.runs = list(map(_run_from, together))
        group.owed_runs = [OwedRun(*values) for values in owed_runs]
    return group


def _take_events(group: Group, events: bytes) -> tuple[list[Any], list[Any]]:
    """Give a group what became of messages one by one; returns what became of several."""
    # Journals that were written before there were runs have not the last two, here and below.
    reached, over, settled, told, replaced, ended, settled_runs = (*_decode(events), [], [])[:7]
    group.reached, group.over, group.told = reached, over, told
    group.settled = [tuple(entry) for entry in settled]
    for pending, message, kind in replaced:
        group.replaced.append((_pending_from(pending, None), _message_from(message, kind)))
    # Of those that were written before there were deliveries BY_PLAN all were over.
    return [(*several, True)[:5] for several in ended], settled_runs


def _take_messages(group: Group, messages: bytes) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """Give a group its messages; returns what is planned for them, what is owed, and both of runs."""
    taken, kinds, planned, owed, together, owed_runs = (*_decode(messages), [], [])[:6]
    group.messages = [(row, _message_from(values, kind)) for (row, values), kind in zip(taken, kinds, strict=True)]
    return planned, owed, together, owed_runs


def each_ended(ended: Sequence[Any]) -> list[tuple[int, float, str | None, str | None, bool]]:
    """Messages that came to their ends together, each as if that had been recorded by itself."""
    rows, at, stat, err, _ = ended
    times = at if isinstance(at, list) else repeat(at)
    return [(row, one, stat, err, False) for row, one in zip(rows, times, strict=False)]


def _first(entry: tuple[int, Message]) -> int:
    return entry[0]


def _settle_all(group: Group, together: list[Any]) -> None:
    """Of several copies the first that was acknowledged is to come first."""
    for numbers, rows, at, state in together:
        if numbers is None:
            group.reached += [(row, at, None, None, False) for row in rows]  # unless it was, as nearly always
            group.over += rows
        group.settled += [
            (number, row, at, state)
            for number, row in zip(numbers or repeat(BY_PLAN), rows or repeat(None), strict=False)
        ]
    group.settled.sort(key=_acknowledged_at)


def _acknowledged_at(entry: tuple[int, int | None, float | None, str | None]) -> float:
    return entry[2] or 0.0


# --- one of each -----------------------------------------------------------------------------------


def _message_from(values: list[Any], kind: int) -> Message:
    at, operator, system_id, connection, pdu, *rest = values
    return Message(at, operator, system_id, connection, _pdu_from(_CLASSES[kind], pdu), *rest)


def _pdu_from(kind: type[Any], values: dict[str, Any]) -> Any:
    if "tlvs" in values:
        values["tlvs"] = tuple([Tlv(*tlv) for tlv in values["tlvs"]])
    return kind(**values)


def _pending(pending: Pending, submit: object) -> tuple[object, ...]:
    """`submit` is that of the message itself, which is not written twice."""
    plan = pending.plan if pending.plan.look is None else msgspec.structs.replace(pending.plan, look=None)
    own = None if pending.submit is submit else pending.submit
    return (pending.row, pending.operator, pending.until, pending.version, plan, own, pending.told)


def _pending_from(values: Sequence[Any], submit: Any) -> Pending:
    row, operator, until, version, plan, own, told = values
    own = submit if own is None else _pdu_from(SubmitSm, own)
    return Pending(row, operator, until, version, _plan(plan), own, told)


def _run_from(values: list[Any]) -> MessageRun:
    run = MessageRun(*values)
    run.plan = _plan(values[_PLAN])
    if run.drawn is not None:
        run.drawn = msgspec.convert(run.drawn, Drawn)
    return run


def _owed(operator: str, due: float, owed: Owed) -> tuple[object, ...]:
    return (operator, due, owed.row, owed.system_id, owed.octets, int(owed.kind), owed.to, owed.bind, owed.number)


def _owed_from(
    operator: str, due: float, row: int, system_id: str, octets: bytes, kind: int, to: str, bind: int, number: int
) -> tuple[str, float, Owed]:
    return operator, due, Owed(row, system_id, octets, Kind(kind), to, bind, number=number)


def plan_from(octets: bytes) -> Plan:
    """The plan that ``plan_octets`` kept."""
    return _plan(_decode(octets))


def _plan(values: dict[str, Any]) -> Plan:
    values["fate"] = msgspec.convert(values["fate"], Fate)
    values["notices"] = msgspec.convert(values["notices"], tuple[PlannedNotice, ...])
    values["words"] = msgspec.convert(values.get("words"), Words | None)
    values["reply"] = msgspec.convert(values.get("reply"), PlannedReply | None)
    return Plan(**values)
