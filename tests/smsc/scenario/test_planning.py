from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.message_state import MessageState
from smppkit.pdus import SubmitSm
from smppkit.segments import UDHI, LongMessage, PartInfo, segment
from smppkit.states import Version
from smppkit.status import CommandStatus
from smsc.scenario.decisions import EVERY_STATE
from smsc.scenario.draws import Chance, Draws
from smsc.scenario.long_messages import FORGOTTEN_AFTER, KEPT, MOST_WAITING, Key, LongMessages
from tests.smsc.scenario.world import fate_of, message, operator, plan_of, send

EPOCH = datetime(2026, 3, 1, 12, 0, tzinfo=UTC).timestamp()
DAY = 86400.0
RECEIPT, NOTICES = 0x01, 0x11


# --- when ---


def test_a_message_starts_at_once_and_is_tried_for_the_operators_time() -> None:
    plan = plan_of(send(operator()))
    assert (plan.starts_after, plan.ends_after, plan.expires_after) == (0.0, 1.0, 2 * DAY)
    assert plan_of(send(operator("submit: {schedule: {validity: 1h}}"))).expires_after == 3600.0


CERTAIN = ("", "receipts: {delay: 0s}", "receipts: {unasked: true}", "receipts: {outcome: {UNDELIV: 100%}}")
UNCERTAIN = (
    "receipts: {outcome: {DELIVRD: 50%, UNDELIV: 50%}}",
    "receipts: {outcome: {none: 100%}}",
    "receipts: {delay: uniform 1s 2s}",
    "receipts: {delay: never}",
    "receipts: {before_response: true}",
    "receipts: {ids: hex}",
    "receipts: {conflict: {id: hex}}",
    "receipts: {notices: [{stat: ENROUTE, after: 1s}]}",
)


@pytest.mark.parametrize("settings", [*CERTAIN, *UNCERTAIN])
def test_the_short_way_to_a_plan_leads_where_the_long_one_does(settings: str) -> None:
    rules = 'rules: [{when: {to: "9*"}, receipt: {stat: REJECTD}}]'
    text = "\n    ".join((rules, "submit: {latency: 20ms}", settings))
    short, long = operator(text), operator(text)
    assert (short.planner.certain is not None) is (settings in CERTAIN)
    long.usual = long.planner.certain = None
    for registered in range(4):
        for to in ("7705", "9705"):
            for validity in ("", "000000000000500R"):
                asked = message(to, registered_delivery=registered, validity_period=validity)
                assert send(short, asked) == send(long, asked)


def test_c57_times_of_a_message_are_read_by_the_operators_clock() -> None:
    state = operator(epoch=EPOCH - 1000.0)
    relative = plan_of(send(state, message(schedule_delivery_time="000000000130000R"), 1000.0))
    assert (relative.starts_after, relative.ends_after, relative.expires_after) == (90.0, 91.0, 90.0 + 2 * DAY)
    absolute = plan_of(send(state, message(schedule_delivery_time="260301120200000+"), 1000.0))
    assert (absolute.starts_after, absolute.ends_after) == (120.0, 121.0)
    past = plan_of(send(state, message(schedule_delivery_time="260301110000000+"), 1000.0))
    assert (past.starts_after, past.ends_after) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"schedule_delivery_time": "260230120000000+"}, CommandStatus.ESME_RINVSCHED),
        ({"validity_period": "260230120000000+"}, CommandStatus.ESME_RINVEXPIRY),
        ({"validity_period": "260301120000049+"}, CommandStatus.ESME_RINVEXPIRY),
        (
            {"schedule_delivery_time": "260302000000000+", "validity_period": "260301130000000+"},
            CommandStatus.ESME_RINVEXPIRY,
        ),
    ],
)
def test_c56_c58_c59_times_that_cannot_be_are_refused(fields: dict[str, object], status: int) -> None:
    assert send(operator(epoch=EPOCH), message(**fields)).status == status


def test_c60_what_lies_too_far_ahead_is_clamped_or_refused() -> None:
    far = message(validity_period="260601000000000+")
    assert plan_of(send(operator(epoch=EPOCH), far)).expires_after == 14 * DAY
    strict = operator("submit: {schedule: {longest: 3d, over: reject}}", epoch=EPOCH)
    assert send(strict, far).status == CommandStatus.ESME_RINVEXPIRY
    assert send(strict, message(schedule_delivery_time="260601000000000+")).status == CommandStatus.ESME_RINVSCHED


