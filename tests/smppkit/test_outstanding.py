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
