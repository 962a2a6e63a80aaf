"""The network in memory behaves as TCP may, and never in a way that TCP may not."""
# ruff: noqa: N802 - the method names are those of Twisted's interfaces

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import error
from twisted.internet.interfaces import (
    IListeningPort,
    IPushProducer,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
    ITCPTransport,
)
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure
from zope.interface import implementer
from zope.interface.verify import verifyObject

from carrierlab.clock import SimClock
from carrierlab.links import SimNetwork
from carrierlab.trace import Trace
from carrierlab.wires import CAPACITY, Conditions


class Peer(Protocol):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.lost: list[Failure] = []

    def dataReceived(self, data: bytes) -> None:
        self.got.append(data)

    def connectionLost(self, reason: Failure = error.ConnectionDone) -> None:
        self.lost.append(reason)

    @property
    def octets(self) -> bytes:
        return b"".join(self.got)

    @property
    def cause(self) -> type[BaseException]:
        (only,) = self.lost
        return only.type


class Peers(Factory):
    noisy = False

    def __init__(self) -> None:
        self.made: list[Peer] = []

    def buildProtocol(self, _address: object) -> Peer:
        self.made.append(Peer())
        return self.made[-1]


class Lab:
    def __init__(self, seed: int = 1, conditions: Conditions | None = None, keep: bool = False) -> None:
        self.clock = SimClock()
        self.trace = Trace(keep)
        self.network = SimNetwork(self.clock, seed, conditions or Conditions(), self.trace)

    def join(self) -> tuple[Peer, Peer]:
        """Return (client, server), connected."""
        servers, clients = Peers(), Peers()
        self.clock.wait_for(self.network.server("127.0.0.1", 2775).listen(servers))
        self.clock.wait_for(self.network.client("127.0.0.1", 2775, 10).connect(clients))
        self.clock.advance(1)
        return clients.made[0], servers.made[0]


def test_the_endpoints_and_transports_are_what_twisted_asks_for() -> None:
    lab = Lab()
    assert verifyObject(IStreamServerEndpoint, lab.network.server("127.0.0.1", 0))
    assert verifyObject(IStreamClientEndpoint, lab.network.client("127.0.0.1", 1, 10))
    port = lab.clock.wait_for(lab.network.server("127.0.0.1", 0).listen(Peers()))
    assert verifyObject(IListeningPort, port)
    client, server = lab.join()
    assert verifyObject(ITCPTransport, client.transport)
    assert verifyObject(IPushProducer, server.transport)
    assert client.transport.getPeer() == server.transport.getHost()
    assert client.transport.getHost() == server.transport.getPeer()


def test_port_zero_gets_a_free_port_and_a_taken_one_fails() -> None:
    lab = Lab()
    first = lab.clock.wait_for(lab.network.server("", 0).listen(Peers()))
    second = lab.clock.wait_for(lab.network.server("", 0).listen(Peers()))
    assert first.getHost().port != second.getHost().port
    with pytest.raises(error.CannotListenError):
        lab.clock.wait_for(lab.network.server("", first.getHost().port).listen(Peers()))
    first.stopListening()
    lab.clock.wait_for(lab.network.server("", first.getHost().port).listen(Peers()))


def test_connecting_to_nobody_is_refused_after_a_round_trip() -> None:
    lab = Lab(conditions=Conditions.perfect(0.010))
    with pytest.raises(error.ConnectionRefusedError):
        lab.clock.wait_for(lab.network.client("127.0.0.1", 2775, 10).connect(Peers()))
    assert lab.clock.seconds() == pytest.approx(0.020)


def test_a_port_that_stopped_refuses_but_keeps_its_connections() -> None:
    lab = Lab()
    client, server = lab.join()
    listening = lab.network.listener("localhost", 2775)
    assert listening is not None
    listening.stopListening()
    with pytest.raises(error.ConnectionRefusedError):
        lab.clock.wait_for(lab.network.client("127.0.0.1", 2775, 10).connect(Peers()))
    client.transport.write(b"still here")
    lab.clock.advance(1)
    assert server.octets == b"still here"


