"""Operators that connect to us and ask us to bind."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
from twisted.internet.protocol import Factory

from carrierlab.clock import SimClock
from carrierlab.links import SimNetwork
from carrierlab.wires import Conditions
from sender.channels.account import Account, BindKind, Outbinding
from sender.channels.channel import SmppChannel
from smppkit.events import Event, Request
from smppkit.pdus import BindReceiver, BindTransceiver, Outbind, Pdu
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import STATE_AFTER_BIND, Role
from smppkit.status import CommandStatus
from smppkit.tls import ClientTls, ServerTls, TlsClient
from smppkit.transport import Link
from tests.certificates import Authority
from tests.sender.channels.test_channel import Feed
from tests.sender.peer import PORT, ScriptedSmsc, message_from_subscriber

LISTEN = 2900


class Caller:
    """The operator's end of one connection that it makes."""

    def __init__(self, world: World, outbind: Outbind | None, tls: TlsClient | None = None) -> None:
        self.outbind = outbind
        self.binds: list[Pdu] = []
        self.link: Link | None = None
        self.gone = ""
        self.bind_status = 0
        endpoint = world.network.client("127.0.0.1", LISTEN, 5.0)
        if tls is not None:
            endpoint = tls.around(endpoint, "127.0.0.1", world.clock)
        self.failed: object = None
        made = Factory()
        made.buildProtocol = lambda _: Link(  # type: ignore[method-assign, assignment]
            lambda now: Session(Role.SMSC, SessionConfig(session_init_timeout=None), now), self, world.clock
        )
        endpoint.connect(made).addErrback(lambda failure: setattr(self, "failed", failure))

    def connected(self, link: Link) -> None:
        self.link = link
        if self.outbind is not None:
            link.send(self.outbind)

    def received(self, link: Link, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Request) and event.pdu.command_id in STATE_AFTER_BIND:
                self.binds.append(event.pdu)
                link.respond(event.pdu.response(self.bind_status))
            elif isinstance(event, Request):
                link.respond(event.pdu.response())

    def disconnected(self, link: Link, reason: str) -> None:
        self.gone = reason


class World:
    def __init__(self, **settings: object) -> None:
        self.clock = SimClock()
        self.network = SimNetwork(self.clock, 1, Conditions.perfect(0.001))
        self.smsc = ScriptedSmsc(self.clock, self.network)
        self.feed = Feed()
        outbind = {
            "host": "127.0.0.1",
            "port": LISTEN,
            "system_id": "smsc",
            "password": "shown",
            "peers": ("127.0.0.0/8",),
            "kind": BindKind.RECEIVER,
            "binds": 1,
        }
        self.account = Account(
            "op",
            "127.0.0.1",
            PORT,
            "shop",
            "secret",
            kinds=(BindKind.TRANSMITTER,),
            outbind=Outbinding(**{**outbind, **settings}),  # type: ignore[arg-type]
            session_init_timeout=5.0,
        )
        self.channel = self.feed.channel = SmppChannel(
            self.account, self.feed, clock=self.clock, network=self.network, rng=random.Random(1)
        )
        self.channel.start()
        self.clock.advance(0.1)

    def calls(
        self,
        system_id: str = "smsc",
        password: str = "shown",  # noqa: S107 - of a test
        tls: TlsClient | None = None,
    ) -> Caller:
        caller = Caller(self, Outbind(system_id=system_id, password=password), tls)
        self.clock.advance(0.1)
        return caller

    @property
    def statuses(self) -> list[str]:
        return [view.status for view in self.channel.binds()]


def test_an_outbind_is_answered_by_a_bind_and_messages_come_on_it() -> None:
    world = World()
    assert world.statuses == ["bound", "waiting for an outbind"]
    caller = world.calls()
    (bind,) = caller.binds
    assert isinstance(bind, BindReceiver)
    assert (bind.system_id, bind.password) == ("shop", "secret")
    assert world.statuses == ["bound", "bound"]
    assert caller.link is not None
    caller.link.send(message_from_subscriber())
    world.clock.advance(0.1)
    assert len(world.feed.delivered) == 1
    assert world.channel.binds()[1].outbinds == 1


