import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from smppkit.pdus import BindTransceiver, SubmitSm
from smppkit.states import Version
from smppkit.status import CommandStatus
from smppkit.tlvs import Tlv
from smsc.scenario.accounts import Account
from smsc.scenario.binding import BindFacts, decide_bind
from smsc.scenario.decisions import Decision, Plan
from smsc.scenario.engine import OperatorState, apply_fault, decide_submit, end_fault
from smsc.scenario.model import FIRST_MESSAGE_NUMBER
from smsc.scenario.timeline_model import OutageFault, ResetFault, ThrottleFault
from tests.smsc.scenario.world import operator
from yamlmodel.scalars import Duration, Rate


def message(to: str = "77051234567", *, registered: int = 1, text: bytes = b"hello", from_: str = "SHOP") -> SubmitSm:
    return SubmitSm(source_addr=from_, destination_addr=to, registered_delivery=registered, short_message=text)


def send(state: OperatorState, pdu: SubmitSm | None = None, now: float = 0.0, system_id: str = "shop") -> Decision:
    account = state.account(system_id)
    assert account is not None
    return decide_submit(state, account, 1, pdu or message(), now)


def receipt(decision: Decision) -> Plan | None:
    """The plan, where its final state earns a receipt."""
    plan = decision.plan
    if plan is None or plan.ends_after is None or not plan.wanted >> plan.fate.state & 1:
        return None
    return plan


# --- what nothing sets apart ---

ALIKE = (
    "",
    "submit: {latency: 20ms}",
    "ids: hex lower 8",
    "receipts: {unasked: true}",
    "receipts: {outcome: {UNDELIV: 100%}, delay: 0s}",
    'rules: [{when: {to: "*5"}, receipt: {stat: REJECTD}}, {when: {to: "7*", tlv: 0x1400}, respond: ESME_RSYSERR}]',
    'rules: [{when: {text: "*hello*"}, latency: 1s}]',
    'rules: [{when: {to: "77*"}, receipt: {stat: REJECTD}, probability: 50%}]',
    "accounts: [{system_id: shop, password: x, senders: ['1234']}]",
    "submit: {default_messages: {7: hello}, schedule: {validity: 1h}}",
    "receipts: {reassembly: 5s}",
    "receipts: {parts: first}",
    "submit: {latency: uniform 10ms 20ms}",
    "receipts: {delay: normal 1s 2s}",
    "receipts: {outcome: {none: 100%}}",
    "receipts: {outcome: {DELIVRD: 40%, UNDELIV: 30%, none: 30%}}",
    "receipts: {outcome: {DELIVRD: 50%, UNDELIV: 50%}, one_fate: false}",
)
APART = (
    "submit: {latency: never}",
    "receipts: {delay: never}",
    "submit: {refuse: {ESME_RSYSERR: 50%}}",
    "submit: {service_types: ['']}",
    "submit: {content: {spam: ['*hello*']}}",
    "submit: {tlvs: [{tag: 0x1403, text: '1'}]}",
    'ids: "decimal {}-{part}"',
    "receipts: {ids: hex}",
    "commands: true",
)


@pytest.mark.parametrize("settings", [*ALIKE, *APART])
@pytest.mark.parametrize("version", list(Version))
def test_the_short_way_to_a_decision_leads_where_the_long_one_does(settings: str, version: Version) -> None:
    short, long = operator(settings or "{}"), operator(settings or "{}")
    assert (short.usual is not None) is (settings in ALIKE)
    long.usual = None
    account = short.account("shop")
    assert account is not None
    for fields in (
        {},
        {"source_addr": "1234"},
        {"destination_addr": "+77051234565"},
        {"registered_delivery": 0},
        {"registered_delivery": 0x12},
        {"validity_period": "000000000000000R"},
        {"schedule_delivery_time": "000000001000000R"},
        {"sm_default_msg_id": 7},
        {"sm_default_msg_id": 8},
        {"tlvs": (Tlv(0x1400, b"1"),)},
        {"tlvs": (Tlv(0x020C, b"\0\7"), Tlv(0x020E, b"\2"), Tlv(0x020F, b"\1"))},
        {"esm_class": 0x40, "short_message": b"\5\0\3\7\2\1hello"},
        {"esm_class": 0x40, "short_message": b"\5\0\3\7\2\2hello"},
        {},
    ):
        asked = replace(message(), **fields)
        assert decide_submit(short, account, 1, asked, 1.0, version) == decide_submit(
            long, account, 1, asked, 1.0, version
        )
    assert short.next_id == long.next_id