def test_a_listener_that_goes_between_handshake_and_accept_resets_the_client() -> None:
    lab = Lab(conditions=Conditions.perfect(0.010))
    clients = Peers()
    port = lab.clock.wait_for(lab.network.server("127.0.0.1", 2775).listen(Peers()))
    lab.clock.wait_for(lab.network.client("127.0.0.1", 2775, 10).connect(clients))
    port.stopListening()
    lab.clock.advance(1)
    assert clients.made[0].cause is error.ConnectionLost


def test_a_cancelled_attempt_leaves_nothing_behind() -> None:
    lab = Lab()
    attempt = lab.network.client("127.0.0.1", 2775, 10).connect(Peers())
    attempt.cancel()
    with pytest.raises(error.ConnectingCancelledError):
        lab.clock.wait_for(attempt)
    assert lab.clock.getDelayedCalls() == []


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32),
    st.lists(st.tuples(st.binary(min_size=1, max_size=300), st.sampled_from([0.0, 0.001, 0.5])), max_size=30),
)
def test_octets_arrive_in_order_and_intact_whatever_the_portions(seed: int, writes: list[tuple[bytes, float]]) -> None:
    lab = Lab(seed, Conditions(split=0.4, dribble=0.2, linger=0.3))
    client, server = lab.join()
    for data, pause in writes:
        client.transport.write(data)
        server.transport.write(data[::-1])
        lab.clock.advance(pause)
    lab.clock.advance(5)
    assert server.octets == b"".join(data for data, _ in writes)
    assert client.octets == b"".join(data[::-1] for data, _ in writes)


def test_portions_differ_from_writes_both_ways() -> None:
    lab = Lab(conditions=Conditions(split=0.3, dribble=0.1, linger=0.5))
    client, server = lab.join()
    for _ in range(200):
        client.transport.write(b"x" * 40)
        lab.clock.advance(0.001)
    lab.clock.advance(1)
    sizes = {len(data) for data in server.got}
    assert min(sizes) == 1
    assert max(sizes) > 40


def test_nothing_arrives_in_the_instant_of_its_writing_or_earlier_than_the_latency() -> None:
    lab = Lab(conditions=Conditions.perfect(0.050))
    client, server = lab.join()
    client.transport.write(b"a")
    client.transport.write(b"b")
    lab.clock.advance(0.049)
    assert server.got == []
    lab.clock.advance(0.002)
    assert server.got == [b"ab"], "two writes of one instant travel together"


def test_closing_delivers_what_was_written_and_tells_both_sides_once() -> None:
    lab = Lab()
    client, server = lab.join()
    client.transport.write(b"goodbye")
    client.transport.loseConnection()
    client.transport.loseConnection()
    lab.clock.advance(1)
    assert server.octets == b"goodbye"
    assert client.cause is error.ConnectionDone
    assert server.cause is error.ConnectionDone
    assert lab.network.connections == []
    assert lab.clock.getDelayedCalls() == []


def test_what_the_peer_sends_after_we_closed_is_not_read() -> None:
    lab = Lab()
    client, server = lab.join()
    server.transport.write(b"late")
    client.transport.loseConnection()
    lab.clock.advance(1)
    assert client.octets == b""


def test_an_abort_resets_the_peer_in_the_middle_of_the_octets() -> None:
    prefixes = set()
    for seed in range(30):
        lab = Lab(seed)
        client, server = lab.join()
        client.transport.write(b"0123456789")
        client.transport.abortConnection()
        assert client.lost == [], "told in a later turn, as a reactor does"
        lab.clock.advance(1)
        assert client.cause is error.ConnectionAborted
        assert server.cause is error.ConnectionLost
        assert b"0123456789".startswith(server.octets)
        prefixes.add(server.octets)
    assert b"" in prefixes
    assert len(prefixes) > 4, "the cut falls anywhere"


def test_a_reset_in_the_network_reaches_both_sides() -> None:
    lab = Lab()
    client, server = lab.join()
    client.transport.write(b"up")
    server.transport.write(b"down")
    (connection,) = lab.network.connections
    connection.reset()
    lab.clock.advance(1)
    assert client.cause is server.cause is error.ConnectionLost
    assert b"up".startswith(server.octets)
    client.transport.write(b"nobody hears this")
    lab.clock.advance(1)
    assert lab.clock.getDelayedCalls() == []


