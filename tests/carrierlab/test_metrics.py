"""Each metric on books small enough to count by hand, with the disagreements that it must notice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from carrierlab.evidence import Evidence, Knowledge
from carrierlab.ledgers import (
    Bind,
    Moment,
    OperatorLedger,
    Parked,
    Reception,
    Reject,
    SenderLedger,
    SentMessage,
    SentPart,
)
from carrierlab.metrics import METRICS, measure
from sender.domain.message import State
from smsc.lint.finding import Finding as LintFinding
from smsc.lint.registry import RULES
from smsc.scenario.patterns import AddressPattern
from smsc.scenario.price import Amount, Price, PriceException
from tests.carrierlab.books import SPAN, found, message, submit


def test_books_that_agree_show_nothing_wrong() -> None:
    findings = found([message()], [submit()])
    assert findings["recipients"].value == findings["accepted"].value == findings["delivered"].value == 1
    assert findings["segments"].value == findings["submits"].value == 1
    for name in ("lost", "duplicates", "mismatched", "resends", "throttled", "reconnects", "in_doubt"):
        assert findings[name].value == 0, name
        assert findings[name].examples == ()


def test_nothing_at_all_is_measured_without_error() -> None:
    assert all(finding.value in (0, 60) for finding in found([], []).values())


@pytest.mark.parametrize(
    ("state", "metric"),
    [
        (State.UNDELIVERED, "undelivered"),
        (State.EXPIRED, "expired"),
        (State.REJECTED, "refused"),
        (State.UNKNOWN, "unknown"),
        (State.IN_DOUBT, "in_doubt"),
        (State.ACCEPTED, "awaiting_receipt"),
    ],
)
def test_each_end_of_a_message_has_its_metric(state: State, metric: str) -> None:
    findings = found([message(), message(recipient="77050000002", state=state)], [])
    assert findings[metric].value == 1
    assert findings[metric].examples[0].startswith("77050000002")


@pytest.mark.parametrize("state", [State.QUEUED, State.CLAIMED, State.SUBMITTING])
def test_a_message_in_no_end_state_is_lost(state: State) -> None:
    findings = found([message(state=state, parts=())], [])
    assert findings["lost"].value == 1
    assert state.label in findings["lost"].examples[0]


def test_a_submit_that_the_sender_does_not_know_is_lost() -> None:
    assert found([], [submit()])["lost"].examples == (
        "77050000001 segment 1: accepted by an operator, unknown to the sender",
    )
    queued = message(state=State.REJECTED, parts=(), status=11)
    assert found([queued], [submit()])["lost"].value == 1


@pytest.mark.parametrize(("outcome", "lost"), [("DELIVRD", 1), ("ACCEPTD", 0), ("ENROUTE", 0)])
def test_a_receipt_is_lost_when_it_said_more_than_the_sender_knows(outcome: str, lost: int) -> None:
    accepted = message(state=State.ACCEPTED, part_state=State.ACCEPTED)
    assert found([accepted], [submit(outcome=outcome)])["lost"].value == lost


def test_an_id_that_no_operator_gave_is_lost() -> None:
    findings = found([message(part_smsc_id="A2")], [submit()])
    assert findings["lost"].examples == ("77050000001: segment 1 has id A2, which alpha never gave",)


def test_an_id_that_only_the_receipt_brought_is_known() -> None:
    resolved = message(part_smsc_id="31")
    assert found([resolved], [submit(smsc_id="1F", reported_id="31")])["lost"].value == 0
    assert found([resolved], [submit(smsc_id="1F", reported_id="32")])["lost"].value == 1
    parts = (SentPart(1, State.DELIVERED, "32"), SentPart(2, State.DELIVERED, "31"))
    halves = [
        submit(parts=2, smsc_id="1F", reported_id="31"),
        submit(part=2, parts=2, smsc_id="20", reported_id="32"),
    ]
    assert found([message(parts=parts)], halves)["lost"].value == 0, "which of two doubts, no receipt can tell"


def test_an_id_given_for_somebody_else_is_lost() -> None:
    assert found([message()], [submit(recipient="77050000009")])["lost"].value == 2


def test_an_acknowledged_receipt_that_is_not_in_the_store_is_lost() -> None:
    waiting = message(state=State.ACCEPTED, part_state=State.ACCEPTED)
    assert found([waiting], [submit()])["lost"].value == 1
    owed = submit(reported=None, acknowledged_at=None)
    assert found([waiting], [owed])["lost"].value == 0, "still to come is not lost"


def test_a_message_in_doubt_is_counted_and_not_lost() -> None:
    doubtful = message(state=State.IN_DOUBT, part_state=State.IN_DOUBT, part_smsc_id=None)
    findings = found([doubtful], [submit(answered=None)])
    assert findings["lost"].value == 0
    assert findings["in_doubt"].value == 1
    assert findings["unanswered"].examples == ("77050000001: A1 by alpha",)


def test_a_segment_of_many_that_never_went_out_is_not_a_duplicate_but_is_noticed() -> None:
    parts = (SentPart(1, State.DELIVERED, "A1"),)
    findings = found([message(parts=parts)], [submit(part=1, parts=2), submit(part=2, parts=2, smsc_id="A2")])
    assert findings["duplicates"].value == 0
    assert findings["lost"].value == 1


def test_the_same_segment_accepted_again_is_a_duplicate_whoever_accepted_it() -> None:
    twice = [submit(), submit(smsc_id="A2"), submit(smsc_id="B1", operator="beta")]
    findings = found([message(part_resends=1)], twice)
    assert findings["duplicates"].value == 2
    assert findings["duplicates"].examples == (
        "77050000001 segment 1: accepted as A1 by alpha, A2 by alpha, B1 by beta",
    )
    assert findings["resends"].value == 1


def test_a_refused_submit_tried_again_is_no_duplicate() -> None:
    findings = found([message()], [submit(status=0x58, smsc_id="", outcome=None), submit()])
    assert findings["duplicates"].value == 0
    assert findings["throttled"].value == 1
    assert findings["submits"].value == 2


def test_a_state_that_the_operator_did_not_decide_is_mismatched() -> None:
    findings = found([message(state=State.DELIVERED)], [submit(outcome="UNDELIV")])
    assert findings["mismatched"].examples == ("77050000001: delivered at the sender; alpha decided UNDELIV",)
    assert found([message(state=State.UNDELIVERED)], [submit(outcome="UNDELIV")])["mismatched"].value == 0
    assert found([message(state=State.DELIVERED)], [submit(outcome=None)])["mismatched"].value == 1


def test_delivered_needs_every_segment_and_failed_needs_one() -> None:
    halves = [submit(parts=2), submit(part=2, parts=2, smsc_id="A2", outcome="EXPIRED")]
    assert found([message(state=State.DELIVERED)], halves)["mismatched"].value == 1
    assert found([message(state=State.EXPIRED)], halves)["mismatched"].value == 0


def test_a_text_that_arrives_changed_is_garbled() -> None:
    halves = [submit(parts=2, text="Сәлем "), submit(part=2, parts=2, smsc_id="A2", text="дүние")]
    assert found([message(text="Сәлем дүние")], halves)["garbled"].value == 0
    assert found([message(text="Сәлем дүние!")], halves)["garbled"].examples == (
        '77050000001: sent "Сәлем дүние!", received "Сәлем дүние"',
    )
    assert found([message(text="Сәлем дүние!")], halves[:1])["garbled"].value == 0, "not all here yet"
    again = [*halves, submit(smsc_id="A3", parts=2, text="Сәлем ")]
    assert found([message(text="Сәлем дүние")], again)["garbled"].value == 0, "a duplicate is not garbled"


def test_a_refusal_agrees_with_rejected_only() -> None:
    refused = [submit(status=11, smsc_id="", outcome=None)]
    assert found([message(state=State.REJECTED, parts=())], refused)["mismatched"].value == 0
    assert found([message(state=State.DELIVERED, parts=())], refused)["mismatched"].value == 1


def test_a_refusal_that_was_tried_again_is_not_the_end() -> None:
    throttled = submit(status=0x58, smsc_id="", outcome=None)
    given_up = message(state=State.REJECTED, status=0x58)
    assert found([given_up], [throttled])["mismatched"].value == 0
    assert found([given_up], [throttled, submit()])["mismatched"].value == 1
    assert found([message()], [throttled, submit()])["mismatched"].value == 0


def test_a_message_that_was_blocked_must_not_have_been_sent() -> None:
    assert found([message(state=State.BLOCKED, parts=())], [])["mismatched"].value == 0
    assert found([message(state=State.BLOCKED, parts=())], [submit()])["mismatched"].value == 1


def test_a_queue_that_is_full_is_counted_apart_from_throttling() -> None:
    findings = found([], [submit(status=0x14, smsc_id=""), submit(status=0x58, smsc_id="")])
    assert findings["queue_full"].value == findings["throttled"].value == 1


def test_receipts_on_another_connection_and_again() -> None:
    here = submit(answered=Moment(1000.03, 2, 1), reported=Moment(1003.0, 3, 1), reports=1)
    there = submit(smsc_id="A2", answered=Moment(1000.03, 2, 1), reported=Moment(1003.0, 3, 2), reports=3)
    findings = found([], [here, there, submit(reported=None, reports=0)])
    assert findings["receipts_elsewhere"].value == 1
    assert findings["receipts_elsewhere"].examples == ("77050000001: receipt for A2",)
    assert findings["receipts_repeated"].value == 2


def test_refused_binds_are_no_binds() -> None:
    sent, span = SenderLedger(()), SPAN
    received = OperatorLedger((), (Bind("alpha", 1.0),), (), (Bind("alpha", 0.5), Bind("beta", 0.7)))
    assert measure(Evidence(sent, received, span, "alpha"))["refused_binds"].value == 1
    assert measure(Evidence(sent, received, span))["refused_binds"].value == 2
    assert measure(Evidence(sent, received, span))["binds"].value == 1


def test_receipts_before_the_response_are_counted_from_what_was_written() -> None:
    early = submit(recipient="77050000003", reported=Moment(1000.02, 7), answered=Moment(1000.02, 8))
    never_answered = submit(recipient="77050000002", smsc_id="A2", answered=None)
    findings = found([], [submit(), early, never_answered])
    assert findings["receipts_before_response"].value == 2


def test_a_receipt_may_write_the_id_in_another_way() -> None:
    findings = found([], [submit(reported_id="A1"), submit(smsc_id="1F", reported_id="31"), submit(smsc_id="2F")])
    assert findings["rewritten_ids"].examples == ("77050000001: 1F in the response, 31 in the receipt",)


def test_receipts_that_found_no_message_are_counted_per_operator() -> None:
    parked = (Parked("alpha", "77", "77050000001"), Parked("beta", "78", "77010000001"))
    assert found([], [], parked=parked)["unmatched_receipts"].value == 2
    assert found([], [], parked=parked, operator="beta")["unmatched_receipts"].examples == (
        "77010000001: receipt for 78 of beta",
    )


def test_reconnects_are_binds_beyond_the_configured_ones() -> None:
    binds = (Bind("alpha", 1), Bind("alpha", 2), Bind("alpha", 3))
    findings = found([], [], binds=binds)
    assert (findings["binds"].value, findings["reconnects"].value) == (3, 2)


def test_rows_and_receptions_are_counted_with_examples() -> None:
    findings = found(
        [],
        [],
        rejects=(Reject(7, "no number"),),
        receptions=(Reception("alpha", "77010000000", "STOP", 1001.0), Reception("alpha", "77010000001", "?")),
    )
    assert findings["rejected_rows"].examples == ("line 7: no number",)
    assert findings["mo_received"].examples == ("77010000000: STOP",)


def test_an_operators_share_is_measured_alone() -> None:
    theirs = message(recipient="77010000001", operator="beta", part_smsc_id="B1")
    books = ([message(), theirs], [submit(), submit(recipient="77010000001", operator="beta", smsc_id="B1")])
    findings = found(*books, operator="beta")
    assert findings["recipients"].value == findings["submits"].value == 1
    assert findings["lost"].value == 0


def test_times_and_rates() -> None:
    submits = [
        submit(received_at=1000 + n / 10, acknowledged_at=1002 + n / 10, answered=Moment(1000.03 + n / 10, n))
        for n in range(11)
    ]
    findings = found([message()], submits)
    assert findings["duration"].value == 60
    assert findings["throughput"].value == pytest.approx(10)
    assert findings["submit_latency_p50"].value == pytest.approx(0.03)
    assert findings["receipt_delay_p99"].value == pytest.approx(2)


def test_the_peak_rate_is_that_of_the_fullest_sliding_second() -> None:
    at = [0.0, 0.5, 0.9, 1.0, 1.4, 3.0]
    assert found([], [submit(received_at=1000 + t) for t in at])["peak_rate"].value == 4, "0.5 to 1.4"


def test_examples_are_a_handful_and_the_value_is_all() -> None:
    lost = found([message(recipient=str(n), state=State.QUEUED, parts=()) for n in range(50)], [])["lost"]
    assert lost.value == 50
    assert len(lost.examples) == 5


def test_every_metric_says_what_it_means() -> None:
    assert all(len(metric.meaning) > 20 for metric in METRICS.values())
    assert METRICS["lost"].name == "lost"


# --- percentiles, order, money, lint ----------------------------------------------------------------------


def test_any_percentile_of_many_times_can_be_asked_for() -> None:
    submits = [submit(received_at=1000.0, answered=Moment(1000.0 + n, n), recipient=f"{n}") for n in range(1, 1001)]
    findings = found([], submits)
    asked = ("p50", "p99", "p99.9", "p100", "p0.1")
    assert [findings[f"submit_latency_{each}"].value for each in asked] == [501, 991, 1000, 1000, 2]
    assert found([], [])["receipt_delay_p99.9"].value == 0
    with pytest.raises(KeyError):
        findings["lost_p50"]


def loaded(number: int, due: float, **changes: Any) -> SentMessage:
    return message(number=number, due=due, part_smsc_id=f"A{number}", **changes)


def test_times_of_a_load_count_from_when_a_message_was_due() -> None:
    messages = [loaded(1, 1000.0, written_at=1002.0, answered_at=1003.0), loaded(2, 1001.0)]
    findings = found(messages, [])
    assert findings["send_lag_p50"].value == 2
    assert findings["response_time_p50"].value == 3


def test_what_was_given_up_is_unsent_and_not_lost() -> None:
    findings = found([message(number=1, due=1000.0, state=State.CANCELLED, parts=())], [])
    assert findings["unsent"].value == 1
    assert findings["lost"].value == findings["mismatched"].value == 0


def test_messages_to_one_number_are_in_order_or_are_counted() -> None:
    messages = [loaded(1, 1000.0), loaded(2, 1001.0), loaded(3, 1002.0)]
    in_order = [submit(number=n, smsc_id=f"A{n}", received_at=1000.0 + n) for n in (1, 2, 3)]
    assert found(messages, in_order)["out_of_order"].value == 0
    swapped = [submit(number=n, smsc_id=f"A{n}", received_at=1000.0 + at) for at, n in enumerate((3, 1, 2))]
    assert found(messages, swapped)["out_of_order"].value == 2
    elsewhere = [submit(number=3, smsc_id="A3"), submit(number=1, smsc_id="A1", recipient="7701", received_at=1001.0)]
    assert found([*messages, loaded(1, 1000.0, recipient="7701")], elsewhere)["out_of_order"].value == 0


def test_parts_that_arrive_the_wrong_way_round_are_out_of_order() -> None:
    parts = [submit(part=2, parts=2, smsc_id="A2"), submit(part=1, parts=2, received_at=1000.5)]
    assert found([message()], parts)["out_of_order"].value == 1


def test_segments_that_were_accepted_cost_their_price_exactly() -> None:
    price = Price(Amount(Decimal("0.10"), "KZT"), [PriceException(Amount(Decimal("0.35")), to=AddressPattern("7701*"))])
    submits = [submit(), submit(smsc_id="A2"), submit(smsc_id="A3"), submit(smsc_id="B1", recipient="77011")]
    submits += [submit(status=88, smsc_id=""), submit(operator="beta", smsc_id="C1")]
    submits[1] = submit(smsc_id="A2", outcome="UNDELIV")
    known = Knowledge({"alpha": price})
    findings = measure(Evidence(SenderLedger(()), OperatorLedger(tuple(submits)), SPAN, "alpha", known=known))
    assert findings["cost"].value == Decimal("0.65"), "a refusal and another operator cost nothing"
    assert findings["cost"].currency == "KZT"
    assert findings["cost_per_delivered"].value == Decimal("0.65") / 3
    nothing = measure(Evidence(SenderLedger(()), OperatorLedger(()), SPAN, known=known))
    assert nothing["cost_per_delivered"].value == 0


def test_findings_of_the_lint_are_counted_by_how_bad_they_are() -> None:
    bad, noted = (next(rule.id for rule in RULES.values() if rule.severity == severity) for severity in (3, 1))
    lint = tuple(
        LintFinding(rule, operator, "shop", 2, 0.0, 1.0, "so", None)
        for rule, operator in ((bad, "alpha"), (noted, "alpha"), (noted, "beta"))
    )
    books = (SenderLedger(()), OperatorLedger(()), SPAN)
    findings = measure(Evidence(*books, known=Knowledge(lint=lint)))
    counts = [findings[name].value for name in ("lint_findings", "lint_findings_warning", "lint_findings_error")]
    assert counts == [3, 1, 1]
    assert findings["lint_findings_error"].examples == (f"error {bad}: shop at alpha, 2 times; so",)
    assert measure(Evidence(*books, "beta", known=Knowledge(lint=lint)))["lint_findings"].value == 1
    assert "lint_findings" not in list(measure(Evidence(*books))), "nobody watched"
