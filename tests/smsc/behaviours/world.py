"""An emulator in virtual time, and an ESME that is nothing but octets: what it hears is what was on the wire."""
# ruff: noqa: N802 - the method names are those of Twisted's interfaces

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from twisted.internet.address import IPv4Address
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure

from carrierlab.clock import SimClock
from carrierlab.links import SimNetwork
from carrierlab.wires import Conditions, Connection
from smppkit.codec import decode, encode
from smppkit.errors import PduError
from smppkit.pdus import (
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    DataSm,
    DeliverSm,
    EnquireLink,
    Pdu,
    SubmitSm,
    Unbind,
)
from smppkit.receipts import Receipt, parse_receipt
from smsc.app import Emulator
from smsc.journal.inbox import Inbox
from smsc.journal.journal import Journal
from smsc.scenario.model import Scenario
from yamlmodel.loader import load

EPOCH = 1_767_225_600.0  # 2026-01-01T00:00:00Z
SCENARIOS = Path(__file__).parent / "scenarios"
SECRET = "secret"
BINDS = {"transceiver": BindTransceiver, "transmitter": BindTransmitter, "receiver": BindReceiver}
_HEADER = 16
_LONGEST = 70 * 1024

P = TypeVar("P", bound=Pdu)


class Heard(NamedTuple):
    """One PDU as it came."""

    at: float
    pdu: Pdu
    octets: bytes


class Network(SimNetwork):
    """A network whose callers may come from any address."""

    caller = "127.0.0.1"

    def connect(self, host: str, port: int) -> Connection:
        connection = super().connect(host, port)
        address = IPv4Address("TCP", self.caller, connection.client.getHost().port)
        connection.client._host = connection.server._peer_address = address
        return connection


