"""Who waits for messages is told as soon as they are there, and otherwise what came closest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from smppkit.pdus import SubmitSm
from smppkit.segments import UDHI, segment
from smsc.control import waiting as module
from smsc.control.waiting import Came, Missed
from smsc.journal.message_filter import MessageFilter
from tests.smsc.control.conftest import LONG, Desk
from webkit.problem import Problem


def wait(desk: Desk, count: int = 1, timeout: float = 10.0, after: int | None = None, **filters: Any) -> list[Any]:
    """What whoever waits is told, once he is."""
    told: list[Any] = []
    waiting(desk, count, timeout, after, **filters).addBoth(told.append)
    return told


def waiting(desk: Desk, count: int, timeout: float, after: int | None, **filters: Any) -> Deferred[Any]:
    wanted = MessageFilter.of(filters)
    return desk.control.messages.wait(wanted, count=count, timeout=timeout, after=after)


def test_a_message_that_comes_is_told_at_once(desk: Desk) -> None:
    esme = desk.lab.bound()
    told = wait(desk, to="7705*", text="HELLO")
    desk.lab.settle()
    assert told == []
    esme.submit(text="hello you")
    desk.lab.settle()
    (came,) = told
    assert isinstance(came, Came)
    assert [message.text for message in came.items] == ["hello you"]
    assert len(desk.control.messages.waiters) == 0


def test_a_message_that_is_there_is_told_at_once_unless_only_later_ones_are_wanted(desk: Desk) -> None:
    esme = desk.lab.bound()
    for text in ("one", "two", "three"):
        esme.submit(text=text)
        desk.lab.settle()
    (came,) = wait(desk, count=2)
    assert [message.text for message in came.items] == ["two", "three"]
    (came,) = wait(desk, after=1)
    assert [message.text for message in came.items] == ["two"]
    told = wait(desk, after=3)
    esme.submit(text="four")
    desk.lab.settle()
    assert [message.text for message in told[0].items] == ["four"]


def test_states_of_receipts_and_states_that_come_by_time_alone_are_waited_for(desk: Desk) -> None:
    esme = desk.lab.bound()
    with_receipt, without = wait(desk, to="7701", state="DELIVRD"), wait(desk, to="7702", state="DELIVRD")
    esme.submit(to="7701")
    esme.submit(to="7702", registered=0)
    desk.lab.run(0.9)
    assert with_receipt == without == []
    desk.lab.run(0.2)
    assert [told[0].items[0].state for told in (with_receipt, without)] == ["DELIVRD", "DELIVRD"]


def test_what_was_under_way_before_anybody_waited_is_waited_for_too(desk: Desk) -> None:
    desk.lab.bound().submit(registered=0)
    desk.lab.settle()
    told = wait(desk, state="DELIVRD")
    desk.lab.run(1.1)
    assert told[0].items[0].state == "DELIVRD"


def test_a_long_message_is_told_when_it_is_complete(desk: Desk) -> None:
    esme = desk.lab.bound()
    whole, any_part = wait(desk, text="collected"), wait(desk, text="collected", complete=False)
    parts = segment(LONG, reference=1).segments
    for part in parts:
        assert whole == []
        esme.send(
            SubmitSm(source_addr="SHOP", destination_addr="7705", esm_class=UDHI, short_message=part.short_message)
        )
        desk.lab.settle()
    assert whole[0].items[0].text == LONG
    assert any_part[0].items[0].parts_received == 1


def test_several_are_waited_for_and_one_that_matches_no_more_is_not_counted(desk: Desk) -> None:
    esme = desk.lab.bound()
    told = wait(desk, count=2, state="ENROUTE")
    esme.submit()
    desk.lab.run(1.5)  # it is delivered
    esme.submit()
    desk.lab.settle()
    assert told == []
    esme.submit()
    desk.lab.settle()
    assert [message.id for message in told[0].items] == [2, 3]


def test_when_the_time_is_over_what_came_closest_is_told(desk: Desk) -> None:
    desk.lab.bound().submit(to="77051234567", text="Your order 17")
    desk.lab.settle()
    told = wait(desk, timeout=5, to="7705*", text="code")
    desk.lab.run(4.9)
    assert told == []
    desk.lab.run(0.2)
    (missed,) = told
    assert isinstance(missed, Missed)
    assert (missed.found, missed.seen) == (0, 1)
    assert [mismatch.field for mismatch in missed.near_misses[0].mismatches] == ["text"]


def test_only_so_many_may_wait(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITERS", 2)
    wait(desk), wait(desk)
    with pytest.raises(Problem, match="2 others wait already") as caught:
        wait(desk)
    assert (caught.value.status, desk.control.messages.waiters.refused) == (503, 1)


def test_who_goes_away_frees_his_place_and_nothing_is_watched_for_nobody(desk: Desk) -> None:
    deferred = waiting(desk, 1, 10.0, None)
    gone: list[Any] = []
    deferred.addErrback(gone.append)
    assert len(desk.control.messages.waiters) == 1
    deferred.cancel()
    assert gone[0].check(CancelledError)
    assert len(desk.control.messages.waiters) == 0
    assert desk.lab.journal is not None
    assert desk.lab.journal._watchers == []


def test_when_the_emulator_stops_nobody_waits_any_longer(desk: Desk) -> None:
    told = wait(desk)
    desk.control.stop()
    assert isinstance(told[0], Failure)
    assert told[0].value.status == 503


def test_a_wait_that_is_out_of_bounds_is_refused(desk: Desk) -> None:
    for more in ({"count": 0}, {"count": 1_000_000}, {"timeout": 301.0}, {"timeout": -1.0}):
        with pytest.raises(Problem, match="expected"):
            wait(desk, **more)


def test_when_too_much_comes_at_once_the_journal_is_looked_at_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smsc.control.feed.MOST_PENDING", 0)
    esme = desk.lab.bound()
    told = wait(desk, text="hello")
    esme.submit(text="hello")
    desk.lab.settle()
    assert told[0].items[0].text == "hello"
    assert desk.control.messages.feed.skipped > 0


def test_counts_are_verified(desks: Callable[..., Desk]) -> None:
    desk = desks()
    esme = desk.lab.bound()
    for _ in range(3):
        esme.submit(text="hello")
    desk.lab.settle()
    verify, wanted = desk.control.messages.verify, MessageFilter(text="hello")
    kinds = [
        ("equals", 3, True),
        ("equals", 2, False),
        ("at_least", 3, True),
        ("at_least", 4, False),
        ("at_most", 2, False),
    ]
    for kind, number, met in kinds:
        verdict = desk.result(verify(wanted, kind, number))  # type: ignore[arg-type]
        assert (verdict.met, verdict.count) == (met, 3)
    verdict = desk.result(verify(MessageFilter(text="helo"), "at_least", 1))
    assert verdict.near_misses[0].mismatches[0].field == "text"
