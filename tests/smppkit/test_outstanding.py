"""What waits, on both sides of a session, with literal times."""

from __future__ import annotations

import pytest

from smppkit.commands import CommandId
from smppkit.outstanding import Outstanding, Sent, Unanswered
from smppkit.pdus import SubmitSm


def submit(at: float) -> Sent:
    return Sent(CommandId.SUBMIT_SM, SubmitSm(), None, at)


def test_only_its_own_response_or_a_nack_ends_a_request() -> None:
    waiting = Outstanding()
    first, second = submit(1.0), submit(2.0)
    waiting.add(1, first)
    waiting.add(2, second)
    assert waiting.take(1, CommandId.DELIVER_SM_RESP) is None
    assert waiting.take(3, CommandId.SUBMIT_SM_RESP) is None
    assert waiting.take(2, CommandId.GENERIC_NACK) is second
    assert waiting.take(1, CommandId.SUBMIT_SM_RESP) is first
    assert waiting.take(1, CommandId.SUBMIT_SM_RESP) is None
    assert len(waiting) == 0


def test_the_oldest_is_overdue_first() -> None:
    waiting = Outstanding()
    assert waiting.next_deadline(5) is None
    assert waiting.give_up(100.0, 5) is None
    for number, at in ((7, 1.0), (8, 2.0)):
        waiting.add(number, submit(at))
    assert waiting.next_deadline(5) == 6.0
    assert waiting.give_up(5.9, 5) is None
    assert waiting.give_up(6.0, 5) == submit(1.0)
    assert 7 not in waiting
    assert waiting.next_deadline(5) == 7.0
    assert waiting.take_late(7, CommandId.DELIVER_SM_RESP) is None
    assert waiting.take_late(7, CommandId.SUBMIT_SM_RESP) == submit(1.0)
    assert waiting.take_late(7, CommandId.SUBMIT_SM_RESP) is None


def test_a_number_that_is_used_again_no_longer_means_the_old_request() -> None:
    waiting = Outstanding()
    waiting.add(7, submit(1.0))
    waiting.give_up(10.0, 5)
    waiting.add(7, submit(11.0))
    assert waiting.take_late(7, CommandId.SUBMIT_SM_RESP) is None


def run_of(contexts: str, first: int, waiting: Outstanding) -> None:
    waiting.add_run(CommandId.DELIVER_SM, range(first, first + len(contexts)), list(contexts), 1.0)


def test_what_was_sent_together_is_taken_in_as_few_pieces_as_it_was_sent_in() -> None:
    waiting, kind = Outstanding(), CommandId.DELIVER_SM
    run_of("abcd", 1, waiting)
    waiting.add(5, Sent(kind, None, "e", 1.0))
    waiting.add(6, Sent(kind, None, "f", 1.0))
    run_of("ghi", 7, waiting)
    assert waiting.take_all((1, 2), kind) == [(["a", "b"], 1.0)]
    assert waiting.take_all((1,), kind) is None
    assert waiting.take_all((3, 4, 5, 6, 7), kind) == [(["c", "d"], 1.0), (["e", "f"], 1.0), (["g"], 1.0)]
    assert list(waiting) == [8, 9]


def test_what_is_answered_in_order_is_never_spread_out() -> None:
    waiting, kind = Outstanding(), CommandId.DELIVER_SM
    run_of("abcd", 1, waiting)
    run_of("ef", 5, waiting)
    assert (list(waiting), len(waiting), waiting.next_deadline(5)) == ([1, 2, 3, 4, 5, 6], 6, 6.0)
    assert waiting.give_up(5.9, 5) is None
    assert (1 in waiting, 6 in waiting, 7 in waiting) == (True, True, False)
    assert waiting.take_all((1,), kind) == [(["a"], 1.0)]
    assert waiting.take_all((2, 3, 4, 5), kind) == [(["b", "c", "d"], 1.0), (["e"], 1.0)]
    assert (list(waiting), len(waiting), waiting.spread_out) == ([6], 1, False)
    assert waiting.take_all((6, 7), kind) is None
    assert (list(waiting), len(waiting), waiting.spread_out) == ([6], 1, True)


def test_what_waits_in_runs_is_given_up_and_dropped_as_ever() -> None:
    waiting = Outstanding()
    run_of("abcd", 1, waiting)
    assert waiting.take_all((1, 2), CommandId.SUBMIT_SM) is None
    given_up = waiting.give_up(6.0, 5)
    assert given_up == Sent(CommandId.DELIVER_SM, None, "a", 1.0)
    run_of("e", 5, waiting)
    assert [sent.context for sent in waiting.drop_all()] == ["b", "c", "d", "e"]
    assert len(waiting) == 0


