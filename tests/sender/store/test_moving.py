from __future__ import annotations

from pathlib import Path

import pytest

from sender.domain.message import DoubtCause, MessageClass, State
from sender.store.moving import FRONT
from sender.store.records import InDoubt, Retry
from tests.sender.store.kit import ACCOUNT, Desk, directly, open_quick


@pytest.fixture
def desk(tmp_path: Path):
    store = open_quick(tmp_path / "store.sqlite")
    yield Desk(store, directly(store), messages=5)
    store.close()


def movable(desk: Desk, after: tuple[int, float, int] = FRONT, limit: int = 10) -> list[int]:
    return [it.message_id for it in desk.run(desk.store.movable, ACCOUNT, after, limit)]


def test_queued_messages_go_to_another_account(desk):
    assert movable(desk) == [1, 2, 3, 4, 5]
    assert desk.run(desk.store.move, ACCOUNT, [(1, "kcell"), (3, "tele2")]) == 2
    assert movable(desk) == [2, 4, 5]
    assert [it.message_id for it in desk.run(desk.store.claim, "kcell", 10, 2000.0)] == [1]
    assert desk.states == {State.QUEUED: 4, State.CLAIMED: 1}  # I4


def test_what_is_claimed_stays(desk):
    desk.claim(2)
    assert movable(desk) == [3, 4, 5]
    assert desk.run(desk.store.move, ACCOUNT, [(1, "kcell"), (3, "kcell")]) == 1


@pytest.mark.parametrize("message_class", [MessageClass.SERVICE, MessageClass.CODE])
def test_a_message_that_was_in_doubt_never_moves(tmp_path, message_class):
    store = open_quick(tmp_path / "doubts.sqlite")
    desk = Desk(store, directly(store), messages=2, message_class=message_class)
    first, second = desk.sent()
    desk.outcome(InDoubt(first, 1, DoubtCause.TIMEOUT, 2040.0, 2001.0), Retry(second, 1, 8, 2040.0, 2001.0))
    assert desk.states == {State.QUEUED: 2}
    assert movable(desk) == [second]  # which was certainly not taken
    assert desk.run(desk.store.move, ACCOUNT, [(first, "kcell"), (second, "kcell")]) == 1
    # Nor when its second attempt was refused: what became of the first, nobody knows.
    assert [it.message_id for it in desk.claim(now=2050.0)] == [first]
    store.close()


def test_a_place_in_the_queue_goes_on_after_the_last_message_seen(desk):
    first = desk.run(desk.store.movable, ACCOUNT, FRONT, 2)
    assert [it.message_id for it in first] == [1, 2]
    assert (first[0].fields, first[0].number) == ({"name": "n0"}, "77050000000")
    assert movable(desk, first[-1].place) == [3, 4, 5]


def test_an_account_that_was_never_used_has_nothing(desk):
    assert desk.run(desk.store.movable, "unheard-of", FRONT, 10) == []