def test_a_message_expires_when_its_validity_ends_first() -> None:
    state = operator("receipts: {delay: 1h, err: {EXPIRED: '034'}}", epoch=EPOCH)
    assert fate_of(send(state, message(validity_period="000000003000000R"))) == ("EXPIRED", "034", 1800.0)
    assert fate_of(send(state, message(validity_period="260301110000000+"))) == ("EXPIRED", "034", 0.0)
    assert fate_of(send(state)) == ("DELIVRD", "000", 3600.0)


def test_the_operators_own_slowness_expires_nothing() -> None:
    assert fate_of(send(operator("receipts: {delay: 72h}"))) == ("DELIVRD", "000", 72 * 3600.0)


def test_never_is_never() -> None:
    for text in ("receipts: {delay: never}", "receipts: {outcome: {none: 100%}}"):
        plan = plan_of(send(operator(text)))
        assert (plan.fate.state, plan.ends_after) == (MessageState.ENROUTE, None)
    silent = send(operator("submit: {latency: never}"))
    assert (silent.no_response, silent.respond_after) == (True, 0.0)
    assert plan_of(silent).ends_after == 1.0
    refused = send(operator("{submit: {latency: never}, rules: [{respond: ESME_RSYSERR}]}"))
    assert (refused.status, refused.no_response) == (8, True)


# --- which receipts ---


@pytest.mark.parametrize(
    ("registered", "states"),
    [
        (0, set[str]()),
        (1, {state.name for state in MessageState}),
        (2, {"EXPIRED", "DELETED", "UNDELIVERABLE", "UNKNOWN", "REJECTED", "SKIPPED"}),
        (3, {"SCHEDULED", "ENROUTE", "DELIVERED", "ACCEPTED"}),
        (0x10, set[str]()),
    ],
)
def test_c48_c49_registered_delivery_names_the_states_that_earn_a_receipt(registered: int, states: set[str]) -> None:
    wanted = plan_of(send(operator(), message(registered_delivery=registered))).wanted
    assert {state.name for state in MessageState if wanted >> state & 1} == states


def test_an_operator_may_write_receipts_that_nobody_asked_for() -> None:
    state = operator("receipts: {unasked: true}")
    assert plan_of(send(state, message(registered_delivery=0))).wanted == EVERY_STATE
    assert plan_of(send(state, message(registered_delivery=2))).wanted != EVERY_STATE


NOTICE_TEXT = (
    "receipts: {delay: 10s, notices: [{stat: ACCEPTD, after: 1s, asked: false, esm_class: 0x04}, "
    "{stat: ENROUTE, after: 5s, err: '017'}, {stat: ENROUTE, after: 11s}, {stat: ACCEPTD, after: 2s, late: true}]}"
)


@pytest.mark.parametrize(
    ("registered", "notices"),
    [
        (0x00, []),
        (0x01, [(1.0, "ACCEPTD", 0x04, False)]),
        (0x10, [(5.0, "ENROUTE", 0x20, False), (2.0, "ACCEPTD", 0x20, True)]),
        (0x11, [(1.0, "ACCEPTD", 0x04, False), (5.0, "ENROUTE", 0x20, False), (2.0, "ACCEPTD", 0x20, True)]),
    ],
)
def test_c50_notices_come_when_asked_for_and_before_the_end_unless_late(
    registered: int, notices: list[tuple[float, str, int, bool]]
) -> None:
    plan = plan_of(send(operator(NOTICE_TEXT), message(registered_delivery=registered)))
    assert [(notice.after, notice.fate.stat, notice.esm_class, notice.late) for notice in plan.notices] == notices


def test_a_notice_counts_from_the_response() -> None:
    text = "{submit: {latency: 2s}, receipts: {delay: 9s, notices: [{stat: ENROUTE, after: 3s}]}}"
    plan = plan_of(send(operator(text), message(registered_delivery=NOTICES)))
    assert [notice.after for notice in plan.notices] == [5.0]


def test_a_rule_without_receipt_takes_the_notices_too() -> None:
    state = operator("{rules: [{receipt: none}], receipts: {notices: [{stat: ENROUTE}]}}")
    plan = plan_of(send(state, message(registered_delivery=NOTICES)))
    assert (plan.wanted, plan.notices) == (0, ())