class Esme(Protocol):
    """A client without a session of its own. It acknowledges what is delivered, unless told otherwise."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pieces: list[tuple[float, bytes]] = []
        self.heard: list[Heard] = []
        self.unread = b""
        self.ended: tuple[float, str] | None = None
        self.acknowledge: Callable[[Pdu], int | None] = lambda pdu: 0
        self.polite = True  # answers enquire_link and unbind
        self._sequence = 0

    # --- what is heard --------------------------------------------------------------------------

    def dataReceived(self, data: bytes) -> None:
        self.pieces.append((self.world.now, data))
        self.unread += data
        while len(self.unread) >= 4:
            length = int.from_bytes(self.unread[:4])
            if not _HEADER <= length <= _LONGEST or len(self.unread) < length:
                return
            octets, self.unread = self.unread[:length], self.unread[length:]
            self._take(octets)

    def connectionLost(self, reason: Failure | None = None) -> None:
        self.ended = (self.world.now, "" if reason is None else reason.type.__name__)

    def _take(self, octets: bytes) -> None:
        try:
            pdu = decode(octets)
        except PduError:  # what no codec reads is kept as octets
            pdu = Pdu(int.from_bytes(octets[8:12]), int.from_bytes(octets[12:16]))
        self.heard.append(Heard(self.world.now, pdu, octets))
        status: int | None = None
        if isinstance(pdu, DeliverSm | DataSm):
            status = self.acknowledge(pdu)
        elif isinstance(pdu, EnquireLink | Unbind) and self.polite:
            status = 0
        if status is not None:
            self.transport.write(encode(pdu.response(status)))

    @property
    def octets(self) -> bytes:
        """Everything that came."""
        return b"".join(piece for _, piece in self.pieces)

    def of(self, kind: type[P]) -> list[P]:
        """The PDUs of one kind, in the order they came."""
        return [heard.pdu for heard in self.heard if isinstance(heard.pdu, kind)]

    def when(self, kind: type[Pdu]) -> list[float]:
        """When those of one kind came."""
        return [heard.at for heard in self.heard if isinstance(heard.pdu, kind)]

    @property
    def deliveries(self) -> list[DeliverSm]:
        return self.of(DeliverSm)

    @property
    def receipts(self) -> list[Receipt]:
        return [receipt for receipt in map(parse_receipt, self.deliveries) if receipt is not None]

    def answers(self, sequence: int) -> list[Heard]:
        """Every response to a request of ours."""
        return [
            heard
            for heard in self.heard
            if heard.pdu.sequence_number == sequence and int.from_bytes(heard.octets[4:8]) & 0x8000_0000
        ]

    def answer(self, sequence: int) -> Heard:
        """The one response to a request."""
        (heard,) = self.answers(sequence)
        return heard

    def status(self, sequence: int) -> int:
        return int.from_bytes(self.answer(sequence).octets[8:12])

    def statuses(self, sequences: list[int]) -> list[int]:
        return [self.status(sequence) for sequence in sequences]

    def body(self, sequence: int) -> bytes:
        """What follows the header of a response."""
        return self.answer(sequence).octets[_HEADER:]

    # --- what is said -----------------------------------------------------------------------------

    def say(self, octets: bytes) -> None:
        self.transport.write(octets)
        self.world.run(0)

    def send(self, pdu: Pdu) -> int:
        """Send a request; returns its sequence number."""
        self._sequence += 1
        pdu.sequence_number = self._sequence
        self.say(encode(pdu))
        return self._sequence

    def bind(self, system_id: str = "shop", password: str = SECRET, kind: str = "transceiver", **more: Any) -> int:
        """Bind; returns the status, or -1 when the connection was dropped without one."""
        sequence = self.send(BINDS[kind](system_id=system_id, password=password, **{"interface_version": 0x34} | more))
        return self.status(sequence) if self.answers(sequence) else -1

    def submit(self, to: str = "77051234567", text: str | bytes = "hello", **more: Any) -> int:
        fields: dict[str, Any] = {"source_addr": "SHOP", "source_addr_ton": 5, "registered_delivery": 1}
        octets = text.encode("ascii") if isinstance(text, str) else text
        fields |= {"dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": to, "short_message": octets}
        return self.send(SubmitSm(**fields | more))

    def submits(self, count: int, **more: Any) -> list[int]:
        """Submit to so many numbers at once."""
        return [self.submit(f"7705{number:07}", **more) for number in range(count)]


class Listener(Factory):
    """Where an ESME waits for an outbind."""

    noisy = False

    def __init__(self, world: World) -> None:
        self.world = world
        self.called: list[Esme] = []

    def buildProtocol(self, addr: Any) -> Esme:
        self.called.append(Esme(self.world))
        return self.called[-1]


class World:
    """The emulator of one scenario file, and the time."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.clock = SimClock()
        self.network = Network(self.clock, 0, Conditions.perfect())
        self.scenario = load(SCENARIOS / f"{name}.yaml", Scenario)
        self.journal = Journal.open(":memory:", clock=self.clock)
        self.emulator = Emulator(
            self.scenario, clock=self.clock, network=self.network, journal=self.journal, epoch=EPOCH
        )
        self.clock.wait_for(self.emulator.start(), limit=1.0)

    @property
    def now(self) -> float:
        return self.clock.seconds()

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)

    def until(self, moment: float) -> None:
        self.clock.run_until(moment)

    def dial(self, port: int = 2775, host: str = "127.0.0.1") -> Esme:
        """Connect, from an address."""
        esme = Esme(self)
        factory = Factory.forProtocol(lambda: esme)
        factory.noisy = False
        self.network.caller = host
        self.network.client("127.0.0.1", port, 5.0).connect(factory)
        self.run(0)
        return esme

    def bound(self, system_id: str = "shop", password: str = SECRET, *, port: int = 2775, **more: Any) -> Esme:
        esme = self.dial(port)
        status = esme.bind(system_id, password, **more)
        assert status == 0, f"bind refused with {status:#x}"
        return esme

    def listener(self, port: int) -> Listener:
        listener = Listener(self)
        self.clock.wait_for(self.network.server("127.0.0.1", port).listen(listener))
        return listener

    def texts(self, **conditions: Any) -> list[str]:
        """The texts of the messages as they are listed."""
        self.journal.flush()
        return [row.text for row in Inbox(self.journal.connection).messages(**conditions)]

    def stop(self) -> None:
        """End it: nothing may be left waiting."""
        self.clock.wait_for(self.emulator.stop(), limit=self.now + 20)
        self.journal.close()
        self.run(0)
        assert self.clock.getDelayedCalls() == []
