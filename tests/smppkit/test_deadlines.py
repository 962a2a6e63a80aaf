"""One armed timer for all the deadlines of many links."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from smppkit.deadlines import Deadlines


class Sleeper:
    def __init__(self, log: list[object], fails: bool = False) -> None:
        self.log = log
        self.fails = fails

    def wake(self) -> None:
        self.log.append(self)
        if self.fails:
            raise RuntimeError("a bug")


def test_everybody_is_woken_at_the_time_asked_for_with_one_call_armed() -> None:
    clock, log = Clock(), []
    deadlines = Deadlines(clock)
    late, early = Sleeper(log), Sleeper(log)
    deadlines.set(5.0, late)
    deadlines.set(2.0, early)
    assert len(clock.getDelayedCalls()) == 1
    clock.advance(2)
    assert log == [early]
    clock.advance(3)
    assert log == [early, late]
    assert clock.getDelayedCalls() == []


def test_a_cancelled_alarm_does_not_ring_and_the_last_one_leaves_no_timer() -> None:
    """I8."""
    clock, log = Clock(), []
    deadlines = Deadlines(clock)
    alarms = [deadlines.set(float(n), Sleeper(log)) for n in range(200)]
    for alarm in alarms:
        deadlines.cancel(alarm)
        deadlines.cancel(alarm)
    assert len(deadlines) == 0
    assert clock.getDelayedCalls() == []


def test_what_waking_sets_rings_in_its_own_time() -> None:
    clock = Clock()
    deadlines = Deadlines(clock)

    class Again:
        times = 0

        def wake(self) -> None:
            self.times += 1
            deadlines.set(clock.seconds() + 1, self)

    again = Again()
    deadlines.set(0.0, again)
    clock.advance(0)
    assert again.times == 1
    clock.pump([0.5] * 4)
    assert again.times == 3


def test_one_that_fails_does_not_keep_the_others_from_waking() -> None:
    clock, log = Clock(), []
    deadlines = Deadlines(clock)
    broken, sound = Sleeper(log, fails=True), Sleeper(log)
    deadlines.set(1.0, broken)
    deadlines.set(1.0, sound)
    with pytest.raises(RuntimeError):
        clock.advance(1)
    clock.advance(0)
    assert log == [broken, sound]


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=300))
def test_all_that_are_not_cancelled_ring_in_order_and_nothing_is_left(entries: list[tuple[float, bool]]) -> None:
    clock, rung = Clock(), []
    deadlines = Deadlines(clock)

    class Noting:
        def __init__(self, at: float) -> None:
            self.at = at

        def wake(self) -> None:
            rung.append(self.at)

    for at, cancelled in entries:
        alarm = deadlines.set(at, Noting(at))
        if cancelled:
            deadlines.cancel(alarm)
    assert len(deadlines) == sum(not cancelled for _, cancelled in entries)
    clock.pump([1.0] * 102)
    assert rung == sorted(at for at, cancelled in entries if not cancelled)
    assert clock.getDelayedCalls() == []
