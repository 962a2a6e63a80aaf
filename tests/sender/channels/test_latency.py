import random

import pytest

from sender.channels.latency import Latencies


def test_nothing_is_said_of_a_few_answers() -> None:
    latencies = Latencies()
    for _ in range(19):
        latencies.add(0.1)
    assert latencies.percentile(0.99) is None
    latencies.add(0.1)
    assert latencies.percentile(0.99) is not None


@pytest.mark.parametrize("seconds", [0.0005, 0.001, 0.04, 0.0401, 3.0, 900.0])
def test_a_percentile_is_told_to_a_fifth_and_never_too_low(seconds: float) -> None:
    latencies = Latencies()
    for _ in range(50):
        latencies.add(seconds)
    told = latencies.percentile(0.99)
    assert told is not None
    assert seconds <= told * 1.0000001 <= max(0.00101, seconds * 1.2)


def test_one_answer_in_a_hundred_may_be_slower_than_p99() -> None:
    draw = random.Random(4)
    latencies, values = Latencies(), sorted(draw.lognormvariate(-3, 0.5) for _ in range(1000))
    for value in values:
        latencies.add(value)
    told = latencies.percentile(0.99)
    assert told is not None
    assert values[989] <= told <= values[989] * 1.2


def test_what_was_long_ago_is_forgotten() -> None:
    latencies = Latencies()
    for _ in range(3000):
        latencies.add(5.0)
    for _ in range(10_000):
        latencies.add(0.05)
    assert (latencies.percentile(0.99) or 0) < 0.07
