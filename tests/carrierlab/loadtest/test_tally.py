from __future__ import annotations

import msgspec
import pytest

from carrierlab.loadtest.tally import Histogram, Tally, added


def histogram(*seconds: float) -> Histogram:
    made = Histogram()
    for each in seconds:
        made.add(each)
    return made


def test_percentiles_are_nearest_ranks() -> None:
    latencies = histogram(*(number / 1000 for number in range(1, 101)))
    assert [latencies.percentile(percent) for percent in (1, 50, 95, 99, 100)] == [0.001, 0.05, 0.095, 0.099, 0.1]
    assert latencies.largest == 0.1


def test_nothing_has_no_percentile() -> None:
    assert Histogram().percentile(99) is None
    assert Histogram().largest is None


def test_latencies_keep_three_digits_whatever_their_size() -> None:
    for seconds in (0.000_123_4, 0.012_345, 1.234_5, 98.76):
        assert histogram(seconds).largest == pytest.approx(seconds, rel=0.005)
    assert histogram(-0.001).largest == 0
    assert len(histogram(*(number / 1e6 for number in range(1, 100_000))).counts) <= 999 + 900 * 2 + 1


def test_requests_are_counted_by_name_and_failures_by_class() -> None:
    tally = Tally()
    tally.request("submit_sm", 0.1, None)
    tally.request("submit_sm", 0.2, "ESME_RTHROTTLED (0x58)")
    tally.request("submit_sm", None, "response timeout")
    requests = tally.of("submit_sm")
    assert (requests.count, requests.failed, requests.succeeded, requests.latency.count) == (3, 2, 1, 2)
    assert tally.of("receipt").count == 0


def test_workers_are_added_up_and_their_time_is_the_same_time() -> None:
    one, two = Tally(due=3, written=2, given_up=1, held_back=3, seconds=5.0), Tally(due=4, written=4, seconds=6.0)
    one.request("submit_sm", 0.1, None)
    two.request("submit_sm", 0.3, "ESME_RSYSERR (0x08)")
    two.request("receipt", 1.0, None)
    one.receipts.lost, two.receipts.lost = 1, 2
    one.lag.add(0.001)
    both = added([one, msgspec.json.decode(msgspec.json.encode(two), type=Tally)])  # as it comes from a worker
    assert both.held_back == 3
    assert (both.due, both.written, both.given_up, both.seconds, both.receipts.lost) == (7, 6, 1, 6.0, 3)
    assert both.of("submit_sm").count == 2
    assert both.of("submit_sm").failures == {"ESME_RSYSERR (0x08)": 1}
    assert both.of("submit_sm").latency.largest == 0.3
    assert both.lag.count == 1
    assert one.due == 3
