"""A packet capture as a recording: TCP put together, connections of SMPP found, each side told from the other.

Which side is the SMSC follows from what it says: binds and submits come from an ESME, their responses from an SMSC.
Where a capture has neither, who opened the connection is the ESME, or whoever has the higher port.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from smppkit.commands import CommandId
from smsc.capture.frames import Cutter, looks_like_pdu
from smsc.capture.packets import ACK, FIN, RST, SYN, Packet, Place, read_tcp
from smsc.capture.pcap_read import Frame
from smsc.capture.recorder import ConnectionRecorder, RecorderCounters
from smsc.capture.redact import Redactor
from smsc.capture.streams import Run, Stream, StreamCounters
from smsc.journal.journal import Journal

_MOST_UNDECIDED: Final = 1 << 20  # octets of a connection that may wait until it is clear what it is

_REQUESTS_OF_ESMES = (
    *("BIND_RECEIVER", "BIND_TRANSMITTER", "BIND_TRANSCEIVER"),
    *("SUBMIT_SM", "SUBMIT_MULTI", "QUERY_SM", "CANCEL_SM", "REPLACE_SM"),
)
_FROM_ESME: Final = {int(CommandId[name]) for name in _REQUESTS_OF_ESMES} | {int(CommandId.DELIVER_SM_RESP)}
_FROM_SMSC: Final = {int(CommandId[f"{name}_RESP"]) for name in _REQUESTS_OF_ESMES} | {
    int(CommandId.DELIVER_SM),
    int(CommandId.OUTBIND),
    int(CommandId.ALERT_NOTIFICATION),
}


class ImportCounters(msgspec.Struct):
    """What was found in a capture."""

    frames: int = 0
    skipped: dict[str, int] = {}
    """Frames that are no TCP segment, by what they are."""
    connections: int = 0
    """Of SMPP."""
    others: int = 0
    """TCP connections without a PDU."""
    streams: StreamCounters = msgspec.field(default_factory=StreamCounters)
    recorded: RecorderCounters = msgspec.field(default_factory=RecorderCounters)


def import_frames(
    frames: Iterable[Frame], journal: Journal, redactor: Redactor, *, port: int | None = None
) -> ImportCounters:
    """Record the SMPP connections among captured frames; with `port` only those with that port at one end.

    What the iterable raises passes through; what came before it is recorded.
    """
    importer = _Importer(journal, redactor, port)
    try:
        for frame in frames:
            importer.take(frame)
    finally:
        importer.finish()
    return importer.counters


class _Importer:
    def __init__(self, journal: Journal, redactor: Redactor, port: int | None) -> None:
        self.counters = ImportCounters()
        self.journal = journal
        self.redactor = redactor
        self._port = port
        self._flows: dict[frozenset[Place], _Flow] = {}

    def take(self, frame: Frame) -> None:
        counters = self.counters
        counters.frames += 1
        packet = read_tcp(frame.linktype, frame.octets)
        if isinstance(packet, str):
            counters.skipped[packet] = counters.skipped.get(packet, 0) + 1
            return
        if self._port is not None and self._port not in (packet.source.port, packet.target.port):
            counters.skipped["another port"] = counters.skipped.get("another port", 0) + 1
            return
        key = frozenset((packet.source, packet.target))
        flow = self._flows.get(key)
        if flow is not None and flow.is_another(packet):
            flow.finish()
            flow = None
        if flow is None:
            flow = self._flows[key] = _Flow(self, packet, frame.at)
        flow.take(packet, frame.at)

    def finish(self) -> None:
        for flow in self._flows.values():
            flow.finish()


class _Undecided(NamedTuple):
    source: Place
    run: Run
    at: float


class _Flow:
    """One TCP connection of the capture."""

    def __init__(self, importer: _Importer, packet: Packet, at: float) -> None:
        self._importer = importer
        self._opened_at = self._last_at = at
        self._whole = bool(packet.flags & SYN)
        # A SYN comes from the client, a SYN with ACK from the server.
        self._opener = packet.target if packet.flags & (SYN | ACK) == SYN | ACK else packet.source
        self._first_sequence = packet.sequence
        self._streams = {end: Stream(importer.counters.streams) for end in (packet.source, packet.target)}
        self._cutters = {end: Cutter(hunting=not self._whole) for end in self._streams}
        self._undecided: list[_Undecided] = []
        self._undecided_octets = 0
        self._smpp = False
        self._recorder: ConnectionRecorder | None = None
        self._smsc: Place | None = None
        self._ended: tuple[Place, str, float] | None = None

    def is_another(self, packet: Packet) -> bool:
        """Whether a packet opens the next connection between the same ends."""
        if packet.flags & (SYN | ACK) != SYN:
            return False
        return self._ended is not None or not self._whole or packet.sequence != self._first_sequence

    def take(self, packet: Packet, at: float) -> None:
        self._last_at = max(self._last_at, at)
        stream = self._streams[packet.source]
        if packet.flags & SYN:
            stream.begin(packet.sequence + 1)
        for run in stream.segment(packet.sequence + bool(packet.flags & SYN), packet.payload):
            self._run(packet.source, run, at)
        if packet.flags & (FIN | RST) and self._ended is None:
            self._ended = (packet.source, "reset" if packet.flags & RST else "closed", at)

    def finish(self) -> None:
        """The capture has no more of this connection."""
        for source, stream in self._streams.items():
            for run in stream.flush():
                self._run(source, run, self._last_at)
        if self._recorder is None and self._smpp:
            client = self._opener if self._whole else max(self._streams, key=lambda end: end.port)
            self._decide(next(end for end in self._streams if end != client))
        if self._recorder is None:
            self._importer.counters.others += 1
            return
        reason, at = "the capture ends", self._last_at
        if self._ended is not None:
            who, how, at = self._ended
            reason = f"{how} by the {'SMSC' if who == self._smsc else 'client'}"
        self._recorder.close(reason, at)

    def _run(self, source: Place, run: Run, at: float) -> None:
        if self._recorder is not None:
            self._record(_Undecided(source, run, at))
            return
        if self._undecided_octets > _MOST_UNDECIDED:
            return
        self._undecided.append(_Undecided(source, run, at))
        self._undecided_octets += len(run.octets)
        cutter = self._cutters[source]
        if run.missing:
            cutter.lost()
        for piece in cutter.feed(run.octets):
            if piece.framed and looks_like_pdu(piece.octets):
                self._smpp = True
                self._judge(source, int.from_bytes(piece.octets[4:8]))
                if self._recorder is not None:
                    return

    def _judge(self, source: Place, command: int) -> None:
        other = next(end for end in self._streams if end != source)
        if command in _FROM_SMSC:
            self._decide(source)
        elif command in _FROM_ESME:
            self._decide(other)

    def _decide(self, smsc: Place) -> None:
        """It is clear who is who: record what has waited."""
        importer = self._importer
        client = next(end for end in self._streams if end != smsc)
        importer.counters.connections += 1
        self._smsc = smsc
        self._recorder = ConnectionRecorder(
            importer.journal,
            importer.redactor,
            operator=str(smsc),
            peer=str(client),
            at=self._opened_at,
            counters=importer.counters.recorded,
            hunting=not self._whole,
        )
        undecided, self._undecided = self._undecided, []
        for entry in undecided:
            self._record(entry)

    def _record(self, entry: _Undecided) -> None:
        if self._recorder is None:
            raise LookupError("nobody has decided which side is the SMSC")
        direction = "out" if entry.source == self._smsc else "in"
        if entry.run.missing:
            self._recorder.lost(direction, entry.at)
        self._recorder.feed(direction, entry.run.octets, entry.at)
