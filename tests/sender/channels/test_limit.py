import math

from hypothesis import given
from hypothesis import strategies as st

from sender.channels.limit import Limit
from tests.sender.peer import most_in_a_second


@given(
    rate=st.floats(0.5, 300),
    start=st.floats(0, 1e6),
    lateness=st.lists(st.floats(0, 0.3), min_size=1, max_size=10),
)
def test_no_sliding_second_holds_more_than_the_limit_i5(rate: float, start: float, lateness: list[float]) -> None:
    limit, times, now = Limit(rate, rate), [], start
    for late in lateness * 20:
        while limit.ready(now):
            assert limit.take(now)
            times.append(now)
        now = limit.until(now, 10) + late
    assert most_in_a_second(times) <= math.ceil(rate)


def test_ready_says_what_take_would_and_takes_nothing() -> None:
    limit = Limit(10.0, 10.0)
    assert limit.ready(0.0)
    assert limit.ready(0.0)
    assert limit.take(0.0)
    assert not limit.ready(0.05)
    assert not limit.take(0.05)
    assert limit.ready(limit.until(0.05))


def test_a_hold_keeps_everything_back() -> None:
    limit = Limit(10.0, 10.0)
    limit.hold(2.0)
    assert not limit.ready(1.9)
    assert not limit.take(1.9)
    assert limit.until(1.0) == 2.0
    assert limit.take(2.0)


def test_another_contract_counts_what_was_written_before_it_i5() -> None:
    limit, now, times = Limit(100.0, 100.0), 0.0, []
    while now < 0.5:
        now = limit.until(now)
        if limit.take(now):
            times.append(now)
    before = len(times)
    limit.recap(20.0)
    limit.rate = 20.0
    assert not limit.ready(now + 0.1)
    while len(times) < 120:
        now = limit.until(now)
        if limit.take(now):
            times.append(now)
    later = times[before:]
    assert later[0] > 1.0
    assert most_in_a_second(later) <= 20
