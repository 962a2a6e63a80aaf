"""Counters."""

from __future__ import annotations

from smsc.stats import DeliveryStats, EmulatorStats, OperatorStats, count


def test_the_total_is_the_sum_of_the_operators() -> None:
    one, two = OperatorStats(submitted=3, refused={88: 1}), OperatorStats(submitted=4, refused={88: 2, 11: 1})
    one.receipts = DeliveryStats(planned=2, refused={1: 1})
    two.sessions.pdus_in = 5
    total = EmulatorStats({"one": one, "two": two}).total()
    assert (total.submitted, total.refused, total.sessions.pdus_in) == (7, {88: 3, 11: 1}, 5)
    assert (total.receipts.planned, total.receipts.refused) == (2, {1: 1})
    assert one.refused == {88: 1}


def test_parts_of_the_counters_are_summed_too() -> None:
    one, two = OperatorStats(), OperatorStats()
    one.messages.withdrawn, two.messages.withdrawn = 1, 2
    one.book.taken, two.alerts.sent = 5, 7
    total = EmulatorStats({"one": one, "two": two}).total()
    assert (total.messages.withdrawn, total.book.taken, total.alerts.sent) == (3, 5, 7)


def test_counts_begin_at_one() -> None:
    counts: dict[int, int] = {}
    for key in (8, 8, 88):
        count(counts, key)
    assert counts == {8: 2, 88: 1}
