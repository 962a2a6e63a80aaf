import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc.scenario.latency import LONGEST, Fixed, Latency, LogNormal, Never, Normal, Spike, Uniform

OPEN_UNIT = st.floats(min_value=2.0**-53, max_value=1 - 2.0**-53)


@pytest.mark.parametrize(
    ("text", "latency"),
    [
        ("0ms", Fixed(0.0)),
        ("40ms", Fixed(0.04)),
        ("2", Fixed(2.0)),
        ("fixed 40ms", Fixed(0.04)),
        ("uniform 10ms 50ms", Uniform(0.01, 0.05)),
        ("uniform 1s 1s", Uniform(1.0, 1.0)),
        ("normal 40ms 5ms", Normal(0.04, 0.005)),
        ("spike 40ms to 2s 5%", Spike(0.04, 2.0, 0.05)),
        ("never", Never()),
        ("  normal  40ms  0s ", Normal(0.04, 0.0)),
    ],
)
def test_each_shape_is_read_from_its_written_form(text: str, latency: Latency) -> None:
    assert Latency.parse(text) == latency


def test_lognormal_has_the_median_and_the_p99_it_was_written_with() -> None:
    latency = Latency.parse("lognormal 40ms p99 400ms")
    assert isinstance(latency, LogNormal)
    assert latency.at(0.5) == pytest.approx(0.04)
    assert latency.at(0.99) == pytest.approx(0.4)


def test_normal_has_its_mean_in_the_middle_and_never_goes_below_zero() -> None:
    latency = Latency.parse("normal 40ms 50ms")
    assert latency.at(0.5) == pytest.approx(0.04)
    assert latency.at(0.8413) == pytest.approx(0.09, rel=1e-3)
    assert latency.at(0.01) == 0.0


def test_uniform_spans_its_bounds() -> None:
    latency = Latency.parse("uniform 10ms 50ms")
    assert latency.at(0.25) == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "expected a latency such as 40ms"),
        ("quick", "expected a latency such as 40ms"),
        ("10ms 20ms", "expected a latency such as 40ms"),
        ("-1s", "expected a latency such as 40ms"),
        ("gamma 1s 2s", "expected a latency such as 40ms"),
        ("fixed", 'expected the form "fixed 40ms"'),
        ("fixed 1s 2s", 'expected the form "fixed 40ms"'),
        ("fixed soon", 'expected the form "fixed 40ms"'),
        ("uniform 10ms", 'expected the form "uniform 10ms 50ms"'),
        ("uniform 50ms 10ms", "expected the lower bound first: uniform 10ms 50ms"),
        ("normal 40ms", 'expected the form "normal 40ms 5ms"'),
        ("lognormal 40ms 400ms", 'expected the form "lognormal 40ms p99 400ms"'),
        ("lognormal 40ms p95 400ms", 'expected the form "lognormal 40ms p99 400ms"'),
        ("lognormal 40ms p99 x", 'expected the form "lognormal 40ms p99 400ms"'),
        ("lognormal 40ms p99 40ms", "expected a median above zero and a p99 above the median"),
        ("lognormal 0ms p99 40ms", "expected a median above zero"),
        ("spike 40ms 2s 5%", 'expected the form "spike 40ms to 2s 5%"'),
        ("spike 40ms to 2s", 'expected the form "spike 40ms to 2s 5%"'),
        ("spike 40ms to 2s 5", 'expected the form "spike 40ms to 2s 5%"'),
        ("spike 2s to 40ms 5%", "expected the longer time last: spike 40ms to 2s 5%"),
        ("never 5s", "expected never alone"),
        ("32d", "expected at most 31d"),
        ("uniform 1s 32d", "expected at most 31d"),
    ],
)
def test_anything_else_says_the_form_that_is_expected(text: str, expected: str) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        Latency.parse(text)
    assert str(caught.value).startswith(expected)


@given(
    text=st.sampled_from(
        [
            "40ms",
            "uniform 10ms 50ms",
            "normal 40ms 30ms",
            "normal 0s 31d",
            "lognormal 40ms p99 400ms",
            "lognormal 1us p99 31d",
            "spike 40ms to 2s 5%",
        ]
    ),
    draws=st.tuples(OPEN_UNIT, OPEN_UNIT),
)
def test_a_latency_is_finite_not_negative_and_rises_with_the_draw(text: str, draws: tuple[float, float]) -> None:
    latency = Latency.parse(text)
    low, high = (latency.at(u) for u in sorted(draws))
    assert 0.0 <= low <= high
    assert high <= LONGEST


def test_a_spike_is_as_rare_as_it_was_written() -> None:
    latency = Latency.parse("spike 40ms to 2s 5%")
    assert [latency.at(u) for u in (0.01, 0.94, 0.96, 0.99)] == [0.04, 0.04, 2.0, 2.0]


def test_never_takes_for_ever() -> None:
    assert Latency.parse("never").at(0.5) == math.inf


def test_octets_that_trickle_are_a_fault() -> None:
    with pytest.raises(ValueError, match="fault: dribble"):
        Latency.parse("dribble 100ms")


def test_a_shape_without_a_distribution_is_no_latency() -> None:
    with pytest.raises(NotImplementedError):
        Latency().at(0.5)
