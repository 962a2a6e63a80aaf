"""A recording as a packet capture: the connections with handshake and farewell, every PDU in TCP segments.

The capture holds what the recording holds, octet for octet, in the classic format (microseconds, Ethernet). Addresses
are those of the recording where it has them, else those of this machine; acknowledgements, sequence numbers and
checksums are made up and right.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from ipaddress import ip_address
from operator import itemgetter
from struct import Struct
from typing import BinaryIO, Final

import msgspec

from smsc.capture.packets import ACK, ETHERNET, FIN, PSH, SYN, Packet, Place, ethernet
from smsc.capture.recording import RecordedConnection, RecordedPdu, Recording
from smsc.capture.redact import RawRedactor, Redactor

MAGIC_MICROSECONDS: Final = 0xA1B2C3D4
SMPP_PORT: Final = 2775
SEGMENT: Final = 1460
"""Octets of a segment at most: what fits a frame of Ethernet."""
_UNACKNOWLEDGED: Final = 1 << 20
_SNAPLEN: Final = 262_144
_FILE_HEADER = Struct(">IHHiIII")
_RECORD_HEADER = Struct(">IIII")
_WRAP: Final = 1 << 32

Event = tuple[float, int, RecordedConnection | RecordedPdu]


class WriteCounters(msgspec.Struct):
    """What went into a capture."""

    connections: int = 0
    pdus: int = 0
    unframed: int = 0
    """Rows of octets that were no PDU."""
    packets: int = 0


def write_pcap(recording: Recording, out: BinaryIO, redactor: Redactor) -> WriteCounters:
    """Write a recording, without what the redactor hides, to a binary file that is open; OSError as the file has it."""
    counters = WriteCounters()
    out.write(_FILE_HEADER.pack(MAGIC_MICROSECONDS, 2, 4, 0, 0, _SNAPLEN, ETHERNET))
    conversations: dict[int, _Conversation] = {}
    for at, _, event in _events(recording):
        if isinstance(event, RecordedPdu):
            conversation = conversations[event.connection]
            octets = (
                redactor.frame(event.octets) if event.framed else RawRedactor(redactor).feed(event.octets, last=True)
            )
            packets = conversation.data(event.direction, octets)
            counters.pdus += event.framed
            counters.unframed += not event.framed
        elif event.number in conversations:
            packets = conversations.pop(event.number).end(event)
        else:
            conversations[event.number] = conversation = _Conversation(event)
            packets = conversation.begin()
            counters.connections += 1
        for packet in packets:
            _write_packet(out, at, ethernet(packet, counters.packets))
            counters.packets += 1
    return counters


def _events(recording: Recording) -> Iterator[Event]:
    """What happened on all connections by time: a connection begins before its first PDU and ends after its last."""
    connections = recording.connections()
    begins: list[Event] = [(connection.opened_at, 0, connection) for connection in connections]
    ends: list[Event] = [(c.closed_at, 2, c) for c in connections if c.closed_at is not None]
    pdus: Iterator[Event] = ((pdu.at, 1, pdu) for pdu in recording.pdus(by_time=True))
    when = itemgetter(0, 1)
    return merge(sorted(begins, key=when), pdus, sorted(ends, key=when), key=when)


def _write_packet(out: BinaryIO, at: float, frame: bytes) -> None:
    microseconds = round(at * 1_000_000)
    out.write(_RECORD_HEADER.pack(*divmod(microseconds, 1_000_000), len(frame), len(frame)))
    out.write(frame)


class _Conversation:
    """The TCP of one connection."""

    def __init__(self, connection: RecordedConnection) -> None:
        client, server = _places(connection)
        self._ends = {"in": (client, server), "out": (server, client)}
        self._next = {"in": 1000, "out": 2000}
        self._unacknowledged = 0

    def begin(self) -> Iterator[Packet]:
        yield self._packet("in", SYN)
        yield self._packet("out", SYN | ACK)
        yield self._packet("in", ACK)

    def data(self, direction: str, octets: bytes) -> Iterator[Packet]:
        for at in range(0, len(octets), SEGMENT):
            payload = octets[at : at + SEGMENT]
            yield self._packet(direction, PSH | ACK if at + SEGMENT >= len(octets) else ACK, payload)
            self._unacknowledged += len(payload)
            if self._unacknowledged > _UNACKNOWLEDGED:
                self._unacknowledged = 0
                yield self._packet(_OTHER[direction], ACK)

    def end(self, connection: RecordedConnection) -> Iterator[Packet]:
        first = "out" if "SMSC" in (connection.reason or "") else "in"
        yield self._packet(first, FIN | ACK)
        yield self._packet(_OTHER[first], FIN | ACK)
        yield self._packet(first, ACK)

    def _packet(self, direction: str, flags: int, payload: bytes = b"") -> Packet:
        sequence = self._next[direction]
        acknowledged = self._next[_OTHER[direction]] if flags & ACK else 0
        self._next[direction] = (sequence + len(payload) + bool(flags & (SYN | FIN))) % _WRAP
        return Packet(*self._ends[direction], sequence, acknowledged, flags, payload)


_OTHER: Final = {"in": "out", "out": "in"}


def _places(connection: RecordedConnection) -> tuple[Place, Place]:
    """Client and SMSC; what the recording does not know is of this machine, and of the number of the connection."""
    client = Place.parse(connection.peer)
    server = Place.parse(connection.operator)
    version = (client or server or Place(ip_address("127.0.0.1"), 0)).host.version
    here = ip_address("127.0.0.1" if version == 4 else "::1")
    if client is None:
        client = Place(here, 20_000 + connection.number % 40_000)
    if server is None or server.host.version != version:
        server = Place(here, SMPP_PORT if server is None else server.port)
    return client, server