def test_a_server_hears_of_a_reset_that_came_before_it_had_accepted() -> None:
    lab = Lab()
    servers, clients = Peers(), Peers()
    lab.clock.wait_for(lab.network.server("127.0.0.1", 2775).listen(servers))
    lab.clock.wait_for(lab.network.client("127.0.0.1", 2775, 30).connect(clients))
    assert not servers.made
    (connection,) = lab.network.connections
    connection.reset()
    lab.clock.advance(60)
    assert [peer.cause for peer in servers.made] == [error.ConnectionLost]


def test_a_cut_connection_is_silent_until_a_side_gives_up() -> None:
    lab = Lab()
    client, server = lab.join()
    (connection,) = lab.network.connections
    connection.cut()
    client.transport.write(b"anybody?")
    lab.clock.advance(3600)
    assert server.got == client.lost == server.lost == []
    client.transport.abortConnection()
    lab.clock.advance(1)
    assert client.cause is error.ConnectionAborted
    assert server.lost == [], "half-open: the other side never learns"


def test_a_stalled_reader_gets_everything_when_it_reads_again() -> None:
    lab = Lab()
    client, server = lab.join()
    (connection,) = lab.network.connections
    connection.stall("up")
    client.transport.write(b"slow")
    lab.clock.advance(60)
    assert server.got == []
    connection.unstall("up")
    lab.clock.advance(0)
    assert server.octets == b"slow"


def test_a_protocol_that_pauses_reads_nothing_but_learns_of_a_reset() -> None:
    lab = Lab()
    client, server = lab.join()
    server.transport.pauseProducing()
    client.transport.write(b"wait")
    lab.clock.advance(1)
    assert server.got == []
    server.transport.resumeProducing()
    lab.clock.advance(1)
    assert server.octets == b"wait"
    server.transport.pauseProducing()
    client.transport.abortConnection()
    lab.clock.advance(1)
    assert server.cause is error.ConnectionLost


@implementer(IPushProducer)
class Tap:
    def __init__(self) -> None:
        self.said: list[str] = []

    def pauseProducing(self) -> None:
        self.said.append("pause")

    def resumeProducing(self) -> None:
        self.said.append("resume")

    def stopProducing(self) -> None:
        self.said.append("stop")


def test_a_producer_is_paused_while_the_peer_does_not_read() -> None:
    lab = Lab()
    client, server = lab.join()
    producer = Tap()
    client.transport.registerProducer(producer, True)
    server.transport.pauseProducing()
    client.transport.write(b"x" * CAPACITY)
    assert producer.said == []
    client.transport.write(b"x")
    assert producer.said == ["pause"]
    server.transport.resumeProducing()
    lab.clock.advance(1)
    assert producer.said == ["pause", "resume"]
    client.transport.loseConnection()
    lab.clock.advance(1)
    assert client.lost == [], "a registered producer keeps the connection open"
    client.transport.unregisterProducer()
    lab.clock.advance(1)
    assert client.cause is error.ConnectionDone


def test_a_producer_is_stopped_when_the_connection_goes() -> None:
    lab = Lab()
    client, server = lab.join()
    producer = Tap()
    client.transport.registerProducer(producer, True)
    server.transport.abortConnection()
    lab.clock.advance(1)
    assert producer.said == ["stop"]


def chatter(seed: int) -> str:
    lab = Lab(seed)
    client, server = lab.join()
    for size in range(1, 200):
        client.transport.write(bytes(size))
        server.transport.write(bytes(200 - size))
        lab.clock.advance(0.001)
    client.transport.abortConnection()
    lab.clock.advance(1)
    return lab.trace.digest()


def test_the_same_seed_gives_the_same_trace_and_another_one_another() -> None:
    assert chatter(7) == chatter(7)
    assert chatter(7) != chatter(8)


def test_the_trace_does_not_depend_on_the_process() -> None:
    code = "from tests.carrierlab.test_links import chatter; print(chatter(7))"
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout.strip()
        for hash_seed in ("1", "2")
    }
    assert seen == {chatter(7)}


def test_a_kept_trace_shows_what_was_delivered() -> None:
    lab = Lab(conditions=Conditions.perfect(0.01), keep=True)
    client, _ = lab.join()
    client.transport.write(b"hello")
    lab.clock.advance(1)
    assert lab.trace.happenings is not None
    assert [(h.link, h.what, h.octets) for h in lab.trace.happenings] == [
        ("1>", "open 2775", b""),
        ("1>", "data", b"hello"),
    ]
