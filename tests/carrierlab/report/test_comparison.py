"""What changed from one run to another, and whether it is for the better."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from carrierlab.metrics import METRICS
from carrierlab.report.comparison import (
    BETTER,
    STRICT,
    Better,
    Change,
    Comparison,
    Incomparable,
    Judgement,
    compare,
    which_is_better,
    worst,
)
from carrierlab.report.document import RunDocument, RunsDocument, run_of
from carrierlab.report.played import Played
from carrierlab.report.result import Failure, Outcome
from tests.carrierlab.test_report import outcome


def document(of: Outcome, **changes: Any) -> RunDocument:
    values = {field: getattr(of, field) for field in of.__struct_fields__}
    return RunDocument(format="carrierlab-report", version=1, **(values | changes))


ONE = document(outcome())


def changed(tolerance: float = 0.1, **changes: Any) -> Comparison:
    (comparison,) = compare(ONE, document(outcome(), **changes), tolerance)
    return comparison


def of_metric(name: str, before: float, after: float, tolerance: float = 0.1) -> Change | None:
    one, other = (document(outcome(), metrics={**ONE.metrics, name: value}) for value in (before, after))
    (comparison,) = compare(one, other, tolerance)
    return next((change for change in comparison.changes if change.name == name), None)


def test_a_run_is_the_same_as_itself() -> None:
    comparison = changed()
    assert (comparison.said, comparison.changes, comparison.judgement) == ((), (), Judgement.SAME)


@pytest.mark.parametrize(
    ("name", "before", "after", "judgement"),
    [
        ("throughput", 100, 50, Judgement.WORSE),
        ("throughput", 100, 150, Judgement.BETTER),
        ("throughput", 100, 95, None),
        ("duration", 60, 90, Judgement.WORSE),
        ("duration", 60, 30, Judgement.BETTER),
        ("delivered", 0, 5, Judgement.BETTER),
        ("submit_latency_p99", 0.1, 0.2, Judgement.WORSE),
        ("submit_latency_p99", 0.0001, 0.0003, None),
        ("lost", 100, 101, Judgement.WORSE),
        ("lost", 0, 1, Judgement.WORSE),
        ("duplicates", 2, 1, Judgement.BETTER),
        ("resends", 100, 109, None),
        ("peak_rate", 10, 100, Judgement.CHANGED),
    ],
)
def test_the_direction_matters(name: str, before: float, after: float, judgement: Judgement | None) -> None:
    change = of_metric(name, before, after)
    assert (None if change is None else change.judgement) == judgement


def test_the_tolerance_is_a_share_of_what_was() -> None:
    assert of_metric("throughput", 100, 81, tolerance=0.2) is None
    change = of_metric("throughput", 100, 79, tolerance=0.2)
    assert change is not None
    assert (change.absolute, change.relative, change.before, change.after) == (-21, -0.21, "100/s", "79.0/s")
    new = of_metric("resends", 0, 3)
    assert new is not None
    assert (new.absolute, new.relative) == (3, None)


def test_operators_and_percentiles_are_compared_too() -> None:
    values = ONE.operators
    alpha = {**values["alpha"], "receipt_delay_p99.9": values["alpha"]["receipt_delay_p99.9"] * 2}
    beta = {**values["beta"], "refused": 2.0}
    comparison = changed(operators={"alpha": alpha, "beta": beta})
    found = {(change.operator, change.name) for change in comparison.changes}
    assert ("beta", "refused") in found
    assert ("alpha", "receipt_delay_p99.9") in found
    assert ("together", "receipt_delay_p99.9") not in found


def test_verdicts_that_flipped_are_told() -> None:
    flipped = tuple(msgspec.structs.replace(verdict, met=not verdict.met, found="2") for verdict in ONE.verdicts)
    comparison = changed(verdicts=flipped, passed=True)
    told = [(c.what, c.name, c.before, c.after, c.judgement.value) for c in comparison.changes]
    assert ("run", "verdict", "failed", "passed", "better") in told
    assert ("expectation", "duplicates equals 0", "not met, found 1", "met, found 2", "better") in told
    assert ("expectation", "lost (alpha) equals 0", "met, found 0", "not met, found 2", "worse") in told
    assert comparison.judgement is Judgement.WORSE
    assert [c.judgement for c in comparison.changes] == sorted((c.judgement for c in comparison.changes), reverse=True)


def test_expectations_that_came_and_went_are_told() -> None:
    comparison = changed(verdicts=ONE.verdicts[1:])
    (change,) = comparison.changes
    assert (change.name, change.after, change.judgement) == (
        "delivered at least 30%", "not expected", Judgement.CHANGED
    )  # fmt: skip


def test_reasons_to_fail_that_are_new_or_gone_are_told() -> None:
    comparison = changed(failures=(ONE.failures[0], Failure("beta", "expired", "err 001", 7, "77")))
    told = {
        (change.name, change.operator, change.before, change.after, change.judgement) for change in comparison.changes
    }
    assert told == {
        ("expired, err 001", "beta", "none", "7", Judgement.WORSE),
        ("rejected, ESME_RINVDSTADR", "beta", "1", "none", Judgement.BETTER),
    }


def test_another_seed_scenario_or_trace_is_said() -> None:
    comparison = changed(seed=43, trace="cd" * 32)
    assert comparison.said == ("another seed: 42, now 43", f"another trace hash: {'ab' * 32}, now {'cd' * 32}")
    assert comparison.judgement is Judgement.SAME


def runs(*outcomes: Outcome) -> RunsDocument:
    shortened = tuple(run_of(Played(one), None) for one in outcomes)
    return RunsDocument(format="carrierlab-reports", version=1, passed=False, runs=shortened)


def test_many_runs_are_compared_seed_by_seed() -> None:
    good = outcome(expectations=[], seed=2)
    comparisons = compare(runs(outcome(seed=1), good), runs(outcome(seed=2), outcome(seed=3)), 0.1)
    judged = {comparison.name: comparison.judgement for comparison in comparisons}
    assert judged == {
        "Two operators, seed 2": Judgement.WORSE,
        "Two operators, seed 1": Judgement.SAME,
        "Two operators, seed 3": Judgement.WORSE,
    }
    assert worst(comparisons) is Judgement.WORSE


def test_what_has_nothing_in_common_cannot_be_compared() -> None:
    with pytest.raises(Incomparable, match="a single run and the other many"):
        compare(ONE, runs(outcome()), 0.1)
    with pytest.raises(Incomparable, match="no run of one"):
        compare(runs(outcome(seed=1)), runs(outcome(seed=2)), 0.1)


def test_the_table_of_directions_names_what_there_is() -> None:
    assert set(METRICS) >= set(BETTER) > STRICT
    assert which_is_better("receipt_delay_p90") is which_is_better("submit_latency_p50") is Better.LESS
    assert which_is_better("recipients") is Better.NEITHER
