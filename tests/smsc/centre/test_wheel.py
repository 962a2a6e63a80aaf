"""The timer wheel."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from smsc.centre.wheel import Wheel


def test_items_come_when_they_are_due_and_never_early() -> None:
    clock, fired = Clock(), []
    wheel = Wheel(clock, 0.01, lambda items: fired.append((clock.seconds(), items)))
    wheel.add(0.025, "b")
    wheel.add(0.011, "a")
    wheel.add(0.0299, "c")
    for _ in range(50):
        clock.advance(0.001)
    assert [items for _, items in fired] == [["a"], ["b", "c"]]
    assert [round(at, 3) for at, _ in fired] == [0.02, 0.03]


def test_one_timer_however_many_items() -> None:
    clock = Clock()
    wheel = Wheel(clock, 0.01, lambda items: None)
    for number in range(1000):
        wheel.add(number / 100, number)
        assert len(clock.getDelayedCalls()) == 1
    assert len(wheel) == 1000
    clock.pump([0.5] * 21)
    assert (len(wheel), clock.getDelayedCalls()) == (0, [])


def test_what_is_due_already_comes_in_the_next_turn() -> None:
    clock, fired = Clock(), []
    clock.advance(100)
    wheel = Wheel(clock, 0.01, fired.append)
    wheel.add(3.0, "late")
    assert fired == []
    clock.advance(0)
    assert fired == [["late"]]


def test_firing_may_add_items() -> None:
    clock, fired = Clock(), []

    def fire(items: list[int]) -> None:
        fired.append(items)
        if len(fired) < 3:
            wheel.add(0.0, len(fired))

    wheel: Wheel[int] = Wheel(clock, 0.01, fire)
    wheel.add(0.0, 0)
    clock.advance(0)
    assert fired == [[0], [1], [2]]


def test_a_failure_of_one_tick_loses_no_other() -> None:
    clock, fired = Clock(), []

    def fire(items: list[str]) -> None:
        if items == ["bad"]:
            raise LookupError("a bug")
        fired.append(items)

    wheel: Wheel[str] = Wheel(clock, 0.01, fire)
    for due, item in ((0.01, "first"), (0.02, "bad"), (0.03, "last")):
        wheel.add(due, item)
    with pytest.raises(LookupError):
        clock.advance(1)
    assert (fired, len(wheel)) == ([["first"]], 1)
    clock.advance(0)
    assert (fired, len(wheel)) == ([["first"], ["last"]], 0)


def test_clear_gives_back_what_was_held() -> None:
    clock = Clock()
    wheel = Wheel(clock, 0.01, lambda items: None)
    for due in (3, 1, 2):
        wheel.add(due, due)
    assert wheel.clear() == [1, 2, 3]
    assert (len(wheel), clock.getDelayedCalls()) == (0, [])


@given(st.lists(st.floats(0, 1000)), st.floats(0.0001, 1))
def test_every_item_comes_once_within_a_tick(dues: list[float], tick: float) -> None:
    clock, late = Clock(), []
    wheel: Wheel[float] = Wheel(clock, tick, lambda items: late.extend(clock.seconds() - due for due in items))
    for due in dues:
        wheel.add(due, due)
    while clock.getDelayedCalls():
        clock.advance(max(1e-9, clock.getDelayedCalls()[0].getTime() - clock.seconds()))
    assert len(late) == len(dues)
    assert all(-1e-8 < lateness < tick + 1e-8 for lateness in late)


def test_what_is_not_wanted_any_more_is_taken_out_and_the_rest_comes_in_time() -> None:
    clock, fired = Clock(), []
    wheel: Wheel[str] = Wheel(clock, 0.01, fired.extend)
    for due, item in ((0.02, "b"), (0.01, "not a"), (0.02, "not b"), (0.03, "not c"), (0.04, "d")):
        wheel.add(due, item)
    assert wheel.take(lambda item: item.startswith("not")) == ["not a", "not b", "not c"]
    assert len(wheel) == 2
    for _ in range(10):
        clock.advance(0.01)
    assert fired == ["b", "d"]
    assert clock.getDelayedCalls() == []


def test_many_are_held_as_one_where_they_fall_due_together() -> None:
    clock, fired = Clock(), []
    wheel: Wheel[list[int]] = Wheel(clock, 0.01, lambda items: fired.append((round(clock.seconds(), 3), items)))
    wheel.add(0.02, [0])
    wheel.add_together([1, 2, 3, 4], [0.015, 0.04, 0.02, 0.0399], list)
    assert len(wheel) == 3
    for _ in range(10):
        clock.advance(0.01)
    assert fired == [(0.02, [[0], [1, 3]]), (0.04, [[2, 4]])]


def test_ticks_that_have_gone_by_are_done_together_up_to_one_that_is_to_be_done_first() -> None:
    clock, fired = Clock(), []
    wheel: Wheel[str] = Wheel(clock, 0.01, fired.append, lambda items: "job" not in items)
    for due, item in ((0.01, "a"), (0.02, "b"), (0.03, "job"), (0.03, "c"), (0.04, "d"), (0.5, "e")):
        wheel.add(due, item)
    clock.advance(0.1)
    assert fired == [["a", "b", "job", "c"], ["d"]]
    assert len(wheel) == 1


def test_what_is_patient_comes_a_breath_later_where_there_is_much_of_it() -> None:
    clock, fired = Clock(), []
    wheel: Wheel[int] = Wheel(
        clock,
        0.01,
        lambda items: fired.append((round(clock.seconds(), 3), len(items))),
        joins=bool,
        breath=lambda: 0.045,
    )
    wheel.add_patient([0.01] * 15, range(15))
    wheel.add_patient([0.02] * 16, range(16))
    wheel.add_patient([0.03, 0.04, 0.06, 0.08, 0.09], range(5))
    for _ in range(12):
        clock.advance(0.01)
    assert fired == [(0.01, 15), (0.02, 16), (0.07, 3), (0.08, 1), (0.09, 1)]


def test_nothing_else_waits_for_that() -> None:
    clock, fired = Clock(), []
    wheel: Wheel[object] = Wheel(
        clock, 0.01, lambda items: fired.append((round(clock.seconds(), 3), items)), breath=lambda: 0.05
    )
    wheel.add_patient([0.01] * 16, range(16))
    clock.advance(0.01)
    fired.clear()
    wheel.add_patient([0.02, 0.03], "ab")
    wheel.add(0.03, "c")
    wheel.add(0.02, "d")
    wheel.add_patient([0.05], "e")
    for _ in range(6):
        clock.advance(0.01)
    assert fired == [(0.02, ["a", "d"]), (0.03, ["b", "c"]), (0.05, ["e"])]


def test_what_is_cleared_keeps_nobody_waiting() -> None:
    clock, fired = Clock(), []
    wheel: Wheel[int] = Wheel(clock, 0.01, lambda items: fired.append(clock.seconds()), breath=lambda: 0.05)
    wheel.add_patient([0.01] * 16, range(16))
    wheel.add_patient([], [])
    clock.advance(0.01)
    wheel.add_patient([0.02], [1])
    wheel.add(0.09, 2)
    assert wheel.clear() == [1, 2]
    wheel.add(0.1, 3)
    clock.advance(0.1)
    assert fired == pytest.approx([0.01, 0.11], abs=0.011)
