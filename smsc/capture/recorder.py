"""What writes a recording: the connections and PDUs of a journal, from two streams of bytes.

A recording is a journal without messages. Directions are the SMSC's: "in" comes from the ESME. Octets that are no PDU
are kept in rows of their own, so the rows of one direction, joined, are the stream (but for what is hidden).
"""

from __future__ import annotations

from smppkit.commands import RESPONSE_BIT, CommandId
from smsc.capture.frames import Cutter, Piece
from smsc.capture.redact import RawRedactor, Redactor
from smsc.journal.journal import Journal

DIRECTIONS = ("in", "out")

_BINDS = {
    int(CommandId.BIND_RECEIVER): "receiver",
    int(CommandId.BIND_TRANSMITTER): "transmitter",
    int(CommandId.BIND_TRANSCEIVER): "transceiver",
}
_BIND_RESPONSES = {command | RESPONSE_BIT for command in _BINDS}


class RecorderCounters:
    """What a recorder has kept."""

    def __init__(self) -> None:
        self.pdus = 0
        self.unframed = 0
        """Octets that were no PDU."""


class ConnectionRecorder:
    """Records one connection into a journal. Times are unix seconds."""

    def __init__(
        self,
        journal: Journal,
        redactor: Redactor,
        *,
        operator: str,
        peer: str,
        at: float,
        counters: RecorderCounters | None = None,
        hunting: bool = False,
    ) -> None:
        """`operator` is the name of the SMSC, `peer` the client's address; `hunting` as for a Cutter."""
        self.counters = counters or RecorderCounters()
        self.number = journal.connection_opened(operator, peer, at)
        self._journal = journal
        self._redactor = redactor
        self._cutters = {direction: Cutter(hunting=hunting) for direction in DIRECTIONS}
        self._raw = {direction: RawRedactor(redactor) for direction in DIRECTIONS}
        self._binds: dict[int, tuple[str, str]] = {}
        self._bound = False

    def feed(self, direction: str, data: bytes, at: float) -> None:
        """Octets went by."""
        for piece in self._cutters[direction].feed(data):
            self._piece(direction, piece, at)

    def lost(self, direction: str, at: float) -> None:
        """Octets of a direction are missing here."""
        for piece in self._cutters[direction].lost():
            self._piece(direction, piece, at)

    def close(self, reason: str, at: float) -> None:
        """The connection has ended."""
        for direction in DIRECTIONS:
            for piece in self._cutters[direction].finish():
                self._piece(direction, piece, at)
            self._unframed(direction, self._raw[direction].feed(b"", last=True), at)
        self._journal.connection_closed(self.number, reason, at)

    def _piece(self, direction: str, piece: Piece, at: float) -> None:
        if not piece.framed:
            self._unframed(direction, self._raw[direction].feed(piece.octets), at)
            return
        self._unframed(direction, self._raw[direction].feed(b"", last=True), at)
        self.counters.pdus += 1
        self._journal.pdu(self.number, direction, self._redactor.frame(piece.octets), at)
        if not self._bound:
            self._watch_bind(direction, piece.octets, at)

    def _unframed(self, direction: str, octets: bytes, at: float) -> None:
        if octets:
            self.counters.unframed += len(octets)
            self._journal.pdu(self.number, direction, octets, at)

    def _watch_bind(self, direction: str, octets: bytes, at: float) -> None:
        command, status, sequence = (int.from_bytes(octets[i : i + 4]) for i in (4, 8, 12))
        if direction == "in" and command in _BINDS:
            system_id = octets[16:].partition(b"\0")[0][:15].decode("latin-1")
            self._binds[sequence] = (self._redactor.account(system_id), _BINDS[command])
        elif direction == "out" and command in _BIND_RESPONSES and not status and sequence in self._binds:
            self._bound = True
            self._journal.connection_bound(self.number, *self._binds[sequence], at)