# --- accepting ---


def test_an_accepted_message_has_an_id_and_a_receipt() -> None:
    decision = send(operator())
    assert (decision.status, decision.respond_after, decision.no_response) == (0, 0.0, False)
    assert (decision.number, decision.message_id) == (FIRST_MESSAGE_NUMBER, str(FIRST_MESSAGE_NUMBER))
    plan = receipt(decision)
    assert plan is not None
    assert plan.ends_after == 1.0
    assert (plan.fate.stat, plan.fate.err, plan.look) == ("DELIVRD", "000", None)


def test_nobody_but_the_accounts_exists() -> None:
    state = operator("accounts: [{system_id: shop, password: secret}]")
    assert state.account("nobody") is None
    assert operator().account("nobody") == Account("nobody", "")


def test_ids_go_up_and_may_go_on_where_they_ended() -> None:
    state = operator()
    assert [send(state).number - FIRST_MESSAGE_NUMBER for _ in range(3)] == [0, 1, 2]
    state.next_id = 99_000_000
    assert send(state).message_id == "99000000"


@pytest.mark.parametrize(
    ("text", "in_response", "in_receipt"),
    [
        ("{}", "10000001", "10000001"),
        ("ids: hex", "989681", "989681"),
        ("{ids: hex, receipts: {ids: decimal}}", "989681", "10000001"),
        ("{ids: decimal, receipts: {ids: hex}}", "10000001", "989681"),
    ],
)
def test_ids_are_written_in_the_base_of_the_response_and_of_the_receipt(
    text: str, in_response: str, in_receipt: str
) -> None:
    decision = send(operator(text))
    plan = receipt(decision)
    assert plan is not None
    assert (decision.message_id, plan.receipt_id) == (in_response, in_receipt)


def test_a_receipt_comes_a_delay_after_the_response() -> None:
    decision = send(operator("{submit: {latency: 40ms}, receipts: {delay: 3s}}"))
    plan = receipt(decision)
    assert plan is not None
    assert decision.respond_after == pytest.approx(0.04)
    assert plan.ends_after == pytest.approx(3.04)
    assert not plan.early


@pytest.mark.parametrize(("delay", "after"), [("0s", 0.0), ("10ms", 0.01), ("3s", 0.04)])
def test_a_receipt_before_the_response_is_never_after_it(delay: str, after: float) -> None:
    decision = send(operator(f"{{submit: {{latency: 40ms}}, receipts: {{delay: {delay}, before_response: true}}}}"))
    plan = receipt(decision)
    assert plan is not None
    assert plan.early
    assert plan.ends_after == pytest.approx(after)


OUTCOMES = ["DELIVRD", "ACCEPTD", "ENROUTE", "UNDELIV", "EXPIRED", "DELETED", "REJECTD", "UNKNOWN"]


@pytest.mark.parametrize("stat", OUTCOMES)
@pytest.mark.parametrize(
    ("registered", "wanted"),
    [
        (0b00, set[str]()),
        (0b01, set(OUTCOMES)),
        (0b10, {"UNDELIV", "EXPIRED", "DELETED", "REJECTD", "UNKNOWN"}),
        (0b10000, set[str]()),
        (0b10001, set(OUTCOMES)),
    ],
)
def test_c49_a_receipt_comes_only_when_it_was_asked_for(stat: str, registered: int, wanted: set[str]) -> None:
    decision = send(operator(f"receipts: {{outcome: {{{stat}: 100%}}}}"), message(registered=registered))
    assert decision.status == 0
    assert (receipt(decision) is not None) is (stat in wanted)


