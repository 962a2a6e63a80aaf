"""A lane: octets leave in their order, each at its time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from carrierlab.clock import SimClock
from smsc.wire.lane import Lane


class Bench:
    def __init__(self) -> None:
        self.clock = SimClock(100.0)
        self.left: list[tuple[float, object]] = []
        self.lane = Lane(self.clock, self.note, self.note, lambda: None)

    def note(self, what: object) -> None:
        self.left.append((round(self.clock.seconds() - 100, 6), what))

    def run(self, seconds: float = 100.0) -> list[tuple[float, object]]:
        self.clock.advance(seconds)
        return self.left


def test_what_is_due_leaves_at_once_and_without_a_timer() -> None:
    bench = Bench()
    bench.lane.put(b"a")
    assert bench.left == [(0, b"a")]
    assert bench.clock.getDelayedCalls() == []


def test_what_is_due_together_leaves_together_but_for_what_stands_apart() -> None:
    bench = Bench()
    bench.lane.put(b"a", after=1)
    bench.lane.put(b"b")
    bench.lane.put(b"c", gap=0.5)
    bench.lane.put(b"d")
    assert bench.run() == [(1, b"ab"), (1.5, b"cd")]


def test_a_turn_that_is_late_keeps_apart_what_stands_apart() -> None:
    bench = Bench()
    bench.lane.hold("why")
    for letter in (b"a", b"b", b"c"):
        bench.lane.put(letter, gap=0.1)
    bench.run(10)
    bench.lane.release("why")
    assert bench.run(0) == [(10, b"a"), (10, b"b"), (10, b"c")]


def test_a_group_leaves_when_it_is_whole_and_the_next_one_waits_anew() -> None:
    bench = Bench()
    for letter in (b"a", b"b", b"c"):
        bench.lane.gather(letter, 2, 1.0)
    assert bench.run() == [(0, b"ab"), (1, b"c")]
    bench.lane.gather(b"d", 2, 1.0)
    assert bench.run()[-1] == (101, b"d")


def test_an_end_comes_behind_what_waits_and_nothing_after_it() -> None:
    bench = Bench()
    bench.lane.put(b"a", after=1)
    bench.lane.finish("end", after=2)
    bench.lane.put(b"b")
    bench.lane.finish("another")
    assert bench.run() == [(1, b"a"), (3, "end")]


def test_a_lane_is_held_as_long_as_there_is_a_reason() -> None:
    bench = Bench()
    assert bench.lane.hold("one")
    assert not bench.lane.hold("one")
    bench.lane.hold("other")
    bench.lane.put(b"a")
    bench.lane.release("one")
    bench.lane.release("one")
    assert bench.run(1) == []
    assert bench.lane.size == 1
    bench.lane.release("other")
    assert bench.run(1) == [(1, b"a")]
    assert bench.lane.size == 0


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=3), st.floats(0, 2), st.floats(0, 2), st.integers(0, 4))))
def test_order_is_kept_and_nobody_is_early(steps: list[tuple[bytes, float, float, int]]) -> None:
    bench, sent = Bench(), b""
    for octets, after, gap, kind in steps:
        if kind == 0:
            bench.clock.advance(after)
        elif kind == 1:
            bench.lane.gather(octets, 3, after)
            sent += octets
        else:
            bench.lane.put(octets, after, gap)
            sent += octets
    bench.run(1000)
    assert b"".join(what for _, what in bench.left if isinstance(what, bytes)) == sent
    assert bench.lane.size == 0
    assert bench.clock.getDelayedCalls() == []
