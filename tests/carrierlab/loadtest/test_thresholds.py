from __future__ import annotations

import pytest

from carrierlab.loadtest.tally import Tally
from carrierlab.loadtest.thresholds import (
    ErrorClass,
    Percentiles,
    RequestName,
    State,
    Thresholds,
    Verdict,
    broken,
    error_class,
    judge,
)
from yamlmodel.scalars import Duration, Percent, Rate

THROTTLED = ErrorClass.parse("ESME_RTHROTTLED")


def tally(sent: int = 100, throttled: int = 0, seconds: float = 10.0, latency: float = 0.1) -> Tally:
    made = Tally(seconds=seconds)
    for number in range(sent):
        made.request("submit_sm", latency, str(THROTTLED) if number < throttled else None)
    return made


def verdict(thresholds: Thresholds, measured: Tally, sent: str = "submit_sm") -> Verdict:
    (only,) = judge(thresholds, measured, sent)
    return only


@pytest.mark.parametrize(
    ("thresholds", "measured", "state"),
    [
        (Thresholds({RequestName("submit_sm"): Percentiles(p99=Duration(0.1))}), tally(), State.HELD),
        (Thresholds({RequestName("submit_sm"): Percentiles(p50=Duration(0.09))}), tally(), State.BROKEN),
        (Thresholds({RequestName("receipt"): Percentiles(p95=Duration(1))}), tally(), State.NOTHING),
        (Thresholds(errors=Percent(0.05)), tally(throttled=5), State.HELD),
        (Thresholds(errors=Percent(0.05)), tally(throttled=6), State.BROKEN),
        (Thresholds(errors=Percent(0.05)), Tally(), State.NOTHING),
        (Thresholds(statuses={THROTTLED: Percent(0)}), tally(throttled=1), State.BROKEN),
        (Thresholds(statuses={ErrorClass.parse("0x14"): Percent(0)}), tally(throttled=1), State.HELD),
        (Thresholds(throughput=Rate(9)), tally(throttled=10), State.HELD),
        (Thresholds(throughput=Rate(9.5)), tally(throttled=10), State.BROKEN),
        (Thresholds(throughput=Rate(1)), Tally(), State.BROKEN),
        (Thresholds(lost_receipts=0), tally(), State.HELD),
    ],
)
def test_a_threshold_is_judged(thresholds: Thresholds, measured: Tally, state: State) -> None:
    assert verdict(thresholds, measured).state is state


def test_receipts_are_judged_by_their_counts() -> None:
    measured = tally()
    measured.receipts.lost, measured.receipts.unknown = 2, 1
    lost, unknown = judge(Thresholds(lost_receipts=1, unknown_receipts=1), measured, "submit_sm")
    assert (lost.state, unknown.state) == (State.BROKEN, State.HELD)
    assert str(lost) == "lost receipts: 2, expected 1 at most"


def test_other_requests_count_for_errors_where_all_carry_messages() -> None:
    measured = tally(throttled=10)
    for _ in range(100):
        measured.request("GET /healthz", 0.01, None)
    assert verdict(Thresholds(errors=Percent(0.06)), measured, "").state is State.HELD
    assert verdict(Thresholds(errors=Percent(0.06)), measured, "submit_sm").state is State.BROKEN


def test_a_search_breaks_at_throttles_errors_and_a_second_where_nothing_is_said() -> None:
    usual = Thresholds(throughput=Rate(1000)).for_a_search()
    assert broken(judge(usual, tally(), "submit_sm")) == []
    assert broken(judge(usual, tally(throttled=1), "submit_sm"))
    assert broken(judge(usual, tally(latency=1.1), "submit_sm"))
    own = Thresholds({RequestName("submit_sm"): Percentiles(p99=Duration(5))}, statuses={THROTTLED: Percent(0.5)})
    assert [each.what for each in broken(judge(own.for_a_search(), tally(throttled=2), "submit_sm"))] == ["errors"]


def test_statuses_are_shown_with_their_number() -> None:
    assert error_class(0x58) == "ESME_RTHROTTLED (0x58)"
    assert error_class(0x400) == "0x00000400"
    with pytest.raises(ValueError, match="did you mean"):
        RequestName.parse("submit")