def test_a_refused_submit_may_have_a_receipt() -> None:
    text = "{receipts: {rejected: true, delay: 4s, ids: hex}, rules: [{respond: ESME_RINVDSTADR, latency: 1s}]}"
    decision = send(operator(text))
    receipt = decision.rejected_receipt
    assert receipt is not None
    assert (decision.status, decision.plan, decision.number) == (0x0B, None, 10_000_001)
    assert (receipt.fate.stat, receipt.ends_after, receipt.receipt_id) == ("REJECTD", 5.0, "989681")
    assert send(operator(text), message(registered_delivery=0)).rejected_receipt is None
    throttled = operator("{receipts: {rejected: true}, accounts: [{system_id: shop, password: x, rate: 1/s}]}")
    assert [send(throttled).rejected_receipt for _ in range(2)] == [None, None]


# --- how they look ---


def test_c24_an_esme_of_3_3_gets_ids_of_eight_characters() -> None:
    for text, written in (("{ids: uuid}", "989681"), ("{ids: hex large}", "989681"), ("{}", "10000001")):
        decision = send(operator(text), version=Version.V33)
        assert (decision.message_id, plan_of(decision).receipt_id) == (written, written)
    decision = send(operator("{ids: decimal, ids_v33: hex 8, receipts: {ids: decimal}}"), version=Version.V33)
    assert (decision.message_id, plan_of(decision).receipt_id) == ("00989681", "10000001")


def test_the_id_of_the_tlv_may_be_another() -> None:
    plan = plan_of(send(operator("receipts: {conflict: {id: hex}}")))
    assert (plan.receipt_id, plan.tlv_id) == ("10000001", "989681")


def test_a_rule_may_change_how_the_receipt_looks() -> None:
    state = operator(
        "rules: [{when: {to: '1*'}, receipt: {form: tlv, ids: hex, copies: 3, esm_class: 0x00, before_response: true, "
        "notices: [{stat: ENROUTE, asked: false}], conflict: {state: UNDELIV}}}, "
        "{when: {to: '2*'}, receipt: {stat: EXPIRED}}]"
    )
    plan = plan_of(send(state, message("1")))
    assert plan.look is not None
    assert (plan.look.form.value, plan.look.copies, plan.look.esm_class, plan.look.parts.value) == (
        "tlv",
        3,
        0,
        "every",
    )
    assert (plan.receipt_id, plan.early, len(plan.notices)) == ("989681", True, 1)
    assert plan_of(send(state, message("2"))).look is None
    assert plan_of(send(state, message("3"))).look is None


# --- long messages ---

LONG = "a" * 400


def parts(reference: int = 1, method: LongMessage = LongMessage.UDH8, to: str = "77051234567") -> list[SubmitSm]:
    return [
        message(to, part.short_message, esm_class=UDHI if part.udhi else 0, tlvs=part.tlvs)
        for part in segment(LONG, reference=reference, method=method).segments
    ]


RANDOM = "receipts: {outcome: {DELIVRD: 50%, UNDELIV: 50%}"


@pytest.mark.parametrize("method", [LongMessage.UDH8, LongMessage.UDH16, LongMessage.SAR])
def test_the_parts_of_a_long_message_share_one_outcome(method: LongMessage) -> None:
    state = operator(RANDOM + "}")
    fates = [[fate_of(send(state, part))[0] for part in parts(n, method, str(n))] for n in range(60)]
    assert all(len(set(fate)) == 1 for fate in fates)
    assert {fate[0] for fate in fates} == {"DELIVRD", "UNDELIV"}
    assert len(state.planner.long_messages) == 0


def test_parts_may_have_outcomes_of_their_own() -> None:
    state = operator(RANDOM + ", one_fate: false}")
    fates = [{fate_of(send(state, part))[0] for part in parts(n, to=str(n))} for n in range(60)]
    assert any(len(fate) == 2 for fate in fates)


def test_the_parts_of_a_long_message_share_the_rules_about_their_fate() -> None:
    state = operator("rules: [{receipt: {stat: UNDELIV}, probability: 50%}]")
    fates = [[fate_of(send(state, part))[0] for part in parts(n, to=str(n))] for n in range(60)]
    assert all(len(set(fate)) == 1 for fate in fates)
    assert {fate[0] for fate in fates} == {"DELIVRD", "UNDELIV"}
    assert len(state.planner.long_messages) == 0


