from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yamlmodel.scalars import Duration, Percent, Rate


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("40ms", 0.04),
        ("250us", 0.00025),
        ("3s", 3.0),
        ("1.5s", 1.5),
        (".5s", 0.5),
        ("2m", 120.0),
        ("1h", 3600.0),
        ("3d", 259200.0),
        ("30", 30.0),
        ("0", 0.0),
        ("10 ms", 0.01),
        (" 10ms ", 0.01),
    ],
)
def test_durations_are_seconds(text: str, seconds: float) -> None:
    assert Duration.parse(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "ms", "-3s", "3 seconds", "1:30", "3sec", "1e3", "٣s", "nan", "inf", "1h30m", "3S"]
)
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration such as 40ms, 3s, 2m or 1h"):
        Duration.parse(text)


@pytest.mark.parametrize(("text", "rate"), [("100/s", 100.0), ("600/m", 10.0), ("3600/h", 1.0), ("0.5 / s", 0.5)])
def test_rates_are_per_second(text: str, rate: float) -> None:
    assert Rate.parse(text) == pytest.approx(rate)


@pytest.mark.parametrize("text", ["", "100", "100/d", "-1/s", "100 s", "/s", "100/s/s"])
def test_anything_else_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match="expected a rate such as 100/s, 600/m or 3600/h"):
        Rate.parse(text)


def test_a_rate_is_above_zero() -> None:
    with pytest.raises(ValueError, match="above zero"):
        Rate.parse("0/s")


@pytest.mark.parametrize(("text", "share"), [("94%", 0.94), ("0%", 0.0), ("100%", 1.0), ("0.5 %", 0.005)])
def test_percentages_are_shares_of_one(text: str, share: float) -> None:
    assert Percent.parse(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "94", "0.94", "%", "-1%", "1e2%"])
def test_anything_else_is_no_percentage(text: str) -> None:
    with pytest.raises(ValueError, match="expected a percentage such as 94%"):
        Percent.parse(text)


def test_a_percentage_is_at_most_the_whole() -> None:
    with pytest.raises(ValueError, match="at most 100%"):
        Percent.parse("100.1%")


@pytest.mark.parametrize(("scalar", "unit"), [(Duration, "s"), (Rate, "/s"), (Percent, "%")])
def test_endless_digits_are_refused(scalar: type[Duration | Rate | Percent], unit: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        scalar.parse("9" * 400 + unit)


@given(st.text(max_size=12))
def test_only_value_errors_come_out_of_any_text(text: str) -> None:
    for scalar in (Duration, Rate, Percent):
        with suppress(ValueError):
            assert scalar.parse(text) >= 0
