"""Rules and states that are changed while the emulator runs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from smppkit.status import CommandStatus as S
from smsc.control.declined import Declined, Why
from smsc.control.orders import read_order
from smsc.control.rules import RuleChange, RuleOrder, RuntimeRules, StateOrder
from tests.smsc.conftest import Esme, Lab
from yamlmodel.errors import ConfigError

ONE = """
operators:
  op:
    listen: tcp:2775
    submit: {latency: 0s}
    states: {login: started, each: {initial: new, per: to}}
    rules:
      - {when: {to: "7700*"}, respond: ESME_RINVDSTADR, note: from the file}
      - {when: {text: "*code*"}, in: {login: started}, then: {login: sent}}
"""
TWO = """
operators:
  one: {listen: "tcp:2775", submit: {latency: 0s}, rules: [{when: {to: "1*"}, respond: ESME_RINVDSTADR}]}
  other: {listen: "tcp:2776", submit: {latency: 0s}, rules: [{when: {to: "2*"}, respond: ESME_RINVDSTADR}]}
"""
REFUSE = {"when": {"to": "77050000*"}, "respond": "ESME_RTHROTTLED"}


@pytest.fixture
def rules(lab: Lab) -> RuntimeRules:
    lab.start(ONE, steered=True)
    return RuntimeRules(lab.emulator.operators)


def order(**body: Any) -> RuleOrder:
    return read_order(msgspec.json.encode(body), RuleOrder)


def status(lab: Lab, esme: Esme, to: str = "770500001") -> int:
    esme.heard.clear()
    esme.submit(to=to)
    lab.run(0.1)
    (response,) = esme.responses
    return response.command_status


def ids(rules: RuntimeRules, operator: str | None = None) -> list[str]:
    found = rules.listed(operator)
    assert not isinstance(found, Declined)
    return [one.status.id for one in found]


def declined(found: object) -> tuple[Why, str]:
    assert isinstance(found, Declined)
    return found.why, found.key


def test_a_rule_is_added_switched_replaced_and_taken_out(lab: Lab, rules: RuntimeRules) -> None:
    esme = lab.bound()
    assert status(lab, esme) == 0
    rule_id = rules.add(order(rule=REFUSE))
    assert rule_id == "api-1"
    assert status(lab, esme) == S.ESME_RTHROTTLED
    assert rules.enable(rule_id, False) is None
    assert status(lab, esme) == 0
    assert rules.enable(rule_id, True) is None
    changed = read_order(msgspec.json.encode({"rule": {**REFUSE, "respond": "ESME_RSYSERR"}}), RuleChange)
    assert rules.replace(rule_id, changed) is None
    assert status(lab, esme) == S.ESME_RSYSERR
    assert rules.remove(rule_id) is None
    assert status(lab, esme) == 0


def test_the_rules_are_listed_with_origin_and_hits(lab: Lab, rules: RuntimeRules) -> None:
    esme = lab.bound()
    rules.add(order(rule=REFUSE))
    rules.add(order(rule={"when": {}, "respond": "ESME_RSYSERR", "id": "last"}, first=False))
    status(lab, esme)
    status(lab, esme, to="7700")
    found = rules.listed()
    assert not isinstance(found, Declined)
    assert [(one.operator, one.origin, one.status.id, one.status.hits) for one in found] == [
        ("op", "api", "api-1", 1),
        ("op", "scenario", "rule-1", 1),
        ("op", "scenario", "rule-2", 0),
        ("op", "api", "last", 0),
    ]


def test_a_namespace_confines_a_rule_to_one_account(lab: Lab, rules: RuntimeRules) -> None:
    shop, bank = lab.bound("shop"), lab.bound("bank")
    rules.add(order(rule=REFUSE, namespace="shop"))
    assert (status(lab, shop), status(lab, bank)) == (S.ESME_RTHROTTLED, 0)


def test_without_an_operator_a_rule_is_for_all_of_them(lab: Lab) -> None:
    lab.start(TWO, steered=True)
    rules = RuntimeRules(lab.emulator.operators)
    one, other = lab.bound(), lab.bound(port=2776)
    rule_id = rules.add(order(rule=REFUSE))
    assert isinstance(rule_id, str)
    assert (status(lab, one), status(lab, other)) == (S.ESME_RTHROTTLED, S.ESME_RTHROTTLED)
    assert rules.remove(rule_id, "one") is None
    assert (status(lab, one), status(lab, other)) == (0, S.ESME_RTHROTTLED)
    assert rules.remove(rule_id) is None
    assert status(lab, other) == 0
    only = rules.add(order(rule=REFUSE, operator="other"))
    assert isinstance(only, str)
    assert (status(lab, one), status(lab, other)) == (0, S.ESME_RTHROTTLED)
    assert rules.remove(only) is None
    # What two files call alike is not the same.
    assert declined(rules.remove("rule-1")) == (Why.IMPOSSIBLE, "operator")
    assert rules.remove("rule-1", "one") is None


def test_an_id_that_is_taken_at_one_operator_is_given_at_none(lab: Lab) -> None:
    lab.start(TWO, steered=True)
    rules = RuntimeRules(lab.emulator.operators)
    rules.add(order(rule={**REFUSE, "id": "mine"}, operator="other"))
    assert declined(rules.add(order(rule={**REFUSE, "id": "mine"}))) == (Why.IMPOSSIBLE, "rule")
    assert ids(rules) == ["rule-1", "mine", "rule-1"]


def test_forgetting_an_account_takes_out_its_rules_and_what_they_counted(lab: Lab, rules: RuntimeRules) -> None:
    for namespace in ("shop", "bank", None):
        rules.add(order(rule=REFUSE, namespace=namespace))
    rules.forget("shop")
    assert ids(rules) == ["api-3", "api-2", "rule-1", "rule-2"]


def test_forgetting_everything_leaves_the_rules_of_the_scenario_as_they_were(lab: Lab, rules: RuntimeRules) -> None:
    esme = lab.bound()
    rules.add(order(rule=REFUSE))
    rules.add(order(rule=REFUSE, namespace="shop"))
    status(lab, esme, to="7700")
    rules.enable("rule-2", False)
    rules.remove("rule-1")
    rules.forget(None)
    found = rules.listed()
    assert not isinstance(found, Declined)
    assert [(one.origin, one.status.rule.note, one.status.enabled, one.status.hits) for one in found] == [
        ("scenario", "from the file", True, 0),
        ("scenario", "", True, 0),
    ]
    assert status(lab, esme, to="7700") == S.ESME_RINVDSTADR


def test_states_are_listed_set_and_reset(lab: Lab, rules: RuntimeRules) -> None:
    esme = lab.bound()
    esme.submit(text="your code")
    lab.run(0.1)
    found = rules.machines()
    assert not isinstance(found, Declined)
    login, each = found
    assert (login[0], login[1].name, login[1].initial) == ("op", "login", "started")
    assert list(login[1].states.values()) == ["sent"]
    assert rules.set_state("op", "login", StateOrder("started")) is None
    assert lab.emulator.operators["op"].state.rulebook.state("login") == "started"
    rules.set_state("op", "login", StateOrder("sent"))
    assert rules.reset_states("op", "login") is None
    assert lab.emulator.operators["op"].state.rulebook.state("login") == "started"
    assert each[1].name == "each"
    assert rules.set_state("op", "each", StateOrder("new", "shop", "+7701")) is None


def test_what_cannot_be_done_says_why(lab: Lab, rules: RuntimeRules) -> None:
    assert declined(rules.add(order(rule=REFUSE, operator="opp"))) == (Why.UNKNOWN, "operator")
    assert declined(rules.add(order(rule={**REFUSE, "then": {"logon": "x"}}))) == (Why.IMPOSSIBLE, "rule")
    unknown = rules.remove("rule-7")
    assert isinstance(unknown, Declined)
    assert unknown.detail == 'there is no rule "rule-7"; did you mean "rule-2"?'
    assert declined(rules.enable("x", True)) == (Why.UNKNOWN, "id")
    assert declined(rules.listed("opp")) == (Why.UNKNOWN, "operator")
    assert declined(rules.set_state("op", "logn", StateOrder("x"))) == (Why.UNKNOWN, "name")
    assert declined(rules.set_state("op", "login", StateOrder("x"))) == (Why.IMPOSSIBLE, "state")
    assert declined(rules.set_state("op", "each", StateOrder("new"))) == (Why.IMPOSSIBLE, "system_id")
    assert declined(rules.set_state("op", "login", StateOrder("sent", "shop"))) == (Why.IMPOSSIBLE, "system_id")
    assert declined(rules.reset_states("op", "logn")) == (Why.UNKNOWN, "name")


def test_a_namespace_that_nobody_has_is_refused_where_accounts_are_known(lab: Lab) -> None:
    lab.start('operators: {op: {listen: "tcp:2775", accounts: [{system_id: shop, password: secret}]}}', steered=True)
    rules = RuntimeRules(lab.emulator.operators)
    assert declined(rules.add(order(rule=REFUSE, namespace="shoop"))) == (Why.UNKNOWN, "namespace")


def test_it_is_told_of_every_change(lab: Lab) -> None:
    lab.start(ONE, steered=True)
    told: list[int] = []
    rules = RuntimeRules(lab.emulator.operators, lambda: told.append(1))
    rule_id = rules.add(order(rule=REFUSE))
    assert isinstance(rule_id, str)
    rules.enable(rule_id, False)
    rules.remove(rule_id)
    rules.set_state("op", "login", StateOrder("sent"))
    rules.forget("shop")
    assert len(told) == 5


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"rule": {"when": {"too": "7"}, "respond": "none"}}, 'rule.when: unknown key "too"; did you mean "to"?'),
        ({"rule": {"respond": "ESME_RTHROTTLE"}}, "did you mean"),
        ({"rule": {"when": {"to": "7"}}}, "rule: the rule does nothing"),
        ({}, 'the key "rule" is missing'),
    ],
)
def test_a_rule_that_cannot_be_read_says_where_and_why(body: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        order(**body)
    assert problem in str(caught.value)
