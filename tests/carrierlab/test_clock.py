"""The simulated clock keeps the promises of IReactorTime, and its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.error import AlreadyCalled, AlreadyCancelled
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from zope.interface.verify import verifyObject

from carrierlab.clock import OutOfTime, SimClock, Stuck


def test_it_is_a_reactor_clock() -> None:
    clock = SimClock()
    assert verifyObject(IReactorTime, clock)
    assert verifyObject(IDelayedCall, clock.callLater(1, print))


def test_calls_run_in_order_of_time_and_then_of_asking() -> None:
    clock, seen = SimClock(), []
    for name, delay in (("late", 2.0), ("first", 1.0), ("second", 1.0), ("now", 0.0)):
        clock.callLater(delay, seen.append, name)
    clock.advance(5)
    assert seen == ["now", "first", "second", "late"]
    assert clock.seconds() == 5
    assert not clock.step()


def test_time_jumps_to_the_call_and_no_further() -> None:
    clock, times = SimClock(start=100), []
    clock.callLater(3600, lambda: times.append(clock.seconds()))
    assert clock.step()
    assert times == [3700]


def test_a_call_asked_for_during_a_call_runs_in_the_same_instant_but_after_it() -> None:
    clock, seen = SimClock(), []

    def outer() -> None:
        clock.callLater(0, seen.append, "inner")
        seen.append("outer")

    clock.callLater(1, outer)
    clock.callLater(1, seen.append, "neighbour")
    clock.advance(1)
    assert seen == ["outer", "neighbour", "inner"]


def test_cancel_reset_and_delay() -> None:
    clock, seen = SimClock(), []
    cancelled = clock.callLater(1, seen.append, "cancelled")
    moved = clock.callLater(1, seen.append, "moved")
    delayed = clock.callLater(1, seen.append, "delayed")
    cancelled.cancel()
    moved.reset(5)
    delayed.delay(1)
    assert [call.getTime() for call in clock.getDelayedCalls()] == [2, 5]
    clock.advance(4)
    assert seen == ["delayed"]
    clock.advance(1)
    assert seen == ["delayed", "moved"]
    assert not moved.active()
    with pytest.raises(AlreadyCalled):
        moved.cancel()
    with pytest.raises(AlreadyCancelled):
        cancelled.reset(1)


def test_a_call_reset_to_earlier_runs_earlier_and_once() -> None:
    clock, seen = SimClock(), []
    call = clock.callLater(10, seen.append, "x")
    call.reset(1)
    clock.advance(20)
    assert seen == ["x"]


def test_a_million_cancelled_timers_do_not_stay_in_memory() -> None:
    clock = SimClock()
    keep = clock.callLater(1000, print)
    for _ in range(20_000):
        clock.callLater(60, print).cancel()
    assert len(clock._heap) < 1000
    assert clock.getDelayedCalls() == [keep]


def test_the_past_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="ago"):
        SimClock().callLater(-1, print)


def test_an_exception_stops_the_simulation() -> None:
    clock = SimClock()
    clock.callLater(1, {}.__getitem__, "absent")
    with pytest.raises(KeyError):
        clock.advance(2)


def test_wait_for_returns_the_result_or_raises_the_failure() -> None:
    clock = SimClock()
    good: Deferred[str] = Deferred()
    bad: Deferred[str] = Deferred()
    clock.callLater(7, good.callback, "done")
    clock.callLater(9, bad.errback, RuntimeError("no"))
    assert clock.wait_for(good) == "done"
    assert clock.seconds() == 7
    with pytest.raises(RuntimeError, match="no"):
        clock.wait_for(bad)


def test_waiting_for_what_nobody_will_do_is_stuck() -> None:
    clock = SimClock()
    clock.callLater(1, print, end="")
    with pytest.raises(Stuck, match="nothing is left"):
        clock.wait_for(Deferred())


def test_waiting_longer_than_the_limit_is_out_of_time() -> None:
    clock = SimClock()

    def forever() -> None:
        clock.callLater(1, forever)

    forever()
    with pytest.raises(OutOfTime, match="not done at 30 s"):
        clock.wait_for(Deferred(), limit=30)
    assert clock.seconds() <= 30


@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from(["run", "cancel", "reset"]), st.floats(0, 100))))
def test_every_call_left_runs_once_at_its_time_in_order(plan: list[tuple[float, str, float]]) -> None:
    clock, seen, due = SimClock(), [], {}
    for number, (delay, what, other) in enumerate(plan):
        call = clock.callLater(delay, lambda n=number: seen.append((clock.seconds(), n)))
        if what == "cancel":
            call.cancel()
            continue
        if what == "reset":
            call.reset(other)
        due[number] = other if what == "reset" else delay
    clock.advance(200)
    assert {n: t for t, n in seen} == due
    assert [t for t, _ in seen] == sorted(t for t, _ in seen)
    assert len(seen) == len(due)
