import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.message_state import MessageState
from smsc.scenario.people import CONDUCT, Person
from smsc.scenario.subscribers import Condition, Subscriber
from tests.smsc.scenario.world import fate_of, message, operator, plan_of, read, send

DAY = 86400.0


@pytest.mark.parametrize(
    ("condition", "fate"),
    [
        ("on", ("DELIVRD", "000", 1.0)),
        ("roaming", ("DELIVRD", "000", 6.0)),
        ("off", ("EXPIRED", "027", 2 * DAY)),
        ("full", ("EXPIRED", "032", 2 * DAY)),
        ("ported", ("UNDELIV", "005", 1.0)),
        ("blacklisted", ("REJECTD", "013", 1.0)),
        ("landline", ("UNDELIV", "011", 1.0)),
        ("unknown", ("UNDELIV", "001", 1.0)),
    ],
)
def test_a_condition_decides_what_becomes_of_a_message(condition: str, fate: tuple[str, str, float]) -> None:
    state = operator(f"subscribers: [{{numbers: 7701*, is: {condition}}}]")
    assert fate_of(send(state, message("77010000000"))) == fate
    assert fate_of(send(state, message("+77010000000"))) == fate
    assert fate_of(send(state, message("77050000000"))) == ("DELIVRD", "000", 1.0)


def test_every_condition_has_its_conduct() -> None:
    assert set(CONDUCT) == set(Condition)


def test_the_first_entry_that_matches_a_number_is_its() -> None:
    state = operator("subscribers: [{numbers: '77010*', is: ported}, {numbers: '7701*', is: landline}]")
    assert fate_of(send(state, message("77010000000")))[1] == "005"
    assert fate_of(send(state, message("77011000000")))[1] == "011"


def test_off_numbers_are_tried_again_until_they_are_on() -> None:
    state = operator(
        "{submit: {schedule: {tries: [10s, 30s]}}, subscribers: [{numbers: '*', over_time: [{is: off, for: 2m}]}]}"
    )
    state.began = 100.0
    # Tried after 1, 11, 41, 71, 101 and 131 seconds.
    assert fate_of(send(state, now=100.0)) == ("DELIVRD", "000", 131.0)
    assert fate_of(send(state, now=219.0)) == ("DELIVRD", "000", 1.0)
    assert fate_of(send(state, now=218.5)) == ("DELIVRD", "000", 11.0)


def test_a_message_for_an_off_number_expires_with_its_validity() -> None:
    state = operator("{subscribers: [{numbers: '*', over_time: [{is: off, for: 2h}]}]}")
    short = plan_of(send(state, message(validity_period="000000003000000R")))
    assert (short.fate.state, short.ends_after, short.expires_after) == (MessageState.EXPIRED, 1800.0, 1800.0)
    assert fate_of(send(state))[0] == "DELIVRD"


def test_phases_may_go_round_and_round() -> None:
    state = operator(
        "{submit: {schedule: {tries: [1s]}}, receipts: {delay: 0s},"
        " subscribers: [{numbers: '*', repeat: true, over_time: [{is: on, for: 10s}, {is: off, for: 20s}]}]}"
    )
    state.began = 0.0
    for now, after in ((0.0, 0.0), (9.5, 0.0), (10.0, 20.0), (29.0, 1.0), (30.0, 0.0), (70.5, 20.0), (100.0, 20.0)):
        assert fate_of(send(state, now=now))[2] == pytest.approx(after)


def test_after_its_phases_a_number_is_as_it_is() -> None:
    state = operator("subscribers: [{numbers: '*', is: ported, over_time: [{is: on, for: 10s}]}]")
    assert [fate_of(send(state, now=now))[0] for now in (0.0, 8.0, 9.5)] == ["DELIVRD", "DELIVRD", "UNDELIV"]


def test_time_counts_from_the_first_message_when_nobody_says_otherwise() -> None:
    state = operator("subscribers: [{numbers: '*', is: ported, over_time: [{is: on, for: 10s}]}]")
    assert [fate_of(send(state, now=now))[0] for now in (5000.0, 5009.5)] == ["DELIVRD", "UNDELIV"]


