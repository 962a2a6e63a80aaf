"""Reading the two books: the sender's store, and the journal of the emulated operators.

The journal is read down to the octets: when a response or a receipt was written is taken from the PDUs that
were on the wire, not from what the emulator says about them.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from carrierlab.ledgers import (
    Bind,
    Moment,
    OperatorLedger,
    Parked,
    Reception,
    Reject,
    SenderLedger,
    SentMessage,
    SentPart,
    Submit,
)
from sender.domain.message import State
from sender.domain.template import Template
from sender.store.chunks import unpack
from smppkit.codec import decode
from smppkit.commands import CommandId
from smppkit.message_ids import candidate_keys, key
from smppkit.pdus import DataSm, DeliverSm, SubmitSm, SubmitSmResp
from smppkit.receipts import parse_receipt
from smsc.journal.inbox import Inbox, MessageRow, PduRow

_MO, _SUBMIT = "deliver_sm", "submit_sm"


def read_journal(inbox: Inbox) -> OperatorLedger:
    """Read what the operators received, decided and reported."""
    submits: list[Submit] = []
    receptions: list[Reception] = []
    binds: list[Bind] = []
    refused: list[Bind] = []
    by_operator: dict[str, list[MessageRow]] = defaultdict(list)
    for row in inbox.messages():
        if row.command == _MO:
            receptions.append(Reception(row.operator, row.source, row.text, row.acknowledged_at, row.at, row.system_id))
        else:
            by_operator[row.operator].append(row)
    for operator, rows in by_operator.items():
        responses = list(inbox.pdus(operator=operator, command_id=CommandId.SUBMIT_SM_RESP))
        answered = _answered(responses)
        reported = _reported(rows, _deliveries(inbox, operator))
        known = [_submit(row, answered, reported) for row in rows]
        beyond = list(_beyond_windows(inbox, operator, rows, responses))
        submits += sorted([*known, *beyond], key=lambda submit: submit.received_at) if beyond else known
    for operator in inbox.operators():
        for command in _BIND_RESPONSES:
            for pdu in inbox.pdus(operator=operator, command_id=command):
                if pdu.direction == "out":
                    (refused if pdu.status else binds).append(Bind(operator, pdu.at, pdu.system_id or ""))
    return OperatorLedger(tuple(submits), _in_order(binds), tuple(receptions), _in_order(refused))


def _in_order(binds: Iterable[Bind]) -> tuple[Bind, ...]:
    return tuple(sorted(binds, key=lambda bind: bind.at))


def _beyond_windows(
    inbox: Inbox, operator: str, rows: Iterable[MessageRow], responses: Iterable[PduRow]
) -> Iterator[Submit]:
    """What was refused because too many were unanswered: it never becomes a message, but is on the wire.

    A refusal belongs to the submit_sm with its number before it on the connection. Those that the operator knows are
    left out, by account, number and status.
    """
    refusals = [row for row in responses if row.direction == "out" and row.status]
    told = Counter(
        (row.system_id, row.destination, row.status) for row in rows if row.status and row.command == _SUBMIT
    )
    if len(refusals) <= told.total():
        return
    asked: dict[tuple[int, int], PduRow] = {}
    requests = inbox.pdus(operator=operator, command_id=CommandId.SUBMIT_SM)
    for row in sorted([*requests, *refusals], key=lambda row: row.row):
        number = row.connection, row.sequence
        if row.command_id == CommandId.SUBMIT_SM:
            asked[number] = row
            continue
        request = asked.pop(number, None)
        pdu = None if request is None else decode(request.octets)
        if request is None or not isinstance(pdu, SubmitSm):
            continue
        account = request.system_id or ""
        whose = account, pdu.destination_addr, row.status
        if told[whose]:
            told[whose] -= 1
        else:
            yield Submit(
                operator, pdu.destination_addr, request.at, row.status, account=account, source=pdu.source_addr
            )


def _deliveries(inbox: Inbox, operator: str) -> list[PduRow]:
    """All PDUs that carry receipts, in the order they were on the wire."""
    found = [row for command in _CARRIERS for row in inbox.pdus(operator=operator, command_id=command)]
    return sorted(found, key=lambda row: row.row)


_CARRIERS = (CommandId.DELIVER_SM, CommandId.DATA_SM)


_BIND_RESPONSES = (
    CommandId.BIND_RECEIVER_RESP,
    CommandId.BIND_TRANSMITTER_RESP,
    CommandId.BIND_TRANSCEIVER_RESP,
)


class _Report(NamedTuple):
    """The first receipt of a message, and how many there were."""

    at: Moment
    message_id: str
    times: int = 1


def _submit(row: MessageRow, answered: dict[str, Moment], reported: dict[int, _Report]) -> Submit:
    report = reported.get(row.row)
    accepted = row.status == 0 and row.message_id is not None
    return Submit(
        operator=row.operator,
        recipient=row.destination,
        received_at=row.at,
        status=row.status,
        smsc_id=row.message_id or "",
        part=row.part,
        parts=row.parts,
        text=row.text,
        answered=answered.get(row.message_id or "") if accepted else None,
        outcome=row.state if row.final_at is not None else None,
        reported=report.at if report is not None else None,
        reported_id=report.message_id if report is not None else None,
        reports=report.times if report is not None else 0,
        acknowledged_at=row.acknowledged_at,
        account=row.system_id,
        source=row.source,
    )


def _answered(responses: Iterable[PduRow]) -> dict[str, Moment]:
    """When each message id was first given, by id."""
    moments: dict[str, Moment] = {}
    for row in responses:
        response = decode(row.octets)
        if row.direction == "out" and row.status == 0 and isinstance(response, SubmitSmResp):
            moments.setdefault(response.message_id, Moment(row.at, row.row, row.connection))
    return moments


def _reported(messages: Sequence[MessageRow], deliveries: Iterable[PduRow]) -> dict[int, _Report]:
    """The first receipt of each message and how many came, by the message's row.

    The id in a receipt may be in another base than the one in the response, so the recipient decides between
    the messages that its readings could mean.
    """
    by_recipient: dict[str, dict[str, int]] = defaultdict(dict)
    for message in messages:
        if message.message_id is not None:
            by_recipient[message.destination][key(message.message_id)] = message.row
    reports: dict[int, _Report] = {}
    for row in deliveries:
        pdu = decode(row.octets)
        if row.direction != "out" or not isinstance(pdu, DeliverSm | DataSm):
            continue
        receipt = parse_receipt(pdu)
        if receipt is None:
            continue
        known = by_recipient.get(pdu.source_addr, {})
        found = next((known[k] for k in candidate_keys(receipt.message_id) if k in known), None)
        if found is None:
            continue
        earlier = reports.get(found)
        if earlier is None:
            reports[found] = _Report(Moment(row.at, row.row, row.connection), receipt.message_id)
        else:
            reports[found] = earlier._replace(times=earlier.times + 1)
    return reports


def read_store(store: sqlite3.Connection, campaign_id: int, rejects: Iterable[Reject]) -> SenderLedger:
    """Read what the sender believes about a campaign; ``rejects`` is what its import reported."""
    (text,) = store.execute("SELECT template FROM campaigns WHERE id = ?", (campaign_id,)).fetchone()
    template = Template.compile(text)
    parts: dict[int, list[_PartRow]] = defaultdict(list)
    for message_id, *values in store.execute(_PARTS, (campaign_id,)):
        parts[message_id].append(_PartRow(*values))
    messages = [
        _sent(recipient, operator, State(state), parts[message_id], template.render(json.loads(fields or "{}")))
        for message_id, recipient, operator, state, fields in store.execute(_MESSAGES, (campaign_id,))
    ]
    messages += [
        _sent(recipient.number, recipient.operator, State(state), [], template.render(recipient.fields))
        for state, taken, data in store.execute(_CHUNKS, (campaign_id,))
        for recipient in unpack(data)[taken:]
    ]
    parked = [Parked(*row) for row in store.execute(_PARKED)]
    return SenderLedger(tuple(messages), tuple(rejects), tuple(parked))


_MESSAGES = """
    SELECT messages.id, number, accounts.name, state, all_fields.fields
    FROM messages JOIN accounts ON accounts.id = messages.account
    LEFT JOIN all_fields ON all_fields.message = messages.id
    WHERE campaign = ? ORDER BY messages.id
