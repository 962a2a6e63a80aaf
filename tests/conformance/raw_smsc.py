"""An SMSC in raw octets: it answers what it is told to, and sends whatever a test writes."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from carrierlab.conformance import octets as o
from carrierlab.conformance.octets import Frame
from smppkit.transport import Network

PORT = 2775
SAYS_34 = o.tlv(o.TAG_SC_INTERFACE_VERSION, b"\x34")
Answer = Callable[["Line", Frame], None]


class RawSmsc:
    """Binds, enquiries, submits and unbinds are answered; `on` replaces that for one command_id."""

    def __init__(self, clock: IReactorTime, network: Network, *, bind_tlvs: bytes = SAYS_34, port: int = PORT) -> None:
        self.clock = clock
        self.bind_tlvs = bind_tlvs
        self.lines: list[Line] = []
        self.on: dict[int, Answer] = {}
        self._ids = 1000
        self.listening = network.server("127.0.0.1", port).listen(_Factory(self))

    @property
    def line(self) -> Line:
        """The latest connection."""
        return self.lines[-1]

    @property
    def submits(self) -> list[Frame]:
        return [frame for line in self.lines for frame in line.frames if frame.command_id == o.SUBMIT_SM]

    def answer(self, line: Line, frame: Frame) -> None:
        command = frame.command_id
        if command in self.on:
            self.on[command](line, frame)
        elif command in o.BINDS:
            line.respond(frame, b"smsc\0" + self.bind_tlvs)
        elif command == o.SUBMIT_SM:
            self._ids += 1
            line.respond(frame, b"%d\0" % self._ids)
        elif command in (o.ENQUIRE_LINK, o.UNBIND):
            line.respond(frame)
            if command == o.UNBIND:
                line.transport.loseConnection()  # type: ignore[union-attr]


class Line(Protocol):
    """One connection of the client."""

    def __init__(self, smsc: RawSmsc) -> None:
        self.smsc = smsc
        self.frames: list[Frame] = []
        self.is_closed = False
        self._buffered = b""

    def send(self, octets: bytes) -> None:
        self.transport.write(octets)  # type: ignore[union-attr]

    def respond(self, frame: Frame, body: bytes = b"", status: int = 0) -> None:
        self.send(o.pdu(o.RESPONSE | frame.command_id, frame.sequence, body, status=status))

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        frames, self._buffered = o.split(self._buffered + data, 1 << 20, self.smsc.clock.seconds())
        for frame in frames:
            self.frames.append(frame)
            self.smsc.answer(self, frame)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        self.is_closed = True

    def take(self) -> list[Frame]:
        """What came since the last time."""
        frames, self.frames = self.frames, []
        return frames


class _Factory(Factory):
    noisy = False

    def __init__(self, smsc: RawSmsc) -> None:
        self._smsc = smsc

    def buildProtocol(self, addr: IAddress | None) -> Line:  # noqa: N802
        line = Line(self._smsc)
        self._smsc.lines.append(line)
        return line
