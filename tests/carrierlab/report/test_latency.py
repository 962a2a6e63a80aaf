"""Percentiles, their curve, and their course over time."""

from __future__ import annotations

from carrierlab.evidence import Evidence
from carrierlab.ledgers import Moment, OperatorLedger, SenderLedger, Span, Submit
from carrierlab.metrics import measure
from carrierlab.report.latency import CURVE, Latency, latencies
from tests.carrierlab.books import submit

SPAN = Span(1000.0, 1020.0, {})


def late(at: float, seconds: float, operator: str = "alpha") -> Submit:
    answered = Moment(1000 + at + seconds, 1)
    return submit(operator=operator, received_at=1000 + at, answered=answered, acknowledged_at=None)


def measured(*submits: Submit, operators: tuple[str, ...] = ("alpha",)) -> tuple[Latency, ...]:
    received = OperatorLedger(submits)
    each = [Evidence(SenderLedger(()), received, SPAN, name) for name in operators]
    return latencies(Evidence(SenderLedger(()), received, SPAN), each, bucket=10.0, length=3)


def test_percentiles_are_those_of_the_metrics() -> None:
    submits = [late(0, n / 1024) for n in range(1, 1001)]
    (found,) = measured(*submits)
    assert (found.operator, found.kind, found.count) == ("alpha", "submit_latency", 1000)
    assert [round(value * 1024) for value in (found.p50, found.p90, found.p99, found.p999, found.longest)] == [
        501, 901, 991, 1000, 1000
    ]  # fmt: skip
    metrics = measure(Evidence(SenderLedger(()), OperatorLedger(tuple(submits)), SPAN))
    assert (found.p50, found.p99) == (metrics["submit_latency_p50"].value, metrics["submit_latency_p99"].value)
    assert len(found.curve) == len(CURVE)
    assert list(found.curve) == sorted(found.curve)


def test_the_course_over_time_goes_by_when_a_message_was_submitted() -> None:
    (found,) = measured(late(1, 0.5), late(2, 0.25), late(3, 0.5), late(21, 2.0))
    assert found.middle == (0.5, None, 2.0)
    assert found.high == (0.5, None, 2.0)


def test_what_never_happened_is_left_out() -> None:
    assert measured(submit(answered=None, acknowledged_at=None)) == ()
    kinds = [found.kind for found in measured(submit())]
    assert kinds == ["submit_latency", "receipt_delay"]


def test_several_operators_are_measured_together_too() -> None:
    found = measured(late(0, 1.0), late(0, 3.0, "beta"), operators=("alpha", "beta", "idle"))
    assert [(one.operator, one.longest) for one in found] == [(None, 3.0), ("alpha", 1.0), ("beta", 3.0)]