def test_outcomes_come_in_their_shares() -> None:
    state = operator("receipts: {outcome: {DELIVRD: 70%, UNDELIV: 20%, none: 10%, EXPIRED: 0%}, err: {UNDELIV: 069}}")
    plans = [receipt(send(state, message(str(number)))) for number in range(5000)]
    seen = [(plan.fate.stat, plan.fate.err) if plan is not None else None for plan in plans]
    assert set(seen) == {("DELIVRD", "000"), ("UNDELIV", "069"), None}
    assert seen.count(("DELIVRD", "000")) / 5000 == pytest.approx(0.7, abs=0.02)
    assert seen.count(None) / 5000 == pytest.approx(0.1, abs=0.02)


def test_outcomes_whose_shares_end_a_hair_below_the_whole_are_still_drawn() -> None:
    outcome = ", ".join(f"{stat}: 33.3333333%" for stat in OUTCOMES[:3])
    state = operator(f"receipts: {{outcome: {{{outcome}}}}}")
    assert all(receipt(send(state, message(str(number)))) is not None for number in range(100))


def test_a_share_of_nothing_is_never_drawn_even_at_the_end() -> None:
    state = operator("receipts: {outcome: {EXPIRED: 0%, DELIVRD: 100%, UNDELIV: 0%}}")
    plans = [receipt(send(state, message(str(number)))) for number in range(200)]
    assert {plan.fate.stat for plan in plans if plan is not None} == {"DELIVRD"}


# --- refusing ---


def test_a_sender_that_is_not_registered_is_refused() -> None:
    state = operator("accounts: [{system_id: shop, password: x, senders: [SHOP, '1234']}]")
    assert send(state, message(from_="SHOP")).status == 0
    assert send(state, message(from_="1234")).status == 0
    assert send(state, message(from_="BANK")).status == CommandStatus.ESME_RINVSRCADR
    assert send(state, message(from_="shop")).status == CommandStatus.ESME_RINVSRCADR


def test_a_refused_message_uses_no_id_and_has_no_receipt() -> None:
    state = operator("rules: [{when: {to: '1*'}, respond: ESME_RINVDSTADR, latency: 2s}]")
    refused = send(state, message("1"))
    assert refused == Decision(int(CommandStatus.ESME_RINVDSTADR), respond_after=2.0)
    assert send(state, message("2")).number == FIRST_MESSAGE_NUMBER


def test_a_rate_admits_a_seconds_worth_at_once_and_no_more() -> None:
    state = operator("accounts: [{system_id: shop, password: x, rate: 10/s}]")
    statuses = [send(state, now=0.0).status for _ in range(12)]
    assert statuses == [0] * 10 + [CommandStatus.ESME_RTHROTTLED] * 2
    assert send(state, now=0.05).status == CommandStatus.ESME_RTHROTTLED
    assert send(state, now=0.1).status == 0
    assert [send(state, now=1.1).status for _ in range(11)] == [0] * 10 + [CommandStatus.ESME_RTHROTTLED]


def test_a_rate_below_one_a_second_still_admits_one() -> None:
    state = operator("accounts: [{system_id: shop, password: x, rate: 6/m}]")
    assert [send(state, now=now).status for now in (0.0, 9.9, 10.0)] == [0, CommandStatus.ESME_RTHROTTLED, 0]


def test_accounts_are_throttled_each_on_its_own() -> None:
    state = operator(
        "accounts: [{system_id: a, password: x, rate: 1/s}, {system_id: b, password: x, rate: 1/s}, "
        "{system_id: c, password: x}]"
    )
    statuses = [send(state, now=0.0, system_id=system_id).status for system_id in "aabbcc"]
    assert statuses == [0, 88, 0, 88, 0, 0]


