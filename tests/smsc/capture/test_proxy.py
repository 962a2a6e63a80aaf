"""The proxy: transparent for bytes, closes and slow readers; and what it records."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import protocol
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.task import deferLater
from zope.interface import implementer

from carrierlab.wires import Conditions
from smppkit.pdus import SubmitSmResp
from smppkit.tls import ClientTls, ServerTls, TlsClient, TlsServer
from smppkit.transport import TcpNetwork
from smsc.capture.proxy import Proxy, Recorder
from smsc.capture.recording import Recording
from smsc.capture.redact import Redact, Redactor
from smsc.journal.inbox import Inbox
from smsc.journal.journal import Journal
from tests.certificates import Authority
from tests.smsc.capture.world import EPOCH, World

ROUGH = Conditions(latency=(0.001, 0.02), split=0.3, dribble=0.1, linger=0.1)
SCENARIO = 'operators: {op: {listen: "tcp:2775", receipts: {delay: 100ms}}}'


class Talker(protocol.Protocol):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard = b""
        self.lost: Any = None

    @property
    def wire(self) -> Any:
        return self.transport

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        self.heard += data

    def connectionLost(self, reason: Any = protocol.connectionDone) -> None:  # noqa: N802
        self.lost = reason.value


class Ends(protocol.Factory):
    """Makes talkers, and keeps them."""

    noisy = False

    def __init__(self, kind: type[Talker] = Talker) -> None:
        self.made: list[Talker] = []
        self._kind = kind

    def buildProtocol(self, addr: Any) -> Talker:  # noqa: N802
        self.made.append(self._kind())
        return self.made[-1]


class Stand:
    """A proxy at 2780 before whatever is at 2775."""

    def __init__(self, world: World, redactor: Redactor | None = None) -> None:
        self.world = world
        self.journal = world.journal()
        self.proxy = Proxy(
            name="127.0.0.1:2775",
            listen=world.network.server("127.0.0.1", 2780),
            upstream=lambda: world.network.client("127.0.0.1", 2775, 10),
            clock=world.clock,
            epoch=EPOCH,
            recorder=Recorder(self.journal, redactor or Redactor()),
        )
        world.clock.wait_for(self.proxy.start())

    def talk(self) -> tuple[Talker, Ends]:
        """A client of the proxy and what is behind it."""
        smsc = Ends()
        self.world.clock.wait_for(self.world.network.server("127.0.0.1", 2775).listen(smsc))
        client = self.world.clock.wait_for(self.world.network.client("127.0.0.1", 2780, 10).connect(Ends()))
        self.world.clock.advance(1)
        return client, smsc

    def recording(self) -> Recording:
        self.journal.flush()
        return Recording(self.journal.connection)


@pytest.fixture
def world(caplog: pytest.LogCaptureFixture) -> Iterator[World]:
    caplog.set_level(logging.INFO, "smsc")
    world = World(ROUGH)
    yield world
    world.close()


def test_a_session_passes_and_is_recorded(world: World) -> None:
    world.serve(SCENARIO)
    stand = Stand(world)
    client = world.client(2780)
    assert client.bind() == 0
    for number in range(20):
        client.submit(number)
    world.clock.advance(5)
    assert len([pdu for pdu in client.responses if isinstance(pdu, SubmitSmResp)]) == 20
    assert len(client.deliveries) == 20
    client.link.unbind()
    world.clock.advance(5)
    (connection,) = stand.recording().connections()
    assert (connection.operator, connection.system_id, connection.bind) == ("127.0.0.1:2775", "shop", "transceiver")
    assert connection.reason == "closed by the client" or connection.reason == "closed by the SMSC"
    assert connection.opened_at > EPOCH
    pdus = list(stand.recording().pdus())
    assert len(pdus) == stand.proxy.recorder.counters.pdus == 2 + 4 * 20 + 2  # type: ignore[union-attr]
    assert all(pdu.framed for pdu in pdus)
    assert [pdu.direction for pdu in pdus if pdu.command_id == 4] == ["in"] * 20
    assert [pdu.direction for pdu in pdus if pdu.command_id == 5] == ["out"] * 20
    assert stand.proxy.stats.closed == 1
    world.clock.wait_for(stand.proxy.stop())


def test_the_recording_is_a_journal(world: World) -> None:
    world.serve(SCENARIO)
    stand = Stand(world)
    client = world.client(2780)
    client.bind()
    world.clock.wait_for(stand.proxy.stop())
    with Inbox(stand.journal.connection) as inbox:
        bind, response, *_ = inbox.pdus()
    assert (bind.direction, bind.command_id, bind.system_id) == ("in", 9, "shop")
    assert b"secret" not in bind.octets
    assert response.direction == "out"


def test_numbers_and_texts_are_redacted_on_demand_and_pass_as_they_are(world: World) -> None:
    world.serve(SCENARIO)
    stand = Stand(world, Redactor(frozenset({Redact.ADDRESSES, Redact.TEXTS}), key=b"key"))
    client = world.client(2780)
    client.bind()
    client.submit(1234567, text="Secret word")
    world.clock.advance(5)
    assert client.deliveries[0].source_addr == "77051234567"
    octets = b"".join(pdu.octets for pdu in stand.recording().pdus())
    assert b"77051234567" not in octets
    assert b"Secret" not in octets
    world.clock.wait_for(stand.proxy.stop())


def test_a_stream_that_is_no_smpp_passes_and_is_recorded_as_it_is(world: World) -> None:
    stand = Stand(world)
    client, smsc = stand.talk()
    client.wire.write(b"GET / HTTP/1.1\r\n\r\n")
    world.clock.advance(1)
    (server,) = smsc.made
    assert server.heard == b"GET / HTTP/1.1\r\n\r\n"
    server.wire.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    world.clock.advance(1)
    assert client.heard == b"HTTP/1.1 400 Bad Request\r\n\r\n"
    client.wire.loseConnection()
    world.clock.advance(1)
    rows = list(stand.recording().pdus())
    assert b"".join(row.octets for row in rows if row.direction == "in") == b"GET / HTTP/1.1\r\n\r\n"
    assert b"".join(row.octets for row in rows if row.direction == "out") == b"HTTP/1.1 400 Bad Request\r\n\r\n"
    with Inbox(stand.journal.connection) as inbox:
        assert len(inbox.pdus()) == len(rows)
    world.clock.wait_for(stand.proxy.stop())


def test_a_close_is_carried_over_with_all_that_was_said_before(world: World) -> None:
    stand = Stand(world)
    client, smsc = stand.talk()
    (server,) = smsc.made
    server.wire.write(b"x" * 300_000)
    server.wire.loseConnection()
    world.clock.advance(5)
    assert client.heard == b"x" * 300_000
    assert client.lost is not None
    assert stand.recording().connections()[0].reason == "closed by the SMSC"
    world.clock.wait_for(stand.proxy.stop())


def test_a_reset_is_carried_over_as_a_reset(world: World) -> None:
    stand = Stand(world)
    client, smsc = stand.talk()
    client.wire.abortConnection()
    world.clock.advance(5)
    assert "reset" in str(smsc.made[0].lost)
    assert stand.recording().connections()[0].reason == "reset by the client"
    world.clock.wait_for(stand.proxy.stop())


@pytest.mark.parametrize("slow", ["client", "server"])
def test_a_slow_reader_slows_the_writer(world: World, slow: str) -> None:
    stand = Stand(world)
    client, smsc = stand.talk()
    (server,) = smsc.made
    writer, reader = (server, client) if slow == "client" else (client, server)
    reader.wire.pauseProducing()
    pushed = Push(writer)
    world.clock.advance(30)
    assert pushed.written < 1_000_000
    assert stand.proxy.stats.octets_in + stand.proxy.stats.octets_out == 0 or pushed.paused
    reader.wire.resumeProducing()
    world.clock.advance(30)
    assert len(reader.heard) == pushed.written == Push.TOTAL
    world.clock.wait_for(stand.proxy.stop())


class Push:
    """Writes as long as the transport takes more."""

    TOTAL = 2_000_000

    def __init__(self, talker: Talker) -> None:
        self.talker = talker
        self.paused = False
        self.written = 0
        talker.wire.registerProducer(self, True)
        self._push()

    def _push(self) -> None:
        while not self.paused and self.written < self.TOTAL:
            self.talker.wire.write(b"y" * 10_000)
            self.written += 10_000

    def pauseProducing(self) -> None:  # noqa: N802
        self.paused = True

    def resumeProducing(self) -> None:  # noqa: N802
        self.paused = False
        self._push()

    def stopProducing(self) -> None:  # noqa: N802
        self.paused = True


def test_nobody_is_read_while_the_recording_cannot_keep_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsc.capture.proxy.MOST_UNWRITTEN", 5)
    world.serve(SCENARIO)
    stand = Stand(world)
    waiting: list[Any] = []
    monkeypatch.setattr(stand.journal, "when_committed", waiting.append)
    client = world.client(2780)
    client.bind()
    for number in range(20):
        client.submit(number)
        world.clock.advance(0.001)
    world.clock.advance(0.004)
    assert stand.proxy.held
    before = stand.proxy.stats.octets_in
    client.submit(21)
    world.clock.advance(5)
    assert stand.proxy.stats.octets_in == before
    while waiting:
        waiting.pop()(None)
        world.clock.advance(1)
    world.clock.advance(5)
    assert len(client.deliveries) == 21
    world.clock.wait_for(stand.proxy.stop())


def test_an_smsc_that_cannot_be_reached_closes_the_client_with_one_line(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    stand = Stand(world)
    client = world.clock.wait_for(world.network.client("127.0.0.1", 2780, 10).connect(Ends()))
    world.clock.advance(1)
    assert client.lost is not None
    assert (stand.proxy.stats.unreachable, stand.proxy.stats.closed) == (1, 0)
    warnings = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "127.0.0.1:2775 is unreachable" in warnings[0]
    assert [record.message for record in caplog.records if "unreachable" in record.message] == warnings
    assert "unreachable" in (stand.recording().connections()[0].reason or "")
    world.clock.wait_for(stand.proxy.stop())


def test_a_client_that_leaves_before_the_smsc_is_reached_leaves_nothing(world: World) -> None:
    stand = Stand(world)
    smsc = Ends()
    world.clock.wait_for(world.network.server("127.0.0.1", 2775).listen(smsc))
    client = world.clock.wait_for(world.network.client("127.0.0.1", 2780, 10).connect(Ends()))
    while not stand.proxy.stats.connections:
        world.clock.step()
    client.wire.abortConnection()
    world.clock.advance(5)
    assert stand.proxy.stats.closed == stand.proxy.stats.connections == 1
    assert all(server.lost is not None for server in smsc.made)
    world.clock.wait_for(stand.proxy.stop())


def test_stopping_closes_both_sides(world: World) -> None:
    stand = Stand(world)
    client, smsc = stand.talk()
    client.wire.pauseProducing()  # it will not read what ends it
    world.clock.wait_for(stand.proxy.stop())
    world.clock.advance(5)
    assert smsc.made[0].lost is not None
    assert stand.recording().connections()[0].reason == "the proxy was stopped"


# --- real sockets ---------------------------------------------------------------------------------------


@implementer(IHalfCloseableProtocol)
class HalfTalker(Talker):
    """Notes the end of the other half, and says a last word."""

    ended = False

    def readConnectionLost(self) -> None:  # noqa: N802
        self.ended = True
        self.wire.write(b"last word")
        self.wire.loseConnection()

    def writeConnectionLost(self) -> None:  # noqa: N802
        """Nothing."""


@pytest_twisted.ensureDeferred
async def test_half_a_close_passes_over_real_sockets() -> None:
    from twisted.internet import reactor  # noqa: TID251 - the one test over real sockets

    network = TcpNetwork(reactor)  # type: ignore[arg-type]
    smsc = Ends(HalfTalker)
    port = await network.server("127.0.0.1", 0).listen(smsc)
    journal = Journal.open(":memory:", clock=reactor)  # type: ignore[arg-type]
    proxy = Proxy(
        name="smsc",
        listen=network.server("127.0.0.1", 0),
        upstream=lambda: network.client("127.0.0.1", port.getHost().port, 5),  # type: ignore[attr-defined]
        clock=reactor,  # type: ignore[arg-type]
        epoch=0.0,
        recorder=Recorder(journal, Redactor()),
    )
    host, number = await proxy.start()
    client: Any = await network.client(host, number, 5).connect(Ends(HalfClient))
    client.wire.write(b"z" * 1_000_000)
    client.wire.loseWriteConnection()
    await client.gone
    assert client.heard == b"last word"
    (server,) = smsc.made
    assert isinstance(server, HalfTalker)
    assert server.ended
    assert server.heard == b"z" * 1_000_000
    assert proxy.stats.octets_in == 1_000_000
    await proxy.stop()
    port.stopListening()
    journal.close()


@implementer(IHalfCloseableProtocol)
class HalfClient(Talker):
    """Waits for the other side to end."""

    def __init__(self) -> None:
        super().__init__()
        self.gone: Any = Deferred()

    def readConnectionLost(self) -> None:  # noqa: N802
        self.wire.loseConnection()

    def writeConnectionLost(self) -> None:  # noqa: N802
        """As asked."""

    def connectionLost(self, reason: Any = protocol.connectionDone) -> None:  # noqa: N802
        super().connectionLost(reason)
        self.gone.callback(None)


@pytest_twisted.ensureDeferred
async def test_the_smsc_may_speak_tls(tmp_path: Path) -> None:
    from twisted.internet import reactor  # noqa: TID251 - this test is about real TLS

    authority = Authority(tmp_path)
    network = TcpNetwork(reactor)  # type: ignore[arg-type]
    certificate, key = authority.signs("smsc")
    smsc = Ends()
    factory: Any = TlsServer(ServerTls(certificate, key)).around(smsc, reactor)  # type: ignore[arg-type]
    port = await network.server("127.0.0.1", 0).listen(factory)
    tls = TlsClient(ClientTls(authority.path))
    proxy = Proxy(
        name="smsc",
        listen=network.server("127.0.0.1", 0),
        upstream=lambda: tls.around(
            network.client("127.0.0.1", port.getHost().port, 5),  # type: ignore[attr-defined]
            "127.0.0.1",
            reactor,  # type: ignore[arg-type]
        ),
        clock=reactor,  # type: ignore[arg-type]
        epoch=0.0,
    )
    host, number = await proxy.start()
    client: Any = await network.client(host, number, 5).connect(Ends(HalfClient))
    client.wire.write(b"hello " * 50_000)
    while not smsc.made or len(smsc.made[0].heard) < 300_000:
        await deferLater(reactor, 0, lambda: None)  # type: ignore[arg-type]
    (server,) = smsc.made
    server.wire.write(b"farewell")
    server.wire.loseConnection()
    await client.gone
    assert client.heard == b"farewell"
    await proxy.stop()
    port.stopListening()


@pytest_twisted.ensureDeferred
async def test_a_certificate_that_is_not_trusted_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    from twisted.internet import reactor  # noqa: TID251 - this test is about real TLS

    network = TcpNetwork(reactor)  # type: ignore[arg-type]
    certificate, key = Authority(tmp_path).signs("smsc")
    factory: Any = TlsServer(ServerTls(certificate, key)).around(Ends(), reactor)  # type: ignore[arg-type]
    port = await network.server("127.0.0.1", 0).listen(factory)
    tls = TlsClient(ClientTls(Authority(tmp_path, "another").path))
    proxy = Proxy(
        name="smsc",
        listen=network.server("127.0.0.1", 0),
        upstream=lambda: tls.around(
            network.client("127.0.0.1", port.getHost().port, 5),  # type: ignore[attr-defined]
            "127.0.0.1",
            reactor,  # type: ignore[arg-type]
        ),
        clock=reactor,  # type: ignore[arg-type]
        epoch=0.0,
    )
    host, number = await proxy.start()
    client: Any = await network.client(host, number, 5).connect(Ends(HalfClient))
    client.wire.write(b"hello")
    await client.gone
    await proxy.stop()
    port.stopListening()
    (warning,) = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert "the SMSC and the proxy do not agree: TLS: the certificate's issuer is not trusted here" in warning