def test_numbers_in_use_are_known_however_they_wait() -> None:
    waiting = Outstanding()
    run_of("abc", 3, waiting)
    assert [waiting.free(range(first, first + 3)) for first in (6, 0)] == [3, 3]
    assert not waiting.spread_out
    assert [waiting.free(range(first, first + 3)) for first in (1, 4)] == [2, 0]
    assert list(waiting) == [3, 4, 5]
    assert [waiting.free(numbers) for numbers in ([9, 1, 5], [9, 1, 9], [])] == [2, 2, 0]


@pytest.mark.parametrize("numbers", [(1, 1, 2), (1, 2, 1), (2, 3, 2, 3), (1, 2, 3, 4), (3, 9), (5, 5)])
def test_nothing_is_taken_where_one_is_answered_twice_or_waits_not(numbers: tuple[int, ...]) -> None:
    waiting = Outstanding()
    run_of("abc", 1, waiting)
    waiting.add(5, Sent(CommandId.DELIVER_SM, None, "e", 1.0))
    assert waiting.take_all(numbers, CommandId.DELIVER_SM) is None
    assert list(waiting) == [1, 2, 3, 5]


def test_those_of_a_run_in_another_order_are_told_of_in_that_order() -> None:
    waiting, kind = Outstanding(), CommandId.DELIVER_SM
    run_of("abcd", 1, waiting)
    assert waiting.take_all((1, 3, 2, 4), kind) == [(["a", "c", "b"], 1.0), (["d"], 1.0)]
    run_of("abcd", 1, waiting)
    assert waiting.take_all((2, 3), kind) == [(["b", "c"], 1.0)]
    assert waiting.take_all((1, 4), kind) == [(["a"], 1.0), (["d"], 1.0)]


def test_what_was_sent_at_several_times_is_told_of_by_times() -> None:
    waiting, kind = Outstanding(), CommandId.SUBMIT_SM
    waiting.add_run(kind, [7, 9, 11], ["a", "b", "c"], 1.0)  # numbers that do not follow each other
    waiting.add_run(kind, [12, 13], ["d", "e"], 2.0)
    assert waiting.take_all((7, 9, 13, 12), kind) == [(["a", "b"], 1.0), (["e"], 2.0), (["d"], 2.0)]
    assert waiting.take_all((11,), kind) == [(["c"], 1.0)]


def test_one_of_a_run_ends_as_if_it_had_been_sent_by_itself() -> None:
    waiting, kind = Outstanding(), CommandId.DELIVER_SM
    run_of("abcd", 1, waiting)
    assert waiting.take(2, CommandId.SUBMIT_SM_RESP) is None
    assert waiting.take(2, CommandId.DELIVER_SM_RESP) == Sent(kind, None, "b", 1.0)
    assert waiting.next_deadline(5) == 6.0
    assert waiting.give_up(6.0, 5) == Sent(kind, None, "a", 1.0)
    assert waiting.take_late(1, CommandId.DELIVER_SM_RESP) == Sent(kind, None, "a", 1.0)
    assert waiting.give_up(6.0, 5) == Sent(kind, None, "c", 1.0)
    run_of("xyz", 1, waiting)  # the numbers mean other requests now
    assert waiting.take_late(3, CommandId.DELIVER_SM_RESP) is None
    assert [sent.context for sent in waiting.drop_all()] == ["d", "x", "y", "z"]


def test_dropping_all_leaves_nothing() -> None:
    waiting = Outstanding()
    waiting.add(1, submit(1.0))
    waiting.give_up(10.0, 5)
    waiting.add(2, submit(11.0))
    assert waiting.drop_all() == [submit(11.0)]
    assert waiting.take_late(1, CommandId.SUBMIT_SM_RESP) is None


def test_i6_each_use_of_a_number_is_owed_one_answer() -> None:
    owed = Unanswered()
    for number in (5, 5, 6):
        owed.add(number)
    owed.settle(5)
    assert 5 in owed
    owed.settle(5)
    assert 5 not in owed
    with pytest.raises(KeyError):
        owed.settle(5)
    assert (owed.count, owed.drop_all(), owed.count) == (1, 1, 0)
