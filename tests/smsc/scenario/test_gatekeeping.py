from smsc.scenario.accounts import Access
from smsc.scenario.gatekeeping import ADDRESSES_KEPT, Gate
from smsc.scenario.model import Scenario
from yamlmodel.loader import loads


def access(text: str) -> Access:
    return loads(f"operators: {{x: {{access: {text}}}}}", Scenario).operators["x"].access


LOCKING = "{lock_out: {failures: 3, within: 10s, for: 60s}}"


def test_nobody_is_kept_out_unless_the_scenario_says_so() -> None:
    gate = Gate(Access())
    for _ in range(100):
        gate.bind_failed("a", 1.0)
        gate.lost("shop", "a", 1.0)
    assert gate.connecting("a", 1.0)
    assert not gate.locked_out("a", 1.0)
    assert gate.binds("shop", 1.0) == 0
    assert len(gate) == 0


def test_an_address_that_fails_too_often_is_locked_out_for_a_while() -> None:
    gate = Gate(access(LOCKING))
    for now in (0.0, 4.0):
        gate.bind_failed("a", now)
    assert not gate.locked_out("a", 4.0)
    gate.bind_failed("a", 10.0)
    assert gate.locked_out("a", 10.0)
    assert not gate.locked_out("b", 10.0)
    assert not gate.connecting("a", 69.9)
    assert gate.connecting("a", 70.0)


def test_failures_that_lie_further_apart_count_for_nothing() -> None:
    gate = Gate(access(LOCKING))
    for now in range(0, 100, 6):
        gate.bind_failed("a", float(now))
        assert not gate.locked_out("a", float(now))


def test_the_locked_out_may_connect_where_they_are_told_by_a_status() -> None:
    gate = Gate(access("{lock_out: {failures: 1}, address_refused: ESME_RBINDFAIL}"))
    gate.bind_failed("a", 0.0)
    assert gate.locked_out("a", 0.0)
    assert gate.connecting("a", 0.0)


def test_addresses_that_are_not_allowed_are_dropped_as_they_come() -> None:
    gate = Gate(access("{allow: [10.0.0.0/8]}"))
    assert gate.connecting("10.1.1.1", 0.0)
    assert not gate.connecting("11.1.1.1", 0.0)


def test_an_address_that_connects_too_fast_is_dropped() -> None:
    gate = Gate(access("{connect_rate: 2/s}"))
    assert [gate.connecting("a", 0.0) for _ in range(3)] == [True, True, False]
    assert gate.connecting("b", 0.0)
    assert gate.connecting("a", 0.5)


def test_a_ghost_blocks_binding_for_its_time() -> None:
    gate = Gate(access("{ghost: 2m}"))
    gate.lost("shop", "a", 0.0)
    gate.lost("shop", "b", 60.0)
    assert [gate.binds("shop", now) for now in (60.0, 119.9, 120.0, 180.0)] == [2, 2, 1, 0]
    assert gate.binds("bank", 60.0) == 0
    assert len(gate) == 0


def test_a_crowd_of_strangers_takes_bounded_memory() -> None:
    gate = Gate(access("{lock_out: {failures: 1}, ghost: 1h, connect_rate: 1/s}"))
    for number in range(ADDRESSES_KEPT + 100):
        address = f"10.1.{number >> 8}.{number & 255}"
        gate.connecting(address, 0.0)
        gate.bind_failed(address, 0.0)
        gate.lost(address, address, 0.0)
    assert len(gate) <= 3 * ADDRESSES_KEPT