"""
_CHUNKS = """
    SELECT state, taken, data FROM chunks JOIN chunk_data ON chunk_data.chunk = chunks.id
    WHERE campaign = ? ORDER BY chunks.id
"""
_PARTS = """
    SELECT parts.message, parts.part, parts.state, smsc_id, resends, status, err
    FROM all_parts AS parts JOIN messages ON messages.id = parts.message
    WHERE campaign = ? ORDER BY parts.message, parts.part
"""
_PARKED = """
    SELECT accounts.name, smsc_id, number
    FROM parked_receipts JOIN accounts ON accounts.id = parked_receipts.account
    ORDER BY parked_receipts.id
"""


class _PartRow(NamedTuple):
    number: int
    state: int
    smsc_id: str | None
    resends: int
    status: int | None
    err: str | None


def _sent(recipient: str, operator: str, state: State, parts: list[_PartRow], text: str) -> SentMessage:
    deciding = next((part for part in parts if part.state == state), None)
    return SentMessage(
        recipient=recipient,
        operator=operator,
        state=state,
        parts=tuple(SentPart(part.number, State(part.state), part.smsc_id, part.resends) for part in parts),
        status=(deciding.status or 0) if deciding is not None else 0,
        err=deciding.err if deciding is not None else None,
        text=text,
    )
