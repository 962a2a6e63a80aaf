"""GCRA: literal times, and the sliding-second property (I5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.rate import Gcra


def test_cells_are_spaced_evenly_without_burst() -> None:
    limit = Gcra(4)
    assert [limit.take(t) for t in (0.0, 0.1, 0.25, 0.26, 0.5)] == [True, False, True, False, True]


def test_a_burst_may_come_at_once_and_is_earned_again() -> None:
    limit = Gcra(2, burst=3)
    assert [limit.take(10.0) for _ in range(4)] == [True, True, True, False]
    assert limit.wait(10.0) == pytest.approx(0.5)
    assert limit.take(10.5)
    assert not limit.take(10.5)


def test_wait_says_exactly_when_take_admits() -> None:
    limit = Gcra(3)
    assert limit.take(1.0)
    wait = limit.wait(1.0)
    assert not limit.take(1.0 + wait / 2)
    assert limit.take(1.0 + wait)


def test_several_cells_are_admitted_together_or_not_at_all() -> None:
    limit = Gcra(10, burst=5)
    assert limit.take(0.0, 3)
    assert not limit.take(0.0, 3)
    assert limit.take(0.0, 2)
    with pytest.raises(ValueError, match="6 cells never fit a burst of 5"):
        limit.wait(0.0, 6)


def test_a_lower_rate_holds_from_the_next_cell_on() -> None:
    limit = Gcra(10)
    assert limit.take(0.0)
    limit.rate = 1
    assert limit.take(0.1)
    assert not limit.take(1.0)
    assert limit.take(1.1)


@pytest.mark.parametrize("rate", [0, -1])
def test_a_rate_must_be_positive(rate: float) -> None:
    with pytest.raises(ValueError, match="rate > 0"):
        Gcra(rate)


@given(
    st.integers(1, 50),
    st.lists(st.floats(0, 0.3, allow_nan=False), min_size=1, max_size=300),
)
def test_i5_no_sliding_second_exceeds_the_rate(rate: int, gaps: list[float]) -> None:
    limit, now, admitted = Gcra(rate), 1000.0, []
    for gap in gaps:
        now += gap
        if limit.take(now):
            admitted.append(now)
    for start in admitted:
        assert sum(start <= at < start + 1.0 - 1e-6 for at in admitted) <= rate


@given(st.floats(0.001, 1e6), st.floats(0, 1e9), st.integers(1, 100))
def test_waiting_always_ends(rate: float, now: float, cells: int) -> None:
    limit = Gcra(rate)
    for _ in range(cells):
        now += limit.wait(now)
        assert limit.take(now)
