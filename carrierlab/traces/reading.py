"""A trace as a person follows it: octets cut into PDUs again, and every happening with the messages it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from carrierlab.traces.format import FaultMark, Line, Link, Octets, OperatorState, Remark, SenderState, TraceFile
from smppkit.codec import SMPP_50
from smppkit.commands import command_name
from smppkit.message_ids import candidate_keys, key
from smppkit.pdus import DataSm, DeliverSm, Pdu, SubmitMulti, SubmitSm, SubmitSmResp
from smppkit.receipts import parse_receipt
from smppkit.status import status_name
from smppkit.stream import BadPdu, BrokenStream, Fate, StreamDecoder

RESPONSE: Final = 0x80000000


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a listing."""

    number: int
    """From 1, in the order of the trace; the same whatever is filtered."""
    at: float
    line: Line
    link: str = ""
    """The connection and the direction, empty for what is on no connection."""
    operator: str = ""
    fate: Fate | None = None
    """The PDU; None when this is something else."""
    octets: bytes = b""
    """The PDU as it was on the wire."""
    about: frozenset[str] = frozenset()
    """The numbers (E.164 digits) whose messages this is about."""

    @property
    def command(self) -> str:
        """What happened, in the word that a listing shows and ``--command`` filters by."""
        if isinstance(self.fate, Pdu):
            return command_name(self.fate.command_id)
        if self.fate is not None:
            return "unreadable"
        return str(type(self.line).__struct_config__.tag)

    @property
    def status(self) -> str:
        """The name of the command_status that is not ESME_ROK."""
        if isinstance(self.fate, Pdu):
            return status_name(self.fate.command_status) if self.fate.command_status else ""
        return status_name(self.fate.status) if self.fate is not None else ""


def entries(trace: TraceFile) -> list[Entry]:
    """Return everything that happened, PDU by PDU; octets that make no whole PDU are in no entry."""
    return list(_Reader(trace).entries())


class _Reader:
    """Goes through a trace once, and remembers what later entries need."""

    def __init__(self, trace: TraceFile) -> None:
        self._trace = trace
        self._decoders: dict[str, StreamDecoder] = {}
        self._operators: dict[str, str] = {}
        """By connection."""
        self._asked: dict[tuple[str, int], frozenset[str]] = {}
        """Whom a request is about, by connection with direction and sequence number."""
        self._ids: dict[tuple[str, str], str] = {}
        """The number that a message id stands for, by operator and key."""
        self._number = 0

    def entries(self) -> Iterator[Entry]:
        """Yield everything in order."""
        for line in self._trace.lines:
            if isinstance(line, Octets):
                yield from self._pdus(line)
            else:
                yield self._other(line)

    def _entry(self, line: Line, **values: Any) -> Entry:
        self._number += 1
        return Entry(number=self._number, at=line.at, line=line, **values)

    def _other(self, line: Line) -> Entry:
        match line:
            case Link(what=what):
                connection = line.link.rstrip("<>")
                if what.startswith("open "):
                    port = what.removeprefix("open ")
                    self._operators[connection] = self._trace.header.operators.get(port, f"port {port}")
                return self._entry(line, link=line.link, operator=self._operators.get(connection, ""))
            case SenderState() | OperatorState():
                operator = line.operator if isinstance(line, OperatorState) else ""
                return self._entry(line, operator=operator, about=frozenset({line.to}))
            case FaultMark():
                return self._entry(line, operator=line.operator or "")
            case _:
                return self._entry(line)

    def _pdus(self, line: Octets) -> Iterator[Entry]:
        decoder = self._decoders.get(line.link)
        if decoder is None:
            decoder = self._decoders[line.link] = StreamDecoder(codec=SMPP_50)
        operator = self._operators.get(line.link.rstrip("<>"), "")
        frames: list[bytes] = []
        for index, fate in enumerate(decoder.feed(line.octets, frames.append)):
            octets = fate.octets if isinstance(fate, BadPdu | BrokenStream) else frames[index]
            about = self._about(line.link, operator, fate) if isinstance(fate, Pdu) else frozenset[str]()
            yield self._entry(line, link=line.link, operator=operator, fate=fate, octets=octets, about=about)

    def _about(self, link: str, operator: str, pdu: Pdu) -> frozenset[str]:
        """Whom a PDU is about; a response is about whom its request was."""
        if pdu.command_id & RESPONSE:
            asked = self._asked.pop((_reverse(link), pdu.sequence_number), frozenset[str]())
            if isinstance(pdu, SubmitSmResp) and pdu.message_id and len(asked) == 1:
                self._ids[operator, key(pdu.message_id)] = next(iter(asked))
            return asked
        numbers = frozenset(_digits(number) for number in self._named(operator, pdu) if number)
        self._asked[link, pdu.sequence_number] = numbers
        return numbers

    def _named(self, operator: str, pdu: Pdu) -> Iterator[str]:
        if isinstance(pdu, SubmitSm):
            yield pdu.destination_addr
        elif isinstance(pdu, SubmitMulti):
            yield from (str(getattr(address, "destination_addr", "")) for address in pdu.dest_addresses)
        elif isinstance(pdu, DeliverSm | DataSm):
            yield pdu.source_addr
            receipt = parse_receipt(pdu) if isinstance(pdu, DeliverSm) else None
            if receipt is not None:
                yield from (self._ids.get((operator, k), "") for k in candidate_keys(receipt.message_id))
            if isinstance(pdu, DataSm):
                yield pdu.destination_addr
        elif isinstance(message_id := getattr(pdu, "message_id", None), str):
            yield self._ids.get((operator, key(message_id)), "")


def _reverse(link: str) -> str:
    return link[:-1] + ("<" if link.endswith(">") else ">")


def _digits(number: str) -> str:
    return number.removeprefix("+")


def first_failure(found: Iterable[Entry]) -> Entry | None:
    """Return the first entry that shows something going wrong; None when nothing does.

    That is a refusal, an unreadable PDU, a warning of a program, or a message that ends in another state than
    delivered; a fault of the timeline is no failure, and a throttle is one only when nothing worse happens.
    """
    throttled: Entry | None = None
    for entry in found:
        if entry.status == "ESME_RTHROTTLED":
            throttled = throttled or entry
        elif _is_bad(entry):
            return entry
    return throttled


_BAD_STATES = frozenset({"undelivered", "expired", "rejected", "unknown", "in_doubt", "blocked"})


def _is_bad(entry: Entry) -> bool:
    if isinstance(entry.fate, BadPdu | BrokenStream) or entry.status:
        return True
    if isinstance(entry.line, Remark):
        return entry.line.level in ("warning", "error", "critical")
    return isinstance(entry.line, SenderState) and entry.line.part == 0 and entry.line.state in _BAD_STATES
