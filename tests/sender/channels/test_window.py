"""Windows, by arithmetic: what a model of an operator takes and refuses in virtual time."""

from __future__ import annotations

import heapq

import pytest

from sender.channels.window import Window


class Operator:
    """Answers after `latency`; refuses at once what is over its own window, or everything while it is full."""

    def __init__(self, window: Window, *, takes: int, latency: float = 0.1) -> None:
        self.window = window
        self.takes = takes
        self.latency = latency
        self.full = False
        self.now = 0.0
        self.under_way = 0
        self.accepted = 0
        self.refused = 0
        self.queue_full = 0
        self.held_until = 0.0
        self._answers: list[tuple[float, int, bool, float, int]] = []
        self._number = 0
        self._inside = 0

    def run(self, seconds: float) -> Operator:
        """Write as many as the window lets, until so much time has passed."""
        end = self.now + seconds
        while True:
            while self.under_way < self.window.size and self.now >= self.held_until:
                self._submit()
            until = self._answers[0][0] if self._answers else self.held_until
            if self.under_way < self.window.size:
                until = min(until, max(self.held_until, self.now))
            if until > end:
                self.now = end
                return self
            self.now = max(self.now, until)
            while self._answers and self._answers[0][0] <= self.now:
                self._answered(*heapq.heappop(self._answers)[2:])

    def _submit(self) -> None:
        self.under_way += 1
        self._number += 1
        fits = not self.full and self._inside < self.takes
        self._inside += fits
        after = self.latency if fits else 0.01
        heapq.heappush(self._answers, (self.now + after, self._number, fits, self.now, self.under_way))

    def _answered(self, fits: bool, sent_at: float, under_way: int) -> None:
        self.under_way -= 1
        self._inside -= fits
        if fits:
            self.accepted += 1
            self.window.accepted(under_way, self.now)
            return
        self.refused += 1
        if self.window.refused(under_way, sent_at, self.now, alone=under_way == 1):
            self.queue_full += 1
            self.held_until = max(self.held_until, self.now + 1.0)


@pytest.mark.parametrize(
    ("rate", "p99", "size"),
    [(100.0, 0.1, 13), (100.0, 0.4, 50), (1000.0, 0.4, 100), (1.0, 0.04, 1), (None, 0.1, 100), (100.0, None, 10)],
)
def test_auto_is_the_rate_times_the_latency_and_a_quarter_within_the_cap(
    rate: float | None, p99: float | None, size: int
) -> None:
    window = Window(100, auto=True)
    window.fit(rate, p99)
    assert window.size == size


def test_a_fixed_window_stays_as_it_is() -> None:
    window = Window(20)
    window.fit(1.0, 0.01)
    assert window.size == 20


def test_a_window_above_the_operators_shrinks_to_it_at_once_and_nothing_pauses() -> None:
    window = Window(50)
    operator = Operator(window, takes=10).run(1.0)
    assert window.size == 10
    assert window.shrunk
    assert (operator.refused, operator.queue_full) == (40, 0)
    assert operator.accepted >= 90  # ten every 100 ms


def test_a_larger_window_is_tried_ever_more_rarely() -> None:
    operator = Operator(Window(50), takes=10).run(1.0)
    refused = operator.refused
    operator.run(600.0)
    assert operator.refused - refused <= 60  # of some 60,000
    assert operator.queue_full == 0
    assert operator.accepted >= 0.98 * 6000 * 10


def test_a_window_that_the_operator_widens_is_found() -> None:
    window = Window(50)
    operator = Operator(window, takes=10).run(30.0)
    operator.takes = 40
    operator.run(600.0)
    assert window.size >= 38


def test_a_queue_that_is_full_is_told_apart_and_tried_with_one() -> None:
    window = Window(10)
    operator = Operator(window, takes=10).run(5.0)
    operator.full = True
    operator.run(0.3)
    assert operator.queue_full >= 1
    assert operator.refused <= 25
    assert window.size == 1
    refused = operator.refused
    operator.run(10.0)
    assert operator.refused - refused <= 11  # one a second
    operator.full = False
    operator.run(3.0)
    assert window.size == 10  # nothing was learnt of the window


def test_a_new_configuration_keeps_what_was_learnt() -> None:
    window = Window(50)
    Operator(window, takes=10).run(1.0)
    window.resize(40, auto=False)
    assert window.size == 10
    window.resize(5, auto=False)
    assert window.size == 5
    other = Window(5)
    other.resize(30, auto=False)
    assert other.size == 30
