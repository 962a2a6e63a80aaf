"""Counters that tell when they have grown."""

from __future__ import annotations

import pytest

from smsc.stats import EmulatorStats, OperatorStats, count
from smsc.watched import COUNTERS, Bell, watched


def grow(stats: OperatorStats, word: str) -> None:
    match word:
        case "refused":
            count(stats.refused, 88)
        case "receipts" | "mo":
            getattr(stats, word).acknowledged += 1
        case _:
            setattr(stats, word, getattr(stats, word) + 1)


@pytest.mark.parametrize("word", COUNTERS)
def test_each_counter_rings_when_it_grows(word: str) -> None:
    rung: list[int] = []
    bell = Bell()
    stats = watched(bell)
    bell.ring = lambda: rung.append(COUNTERS[word](stats))
    grow(stats, word)
    grow(stats, word)
    assert rung == [1, 2]


def test_other_counters_ring_nothing_and_nobody_has_to_listen() -> None:
    bell = Bell()
    stats = watched(bell)
    stats.accepted += 1
    bell.ring = pytest.fail
    stats.answered += 1
    stats.receipts.sent += 1
    total = EmulatorStats({"one": stats}).total()
    assert (total.accepted, total.answered, total.receipts.sent) == (1, 1, 1)
    assert type(total) is OperatorStats
