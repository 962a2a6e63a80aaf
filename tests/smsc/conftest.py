"""An emulator on a test clock, and ESMEs that talk to it in memory: both ends are real sessions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import CannotListenError, ConnectionAborted, ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from smppkit.events import Event, NoResponse, Request, Response
from smppkit.pdus import BindReceiver, BindTransceiver, BindTransmitter, DeliverSm, Pdu, SubmitSm
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role
from smsc.app import Emulator
from smsc.clock import SteerableClock
from smsc.journal.inbox import Inbox
from smsc.journal.journal import Journal
from smsc.scenario.model import Scenario
from yamlmodel.loader import loads

SECRET = "secret"
EPOCH = 1_767_225_600.0  # 2026-01-01T00:00:00Z
BINDS = {"transceiver": BindTransceiver, "transmitter": BindTransmitter, "receiver": BindReceiver}


class Port:
    """What listening in memory gives."""

    def __init__(self, network: MemoryNetwork, host: str, port: int, factory: Any) -> None:
        self.network, self.host, self.port, self.factory = network, host, port, factory

    def getHost(self) -> IPv4Address:  # noqa: N802
        return IPv4Address("TCP", self.host, self.port)

    def stopListening(self) -> None:  # noqa: N802
        del self.network.ports[self.port]


class Endpoint:
    def __init__(self, network: MemoryNetwork, host: str, port: int) -> None:
        self.network, self.host, self.port = network, host, port

    def listen(self, factory: Any) -> Deferred[Port]:
        if self.port in self.network.ports or self.port in self.network.taken:
            return fail(CannotListenError(self.host, self.port, OSError(98, "Address already in use")))
        port = self.port or 40000 + len(self.network.ports)
        self.network.ports[port] = Port(self.network, self.host, port, factory)
        return succeed(self.network.ports[port])


class MemoryNetwork:
    """Listeners by port; nothing else of a network is needed here."""

    def __init__(self) -> None:
        self.ports: dict[int, Port] = {}
        self.taken: set[int] = set()

    def server(self, host: str, port: int) -> Any:
        return Endpoint(self, host, port)

    def client(self, host: str, port: int, timeout: float) -> Any:
        raise NotImplementedError


class Wire:
    """The emulator's transport: what it writes waits for the ESME to read it."""

    def __init__(self, esme: Esme) -> None:
        self.esme = esme
        self.unread = b""
        self.closing = False
        self.aborted = False
        self.reading = True
        self.producer: Any = None

    def getPeer(self) -> IPv4Address:  # noqa: N802
        return self.esme.address

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: N802
        pass

    def write(self, octets: bytes) -> None:
        if not self.closing and not self.aborted:
            self.unread += octets

    def loseConnection(self) -> None:  # noqa: N802
        self.closing = True

    def abortConnection(self) -> None:  # noqa: N802
        self.aborted = True

    def pauseProducing(self) -> None:  # noqa: N802
        self.reading = False

    def resumeProducing(self) -> None:  # noqa: N802
        self.reading = True

    def registerProducer(self, producer: Any, streaming: bool) -> None:  # noqa: N802
        assert streaming
        self.producer = producer

    def unregisterProducer(self) -> None:  # noqa: N802
        self.producer = None


class Esme:
    """A client on a connection in memory. Deliveries are acknowledged unless `acknowledge` says otherwise."""

    unsent = b""  # while the emulator does not read

    def __init__(self, lab: Lab, port: int, address: str = "127.0.0.1") -> None:
        self.lab = lab
        self.address = IPv4Address("TCP", address, 50000)
        self.session = Session(Role.ESME, SessionConfig(window=1000, enquire_link_interval=None), 0.0)
        self.wire = Wire(self)
        self.link = lab.network.ports[port].factory.buildProtocol(self.address)
        self.refused = self.link is None
        self.open = not self.refused
        self.reads = True
        self.acknowledge: Callable[[Pdu], int | None] = lambda pdu: 0
        self.events: list[Event] = []
        self.heard: list[Pdu] = []  # every PDU that is news, in the order it came
        if self.open:
            self.link.makeConnection(self.wire)

    def bind(self, system_id: str = "shop", password: str = SECRET, kind: str = "transceiver", **more: Any) -> int:
        """Bind and return the status of the response."""
        self.session.send(BINDS[kind](system_id=system_id, password=password, **more), self.lab.now)
        self.lab.settle()
        (response,) = (pdu for pdu in self.heard if isinstance(pdu, BINDS[kind].response_class))
        self.heard.remove(response)
        return response.command_status

    def submit(self, to: str = "77051234567", text: str = "hello", registered: int = 1, **more: Any) -> int:
        """Submit (nothing is written before the lab runs) and return the sequence number."""
        pdu = SubmitSm(
            source_addr="SHOP",
            source_addr_ton=5,
            destination_addr=to,
            dest_addr_ton=1,
            dest_addr_npi=1,
            short_message=text.encode("ascii"),
            registered_delivery=registered,
            **more,
        )
        return self.send(pdu)

    def send(self, pdu: Pdu) -> int:
        return self.session.send(pdu, self.lab.now)

    @property
    def responses(self) -> list[Pdu]:
        return [pdu for pdu in self.heard if not isinstance(pdu, DeliverSm)]

    @property
    def deliveries(self) -> list[DeliverSm]:
        return [pdu for pdu in self.heard if isinstance(pdu, DeliverSm)]

    def turn(self) -> bool:
        """Exchange what is under way; whether there was anything."""
        if not self.open:
            return False
        self.unsent += self.session.bytes_to_send()
        busy = bool(self.unsent) and self.wire.reading
        if busy:
            octets, self.unsent = self.unsent, b""
            self.link.dataReceived(octets)
        if self.reads and self.wire.unread:
            busy = True
            unread, self.wire.unread = self.wire.unread, b""
            self.session.receive_bytes(unread, self.lab.now)
            self._take(self.session.events())
        if self.wire.aborted or (self.wire.closing and not self.wire.unread and self.wire.producer is None):
            busy = True
            self.drop(ConnectionAborted() if self.wire.aborted else ConnectionDone())
        return busy

    def drop(self, reason: Exception | None = None) -> None:
        """The connection is gone."""
        self.open = False
        if self.wire.producer is not None:
            self.wire.producer.stopProducing()
        self.link.connectionLost(Failure(reason or ConnectionDone()))
        self.session.connection_lost(self.lab.now)
        self._take(self.session.events())

    def _take(self, events: list[Event]) -> None:
        for event in events:
            self.events.append(event)
            if isinstance(event, Response):
                self.heard.append(event.response)
            elif isinstance(event, Request):
                self.heard.append(event.pdu)
                status = self.acknowledge(event.pdu)
                if status is not None:
                    self.session.respond(event.pdu.response(status), self.lab.now)
            elif isinstance(event, NoResponse):
                pass


