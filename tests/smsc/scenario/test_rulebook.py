"""Rules changed at run time, as a control interface changes them."""

import pytest

from smppkit.pdus import SubmitSm
from smsc.scenario.counting import Key, Per
from smsc.scenario.draws import Chance, Draws
from smsc.scenario.engine import OperatorState
from smsc.scenario.patterns import AddressPattern
from smsc.scenario.reading import Reading
from smsc.scenario.receipts import Receipts
from smsc.scenario.rule_model import Rule, When
from smsc.scenario.rulebook import Rulebook
from tests.smsc.scenario.world import message, operator, read, send


def rule(text: str) -> Rule:
    return read(f"{{states: {{login: started}}, rules: [{{{text}}}]}}").rules[0]


def statuses(state: OperatorState, *pdus: SubmitSm, system_id: str = "shop") -> list[int]:
    return [send(state, pdu, system_id=system_id).status for pdu in pdus]


REFUSE_1 = "when: {to: '1*'}, respond: 0x58"
REFUSE_2 = "when: {to: '2*'}, respond: 0x45"
ONE, TWO, OTHER = message("1"), message("2"), message("3")


def test_a_rule_that_is_added_applies_from_then_on() -> None:
    state = operator()
    assert statuses(state, ONE) == [0]
    rule_id = state.rulebook.add(rule(REFUSE_1))
    assert statuses(state, ONE, TWO) == [0x58, 0]
    state.rulebook.enable(rule_id, False)
    assert statuses(state, ONE) == [0]
    state.rulebook.enable(rule_id)
    assert statuses(state, ONE) == [0x58]
    assert state.rulebook.get(rule_id).hits == 2
    state.rulebook.remove(rule_id)
    assert statuses(state, ONE) == [0]
    assert not state.has_rules


def test_a_rule_goes_before_the_others_or_behind_them() -> None:
    state = operator("rules: [{when: {to: '1*'}, respond: 0x58}]")
    behind = state.rulebook.add(rule("respond: 0x0A"))
    assert statuses(state, ONE, TWO) == [0x58, 0x0A]
    state.rulebook.add(rule("respond: 0x0B"), at=0)
    assert statuses(state, ONE, TWO) == [0x0B, 0x0B]
    state.rulebook.move(behind, 0)
    assert statuses(state, ONE) == [0x0A]
    assert [status.id for status in state.rulebook.listed()] == ["rule-2", "rule-3", "rule-1"]


def test_a_rule_of_a_namespace_is_for_one_account_alone() -> None:
    state = operator()
    state.rulebook.add(rule(REFUSE_1), namespace="bank")
    assert statuses(state, ONE) == [0]
    assert statuses(state, ONE, system_id="bank") == [0x58]
    assert [status.namespace for status in state.rulebook.listed("bank")] == ["bank"]
    assert state.rulebook.listed("shop") == []
    state.rulebook.clear("bank")
    assert statuses(state, ONE, system_id="bank") == [0]


def test_ids_that_are_made_are_nobody_elses() -> None:
    state = operator("rules: [{respond: 1}, {id: rule-1, respond: 2}, {respond: 3}, {id: rule-4, respond: 4}]")
    added = state.rulebook.add(rule(REFUSE_1))
    ids = [status.id for status in state.rulebook.listed()]
    assert ids == ["rule-2", "rule-1", "rule-3", "rule-4", added]
    assert len({*ids, *state.rulebook.set_rules([rule(REFUSE_1), rule(REFUSE_2)], "bank")}) == 7


def test_the_rules_that_stay_keep_what_they_counted() -> None:
    state = operator("rules: [{id: third, when: {to: '1*', count: 3, per: to}, respond: 0x58}]")
    assert statuses(state, ONE, ONE) == [0, 0]
    (third,) = (status.rule for status in state.rulebook.listed())
    assert state.rulebook.set_rules([rule(REFUSE_2), third]) == ["rule-2", "third"]
    assert state.rulebook.get("third").counters == {Key("shop", "1"): 2}
    assert statuses(state, ONE, ONE, TWO) == [0x58, 0, 0x45]
    state.rulebook.set_rules([])
    state.rulebook.set_rules([third])
    assert state.rulebook.get("third").counters == {}


def test_a_rule_that_is_replaced_keeps_its_place_and_counts_anew() -> None:
    state = operator("rules: [{id: a, when: {count: 1}, respond: 0x58}, {respond: 0x45}]")
    assert statuses(state, ONE, ONE) == [0x58, 0x45]
    state.rulebook.replace("a", rule("when: {count: 1}, respond: 0x0A"))
    assert statuses(state, ONE, ONE) == [0x0A, 0x45]
    with pytest.raises(ValueError, match='the id is "b"; expected "a", or none'):
        state.rulebook.replace("a", rule("id: b, respond: 0x0A"))


