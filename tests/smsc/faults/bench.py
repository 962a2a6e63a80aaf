"""One connection with faults, its two ends in the open: what the transport is given, and what the protocol is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure

from carrierlab.clock import SimClock
from smppkit.codec import encode
from smppkit.pdus import BindTransceiver, BindTransceiverResp, DeliverSm, DeliverSmResp, EnquireLink, SubmitSm
from smppkit.pdus import SubmitSmResp as Resp
from smppkit.stream import StreamDecoder
from smsc.faults.active import ActiveFaults, Running
from smsc.faults.base import WireFault
from smsc.faults.framing import LONGEST
from smsc.faults.registry import FaultEntry, StandingFault
from smsc.wire.wire import FaultyWire
from yamlmodel.loader import loads

BIND = encode(BindTransceiver(system_id="shop", password="secret", sequence_number=1))
BIND_RESP = encode(BindTransceiverResp(system_id="smsc", sequence_number=1))
SUBMIT = encode(SubmitSm(source_addr="SHOP", destination_addr="77051234567", short_message=b"hi", sequence_number=2))
RESP = encode(Resp(message_id="1001", sequence_number=2))
RESP2 = encode(Resp(message_id="1002", sequence_number=3))
REFUSAL = encode(Resp(command_status=0x58, sequence_number=2))
RECEIPT = encode(DeliverSm(source_addr="77051234567", destination_addr="SHOP", sequence_number=7, esm_class=4))
RECEIPT_RESP = encode(DeliverSmResp(sequence_number=7))
ENQUIRE = encode(EnquireLink(sequence_number=9))


class File(msgspec.Struct, frozen=True):
    timeline: list[FaultEntry] = []
    faults: list[StandingFault] = []


def entry(text: str) -> Any:
    """An entry of a timeline; `at` may be left out."""
    if "at:" not in text:
        text = text.replace("{", "{at: 0s, ", 1)
    return loads(f"timeline: [{text}]", File).timeline[0]


class Upper(Protocol):
    """The protocol above: keeps what it gets."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.heard: list[tuple[float, bytes]] = []
        self.lost: str | None = None
        self.made = False

    def connectionMade(self) -> None:  # noqa: N802
        self.made = True

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        self.heard.append((self.now(), data))

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # noqa: N802
        assert self.lost is None, "told twice"
        self.lost = type(reason.value).__name__


class Transport:
    """The transport below: keeps what it is told."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.log: list[tuple[float, bytes | str]] = []
        self.reading = True
        self.producer: Any = None
        self.protocol: FaultyWire

    def write(self, data: bytes) -> None:
        self.log.append((self.now(), data))

    def loseConnection(self) -> None:  # noqa: N802
        assert self.producer is None, "a transport does not close while it has a producer"
        self.log.append((self.now(), "FIN"))

    def abortConnection(self) -> None:  # noqa: N802
        self.log.append((self.now(), "RST"))

    def pauseProducing(self) -> None:  # noqa: N802
        self.reading = False

    def resumeProducing(self) -> None:  # noqa: N802
        self.reading = True

    def registerProducer(self, producer: Any, streaming: bool) -> None:  # noqa: N802
        assert streaming
        self.producer = producer

    def unregisterProducer(self) -> None:  # noqa: N802
        self.producer = None

    def getPeer(self) -> IPv4Address:  # noqa: N802
        return IPv4Address("TCP", "127.0.0.1", 50000)

    getHost = getPeer  # noqa: N815


class Bench:
    """A wire of a bound ESME, and faults on it."""

    def __init__(
        self,
        *faults: str | WireFault,
        seed: int = 1,
        key: str = "1",
        system_id: str | None = "shop",
        follows: bool = True,
    ) -> None:
        """`follows`: the wire keeps count of what passes; else the protocol says what it has of a PDU."""
        self.clock = SimClock()
        self.faults = ActiveFaults(seed, "one")
        self.running: list[Running] = [
            self.faults.begin(entry(fault) if isinstance(fault, str) else fault) for fault in faults
        ]
        self.upper = Upper(self.clock.seconds)
        self.transport = Transport(self.clock.seconds)
        who = None if system_id is None else lambda: system_id
        unfinished = None if follows else self._unfinished
        self.wire = FaultyWire(self.upper, self.clock, self.faults, key=key, system_id=who, unfinished=unfinished)
        self.wire.makeConnection(self.transport)  # type: ignore[arg-type]

    def _unfinished(self) -> bytes | None:
        decoder = StreamDecoder(LONGEST)
        decoder.feed(b"".join(octets for _, octets in self.upper.heard))
        return decoder.unfinished

    def say(self, *frames: bytes) -> Bench:
        """The protocol writes."""
        for frame in frames:
            self.wire.write(frame)
        return self

    def hear(self, *frames: bytes) -> Bench:
        """The ESME writes."""
        for frame in frames:
            self.wire.dataReceived(frame)
        return self

    def run(self, seconds: float = 60.0) -> Bench:
        self.clock.advance(seconds)
        return self

    def lose(self, reason: Exception | None = None) -> Bench:
        self.wire.connectionLost(Failure(reason or ConnectionDone()))
        return self

    def reset_by_peer(self) -> Bench:
        return self.lose(ConnectionAborted())

    @property
    def told(self) -> list[tuple[float, bytes | str]]:
        """What the ESME got and when, rounded to the microsecond."""
        return [(round(at, 6), what) for at, what in self.transport.log]

    @property
    def said(self) -> list[bytes | str]:
        return [what for _, what in self.transport.log]

    @property
    def heard(self) -> list[tuple[float, bytes]]:
        return [(round(at, 6), what) for at, what in self.upper.heard]

    @property
    def octets_out(self) -> bytes:
        return b"".join(what for what in self.said if isinstance(what, bytes))

    @property
    def octets_in(self) -> bytes:
        return b"".join(what for _, what in self.upper.heard)
