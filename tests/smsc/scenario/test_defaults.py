import pytest

from smppkit.message_state import MessageState, state_of
from smppkit.pdus import BindTransceiver, SubmitSm
from smppkit.status import parse_status
from smsc.scenario.binding import BindFacts, decide_bind
from smsc.scenario.decisions import Decision
from smsc.scenario.defaults import default_scenario, magic_numbers
from smsc.scenario.engine import OperatorState, decide_submit
from smsc.scenario.scalars import Listen

SCENARIO = default_scenario()
NUMBERS = dict(magic_numbers(SCENARIO))


def state() -> OperatorState:
    ((name, operator),) = SCENARIO.operators.items()
    return OperatorState(operator, name, SCENARIO.seed)


def send(to: str, operator: OperatorState | None = None, text: bytes = b"hello") -> Decision:
    operator = operator or state()
    account = operator.account("anyone")
    assert account is not None
    pdu = SubmitSm(source_addr="SHOP", destination_addr=to, registered_delivery=1, short_message=text)
    return decide_submit(operator, account, 1, pdu, 0.0)


def test_it_listens_for_this_machine_only_on_the_port_of_smpp() -> None:
    assert SCENARIO.operators["smsc"].listen == Listen("127.0.0.1", 2775)


def test_anyone_may_bind_with_any_password() -> None:
    for system_id in ("shop", ""):
        bind = BindTransceiver(system_id=system_id, password="whatever")
        assert decide_bind(state(), bind, BindFacts(binds_of_system_id=99)) == 0


def test_an_ordinary_number_gets_its_receipt_after_a_second() -> None:
    decision = send("77051234567")
    assert (decision.status, decision.respond_after) == (0, 0.0)
    assert decision.plan is not None
    assert (decision.plan.ends_after, decision.plan.fate.stat, decision.plan.fate.err) == (1.0, "DELIVRD", "000")
    assert decision.plan.wanted


def test_every_magic_number_is_told_to_people_and_none_hides_another() -> None:
    assert len(NUMBERS) == len(SCENARIO.operators["smsc"].rules)
    assert all(pattern.startswith("*555") and len(pattern) == 8 for pattern in NUMBERS)


@pytest.mark.parametrize("pattern", [pattern for pattern in NUMBERS if pattern.startswith("*5550")])
def test_5550_and_a_status_is_refused_with_it(pattern: str) -> None:
    status = int(pattern[-3:])
    assert send("7705" + pattern[1:]).status == status
    assert parse_status(NUMBERS[pattern].split()[2]) == status


@pytest.mark.parametrize("pattern", [pattern for pattern in NUMBERS if pattern.startswith("*5551")])
def test_5551_and_a_state_gets_a_receipt_with_it(pattern: str) -> None:
    plan = send("7705" + pattern[1:]).plan
    assert plan is not None
    assert plan.fate.state == MessageState(int(pattern[-3:])) == state_of(plan.fate.stat)
    assert plan.fate.stat in NUMBERS[pattern]


@pytest.mark.parametrize("pattern", [pattern for pattern in NUMBERS if pattern.startswith("*5552")])
def test_5552_and_seconds_is_answered_that_late_and_000_never(pattern: str) -> None:
    decision = send("7705" + pattern[1:])
    assert decision.no_response is (pattern == "*5552000")
    assert decision.respond_after == int(pattern[-3:])
    assert decision.plan is not None
    assert decision.plan.wanted


@pytest.mark.parametrize("pattern", [pattern for pattern in NUMBERS if pattern.startswith("*5553")])
def test_5553_and_seconds_gets_its_receipt_that_late_and_000_none(pattern: str) -> None:
    plan = send("7705" + pattern[1:]).plan
    assert plan is not None
    assert (plan.ends_after if plan.wanted else 0) == int(pattern[-3:])


@pytest.mark.parametrize("pattern", [pattern for pattern in NUMBERS if pattern.startswith("*5554")])
def test_5554_and_percent_is_throttled_that_often_and_never_stuck(pattern: str) -> None:
    operator = state()
    statuses = [send("7705" + pattern[1:], operator).status for _ in range(600)]
    assert set(statuses) == {0, 88}
    assert statuses.count(88) / 600 == pytest.approx(int(pattern[-3:]) / 100, abs=0.06)
