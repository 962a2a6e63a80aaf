import random

import pytest

from sender.channels.backoff import Backoff


def test_delays_double_up_to_the_longest_and_jitter_takes_at_most_half() -> None:
    backoff = Backoff(1.0, 10.0, random.Random(7))
    for base in (1, 2, 4, 8, 10, 10):
        assert base / 2 <= backoff.next() <= base


def test_a_success_starts_over() -> None:
    backoff = Backoff(1.0, 60.0, random.Random(7))
    for _ in range(5):
        backoff.next()
    backoff.reset()
    assert backoff.next() <= 1.0


def test_the_same_seed_gives_the_same_delays() -> None:
    one, other = (Backoff(1.0, 60.0, random.Random(3)) for _ in range(2))
    assert [one.next() for _ in range(8)] == [other.next() for _ in range(8)]


def test_senseless_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="first <= longest"):
        Backoff(5.0, 1.0, random.Random(0))
