"""Connections that are ended and stalled by hand."""

from __future__ import annotations

import pytest

from smsc.control.connections import Connections, DropOrder, StallOrder
from smsc.control.declined import Why
from smsc.control.orders import read_order
from tests.smsc.conftest import Lab
from yamlmodel.errors import ConfigError

ONE = 'operators: {op: {listen: "tcp:2775", submit: {latency: 0s}, receipts: {delay: 1s}}}'


@pytest.fixture
def connections(lab: Lab) -> Connections:
    lab.start(ONE, steered=True)
    return Connections(lab.emulator.operators, lab.steering)


@pytest.mark.parametrize(
    ("how", "reason"), [("unbind", "unbound"), ("reset", "reset by hand"), ("close", "closed by hand")]
)
def test_a_connection_is_ended_and_others_are_not(lab: Lab, connections: Connections, how: str, reason: str) -> None:
    esme, other = lab.bound(), lab.bound()
    assert connections.drop(1, DropOrder(how)) is None  # type: ignore[arg-type]
    lab.run(0.1)
    assert list(lab.emulator.operators["op"].connections) == [2]
    assert other.open
    assert lab.journal is not None
    lab.journal.flush()
    assert lab.journal.connection.execute("SELECT reason FROM connections WHERE connection = 1").fetchone() == (reason,)
    assert how == "unbind" or not esme.open


def test_what_is_not_bound_cannot_unbind(lab: Lab, connections: Connections) -> None:
    lab.esme()
    declined = connections.drop(1, DropOrder())
    assert declined is not None
    assert (declined.why, declined.key) == (Why.IMPOSSIBLE, "how")
    assert connections.drop(1, DropOrder("close")) is None


def test_a_stalled_connection_neither_reads_nor_writes_until_that_is_undone(lab: Lab, connections: Connections) -> None:
    esme, other = lab.bound(), lab.bound("bank")
    esme.submit()
    lab.settle()
    assert connections.stall(1, StallOrder()) is None
    esme.submit()
    other.submit()
    lab.run(2)
    assert (len(esme.responses), len(esme.deliveries), len(other.heard)) == (1, 0, 2)
    assert connections.unstall(1) is None
    lab.run(0.1)
    assert len(esme.responses) == 2
    lab.run(2)
    assert len(esme.deliveries) == 2


def test_a_stall_has_an_end_and_a_later_one_counts(lab: Lab, connections: Connections) -> None:
    esme = lab.bound()
    connections.stall(1, StallOrder(read_order(b'{"for": "1s"}', StallOrder).for_))
    connections.stall(1, read_order(b'{"for": "3s"}', StallOrder))
    esme.submit()
    lab.run(2)
    assert esme.heard == []
    lab.run(1.1)
    assert len(esme.responses) == 1
    declined = connections.unstall(1)
    assert declined is not None
    assert declined.why is Why.TOO_LATE


def test_a_stalled_connection_that_is_reset_is_gone(lab: Lab, connections: Connections) -> None:
    esme = lab.bound()
    connections.stall(1, read_order(b'{"for": "3s"}', StallOrder))
    connections.drop(1, DropOrder("reset"))
    lab.run(0.1)
    assert not esme.open
    lab.run(4)
    assert lab.emulator.operators["op"].connections == {}


def test_it_is_told_what_was_stalled(lab: Lab) -> None:
    lab.start(ONE, steered=True)
    told: list[int] = []
    connections = Connections(lab.emulator.operators, lab.steering, told.append)
    lab.bound()
    connections.stall(1, StallOrder())
    connections.unstall(1)
    assert told == [1, 1]


def test_a_connection_that_does_not_stand_is_declined(connections: Connections, lab: Lab) -> None:
    lab.bound()
    for declined in (
        connections.drop(7, DropOrder()),
        connections.stall(7, StallOrder()),
        connections.unstall(7),
    ):
        assert declined is not None
        assert (declined.why, declined.detail) == (Why.UNKNOWN, "connection: found 7; those that stand: 1")


def test_an_order_that_cannot_be_read_says_why() -> None:
    with pytest.raises(ConfigError, match="expected one of unbind, reset, close"):
        read_order(b'{"how": "kill"}', DropOrder)
