"""The story of one message: its parts, the PDUs that were about them, and what happened when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from smppkit.codec import SMPP_50
from smppkit.commands import RESPONSE_BIT, CommandId
from smppkit.errors import PduError
from smppkit.message_ids import candidate_keys, key
from smppkit.pdus import DataSm, DeliverSm
from smppkit.receipts import Receipt, parse_receipt
from smppkit.segments import part_of
from smppkit.status import status_name
from smsc.control.pdus import PduView, view_of
from smsc.control.reader import Shelf
from smsc.journal.inbox import PduRow
from smsc.journal.whole import PartRow, WholeMessage
from smsc.scenario.reading import read

SLACK = 5.0  # seconds between what a row of a message and that of its PDU may say
MOST_LOOKED_THROUGH = 100_000  # PDUs, for receipts and responses of one message

_SUBMITS = (CommandId.SUBMIT_SM, CommandId.DATA_SM, CommandId.SUBMIT_MULTI)
_DELIVERIES = (CommandId.DELIVER_SM, CommandId.DATA_SM)
_COLUMNS = ", ".join(PduRow.__struct_fields__)

EventKind = Literal["submitted", "answered", "refused", "written", "state", "receipt", "delivered", "acknowledged"]


class Segment(msgspec.Struct, frozen=True):
    """One part of a message as it came, and its PDUs; `row` is that of the journal."""

    row: int
    part: int
    text: str
    status: int
    status_name: str
    message_id: str | None
    state: str | None
    err: str | None
    at: float
    final_at: float | None
    acknowledged_at: float | None
    pdus: list[PduView]


class LifeEvent(msgspec.Struct, frozen=True):
    """Something that happened to a part of a message."""

    at: float
    kind: EventKind
    part: int
    detail: str


class MessageDetail(WholeMessage, frozen=True, kw_only=True):
    """A message with its parts and its story."""

    segments: list[Segment]
    events: list[LifeEvent]


def detail_of(shelf: Shelf, parts: Sequence[PartRow]) -> MessageDetail:
    """The story of the message of which these are the parts."""
    whole = shelf.messages.joined(parts)
    segments: list[Segment] = []
    events: list[LifeEvent] = []
    for part in parts:
        told = _Told(shelf, part)
        segments.append(_segment(part, [view_of(pdu, shelf.alphabets) for pdu in told.pdus()]))
        events += told.events()
    events.sort(key=lambda event: event.at)
    return MessageDetail(**msgspec.structs.asdict(whole), segments=segments, events=events)


def _segment(part: PartRow, pdus: list[PduView]) -> Segment:
    return Segment(
        row=part.row,
        part=part.part,
        text=part.text,
        status=part.status,
        status_name=status_name(part.status),
        message_id=part.message_id,
        state=part.state,
        err=part.err if part.final_at is not None else None,
        at=part.at,
        final_at=part.final_at,
        acknowledged_at=part.acknowledged_at,
        pdus=pdus,
    )


class _Told:
    """What was said on the wire about one part."""

    def __init__(self, shelf: Shelf, part: PartRow) -> None:
        self._part = part
        self._log = _Log(shelf)
        self._alphabet = shelf.alphabets.get(part.operator, "gsm7")
        self._request: PduRow | None = None
        self._response: PduRow | None = None
        self._deliveries: list[tuple[PduRow, Receipt | None, PduRow | None]] = []
        if part.command == DeliverSm.name and part.sequence is None:
            self._find_mo()
        else:
            self._find_mt()

    def pdus(self) -> list[PduRow]:
        found = [self._request, self._response]
        for delivery, _, answer in self._deliveries:
            found += [delivery, answer]
        return sorted((pdu for pdu in found if pdu is not None), key=lambda pdu: pdu.row)

    def events(self) -> Iterator[LifeEvent]:
        part = self._part

        def event(at: float, kind: EventKind, detail: str) -> LifeEvent:
            return LifeEvent(at, kind, part.part, detail)

        mo = part.command == DeliverSm.name
        yield event(part.at, "written" if mo else "submitted", f"{part.command}, {part.source} to {part.destination}")
        if self._response is not None:
            status = self._response.status
            word = status_name(status) + (f", message_id {part.message_id}" if part.message_id and not status else "")
            yield event(self._response.at, "refused" if status else "answered", word)
        for delivery, receipt, answer in self._deliveries:
            if receipt is not None:
                continue
            whom = "" if delivery.system_id == part.system_id else f" to {delivery.system_id}"
            yield event(delivery.at, "delivered", f"{CommandId(delivery.command_id).name.lower()}{whom}")
            if answer is not None:
                yield event(answer.at, "acknowledged", status_name(answer.status))
        if part.final_at is not None and not mo:
            yield event(part.final_at, "state", f"{part.state}" + (f", err {part.err}" if part.err else ""))
        for delivery, receipt, answer in self._deliveries:
            if receipt is None:
                continue
            yield event(delivery.at, "receipt", f"{receipt.stat or receipt.state.stat}, err {receipt.err}")
            if answer is not None:
                yield event(answer.at, "acknowledged", status_name(answer.status))

    # --- finding --------------------------------------------------------------------------------

    def _find_mt(self) -> None:
        part, log = self._part, self._log
        if part.sequence is None:
            return
        self._request = log.request(part.connection, part.sequence, part.at)
        start = log.row_at(part.at - SLACK)
        if self._request is not None:
            start = self._request.row
            self._response = log.answer(self._request)
        if part.message_id:
            for pdu in log.handed_over(part, start):
                if self._is_the_part(pdu.octets):
                    self._deliveries.append((pdu, None, log.answer(pdu)))
            wanted = key(part.message_id)
            for pdu in log.deliveries(part, start):
                receipt = _receipt(pdu.octets)
                if receipt is not None and wanted in candidate_keys(receipt.message_id):
                    self._deliveries.append((pdu, receipt, log.answer(pdu)))

    def _find_mo(self) -> None:
        part, log = self._part, self._log
        for pdu in log.deliveries(part, log.row_at(part.at - SLACK)):
            if self._is_the_part(pdu.octets):
                self._deliveries.append((pdu, None, log.answer(pdu)))

    def _is_the_part(self, octets: bytes) -> bool:
        part, pdu = self._part, _decoded(octets)
        if not isinstance(pdu, DeliverSm | DataSm):
            return False
        if (pdu.source_addr, pdu.destination_addr) != (part.source, part.destination):
            return False
        info, body = part_of(pdu)
        if info is not None and (info.reference, info.number, info.total) != (part.reference, part.part, part.parts):
            return False
        return read(pdu, self._alphabet, body) == part.text


class _Log:
    """The PDUs of a journal, in which rows are in the order of time: no index is needed to find a moment."""

    def __init__(self, shelf: Shelf) -> None:
        self._connection = shelf.connection

    def row_at(self, at: float) -> int:
        """The first row that is not before a time (roughly: several threads of a moment may be out of order)."""
        low, high = 0, int(self._connection.execute("SELECT coalesce(max(row), 0) FROM pdus").fetchone()[0])
        while low < high:
            middle = (low + high) // 2
            row = self._connection.execute("SELECT at FROM pdus WHERE row >= ? LIMIT 1", (middle,)).fetchone()
            if row is not None and row[0] < at:
                low = middle + 1
            else:
                high = middle
        return low

    def request(self, connection: int, sequence: int, at: float) -> PduRow | None:
        """The request of an ESME with this number, around this time."""
        found = self._select(
            f"direction = 'in' AND connection = ? AND sequence = ? AND command_id IN {tuple(map(int, _SUBMITS))}",
            (connection, sequence),
            self.row_at(at - SLACK),
            self.row_at(at + SLACK) + 1,
        )
        return min(found, key=lambda pdu: abs(pdu.at - at), default=None)

    def answer(self, request: PduRow) -> PduRow | None:
        """The response to a request of either side."""
        way = "out" if request.direction == "in" else "in"
        answers = (request.command_id | RESPONSE_BIT, int(CommandId.GENERIC_NACK))
        found = self._select(
            f"direction = ? AND connection = ? AND sequence = ? AND command_id IN {answers}",
            (way, request.connection, request.sequence),
            request.row + 1,
            request.row + MOST_LOOKED_THROUGH,
            limit=1,
        )
        return found[0] if found else None

    def deliveries(self, part: PartRow, start: int) -> list[PduRow]:
        """What was delivered to the account of a part from a row on, until the part was acknowledged."""
        return self._select(
            f"direction = 'out' AND operator = ? AND system_id = ? AND command_id IN {tuple(map(int, _DELIVERIES))}",
            (part.operator, part.system_id),
            start,
            self._until(part.acknowledged_at, start),
        )

    def handed_over(self, part: PartRow, start: int) -> list[PduRow]:
        """What was delivered to other accounts, from a row on, that has the addresses of a part in it."""
        return self._select(
            f"direction = 'out' AND operator = ? AND system_id <> ? AND command_id IN {tuple(map(int, _DELIVERIES))}"
            " AND instr(octets, ?) AND instr(octets, ?)",
            (part.operator, part.system_id, *(f"{each}\0".encode() for each in (part.source, part.destination))),
            start,
            self._until(part.final_at, start),  # it is final once it is acknowledged
        )

    def _until(self, at: float | None, start: int) -> int:
        """The last row to look at, for what ends at a time."""
        end = start + MOST_LOOKED_THROUGH
        return end if at is None else min(end, self.row_at(at + SLACK) + 1)

    def _select(
        self, condition: str, values: tuple[object, ...], start: int, end: int, limit: int = -1
    ) -> list[PduRow]:
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM pdus JOIN connections USING (connection)"  # noqa: S608 - our names
            f" WHERE {condition} AND row BETWEEN ? AND ? ORDER BY row LIMIT ?",
            (*values, start, end, limit),
        )
        return [PduRow(*row) for row in rows]


def _decoded(octets: bytes) -> object:
    try:
        return SMPP_50.decode(octets)
    except PduError:
        return None


def _receipt(octets: bytes) -> Receipt | None:
    pdu = _decoded(octets)
    return parse_receipt(pdu) if isinstance(pdu, DeliverSm | DataSm) else None