def test_a_transceiver_on_the_operators_connection_submits_too() -> None:
    world = World(kind=BindKind.TRANSCEIVER, binds=2)
    caller = world.calls()
    assert isinstance(caller.binds[0], BindTransceiver)
    assert len(world.channel.outlets) == 2


def test_with_a_certificate_only_who_speaks_tls_is_bound_to(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    world = World(tls=ServerTls(*authority.signs("sender")))
    plain = world.calls()
    assert not plain.binds
    caller = world.calls(tls=TlsClient(ClientTls(ca=authority.path)))
    assert isinstance(caller.binds[0], BindReceiver)
    assert world.statuses == ["bound", "bound"]


def test_a_certificate_that_is_gone_is_a_problem_that_is_told(tmp_path: Path) -> None:
    world = World(tls=ServerTls(tmp_path / "none.pem", tmp_path / "none.key"))
    assert not world.calls().binds
    assert "none.pem" in (world.channel.outbind_problem or "")


def test_strangers_get_no_bind() -> None:
    world = World()
    for system_id, password in (("smsc", "wrong"), ("other", "shown"), ("", "")):
        caller = world.calls(system_id, password)
        assert caller.gone
        assert not caller.binds
    assert world.statuses == ["bound", "waiting for an outbind"]


def test_only_allowed_addresses_are_let_in() -> None:
    world = World(peers=("10.0.0.0/8",))
    caller = world.calls()
    assert not caller.binds
    assert caller.gone or caller.failed


def test_who_says_nothing_is_closed_after_the_session_init_time_and_few_such_are_let_in() -> None:
    world = World()
    silent = [Caller(world, None) for _ in range(20)]
    world.clock.advance(1)
    assert len([caller for caller in silent if caller.link is not None and not caller.gone]) == 8
    assert not world.calls().binds  # no room while they hang about
    world.clock.advance(5)
    assert all(caller.gone or caller.failed for caller in silent)
    assert world.calls().binds


def test_more_connections_than_are_wanted_are_closed_and_a_lost_one_is_taken_again() -> None:
    world = World()
    first, second = world.calls(), world.calls()
    assert first.binds
    assert second.gone
    assert first.link is not None
    first.link.reset()
    world.clock.advance(0.1)
    assert world.statuses == ["bound", "waiting for an outbind"]
    assert world.calls().binds


def test_a_bind_that_the_operator_refuses_after_its_own_outbind_waits_for_the_next() -> None:
    world = World()
    caller = Caller(world, Outbind(system_id="smsc", password="shown"))
    caller.bind_status = CommandStatus.ESME_RINVPASWD
    world.clock.advance(0.2)
    assert caller.gone
    view = world.channel.binds()[1]
    assert view.status == "waiting for an outbind"
    assert "ESME_RINVPASWD" in (view.trouble or "")


def test_stopping_unbinds_and_lets_nobody_in_i8() -> None:
    world = World()
    caller = world.calls()
    world.clock.wait_for(world.channel.stop(), 10.0)
    world.clock.advance(1)
    assert caller.gone
    late = world.calls()
    assert late.failed is not None
    assert not world.clock.getDelayedCalls()


def test_an_address_that_is_taken_is_said_and_the_rest_works() -> None:
    world = World(port=PORT)
    assert world.statuses[0] == "bound"
    assert "cannot listen" in (world.channel.outbind_problem or "")


def test_a_change_of_the_listener_keeps_the_other_binds() -> None:
    world = World()
    caller = world.calls()
    changed = msgspec.structs.replace(world.account, outbind=None)
    assert not world.channel.change(changed)
    world.clock.advance(1)
    assert caller.gone
    assert world.statuses == ["bound"]
    world.channel.change(world.account)
    world.clock.advance(0.1)
    assert world.calls().binds
