"""When messages fall due."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrierlab.load.arrivals import due_times
from carrierlab.load.model import Load
from yamlmodel.loader import loads


def times(text: str, seed: int = 1) -> list[float]:
    return list(due_times(loads(text, Load), random.Random(seed)))


def test_a_constant_rate_keeps_its_distance() -> None:
    assert times("{rate: 4/s, for: 1s}") == [0, 0.25, 0.5, 0.75]
    assert times("{rate: 4/s, count: 3}") == [0, 0.25, 0.5]


def test_bursts_fall_due_together_and_keep_the_mean() -> None:
    assert times("{rate: 4/s, for: 2s, arrival: burst, burst: 4}") == [0, 0, 0, 0, 1, 1, 1, 1]


def test_a_stage_begins_where_the_one_before_it_ends() -> None:
    due = times("stages: [{rate: 2/s, count: 2}, {for: 3s}, {rate: 1/s, for: 2s}]")
    assert due == [0, 0.5, 4, 5]


def test_a_rate_that_rises_comes_closer_and_closer() -> None:
    due = times("stages: [{from: 1/s, to: 9/s, for: 10s}]")
    assert len(due) == 50
    gaps = [later - sooner for sooner, later in pairwise(due)]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[0] == pytest.approx(0.73, abs=0.05)
    assert gaps[-1] == pytest.approx(1 / 9, abs=0.01)


def test_poisson_has_its_rate_and_its_spread() -> None:
    due = times("{rate: 100/s, for: 100s, arrival: poisson}")
    gaps = [later - sooner for sooner, later in pairwise(due)]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    assert len(due) == pytest.approx(10_000, rel=0.03)
    assert variance**0.5 == pytest.approx(mean, rel=0.05), "as of an exponential distribution"
    assert len(times("{rate: 100/s, count: 500, arrival: poisson}")) == 500


@given(
    st.sampled_from(["constant", "poisson", "burst"]),
    st.floats(0.5, 50),
    st.floats(0.5, 50),
    st.floats(0.5, 20),
    st.integers(0, 100),
)
def test_times_rise_stay_in_their_stage_and_follow_from_the_seed(
    arrival: str, first: float, last: float, length: float, seed: int
) -> None:
    text = f"{{arrival: {arrival}, stages: [{{from: {first:f}/s, to: {last:f}/s, for: {length:f}s}}]}}"
    due = times(text, seed)
    assert due == sorted(due) == times(text, seed)
    assert all(0 <= at <= length * (1 + 1e-6) for at in due)