# --- rules ---


def test_a_rule_changes_the_receipt_and_leaves_the_rest() -> None:
    state = operator(
        "{receipts: {delay: 3s}, rules: [{when: {to: '1*'}, receipt: {stat: REJECTD, err: 069}},"
        "{when: {to: '2*'}, receipt: {stat: EXPIRED}}, {when: {to: '3*'}, receipt: {delay: 9s}}]}"
    )
    plans = [receipt(send(state, message(to))) for to in ("1", "2", "3", "4")]
    assert [(plan.fate.stat, plan.fate.err, plan.ends_after) for plan in plans if plan is not None] == [
        ("REJECTD", "069", 3.0),
        ("EXPIRED", "001", 3.0),
        ("DELIVRD", "000", 9.0),
        ("DELIVRD", "000", 3.0),
    ]


def test_a_rule_may_take_the_receipt_away() -> None:
    decision = send(operator("rules: [{receipt: none}]"))
    assert (decision.status, receipt(decision)) == (0, None)


def test_a_message_may_be_taken_without_an_answer() -> None:
    decision = send(operator("rules: [{respond: none}]"))
    assert (decision.status, decision.no_response) == (0, True)
    assert decision.message_id
    assert receipt(decision) is not None


def test_a_status_of_0_exempts_from_later_rules() -> None:
    state = operator("rules: [{when: {to: '7705*'}, respond: ESME_ROK}, {respond: ESME_RSYSERR}]")
    assert send(state, message("77051")).status == 0
    assert send(state, message("77011")).status == CommandStatus.ESME_RSYSERR


def test_throttling_and_senders_come_before_rules() -> None:
    state = operator(
        "accounts: [{system_id: shop, password: x, rate: 1/s, senders: [SHOP]}]\n    rules: [{respond: ESME_RSYSERR}]"
    )
    statuses = [send(state, message(from_=from_)).status for from_ in ("SHOP", "BANK")]
    assert statuses == [CommandStatus.ESME_RSYSERR, CommandStatus.ESME_RTHROTTLED]
    assert send(state, message(from_="BANK"), now=5.0).status == CommandStatus.ESME_RINVSRCADR


# --- faults ---


def throttle(rate: float) -> ThrottleFault:
    return ThrottleFault(at=Duration(0), rate=Rate(rate))


def test_a_throttle_limits_every_account_until_it_ends() -> None:
    state = operator("accounts: [{system_id: a, password: x, rate: 100/s}, {system_id: b, password: x}]")
    fault = throttle(2)
    apply_fault(state, fault, 10.0)
    for system_id in "ab":
        assert [send(state, now=10.0, system_id=system_id).status for _ in range(3)] == [0, 0, 88]
    end_fault(state, fault, 20.0)
    assert [send(state, now=20.0, system_id="b").status for _ in range(50)] == [0] * 50
    assert [send(state, now=20.0, system_id="a").status for _ in range(101)] == [0] * 100 + [88]


def test_a_throttle_never_widens_a_limit() -> None:
    state = operator("accounts: [{system_id: shop, password: x, rate: 1/s}]")
    apply_fault(state, throttle(50), 0.0)
    assert [send(state).status for _ in range(2)] == [0, 88]


def test_of_several_throttles_the_tightest_holds() -> None:
    state = operator()
    tight, loose = throttle(1), throttle(3)
    apply_fault(state, tight, 0.0)
    apply_fault(state, loose, 0.0)
    assert state.throttle == 1.0
    end_fault(state, tight, 0.0)
    assert state.throttle == 3.0
    end_fault(state, loose, 0.0)
    assert state.throttle is None


