"""Starting and stopping an emulator."""

from __future__ import annotations

import pytest
from twisted.internet.error import CannotListenError

from smsc.app import Emulator
from smsc.scenario.model import Scenario
from tests.smsc.conftest import EPOCH, Lab
from yamlmodel.loader import loads


def test_every_operator_listens(lab: Lab) -> None:
    lab.start('operators: {a: {listen: "tcp:2775"}, b: {listen: "tcp:0.0.0.0:2776"}, c: {listen: "tcp:0"}}')
    assert lab.addresses["a"] == ("127.0.0.1", 2775)
    assert lab.addresses["b"] == ("0.0.0.0", 2776)  # noqa: S104 - in memory
    assert lab.addresses["c"][1] not in (0, 2775, 2776)


def test_when_one_cannot_listen_none_does(lab: Lab) -> None:
    lab.network.taken.add(2776)
    with pytest.raises(CannotListenError):
        lab.start('operators: {a: {listen: "tcp:2775"}, b: {listen: "tcp:2776"}}')
    assert lab.network.ports == {}


def test_operators_do_not_share_message_ids_or_accounts(lab: Lab) -> None:
    lab.start('operators: {a: {listen: "tcp:2775"}, b: {listen: "tcp:2776", ids: hex}}')
    a, b = lab.bound(), lab.bound(port=2776)
    a.submit()
    b.submit()
    lab.run(1.1)
    assert (len(a.deliveries), len(b.deliveries)) == (1, 1)
    assert int(a.responses[0].message_id) == int(b.responses[0].message_id, 16)
    assert {name: stats.accepted for name, stats in lab.emulator.stats.operators.items()} == {"a": 1, "b": 1}


def test_the_timeline_can_be_held(lab: Lab) -> None:
    scenario = loads('operators: {a: {listen: "tcp:2775"}}\ntimeline: [{at: 1s, fault: outage}]', Scenario)
    emulator = Emulator(scenario, clock=lab.clock, network=lab.network, journal=None, epoch=EPOCH)
    emulator.start(hold_timeline=True)
    lab.run(5)
    assert list(lab.network.ports) == [2775]
    emulator.begin_timeline()
    lab.run(0.9)
    assert list(lab.network.ports) == [2775]
    lab.run(0.2)
    assert list(lab.network.ports) == []
    emulator.stop()


def test_the_same_seed_makes_the_same_decisions(lab: Lab) -> None:
    scenario = """
    seed: 9
    operators:
      a: {listen: "tcp:2775", submit: {latency: lognormal 40ms p99 400ms}, receipts: {delay: uniform 0s 9s}}
    """

    def pdus(lab: Lab) -> list[tuple[float, bytes]]:
        esme = lab.start(scenario).bound()
        for number in range(30):
            esme.submit(to=f"7705{number:07}")
        lab.run(10)
        found = [(row.at, row.octets) for row in lab.inbox().pdus()]
        lab.stop()
        return found

    assert pdus(lab) == pdus(Lab())