def test_each_part_is_refused_by_a_chance_of_its_own() -> None:
    state = operator("rules: [{respond: ESME_RTHROTTLED, probability: 50%}]")
    answers = [{send(state, part).status for part in parts(n, to=str(n))} for n in range(60)]
    assert {0, 88} in answers


@given(order=st.permutations([0, 1, 2]), seed=st.integers(0, 20))
def test_the_part_that_comes_first_decides(order: list[int], seed: int) -> None:
    state = operator(RANDOM + "}", seed)
    alone = operator(RANDOM + "}", seed)
    sent = parts()
    fates = [fate_of(send(state, sent[index]))[0] for index in order]
    assert set(fates) == {fate_of(send(alone, sent[order[0]]))[0]}


@pytest.mark.parametrize(("which", "heard"), [("every", [1, 2, 3]), ("first", [1]), ("last", [3])])
def test_receipts_come_for_the_parts_that_the_operator_reports(which: str, heard: list[int]) -> None:
    state = operator(f"receipts: {{parts: {which}, notices: [{{stat: ACCEPTD, asked: false}}]}}")
    plans = [plan_of(send(state, part)) for part in parts()]
    assert [number for number, plan in enumerate(plans, 1) if plan.wanted] == heard
    assert [number for number, plan in enumerate(plans, 1) if plan.notices] == heard
    assert plan_of(send(state)).wanted


def test_parts_wait_for_each_other_and_fail_together() -> None:
    state = operator("receipts: {reassembly: 5m, delay: 2s}")
    first, second, third = parts()
    one = send(state, first, 0.0)
    two = send(state, second, 60.0)
    assert [fate_of(one), fate_of(two)] == [("UNDELIV", "408", 300.0), ("UNDELIV", "408", 240.0)]
    three = send(state, third, 100.0)
    assert fate_of(three) == ("DELIVRD", "000", 2.0)
    revised = {revision.number: revision.plan for revision in three.revises}
    assert set(revised) == {one.number, two.number}
    assert {(plan.fate.stat, plan.ends_after) for plan in revised.values()} == {("DELIVRD", 2.0)}
    assert revised[one.number].receipt_id == one.message_id
    assert revised[one.number].expires_after == 2 * DAY - 100.0
    assert len(state.planner.long_messages) == 0


def test_a_part_that_comes_too_late_begins_another_message() -> None:
    state = operator("receipts: {reassembly: 5m}")
    first, second, third = parts()
    send(state, first, 0.0)
    send(state, second, 299.0)
    late = send(state, third, 300.0)
    assert (fate_of(late), late.revises) == (("UNDELIV", "408", 300.0), ())


def test_a_part_twice_completes_nothing() -> None:
    state = operator("receipts: {reassembly: 5m}")
    first, second, third = parts()
    for part in (first, first, second):
        assert fate_of(send(state, part))[0] == "UNDELIV"
    assert len(send(state, third).revises) == 3


def test_unfinished_long_messages_take_bounded_memory() -> None:
    held = LongMessages(None)
    first, later = (Draws(Chance(1, "x"), "shop", message(text)) for text in "ab")
    part = PartInfo(reference=1, total=3, number=1)
    for number in range(KEPT + 50):
        held.arrived(Key("shop", "S", "D", number, 3), part, first, 0.0)
    assert len(held) == KEPT
    key = Key("shop", "S", "D", KEPT, 3)
    assert held.draws(key, FORGOTTEN_AFTER - 1) is first
    assert held.draws(key, FORGOTTEN_AFTER) is None
    assert held.arrived(key, part, later, FORGOTTEN_AFTER - 1)[0] is first
    assert held.arrived(key, part, later, FORGOTTEN_AFTER)[0] is later


def test_a_part_that_comes_again_and_again_takes_bounded_memory() -> None:
    held, draws = LongMessages(60.0), Draws(Chance(1, "x"), "shop", message("a"))
    key, part, plan = Key("shop", "S", "D", 1, 2), PartInfo(reference=1, total=2, number=1), plan_of(send(operator()))
    held.arrived(key, part, draws, 0.0)
    for number in range(MOST_WAITING + 50):
        held.wait(key, number, plan, 0.0)
    assert len(held.complete(key, 1.0)) == MOST_WAITING
