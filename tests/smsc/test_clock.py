"""The clock that can be made to stand still and be advanced, over a reactor's that is simulated here."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from smsc.clock import LAG, LONGEST, TICK, SteerableClock


@pytest.fixture
def reactor() -> Clock:
    clock = Clock()
    clock.advance(1000.0)  # a reactor's clock has any zero
    return clock


@pytest.fixture
def clock(reactor: Clock) -> SteerableClock:
    return SteerableClock(reactor)


def fired(deferred: Deferred[Any]) -> list[Any]:
    results: list[Any] = []
    deferred.addBoth(results.append)
    return results


class Peers:
    """Surroundings that need one turn of the reactor after each thing that `busy` says they have to do."""

    def __init__(self, reactor: Clock) -> None:
        self.reactor = reactor
        self.busy = 0
        self.waited_at: list[float] = []
        self.clock: SteerableClock

    def quiet(self) -> bool:
        return not self.busy

    def settle(self) -> Deferred[None]:
        self.waited_at.append(self.clock.seconds())
        done: Deferred[None] = Deferred()

        def end() -> None:
            self.busy = 0
            done.callback(None)

        self.reactor.callLater(0.01, end)
        return done


def test_it_runs_as_the_reactor_does(reactor: Clock, clock: SteerableClock) -> None:
    happened: list[float] = []
    clock.callLater(1.0, lambda: happened.append(clock.seconds()))
    clock.callLater(0.5, lambda: happened.append(clock.seconds()))
    assert clock.seconds() == 0.0
    reactor.advance(0.4)
    assert happened == []
    reactor.pump([0.1, 0.5])
    assert happened == pytest.approx([0.5, 1.0])
    assert reactor.getDelayedCalls() == []


def test_while_it_is_paused_no_time_passes(reactor: Clock, clock: SteerableClock) -> None:
    happened: list[float] = []
    clock.callLater(1.0, lambda: happened.append(clock.seconds()))
    reactor.advance(0.5)
    clock.pause()
    reactor.advance(100.0)
    assert (happened, clock.paused) == ([], True)
    assert clock.seconds() == pytest.approx(0.5)
    clock.resume()
    reactor.advance(0.4)
    assert happened == []
    reactor.advance(0.1)
    assert happened == pytest.approx([1.0])


def test_what_is_due_at_the_moment_that_time_stands_at_happens(reactor: Clock, clock: SteerableClock) -> None:
    clock.pause()
    happened: list[str] = []
    clock.callLater(0, happened.append, "now")
    assert happened == []
    reactor.advance(0)
    assert happened == ["now"]


def test_it_stands_on_whole_ticks(reactor: Clock, clock: SteerableClock) -> None:
    reactor.advance(0.0013)
    clock.pause()
    assert clock.seconds() == pytest.approx(TICK)
    assert fired(clock.advance(0.0031)) == [pytest.approx(3 * TICK)]


def test_an_advance_lets_happen_what_falls_due_in_order_each_at_its_time(clock: SteerableClock) -> None:
    clock.pause()
    happened: list[tuple[str, float]] = []

    def note(name: str) -> None:
        happened.append((name, clock.seconds()))
        if name == "second":
            clock.callLater(1.0, note, "brought about")

    clock.callLater(3.0, note, "third")
    clock.callLater(1.5, note, "second")
    clock.callLater(1.5, note, "second too")
    clock.callLater(1.0, note, "first")
    clock.callLater(10.5, note, "later")
    assert fired(clock.advance(10.0)) == [pytest.approx(10.0)]
    assert happened == [
        ("first", 1.0),
        ("second", 1.5),
        ("second too", 1.5),
        ("brought about", 2.5),
        ("third", 3.0),
    ]


def test_a_clock_that_runs_can_be_advanced_and_runs_on(reactor: Clock, clock: SteerableClock) -> None:
    happened: list[float] = []
    clock.callLater(5.0, lambda: happened.append(clock.seconds()))
    clock.advance(4.0)
    assert (happened, clock.paused) == ([], False)
    reactor.advance(1.0)
    assert happened == pytest.approx([5.0])


def test_calls_can_be_cancelled_and_moved(reactor: Clock, clock: SteerableClock) -> None:
    happened: list[str] = []
    calls = {name: clock.callLater(at, happened.append, name) for name, at in (("a", 1), ("b", 2), ("c", 3), ("d", 4))}
    assert len(clock.getDelayedCalls()) == 4
    calls["a"].cancel()
    calls["b"].reset(3.5)
    calls["d"].reset(0.5)
    calls["c"].delay(1.0)
    reactor.pump([0.25] * 20)
    assert happened == ["d", "b", "c"]
    assert clock.getDelayedCalls() == []
    assert reactor.getDelayedCalls() == []


def test_nothing_is_left_with_the_reactor_when_all_is_cancelled(reactor: Clock, clock: SteerableClock) -> None:
    calls = [clock.callLater(index, list) for index in range(200)]
    for call in reversed(calls):
        call.cancel()
    assert clock.getDelayedCalls() == []
    assert reactor.getDelayedCalls() == []


def test_a_call_that_fails_stops_no_other(reactor: Clock, clock: SteerableClock) -> None:
    happened: list[str] = []
    clock.callLater(1.0, lambda: 1 // 0)
    clock.callLater(1.0, happened.append, "other")
    with pytest.raises(ZeroDivisionError):
        reactor.advance(1.0)
    reactor.advance(0)
    assert happened == ["other"]


def test_an_advance_waits_for_what_is_around_before_time_runs_ahead(reactor: Clock, clock: SteerableClock) -> None:
    clock.pause()
    peers = Peers(reactor)
    peers.clock = clock
    happened: list[float] = []

    def ask() -> None:
        happened.append(clock.seconds())
        peers.busy += 1

    clock.callLater(1.0, ask)
    clock.callLater(1.0 + LAG / 2, ask)  # not worth waiting for
    clock.callLater(2.0, ask)
    done = fired(clock.advance(5.0, peers))
    assert (happened, done) == ([1.0, 1.0 + LAG / 2], [])
    assert clock.seconds() == pytest.approx(1.0 + LAG / 2)
    reactor.advance(0.01)
    assert (happened, done) == ([1.0, 1.0 + LAG / 2, 2.0], [])
    reactor.advance(0.01)
    assert done == [pytest.approx(5.0)]
    assert peers.waited_at == pytest.approx([1.0 + LAG / 2, 2.0])


def test_what_comes_due_at_once_happens_while_an_advance_waits(reactor: Clock, clock: SteerableClock) -> None:
    clock.pause()
    peers = Peers(reactor)
    peers.clock = clock
    peers.busy = 1
    happened: list[float] = []
    done = fired(clock.advance(5.0, peers))
    clock.callLater(0, lambda: happened.append(clock.seconds()))
    reactor.advance(0)
    assert (happened, done) == ([0.0], [])
    reactor.advance(0.01)
    assert done == [pytest.approx(5.0)]


def test_one_advance_waits_for_another_and_a_resume_for_both(reactor: Clock, clock: SteerableClock) -> None:
    clock.pause()
    peers = Peers(reactor)
    peers.clock = clock
    peers.busy = 1
    first, second = fired(clock.advance(5.0, peers)), fired(clock.advance(5.0))
    clock.resume()
    assert (first, second, clock.seconds()) == ([], [], 0.0)
    reactor.advance(0.01)
    assert (first, second) == ([pytest.approx(5.0)], [pytest.approx(10.0)])
    reactor.advance(1.0)
    assert clock.seconds() == pytest.approx(11.0)


def test_an_advance_that_nobody_waits_for_any_more_ends_where_it_is(reactor: Clock, clock: SteerableClock) -> None:
    peers = Peers(reactor)
    peers.clock = clock
    clock.callLater(1.0, lambda: setattr(peers, "busy", 1))
    clock.callLater(2.0, list)
    given_up = clock.advance(5.0, peers)
    results = fired(given_up)
    assert clock.seconds() == pytest.approx(1.0)
    given_up.cancel()
    assert [type(result.value) for result in results] == [CancelledError]
    reactor.advance(0.5)
    assert clock.seconds() == pytest.approx(1.5)
    assert fired(clock.advance(5.0)) == [pytest.approx(6.5)]


@pytest.mark.parametrize("seconds", [-1.0, LONGEST + 1, float("nan"), float("inf")])
def test_an_advance_that_makes_no_sense_is_refused(clock: SteerableClock, seconds: float) -> None:
    with pytest.raises(ValueError, match="expected 0 to"):
        clock.advance(seconds)


@settings(deadline=None)
@given(
    waits=st.lists(st.floats(0, 100), max_size=30),
    steps=st.lists(st.one_of(st.floats(0, 30), st.sampled_from(["pause", "resume", "real"])), max_size=20),
)
def test_whatever_is_done_to_it_time_never_goes_back_and_every_call_comes_once_and_in_order(
    waits: list[float], steps: list[Any]
) -> None:
    reactor = Clock()
    clock = SteerableClock(reactor)
    happened: list[tuple[float, float]] = []
    for wait in waits:
        clock.callLater(wait, lambda due=wait: happened.append((due, clock.seconds())))
    before = clock.seconds()
    for step in steps:
        if step == "pause":
            clock.pause()
        elif step == "resume":
            clock.resume()
        elif step == "real":
            reactor.advance(1.0)
        else:
            clock.advance(step)
        assert clock.seconds() >= before
        before = clock.seconds()
    clock.advance(200.0)
    assert sorted(due for due, _ in happened) == sorted(waits)
    assert all(at >= due - 1e-6 for due, at in happened)
