from __future__ import annotations

import random

import pytest

from carrierlab.load.arrivals import due_times
from carrierlab.load.model import Arrival
from carrierlab.loadtest.shapes import (
    Level,
    Planned,
    Ramp,
    Soak,
    Span,
    Spike,
    Steady,
    Step,
    expected_messages,
    highest,
    open_loop,
    users_at,
)
from yamlmodel.scalars import Duration


def rate(text: str) -> Level:
    return Level.parse(text)


SHAPES = {
    "steady": (Steady(rate("50/s"), Duration(10)), [Span(50, 50, 10)]),
    "ramp": (Ramp(rate("10/s"), rate("50/s"), Duration(10), Duration(5)), [Span(10, 50, 10), Span(50, 50, 5)]),
    "step": (Step(rate("10/s"), rate("10/s"), rate("30/s"), Duration(4)), [Span(n, n, 4) for n in (10, 20, 30)]),
    "spike": (
        Spike(rate("10/s"), rate("90/s"), Duration(3), Duration(2), Duration(3)),
        [Span(10, 10, 3), Span(90, 90, 2), Span(10, 10, 3)],
    ),
    "soak": (Soak(rate("20/s"), Duration(100), Duration(10)), [Span(0, 20, 10), Span(20, 20, 100)]),
}


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_is_a_list_of_spans(name: str) -> None:
    shape, spans = SHAPES[name]
    assert list(shape.spans()) == spans
    assert highest(shape) == max(max(span.first, span.last) for span in spans)


@pytest.mark.parametrize("arrival", Arrival)
@pytest.mark.parametrize("name", SHAPES)
def test_an_open_loop_has_as_many_messages_as_the_shape_says(name: str, arrival: Arrival) -> None:
    shape: Planned = SHAPES[name][0]
    load = open_loop(list(shape.spans()), arrival, 5)
    times = list(due_times(load, random.Random(1)))
    expected = expected_messages(shape)
    assert times == sorted(times)
    assert len(times) == pytest.approx(expected, abs=4 * expected**0.5 + 5)
    assert times == list(due_times(load, random.Random(1)))


def test_users_of_a_closed_loop_follow_the_shape() -> None:
    shape = Ramp(rate("10"), rate("50"), Duration(10), Duration(5))
    assert [users_at(shape, at) for at in (0, 5, 10, 14.9)] == [10, 30, 50, 50]
    assert users_at(shape, 15) is None
    assert users_at(Soak(rate("8"), Duration(4), Duration(4)), 0) == 1


@pytest.mark.parametrize(("text", "level", "users"), [("50/s", 50, False), ("20", 20, True), ("60/m", 1, False)])
def test_a_level_is_a_rate_or_a_number_of_users(text: str, level: float, users: bool) -> None:
    assert (float(Level.parse(text)), Level.parse(text).users) == (level, users)


@pytest.mark.parametrize("text", ["", "many", "-1", "1.5", "0/s", "99999999"])
def test_what_is_no_level_is_told_what_one_is(text: str) -> None:
    with pytest.raises(ValueError, match="a rate such as 50/s"):
        Level.parse(text)


def test_steps_go_up_and_can_be_counted() -> None:
    assert [path for path, _ in Step(rate("50/s"), rate("10/s"), rate("20/s"), Duration(1)).problems()] == [("to",)]
    assert [path for path, _ in Step(rate("1/s"), rate("1/h"), rate("50/s"), Duration(1)).problems()] == [("by",)]