def test_a_share_is_always_the_same_numbers() -> None:
    text = "subscribers: [{numbers: '7701*', is: ported, share: 30%}]"

    def ported(seed: int) -> list[bool]:
        state = operator(text, seed)
        return [fate_of(send(state, message(f"7701{n:07}")))[0] == "UNDELIV" for n in range(2000)]

    assert ported(1) == ported(1)
    assert ported(1) != ported(2)
    assert sum(ported(1)) / 2000 == pytest.approx(0.3, abs=0.04)


def test_an_entry_may_have_its_own_state_code_delay_and_status() -> None:
    state = operator(
        "{receipts: {err: {UNDELIV: '050'}}, subscribers: ["
        "{numbers: '1*', is: ported}, {numbers: '2*', is: ported, stat: REJECTD, err: '099', delay: 9s},"
        "{numbers: '3*', respond: ESME_RINVDSTADR}, {numbers: '4*', stat: EXPIRED}]}"
    )
    assert fate_of(send(state, message("1"))) == ("UNDELIV", "050", 1.0)
    assert fate_of(send(state, message("2"))) == ("REJECTD", "099", 9.0)
    assert send(state, message("3")).status == 0x0B
    assert fate_of(send(state, message("4"))) == ("EXPIRED", "001", 1.0)


def test_a_number_may_be_refused_only_while_it_is_off() -> None:
    state = operator(
        "subscribers: [{numbers: '*', respond: ESME_RINVDSTADR, over_time: [{is: off, for: 10s}, {is: on, for: 10s}]}]"
    )
    assert [send(state, now=now).status for now in (0.0, 9.0, 10.0, 25.0)] == [0x0B, 0x0B, 0, 0]


def test_the_code_of_an_entry_is_for_failures_only() -> None:
    subscriber = "{numbers: '*', err: '099', over_time: [{is: off, for: 3s}]}"
    state = operator(f"{{submit: {{schedule: {{tries: [5s]}}}}, subscribers: [{subscriber}]}}")
    assert fate_of(send(state)) == ("DELIVRD", "000", 6.0)


def test_a_rule_about_the_receipt_wins_over_the_person() -> None:
    state = operator(
        "{subscribers: [{numbers: '*', is: ported}], rules: [{when: {from: SHOP}, receipt: {stat: DELIVRD}}]}"
    )
    assert fate_of(send(state))[0] == "DELIVRD"
    assert fate_of(send(state, message(source_addr="X")))[0] == "UNDELIV"


PHASES = st.lists(
    st.tuples(st.sampled_from(["on", "off", "full", "ported"]), st.integers(1, 60)), min_size=1, max_size=4
)


@given(phases=PHASES, repeat=st.booleans(), elapsed=st.integers(0, 500), first=st.integers(0, 20))
def test_the_end_is_the_first_attempt_that_meets_them_awake(
    phases: list[tuple[str, int]], repeat: bool, elapsed: int, first: int
) -> None:
    over_time = ", ".join(f"{{is: {condition}, for: {length}s}}" for condition, length in phases)
    text = f"subscribers: [{{numbers: '*', repeat: {str(repeat).lower()}, over_time: [{over_time}]}}]"
    person = Person(read(text).subscribers[0])
    tries, until = (7.0, 11.0), 400.0
    conduct, after = person.reached(float(elapsed), float(first), until, tries)
    attempts, waits = [float(first)], iter((7.0, *[11.0] * 60))
    while attempts[-1] <= until:
        attempts.append(attempts[-1] + next(waits))
    awake = (
        (met, attempt)
        for attempt in attempts
        if attempt <= until or attempt == first
        for met in [CONDUCT[person.condition(elapsed + attempt)[0]]]
        if not met.waits
    )
    expected = next(awake, None)
    if expected is None:
        assert conduct.waits
        assert after == until
    else:
        assert (conduct, after) == expected


def test_a_person_without_phases_is_always_the_same() -> None:
    person = Person(Subscriber(numbers=read("subscribers: [{numbers: '1'}]").subscribers[0].numbers, is_=Condition.OFF))
    assert person.condition(0.0) == (Condition.OFF, float("inf"))
