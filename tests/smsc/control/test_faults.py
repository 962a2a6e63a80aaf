"""Faults that are put on while the emulator runs strike what is connected already, and end when they are taken off."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from twisted.internet.defer import Deferred, fail

from smppkit.status import CommandStatus as S
from smsc.control.declined import Declined, Why
from smsc.control.faults import KINDS, Disturbance, FaultOrder, RuntimeFaults
from smsc.control.orders import read_order
from tests.smsc.conftest import Lab
from yamlmodel.errors import ConfigError

TWO = """
operators:
  one: {listen: "tcp:2775", submit: {latency: 0s}, receipts: {delay: 100s}}
  other: {listen: "tcp:2776", submit: {latency: 0s}, receipts: {delay: 100s}}
"""


@pytest.fixture
def faults(lab: Lab) -> RuntimeFaults:
    lab.start(TWO, steered=True)
    return RuntimeFaults(lab.emulator.operators, lab.steering)


def order(**body: Any) -> FaultOrder:
    return read_order(json.dumps(body).encode(), FaultOrder)


def put_on(faults: RuntimeFaults, **body: Any) -> Disturbance:
    disturbance = faults.put_on(order(**body))
    assert isinstance(disturbance, Disturbance)
    return disturbance


def statuses(lab: Lab, esme: Any, number: int = 1) -> list[int]:
    """How so many submits are answered."""
    esme.heard.clear()
    for _ in range(number):
        esme.submit()
    lab.run(0.1)
    return [pdu.command_status for pdu in esme.responses]


def test_a_fault_strikes_a_connection_that_stands_already_and_ends_when_it_is_taken_off(
    lab: Lab, faults: RuntimeFaults
) -> None:
    esme = lab.bound()
    disturbance = put_on(faults, fault={"fault": "no-response"})
    assert statuses(lab, esme) == []
    assert (disturbance.strikes, faults.on()) == (1, (disturbance,))
    assert faults.take_off(disturbance.number) is None
    assert (statuses(lab, esme), faults.on()) == ([0], ())


def test_a_fault_with_a_time_ends_by_itself(lab: Lab, faults: RuntimeFaults) -> None:
    esme = lab.bound()
    put_on(faults, fault={"fault": "no-response"}, **{"for": "10s"})
    assert statuses(lab, esme) == []
    lab.run(10, step=1)
    assert (statuses(lab, esme), faults.on()) == ([0], ())


def test_its_time_is_that_of_the_clock_that_can_be_advanced(lab: Lab, faults: RuntimeFaults) -> None:
    lab.steering.pause()
    put_on(faults, fault={"fault": "outage"}, **{"for": "10s"})
    lab.run(20, step=1)
    assert len(faults.on()) == 1
    lab.steering.advance(10)
    assert faults.on() == ()


def test_a_fault_befalls_one_operator_or_all(lab: Lab, faults: RuntimeFaults) -> None:
    one, other = lab.bound(), lab.bound(port=2776)
    first = put_on(faults, fault={"fault": "throttle", "rate": "1/s"}, operator="one")
    assert (statuses(lab, one, 2), statuses(lab, other, 2)) == ([0, S.ESME_RTHROTTLED], [0, 0])
    faults.take_off(first.number)
    both = put_on(faults, fault={"fault": "no-response"})
    assert (statuses(lab, one), statuses(lab, other)) == ([], [])
    assert (both.operators, both.everywhere, both.strikes) == (("one", "other"), True, 2)


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "no-response"},
        {"fault": "no-response", "account": "sh*"},
        {"fault": "stall", "direction": "both"},
    ],
)
def test_a_namespace_confines_a_fault_to_one_account(lab: Lab, faults: RuntimeFaults, fault: dict[str, Any]) -> None:
    shop, shoe = lab.bound("shop"), lab.bound("shoe")
    put_on(faults, fault=fault, namespace="shop")
    assert (statuses(lab, shop), statuses(lab, shoe)) == ([], [0])


def test_a_throttle_can_be_for_one_account_alone_and_the_tightest_holds(lab: Lab, faults: RuntimeFaults) -> None:
    shop, bank = lab.bound("shop"), lab.bound("bank")
    mine = put_on(faults, fault={"fault": "throttle", "rate": "1/s"}, namespace="shop")
    assert (statuses(lab, shop, 3), statuses(lab, bank, 3)) == ([0, S.ESME_RTHROTTLED, S.ESME_RTHROTTLED], [0, 0, 0])
    put_on(faults, fault={"fault": "throttle", "rate": "2/s"})
    assert (statuses(lab, shop, 3).count(0), statuses(lab, bank, 3).count(0)) == (1, 2)
    faults.take_off(mine.number)
    assert statuses(lab, shop, 3).count(0) == 2


def test_what_happens_at_once_is_over_and_not_kept(lab: Lab, faults: RuntimeFaults) -> None:
    shop, bank, third = lab.bound("shop"), lab.bound("bank"), lab.bound("bank")
    put_on(faults, fault={"fault": "reset"}, namespace="shop")
    put_on(faults, fault={"fault": "unbind", "binds": 1}, namespace="bank")
    lab.run(1)
    assert (shop.open, third.open) == (False, True)
    assert not bank.link._upper.session.bound  # type: ignore[union-attr]
    assert faults.on() == ()
    assert lab.stats.resets == 1


def test_an_outage_cuts_and_refuses_until_it_is_over(lab: Lab, faults: RuntimeFaults) -> None:
    esme = lab.bound()
    outage = put_on(faults, fault={"fault": "outage"}, operator="one")
    lab.run(0.1)
    assert not esme.open
    assert 2775 not in lab.network.ports
    faults.take_off(outage.number)
    lab.run(0.1)
    assert lab.bound().open


def test_a_restart_without_memory_is_back_after_its_time(lab: Lab, faults: RuntimeFaults) -> None:
    lab.bound().submit()
    lab.run(0.1)
    put_on(faults, fault={"fault": "restart", "memory": False, "for": "3s"}, operator="one")
    lab.run(2)
    assert 2775 not in lab.network.ports
    lab.run(2)
    assert lab.bound().open
    assert (lab.stats.receipts.forgotten, faults.on()) == (1, ())


def test_forgetting_an_account_takes_off_what_was_put_on_for_it(lab: Lab, faults: RuntimeFaults) -> None:
    for namespace in ("shop", "bank", None):
        put_on(faults, fault={"fault": "no-response"}, namespace=namespace)
    assert faults.forget("shop") == 1
    assert [one.namespace for one in faults.on()] == ["bank", None]
    assert faults.forget(None) == 2
    assert faults.on() == ()


def test_whoever_wants_to_know_is_told_of_every_change(lab: Lab) -> None:
    lab.start(TWO, steered=True)
    changes: list[int] = []
    faults = RuntimeFaults(lab.emulator.operators, lab.steering, lambda: changes.append(len(faults.on())))
    first = put_on(faults, fault={"fault": "crlf"})
    put_on(faults, fault={"fault": "crlf"}, **{"for": "1s"})
    faults.take_off(first.number)
    lab.run(1.1)
    assert changes == [1, 2, 1, 0]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_put_on_and_taken_off(lab: Lab, faults: RuntimeFaults, kind: str) -> None:
    lab.bound()
    lab.network.client = lambda *args: _Unreachable()  # type: ignore[method-assign]
    fault = yaml.safe_load(KINDS[kind].example)
    for key in ("at", "for"):
        fault.pop(key, None)
    put_on(faults, fault=fault, operator="one")
    for disturbance in faults.on():
        assert faults.take_off(disturbance.number) is None
    lab.run(1)
    assert faults.on() == ()


class _Unreachable:
    def connect(self, factory: Any) -> Deferred[Any]:
        return fail(OSError("unreachable"))


@pytest.mark.parametrize(
    ("body", "why", "detail"),
    [
        ({"fault": {"fault": "crlf"}, "operator": "onne"}, Why.UNKNOWN, 'found "onne"; expected one of one, other'),
        ({"fault": {"fault": "outage"}, "namespace": "shop"}, Why.IMPOSSIBLE, "befalls the whole operator"),
        ({"fault": {"fault": "restart"}, "namespace": "shop"}, Why.IMPOSSIBLE, "befalls the whole operator"),
        ({"fault": {"fault": "unbind"}, "for": "5s"}, Why.IMPOSSIBLE, "happens at once"),
        ({"fault": {"fault": "reset"}, "for": "5s"}, Why.IMPOSSIBLE, "happens at once"),
    ],
)
def test_what_makes_no_sense_is_declined_in_words(
    faults: RuntimeFaults, body: dict[str, Any], why: Why, detail: str
) -> None:
    declined = faults.put_on(order(**body))
    assert isinstance(declined, Declined)
    assert declined.why is why
    assert detail in declined.detail


def test_what_is_not_on_cannot_be_taken_off(faults: RuntimeFaults) -> None:
    over = put_on(faults, fault={"fault": "crlf"})
    faults.take_off(over.number)
    assert faults.take_off(over.number) == Declined(
        Why.TOO_LATE, f"the fault {over.number} is over already; those that are on: none", "id"
    )
    unknown = faults.take_off(77)
    assert unknown is not None
    assert unknown.why is Why.UNKNOWN


def test_there_is_an_end_to_faults(faults: RuntimeFaults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsc.control.faults.MOST_FAULTS", 2)
    for _ in range(2):
        put_on(faults, fault={"fault": "crlf"})
    declined = faults.put_on(order(fault={"fault": "crlf"}))
    assert isinstance(declined, Declined)
    assert declined.why is Why.FULL


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"fault": {"fault": "thortle"}}, 'fault.fault: found "thortle"; expected one of'),
        ({"fault": {"fault": "throtle"}}, 'did you mean "throttle"'),
        ({"fault": {"fault": "throttle", "rat": "5/s"}}, 'unknown key "rat"'),
        ({"fault": {"fault": "throttle", "rate": "fast"}}, 'fault.rate: found "fast"; expected'),
        ({"fault": {"fault": "crlf"}, "fro": "5s"}, 'unknown key "fro"; did you mean "for"?'),
        ({}, 'the key "fault" is missing'),
    ],
)
def test_an_order_that_cannot_be_read_says_where_and_why(body: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        order(**body)
    assert problem in str(caught.value)
