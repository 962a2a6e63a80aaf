"""Messages at a rate: how many, how far apart, and always the same."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from statistics import mean, stdev

import pytest

from smsc.centre.traffic import Traffic
from smsc.scenario.mobile import MoMessage, MoTraffic
from yamlmodel.scalars import Rate

Job = Callable[[float], None]


class Waiting:
    """What is to come, one at a time."""

    def __init__(self) -> None:
        self.jobs: list[tuple[float, Job]] = []
        self.written: list[tuple[float, MoMessage]] = []

    def later(self, moment: float, job: Job) -> None:
        self.jobs.append((moment, job))

    def write(self, message: MoMessage, now: float) -> None:
        self.written.append((now, message))

    def run(self, times: int) -> None:
        for _ in range(times):
            (moment, job) = self.jobs.pop()
            assert self.jobs == []
            job(moment)


def stream(rate: float = 5.0, most: int | None = None, seed: str = "7") -> tuple[Waiting, Traffic]:
    waiting = Waiting()
    entry = MoTraffic(rate=Rate(rate), from_="7701#######", to="1414", texts=["a", "b"], most=most)
    return waiting, Traffic(entry, seed, waiting.write, waiting.later)


def test_gaps_are_those_of_a_poisson_stream() -> None:
    waiting, traffic = stream(rate=4.0)
    traffic.begin(100.0)
    waiting.run(4000)
    moments = [100.0, *(now for now, _ in waiting.written)]
    gaps = [later - sooner for sooner, later in pairwise(moments)]
    assert mean(gaps) == pytest.approx(0.25, rel=0.05)
    assert stdev(gaps) == pytest.approx(0.25, rel=0.08)


def test_the_same_seed_gives_the_same_messages() -> None:
    runs = []
    for seed in ("1", "1", "2"):
        waiting, traffic = stream(seed=seed)
        traffic.begin(0.0)
        waiting.run(20)
        runs.append(waiting.written)
    assert runs[0] == runs[1] != runs[2]


def test_it_ends_when_it_was_enough() -> None:
    waiting, traffic = stream(most=3)
    traffic.begin(0.0)
    waiting.run(3)
    assert (waiting.jobs, len(waiting.written)) == ([], 3)


def test_a_slow_turn_does_not_thin_out_what_follows() -> None:
    waiting, traffic = stream()
    traffic.begin(0.0)
    moment, job = waiting.jobs.pop()
    job(moment + 60)
    following, _ = waiting.jobs[0]
    assert following < moment + 10


def test_what_was_stopped_writes_nothing_and_goes_on_when_begun_again() -> None:
    waiting, traffic = stream()
    traffic.begin(0.0)
    traffic.stop()
    waiting.run(1)
    assert (waiting.jobs, waiting.written) == ([], [])
    traffic.begin(10.0)
    waiting.run(1)
    assert waiting.written[0][0] > 10.0
