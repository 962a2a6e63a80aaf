"""Distributions fitted to times."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsc.learn.distributions import fit_times
from smsc.learn.twin import spread
from smsc.scenario.latency import Latency


@pytest.mark.parametrize(
    ("shape", "draw", "first", "second"),
    [
        ("fixed", lambda r: 0.2 + r.uniform(0, 0.001), 0.2, 0.0),
        ("uniform", lambda r: r.uniform(0.02, 0.12), 0.02, 0.12),
        ("normal", lambda r: r.gauss(0.5, 0.05), 0.5, 0.05),
        ("lognormal", lambda r: r.lognormvariate(math.log(0.04), 0.99), 0.04, 0.4),
        ("lognormal", lambda r: r.lognormvariate(math.log(3), 1.2), 3, 48.9),
    ],
)
def test_the_shape_and_its_parameters_are_found(
    shape: str, draw: Callable[[random.Random], float], first: float, second: float
) -> None:
    chance = random.Random(7)
    fitted = fit_times([draw(chance) for _ in range(2000)])
    assert fitted is not None
    assert fitted.value.shape == shape
    assert math.isclose(fitted.value.first, first, rel_tol=0.1)
    assert math.isclose(fitted.value.second, second, rel_tol=0.15)
    assert fitted.samples == 2000


def test_few_times_have_no_shape() -> None:
    fitted = fit_times([0.1, 0.5, 0.9])
    assert fitted is not None
    assert (fitted.value.shape, fitted.few) == ("uniform", True)
    assert fit_times([]) is None


@settings(deadline=None)
@given(st.lists(st.floats(-1, 1e6, allow_subnormal=False), min_size=1, max_size=80))
def test_whatever_was_measured_is_written_as_a_scenario_takes_it(times: list[float]) -> None:
    fitted = fit_times(times)
    assert fitted is not None
    assert Latency.parse(spread(fitted.value)).at(0.5) >= 0