def test_the_chance_of_a_rule_does_not_change_with_its_place() -> None:
    def refused(state: OperatorState) -> list[int]:
        return statuses(state, *(message(str(number)) for number in range(50)))

    lone, moved = (operator("rules: [{probability: 50%, respond: 0x58}]") for _ in range(2))
    moved.rulebook.add(rule(REFUSE_1.replace("1*", "nobody")), at=0)
    assert refused(lone) == refused(moved)


def test_rules_that_draw_fates_are_minded_from_then_on() -> None:
    state = operator()
    assert not state.planner.minds_parts
    state.rulebook.add(rule("receipt: {stat: UNDELIV}, probability: 50%"))
    assert state.planner.minds_parts
    assert state.planner.shares_rules


def test_names_that_are_not_known_are_explained() -> None:
    book = operator("rules: [{id: third, respond: 0x58}]").rulebook
    for act in (book.get, book.remove, book.enable):
        with pytest.raises(LookupError, match='there is no rule "thrd"; did you mean "third"'):
            act("thrd")
    with pytest.raises(ValueError, match='a second rule "third"'):
        book.add(rule("id: third, respond: 0x58"))
    with pytest.raises(ValueError, match=r"then\.login: found .*none is declared in states"):
        book.add(rule("then: {login: sent}"))
    assert len(book.listed()) == 1


LOGIN = """
    states: {login: {initial: started, per: to}, busy: quiet}
    rules:
      - {when: {text: start}, in: {login: started}, then: {login: sent}}
      - {when: {text: "code"}, in: {login: sent}, then: {login: done}, respond: 0x58}
      - {when: {text: alarm}, then: {busy: loud}}"""


def says(text: str, to: str = "1") -> SubmitSm:
    return message(to, text.encode())


def test_machines_are_listed_set_and_reset() -> None:
    state = operator(LOGIN.lstrip())
    book = state.rulebook
    assert statuses(state, says("code"), says("start"), says("code"), says("code")) == [0, 0, 0x58, 0]
    login, busy = book.machines()
    assert (login.name, login.initial, login.per) == ("login", "started", Per.TO)
    assert (login.known, login.states) == (("started", "sent", "done"), {Key("shop", "1"): "done"})
    assert (busy.known, busy.states) == (("quiet", "loud"), {})
    book.set_state("login", "sent", Key("shop", "2"))
    assert statuses(state, says("code", "2"), says("code", "3")) == [0x58, 0]
    assert book.state("login", Key("shop", "2")) == "done"
    book.reset_machine("login")
    assert book.machine("login").states == {}
    with pytest.raises(ValueError, match='found "snt"; login can be started, sent, done; did you mean "sent"'):
        book.set_state("login", "snt")
    with pytest.raises(LookupError, match='there is no state machine "logn"; did you mean "login"'):
        book.state("logn")


def test_a_reset_of_one_account_leaves_the_others_alone() -> None:
    state = operator(LOGIN.lstrip())
    book = state.rulebook
    counting = book.add(rule("when: {text: x, count: 1, per: account}, respond: 0x58"))
    for system_id in ("shop", "bank"):
        statuses(state, says("start"), says("x"), says("alarm"), system_id=system_id)
    book.reset("shop")
    assert book.get(counting).counters == {Key("bank"): 1}
    assert book.machine("login").states == {Key("bank", "1"): "sent"}
    assert book.machines("shop")[0].states == {}
    assert book.state("busy") == "loud"  # of the operator as a whole
    book.reset()
    assert [status.hits for status in book.listed()] == [0, 0, 0, 0]
    assert (book.machine("login").states, book.state("busy")) == ({}, "quiet")


def test_what_was_forgotten_for_want_of_room_is_counted() -> None:
    counting = rule("when: {count: 2, per: to}, respond: 0x58")
    book = Rulebook([counting], {}, read("{}").receipts, most=2)
    for number in ("1", "2", "3"):
        pdu = message(number)
        book.rules.match(Reading(pdu), "shop", Draws(Chance(1, "x"), "shop", pdu))
    assert book.evicted == 1
    assert book.get("rule-1").counters == {Key("shop", "2"): 1, Key("shop", "3"): 1}


def test_thousands_of_rules_are_changed_and_listed_in_a_moment_and_keep_what_they_counted() -> None:
    """A look at each rule for each rule would be twenty-five million looks."""
    rules = [Rule(When(AddressPattern(f"7705{number:07}")), receipt="none") for number in range(5_000)]
    book = Rulebook(rules, {}, Receipts())
    first = book.listed()[0]
    ids = book.set_rules(rules[::-1])
    assert ids[-1] == first.id
    assert len(book.listed()) == 5_000


def test_of_equal_rules_as_many_stay_as_are_asked_for() -> None:
    rule = Rule(When(AddressPattern("7705*")), receipt="none")
    book = Rulebook([rule, rule, rule], {}, Receipts())
    before = [status.id for status in book.listed()]
    assert book.set_rules([rule, rule]) == before[:2]
    assert len(set(book.set_rules([rule] * 4))) == 4
