"""A storm strikes the connections there are, in its time, and the same way for a seed."""

from __future__ import annotations

from twisted.internet.protocol import Factory, Protocol

from carrierlab.clock import SimClock
from carrierlab.links import SimNetwork
from carrierlab.storm import Storm
from carrierlab.trace import Trace


class Talker(Protocol):
    """Says something ten times a second."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        self.talk()

    def talk(self) -> None:
        if self.connected:
            self.transport.write(b"hello")
            self.lab.clock.callLater(0.1, self.talk)

    def connectionLost(self, reason: object = None) -> None:  # noqa: N802 - Twisted's name
        self.lab.lost.append(self.lab.clock.seconds())


class Lab:
    """Twenty talkers under a storm."""

    def __init__(self, seed: int, storm: Storm) -> None:
        self.clock = SimClock()
        self.trace = Trace()
        self.network = SimNetwork(self.clock, seed, trace=self.trace)
        self.lost: list[float] = []
        self.network.server("127.0.0.1", 1).listen(Factory.forProtocol(Protocol))
        storm.unleash(self.network, seed)
        factory = Factory()
        factory.buildProtocol = lambda address: Talker(self)
        for _ in range(20):
            self.network.client("127.0.0.1", 1, 10).connect(factory)


def test_it_blows_in_its_time_and_is_repeated_exactly() -> None:
    storm = Storm(every=2, begins=10, ends=60, stall=5)
    labs = [Lab(seed, storm) for seed in (1, 1, 2)]
    for lab in labs:
        lab.clock.advance(120)
    first, again, other = labs
    assert first.trace.digest() == again.trace.digest() != other.trace.digest()
    assert first.lost
    assert 10 < min(first.lost) <= max(first.lost) < 61


def test_a_storm_without_connections_strikes_nobody() -> None:
    network = SimNetwork(SimClock(), 1)
    Storm(every=1, begins=0, ends=10).unleash(network, 1)
    network.clock.advance(20)
    assert network.connections == []
