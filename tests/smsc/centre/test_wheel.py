"""The timer wheel."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from smsc.centre.wheel import MANY, Wheel


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


Gathered = tuple[str, int, list[int]]


def gathering(clock: Clock, breath: float | None = None) -> tuple[Wheel[Gathered], list[tuple[float, list[Gathered]]]]:
    """A wheel that gathers numbers, and what it has given back, with the time."""
    fired: list[tuple[float, list[Gathered]]] = []
    return Wheel(
        clock,
        0.01,
        lambda items: fired.append((round(clock.seconds(), 3), items)),
        breath=None if breath is None else lambda: breath,
    ), fired


def gather(wheel: Wheel[Gathered], whose: str, dues: list[float], numbers: list[int]) -> None:
    things = [(number,) for number in numbers]
    wheel.gather(whose, 0.0, dues, things, lambda tick, those: (whose, tick, those))


def test_what_is_of_one_owner_and_due_together_is_one() -> None:
    clock = Clock()
    wheel, fired = gathering(clock)
    gather(wheel, "a", [0.02, 0.01, 0.015], [1, 2, 3])
    gather(wheel, "b", [0.02], [4])
    gather(wheel, "a", [0.02], [5])
    assert len(wheel) == 3
    for _ in range(3):
        clock.advance(0.01)
    assert fired == [(0.01, [("a", 1, [2])]), (0.02, [("a", 2, [1, 3, 5]), ("b", 2, [4])])]
    assert clock.getDelayedCalls() == []


def test_nothing_overtakes_what_was_added_in_between() -> None:
    clock = Clock()
    wheel, fired = gathering(clock)
    gather(wheel, "a", [0.02, 0.01], [1, 2])
    wheel.add(0.02, ("", 0, []))
    gather(wheel, "a", [0.02, 0.01], [3, 4])
    for _ in range(3):
        clock.advance(0.01)
    assert fired == [(0.01, [("a", 1, [2, 4])]), (0.02, [("a", 2, [1]), ("", 0, []), ("a", 2, [3])])]


def test_what_is_taken_out_or_cleared_is_not_added_to() -> None:
    clock = Clock()
    wheel, fired = gathering(clock)
    gather(wheel, "a", [0.01], [1])
    gather(wheel, "b", [0.01], [2])
    assert wheel.take(lambda item: item[0] == "a") == [("a", 1, [1])]
    gather(wheel, "a", [0.01], [3])
    gather(wheel, "b", [0.01], [4])
    clock.advance(0.01)
    assert fired == [(0.01, [("b", 1, [2]), ("a", 1, [3]), ("b", 1, [4])])]
    gather(wheel, "a", [0.02], [5])
    assert wheel.clear() == [("a", 2, [5])]
    gather(wheel, "a", [0.02], [6])
    clock.advance(0.01)
    assert fired[1:] == [(0.02, [("a", 2, [6])])]


def test_where_much_is_gathered_it_falls_due_on_whole_breaths() -> None:
    clock = Clock()
    wheel, fired = gathering(clock, breath=0.04)
    gather(wheel, "a", [0.01] * (MANY - 1), [0] * (MANY - 1))
    gather(wheel, "a", [0.01, 0.03, 0.041], [1, 2, 3])
    wheel.add(0.02, ("", 0, []))
    for _ in range(8):
        clock.advance(0.01)
    assert [(at, [len(those) for *_, those in items]) for at, items in fired] == [
        (0.01, [MANY - 1]),
        (0.02, [0]),
        (0.04, [2]),
        (0.08, [1]),
    ]


def test_there_what_is_late_waits_for_a_whole_breath_too() -> None:
    clock = Clock()
    wheel, fired = gathering(clock, breath=0.04)
    assert not wheel.breathes
    gather(wheel, "a", [0.04] * MANY, [0] * MANY)
    assert wheel.breathes
    clock.advance(0.02)
    gather(wheel, "a", [0.0, 0.01, 0.05], [1, 2, 3])
    clock.advance(0.02)
    assert [(at, len(items[0][2])) for at, items in fired] == [(0.04, MANY + 2)]
    assert len(wheel.clear()) == 1


def test_it_does_so_for_two_breaths() -> None:
    clock = Clock()
    wheel, fired = gathering(clock, breath=0.04)
    gather(wheel, "a", [0.05] * MANY, [0] * MANY)
    clock.advance(0.04)
    gather(wheel, "a", [0.05], [1])
    clock.advance(0.04)
    gather(wheel, "a", [0.09], [2])
    clock.advance(0.01)
    assert [(at, len(items[0][2])) for at, items in fired] == [(0.08, MANY + 1), (0.09, 1)]


def test_time_that_somebody_makes_up_knows_no_breath() -> None:
    clock = Clock()
    wheel, fired = gathering(clock, breath=0.0)
    gather(wheel, "a", [0.01] * MANY, [0] * MANY)
    gather(wheel, "a", [0.011], [1])
    clock.advance(0.01)
    clock.advance(0.01)
    assert [at for at, _ in fired] == [0.01, 0.02]
