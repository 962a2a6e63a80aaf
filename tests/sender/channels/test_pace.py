import math
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.channels.pace import Pace
from smppkit.rate import Gcra


def write_all(pace: Pace, count: int, now: float = 0.0, lateness: tuple[float, ...] = (0.0,)) -> list[float]:
    """Write `count` segments as soon as the pace allows, each wake-up late by the next of `lateness`."""
    times: list[float] = []
    turn = 0
    while len(times) < count:
        while len(times) < count and pace.take(now):
            times.append(now)
        if len(times) < count:
            now += pace.wait(now, count - len(times)) + lateness[turn % len(lateness)]
            turn += 1
    return times


def most_in_a_second(times: list[float]) -> int:
    most = first = 0
    for last, time in enumerate(times):
        while time - times[first] >= 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most


@given(
    limit=st.one_of(st.integers(1, 400).map(float), st.floats(0.2, 50)),
    start=st.floats(0, 1e6),
    lateness=st.lists(st.floats(0, 0.3), min_size=1, max_size=20).map(tuple),
)
def test_no_sliding_second_holds_more_than_the_limit_however_late_the_timers_i5(
    limit: float, start: float, lateness: tuple[float, ...]
) -> None:
    count = min(500, math.ceil(limit) * 3)
    assert most_in_a_second(write_all(Pace(limit, start), count, start, lateness)) <= math.ceil(limit)


@pytest.mark.parametrize("limit", [1.0, 7.0, 100.0, 1000.0])
def test_the_whole_limit_is_used_when_timers_are_a_millisecond_late(limit: float) -> None:
    seconds = 10
    times = write_all(Pace(limit, 0.0), int(limit * seconds), lateness=(0.0, 0.001, 0.0005))
    assert times[-1] <= seconds * 1.02


def test_a_slow_limit_keeps_its_spacing() -> None:
    times = write_all(Pace(0.1, 0.0), 3)
    assert times == pytest.approx([0, 10, 20])


def test_an_idle_account_saves_no_burst_up_i5() -> None:
    pace = Pace(10.0, 0.0)
    times = write_all(pace, 1) + write_all(pace, 40, now=100.0)
    assert most_in_a_second(times) <= 10


def test_a_throttle_halves_the_rate_and_quiet_time_brings_it_back() -> None:
    pace = Pace(100.0, 0.0)
    pace.throttled(sent_at=5.0, now=5.1)
    assert pace.rate(5.1) == pytest.approx(50)
    assert pace.slowed
    assert 50 < (pace.rate(6.1) or 0) < 60
    assert pace.rate(25.0) == 100.0
    assert not pace.slowed


def test_a_window_full_of_throttles_counts_once() -> None:
    pace = Pace(100.0, 0.0)
    for _ in range(10):
        pace.throttled(sent_at=5.0, now=5.1)
    assert pace.rate(5.1) == pytest.approx(50)
    pace.throttled(sent_at=5.2, now=5.3)
    assert pace.rate(5.3) == pytest.approx(25, abs=1)


def test_a_throttle_among_many_accepted_hardly_lowers_the_rate() -> None:
    pace = Pace(100.0, 0.0)
    for _ in range(200):
        pace.accepted(sent_at=4.0)
    pace.throttled(sent_at=5.0, now=5.1)
    assert pace.rate(5.1) == pytest.approx(100, abs=0.5)
    for step in range(1, 26):  # now every message: within half a window the rate is being halved
        pace.throttled(sent_at=5.1 + step * 0.01, now=5.1 + step * 0.01)
    assert 0.1 <= (pace.rate(5.36) or 0) < 5


def test_the_rate_never_falls_to_nothing() -> None:
    pace = Pace(100.0, 0.0)
    for step in range(1, 50):
        pace.throttled(sent_at=step * 0.1, now=step * 0.1)
    assert (pace.rate(5.0) or 0) >= 0.1
    assert (pace.rate(10.0) or 0) >= 20


def test_a_throttled_account_writes_at_the_lower_rate() -> None:
    pace = Pace(100.0, 0.0)
    for step in range(1, 5):
        pace.throttled(sent_at=step * 0.01, now=step * 0.01)
    times = write_all(pace, 10, now=0.04)
    assert 0.9 <= times[-1] - times[0] <= 1.6  # 6.25/s at first


def test_an_account_without_a_limit_is_not_shaped_until_it_is_throttled() -> None:
    pace = Pace(None, 0.0)
    assert write_all(pace, 500)[-1] == 0.0
    pace.throttled(sent_at=0.0, now=0.5)
    assert pace.rate(0.5) == 500  # half of 500 in half a second
    assert pace.rate(60.0) is None