def test_limits_of_strangers_take_bounded_memory() -> None:
    state = operator()
    apply_fault(state, throttle(1), 0.0)
    for number in range(6000):
        send(state, system_id=f"esme{number}")
    assert len(state.rates) <= 4096


def test_during_an_outage_binds_and_messages_are_refused() -> None:
    state = operator()
    first, second = OutageFault(at=Duration(1)), OutageFault(at=Duration(2))
    bind = BindTransceiver(system_id="shop", password="x")
    apply_fault(state, first, 1.0)
    apply_fault(state, second, 2.0)
    end_fault(state, first, 3.0)
    assert state.outage
    assert decide_bind(state, bind, BindFacts()) == CommandStatus.ESME_RSYSERR
    assert send(state).status == CommandStatus.ESME_RSYSERR
    end_fault(state, second, 4.0)
    assert not state.outage
    assert decide_bind(state, bind, BindFacts()) == 0
    assert send(state).status == 0


def test_a_reset_leaves_no_trace_and_an_end_without_a_beginning_is_nothing() -> None:
    state = operator()
    reset = ResetFault(at=Duration(0))
    apply_fault(state, reset, 0.0)
    end_fault(state, reset, 1.0)
    end_fault(state, throttle(1), 1.0)
    assert not state.outage
    assert state.throttle is None


# --- determinism ---

RANDOM = """{
    submit: {latency: lognormal 40ms p99 400ms},
    receipts: {delay: normal 3s 1s, outcome: {DELIVRD: 60%, UNDELIV: 30%, none: 10%}},
    rules: [{when: {to: "1*"}, respond: ESME_RMSGQFUL, probability: 30%},
            {when: {to: "*2"}, receipt: {stat: EXPIRED}, probability: 50%}]}"""


def essence(decision: Decision) -> tuple[object, ...]:
    """What chance decides; ids go by arrival."""
    plan = receipt(decision)
    after = () if plan is None else (plan.ends_after, plan.fate.stat, plan.fate.err)
    return decision.status, decision.respond_after, decision.no_response, after


MESSAGES = st.lists(
    st.tuples(st.text(alphabet="123", min_size=1, max_size=3), st.binary(max_size=2), st.sampled_from(["a", "b"])),
    max_size=12,
)


@given(messages=MESSAGES, seed=st.integers(0, 3), data=st.data())
def test_decisions_do_not_depend_on_the_order_of_messages(
    messages: list[tuple[str, bytes, str]], seed: int, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(messages))
    outcomes = []
    for order in (messages, shuffled):
        state = operator(RANDOM, seed)
        decided: dict[tuple[str, bytes, str], list[tuple[object, ...]]] = {}
        for to, text, system_id in order:
            decision = send(state, message(to, text=text), system_id=system_id)
            decided.setdefault((to, text, system_id), []).append(essence(decision))
        outcomes.append(decided)
    assert outcomes[0] == outcomes[1]


def test_a_seed_gives_the_same_decisions_again_and_another_seed_others() -> None:
    def run(seed: int) -> list[tuple[object, ...]]:
        state = operator(RANDOM, seed)
        return [essence(send(state, message(str(number)))) for number in range(100)]

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_a_retry_of_a_message_is_decided_anew() -> None:
    state = operator("rules: [{respond: ESME_RTHROTTLED, probability: 50%}]")
    assert {send(state).status for _ in range(30)} == {0, CommandStatus.ESME_RTHROTTLED}


def test_what_throttling_refuses_uses_up_no_chance() -> None:
    limited = operator(RANDOM)
    free = operator(RANDOM)
    apply_fault(limited, throttle(1), 0.0)
    decisions = [send(limited, now=now) for now in (0.0, 0.1, 0.2, 1.0, 1.1, 2.0)]
    admitted = [essence(decision) for decision in decisions if decision.status != CommandStatus.ESME_RTHROTTLED]
    assert admitted == [essence(send(free)) for _ in admitted]