class Lab:
    """An emulator of a scenario, its clock, its journal, and the ESMEs that a test connects."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.steering = SteerableClock(self.clock)
        self.network = MemoryNetwork()
        self.journal: Journal | None = None
        self.emulator: Emulator
        self.esmes: list[Esme] = []
        self.watcher_for: Any = None
        self._running = False

    @property
    def now(self) -> float:
        return self.clock.seconds()

    def start(self, scenario: str | Scenario, journal: Any = ":memory:", *, steered: bool = False) -> Lab:
        """Serve a scenario; `journal` is a path, or None. `steered`: on a clock of its own, and ready for faults."""
        if journal is not None:
            self.journal = Journal.open(journal, clock=self.clock)
        self.emulator = Emulator(
            loads(scenario, Scenario) if isinstance(scenario, str) else scenario,
            clock=self.steering if steered else self.clock,
            network=self.network,
            journal=self.journal,
            epoch=EPOCH,
            watcher_for=self.watcher_for,
            disturbable=steered,
        )
        started: list[Any] = []
        self.emulator.start().addBoth(started.append)
        if started and isinstance(started[0], Failure):
            self.close_journal()
            started[0].raiseException()
        self.addresses = started[0]
        self._running = True
        return self

    def esme(self, port: int = 2775, address: str = "127.0.0.1") -> Esme:
        esme = Esme(self, port, address)
        self.esmes.append(esme)
        return esme

    def bound(self, *args: Any, port: int = 2775, **more: Any) -> Esme:
        esme = self.esme(port)
        assert esme.bind(*args, **more) == 0
        return esme

    def settle(self) -> None:
        """Let everything happen that happens now."""
        self.clock.advance(0)
        while sum(esme.turn() for esme in self.esmes):  # every one of them has its turn
            self.clock.advance(0)

    def run(self, seconds: float, step: float = 0.01) -> None:
        """Let time pass."""
        self.settle()
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.clock.advance(min(step, end - self.now))
            self.settle()

    def inbox(self) -> Inbox:
        assert self.journal is not None
        self.journal.flush()
        return Inbox(self.journal.connection)

    @property
    def stats(self) -> Any:
        return self.emulator.stats.total()

    def stop(self) -> None:
        if not self._running:
            return
        self._running = False
        stopped: list[Any] = []
        self.emulator.stop().addBoth(stopped.append)
        self.run(0)
        if not stopped:
            self.run(6, step=0.5)
        assert stopped == [None]
        self.close_journal()

    def close_journal(self) -> None:
        if self.journal is not None:
            self.journal.close()
            self.journal = None

    def kill(self) -> None:
        """End as by kill -9: nothing more is said, written or flushed."""
        self._running = False
        assert self.journal is not None
        self.journal.connection.close()
        if self.journal._lock is not None:
            self.journal._reader.close()
            self.journal._lock.release()
        for call in list(self.clock.getDelayedCalls()):
            call.cancel()
        self.esmes.clear()


@pytest.fixture
def lab(caplog: pytest.LogCaptureFixture) -> Iterator[Lab]:
    caplog.set_level(logging.DEBUG, "smsc")
    lab = Lab()
    yield lab
    lab.stop()
    assert lab.clock.getDelayedCalls() == []


@pytest.fixture
def labs(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], Lab]]:
    """For tests that start an emulator more than once: time goes on from one to the next."""
    made: list[Lab] = []

    def new() -> Lab:
        lab = Lab()
        lab.clock.advance(made[-1].now if made else 0.0)
        made.append(lab)
        return lab

    yield new
    for lab in made:
        lab.stop()
        assert lab.clock.getDelayedCalls() == []