def test_a_full_queue_pauses_longer_each_time_it_is_found_full() -> None:
    pace = Pace(None, 0.0)
    assert pace.queue_full(sent_at=1.0, now=1.0) == pytest.approx(1)
    assert not pace.take(1.5)
    assert pace.queue_full(sent_at=0.9, now=1.5) == pytest.approx(0.5)  # sent before the pause: old news
    assert pace.take(2.0)
    assert pace.queue_full(sent_at=2.0, now=2.1) == pytest.approx(2)
    assert pace.take(4.1)
    pace.accepted(sent_at=4.1)
    assert pace.queue_full(sent_at=4.2, now=4.3) == pytest.approx(1)


def test_a_hold_keeps_everything_back() -> None:
    pace = Pace(10.0, 0.0)
    pace.hold(3.0)
    assert not pace.take(2.9)
    assert pace.wait(1.0) == pytest.approx(2)
    assert pace.take(3.0)


class Policer:
    """An operator that throttles what is over `rate` (or every `every`th), answered after 50 ms."""

    def __init__(self, pace: Pace, *, rate: float = math.inf, every: int = 0) -> None:
        self.pace = pace
        self.every = every
        self.now = 0.0
        self.accepted = 0
        self.throttled = 0
        self._meter = None if rate is math.inf else Gcra(rate, max(1.0, rate / 10))
        self._answers: deque[tuple[float, bool]] = deque()

    def run(self, seconds: float, most: float = 5000.0) -> tuple[int, int]:
        """Write as fast as the pace lets, and `most` a second lets; returns what was accepted and throttled."""
        end, before = self.now + seconds, (self.accepted, self.throttled)
        while self.now < end:
            while self._answers and self._answers[0][0] + 0.05 <= self.now:
                sent_at, good = self._answers.popleft()
                if good:
                    self.accepted += 1
                    self.pace.accepted(sent_at)
                else:
                    self.throttled += 1
                    self.pace.throttled(sent_at, self.now)
            if self.pace.take(self.now):
                count = self.accepted + self.throttled + len(self._answers) + 1
                good = self._meter is None or self._meter.take(self.now)
                self._answers.append((self.now, good and not (self.every and count % self.every == 0)))
            self.now += max(1 / most, self.pace.wait(self.now)) if not self.pace.ready(self.now) else 1 / most
        return self.accepted - before[0], self.throttled - before[1]


@pytest.mark.parametrize("limit", [None, 1000.0])
def test_an_operator_that_refuses_every_fiftieth_slows_nothing_down(limit: float | None) -> None:
    policer = Policer(Pace(limit, 0.0), every=50)
    policer.run(10.0, most=1000.0)
    accepted, throttled = policer.run(10.0, most=1000.0)
    assert accepted + throttled >= 9000


@pytest.mark.parametrize("rate", [30.0, 200.0, 1000.0])
def test_an_account_without_a_limit_finds_that_of_the_operator_within_seconds(rate: float) -> None:
    policer = Policer(Pace(None, 0.0), rate=rate)
    policer.run(10.0)
    accepted, throttled = policer.run(60.0)
    assert accepted >= 0.85 * rate * 60
    assert throttled <= 0.15 * accepted


def test_a_configured_rate_above_the_operators_is_lowered_to_it() -> None:
    policer = Policer(Pace(500.0, 0.0), rate=100.0)
    policer.run(10.0)
    accepted, throttled = policer.run(60.0)
    assert accepted >= 0.8 * 6000
    assert throttled <= 0.25 * accepted


@pytest.mark.parametrize(("state", "least", "most"), [(100, 50, 50), (95, 90, 90), (85, 100, 100), (40, 100, 100)])
def test_congestion_is_heeded_before_anything_is_refused(state: int, least: float, most: float) -> None:
    pace = Pace(100.0, 0.0)
    pace.told_congestion(state, sent_at=1.0, now=1.1)
    assert least <= (pace.rate(1.1) or 0) <= most
    assert pace.congestion == state


def test_congestion_at_its_optimum_ends_the_growth() -> None:
    pace = Pace(100.0, 0.0)
    pace.throttled(sent_at=1.0, now=1.0)
    for step in range(1, 20):
        pace.told_congestion(85, sent_at=1.0 + step * 0.1 - 0.01, now=1.0 + step * 0.1)
    assert (pace.rate(3.0) or 0) < 60  # 58 at most: 100 after five seconds otherwise


def test_another_contract_holds_at_once_and_counts_what_was_written_i5() -> None:
    pace = Pace(100.0, 0.0)
    times = write_all(pace, 60)
    pace.relimit(20.0, times[-1])
    times += write_all(pace, 40, now=times[-1])
    later = times[60:]
    assert later[0] >= 1.0
    assert most_in_a_second(later) <= 20
    pace.relimit(None, times[-1])
    assert write_all(pace, 500, now=times[-1])[-1] == times[-1]
