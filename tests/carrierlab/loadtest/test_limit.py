from __future__ import annotations

from collections.abc import Callable

import pytest

from carrierlab.loadtest.limit import Doing, LimitSearch
from carrierlab.loadtest.shapes import Limit
from smppkit.rate import Gcra
from yamlmodel.scalars import Duration, Rate


def shape(**changed: object) -> Limit:
    usual = {"from_": Rate(10), "by": Rate(20), "most": Rate(200), "every": Duration(10), "confirm": Duration(30)}
    return Limit(**{**usual, **changed})  # type: ignore[arg-type]


def throttling(limit: float) -> Callable[[float, float], list[str]]:
    """What an operator that takes `limit` a second says to evenly spaced messages."""

    def play(rate: float, seconds: float) -> list[str]:
        bucket = Gcra(limit, limit)
        refused = sum(not bucket.take(number / rate) for number in range(int(rate * seconds)))
        return [f"ESME_RTHROTTLED: {refused}"] if refused else []

    return play


def search(limits: Limit, play: Callable[[float, float], list[str]]) -> LimitSearch:
    made = LimitSearch(limits)
    while made.found is None:
        made.observed(play(made.probe.rate, made.probe.seconds))
    return made


@pytest.mark.parametrize("limit", [33, 50, 77, 120])
def test_the_limit_of_an_operator_is_found_within_the_precision(limit: float) -> None:
    made = search(shape(precision=Rate(5)), throttling(limit))
    assert made.found is not None
    assert made.found.rate == pytest.approx(limit, abs=5 + 2)
    assert "ESME_RTHROTTLED" in made.found.why
    assert not made.found.open_end
    last = made.tried[-1]
    assert (last.probe.doing, last.probe.rate, last.broken) == (Doing.CONFIRMING, made.found.rate, [])


def test_it_goes_up_back_and_confirms() -> None:
    made = search(shape(precision=Rate(10)), lambda rate, seconds: ["p99"] if rate > 45 else [])
    assert [(tried.probe.doing.value, tried.probe.rate, tried.probe.seconds) for tried in made.tried] == [
        ("raising", 10, 10),
        ("raising", 30, 10),
        ("raising", 50, 10),
        ("narrowing", 40, 10),
        ("confirming", 40, 30),
    ]


def test_a_rate_that_does_not_hold_for_long_goes_down() -> None:
    made = search(shape(), lambda rate, seconds: ["p99"] if rate > (60 if seconds < 20 else 25) else [])
    assert made.found is not None
    assert made.found.rate == 10
    assert [tried.probe.rate for tried in made.tried if tried.probe.doing is Doing.CONFIRMING] == [50, 30, 10]


def test_not_even_the_first_rate_holds() -> None:
    made = search(shape(), lambda rate, seconds: ["errors"])
    assert made.found is not None
    assert (made.found.rate, made.found.why, len(made.tried)) == (None, "errors", 1)


def test_the_first_rate_holds_and_is_not_confirmed() -> None:
    made = search(shape(), lambda rate, seconds: ["errors"] if rate > 10 or seconds > 20 else [])
    assert made.found is not None
    assert made.found.rate is None


def test_nothing_breaks_up_to_the_highest_rate_that_is_allowed() -> None:
    made = search(shape(most=Rate(50)), lambda rate, seconds: [])
    assert made.found is not None
    assert (made.found.rate, made.found.open_end) == (50, True)
    assert max(tried.probe.rate for tried in made.tried) == 50


def test_a_generator_at_its_end_finds_no_limit() -> None:
    made = LimitSearch(shape())
    made.observed([])
    made.give_up("the generator cannot keep up with 30/s")
    assert made.found is not None
    assert (made.found.rate, made.found.inconclusive) == (10, True)


def test_it_goes_up_and_its_steps_can_be_counted() -> None:
    assert [path for path, _ in shape(most=Rate(5)).problems()] == [("most",)]
    assert [path for path, _ in shape(by=Rate(0.001)).problems()] == [("by",)]
