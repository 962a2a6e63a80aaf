"""An emulated operator, a network in memory, and clients with real sessions, on one simulated clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet import protocol

from carrierlab.clock import SimClock
from carrierlab.links import SimNetwork
from carrierlab.wires import Conditions
from smppkit.events import Event, Request, Response
from smppkit.pdus import BindReceiver, BindTransceiver, BindTransmitter, DataSm, DeliverSm, Pdu, SubmitSm
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role
from smppkit.transport import Link
from smsc.app import Emulator
from smsc.journal.journal import Journal
from smsc.scenario.model import Scenario
from yamlmodel.loader import loads

SECRET = "secret"
EPOCH = 1_767_225_600.0  # 2026-01-01T00:00:00Z
SMOOTH = Conditions(latency=(0.0, 0.0), split=0.0, dribble=0.0, linger=0.0)
BINDS = {"transceiver": BindTransceiver, "transmitter": BindTransmitter, "receiver": BindReceiver}


class Client:
    """An ESME: answers every delivery, keeps all that it hears."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.heard: list[Pdu] = []
        self.times: list[float] = []
        self.lost: str | None = None
        self.acknowledge: Callable[[Pdu], int | None] = lambda pdu: 0
        self.link = Link(self._session, self, world.clock)

    def _session(self, now: float) -> Session:
        return Session(Role.ESME, SessionConfig(window=100_000, enquire_link_interval=None, response_timeout=1e6), now)

    def connected(self, link: Link) -> None:
        """See smppkit.transport.Handler."""

    def received(self, link: Link, events: list[Event]) -> None:
        for event in events:
            pdu = event.response if isinstance(event, Response) else event.pdu if isinstance(event, Request) else None
            if pdu is None:
                continue
            self.heard.append(pdu)
            self.times.append(self.world.clock.seconds())
            if isinstance(event, Request):
                status = self.acknowledge(pdu)
                if status is not None:
                    link.respond(pdu.response(status))

    def disconnected(self, link: Link, reason: str) -> None:
        self.lost = reason

    @property
    def responses(self) -> list[Pdu]:
        return [pdu for pdu in self.heard if not isinstance(pdu, DeliverSm | DataSm)]

    @property
    def deliveries(self) -> list[Any]:
        return [pdu for pdu in self.heard if isinstance(pdu, DeliverSm | DataSm)]

    def bind(self, system_id: str = "shop", password: str = SECRET, kind: str = "transceiver", **more: Any) -> int:
        """Bind; the status of the response."""
        self.link.send(BINDS[kind](system_id=system_id, password=password, **more))
        before = len(self.heard)
        while len(self.heard) == before:
            assert self.world.clock.step(), "no answer to the bind"
        self.times.pop(before)
        return self.heard.pop(before).command_status

    def submit(self, number: int, registered: int = 1, text: str = "", **more: Any) -> None:
        self.link.send(
            SubmitSm(
                source_addr="SHOP",
                source_addr_ton=5,
                destination_addr=f"7705{number:07}",
                dest_addr_ton=1,
                dest_addr_npi=1,
                registered_delivery=registered,
                short_message=(text or f"Order {number}").encode(),
                **more,
            )
        )


class World:
    """A clock, a network, and what runs on them."""

    def __init__(self, conditions: Conditions = SMOOTH, seed: int = 1) -> None:
        self.clock = SimClock()
        self.network = SimNetwork(self.clock, seed, conditions)
        self.journals: list[Journal] = []
        self.emulator: Emulator | None = None

    def journal(self, path: Any = ":memory:") -> Journal:
        journal = Journal.open(path, clock=self.clock)
        self.journals.append(journal)
        return journal

    def serve(self, scenario: str, journal: Journal | None = None) -> Emulator:
        self.emulator = Emulator(
            loads(scenario, Scenario), clock=self.clock, network=self.network, journal=journal, epoch=EPOCH
        )
        self.clock.wait_for(self.emulator.start())
        return self.emulator

    def client(self, port: int = 2775) -> Client:
        client = Client(self)
        self.clock.wait_for(self.network.client("127.0.0.1", port, 10).connect(_Once(client.link)))
        return client

    def close(self) -> None:
        if self.emulator is not None:
            self.clock.wait_for(self.emulator.stop())
        for journal in self.journals:
            journal.close()


class _Once(protocol.Factory):
    noisy = False

    def __init__(self, made: protocol.Protocol) -> None:
        self._made = made

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802
        return self._made
