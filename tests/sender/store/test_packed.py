"""Parts that are one row of many: accepted or delivered together. Who looks finds rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sender.domain.message import State
from sender.domain.settlement import Verdict
from sender.store import charging, lookup, packed
from sender.store.records import Accepted, ReceiptFate
from sender.store.sqlite import SqliteStore
from smppkit.message_state import MessageState
from tests.sender.store.kit import FIRST, Desk, check_i4, directly, open_quick, part_of, receipt, rows, state_of

LEARNING = 20
"""Receipts by which an account's reading of ids becomes certain."""
TOGETHER = range(LEARNING + 1, LEARNING + 31)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


@pytest.fixture
def desk(path: Path) -> Iterator[Desk]:
    """Messages 1 to 20 have made the reading of ids certain; 21 to 50 were submitted and accepted in one call."""
    store = open_quick(path)
    desk = Desk(store, directly(store), messages=LEARNING + len(TOGETHER))
    ids = desk.sent(LEARNING)
    desk.accept({message: f"id{message}" for message in ids})
    desk.receipts(*(told(message) for message in ids))
    desk.accept({message: f"id{message}" for message in desk.sent(100)})
    yield desk
    store.close()


def told(message: int, state: MessageState = MessageState.DELIVERED):
    return receipt(f"id{message}", str(FIRST + message - 1), state)


def written(desk: Desk) -> list[int]:
    """Messages beyond the first 20 that have a row in `parts`."""
    return [row[0] for row in rows(desk.store, "SELECT message FROM parts WHERE message > ? ORDER BY 1", LEARNING)]


def sound(desk: Desk) -> bool:
    check_i4(desk.store)
    return list(desk.store.maintenance.faults()) == []


def test_what_was_delivered_together_is_one_row_and_looks_like_any_other(desk):
    desk.receipts(*map(told, TOGETHER))
    assert written(desk) == []
    assert rows(desk.store, "SELECT state FROM packed WHERE first > ?", LEARNING) == [(State.DELIVERED,)]
    for message in (TOGETHER[0], TOGETHER[-1]):
        assert part_of(desk.store, message) | {"sequence": 0} == part_of(desk.store, 1) | {
            "message": message, "sequence": 0, "smsc_id": f"id{message}", "key": f"id{message}",
        }  # fmt: skip
        view = lookup.message(desk.store.database, message)
        assert view is not None
        assert [(it.state, it.operator_id, it.stat, it.submits) for it in view.parts] == [
            ("delivered", f"id{message}", "DELIVRD", 1)
        ]
        [first] = desk.store.receipts_of(message)
        assert (first.n, first.smsc_id, first.number, first.at) == (1, f"id{message}", str(FIRST + message - 1), 9999.0)
    report = desk.store.report(desk.campaign)
    assert (report.delivered, report.segments, report.submits, report.receipts) == (50, 50, 50, 50)
    assert sound(desk)


def test_what_waits_for_its_receipt_is_one_row_and_looks_like_any_other(desk):
    assert written(desk) == []
    view = lookup.message(desk.store.database, TOGETHER[0])
    assert view is not None
    assert [(it.state, it.operator_id, it.answered_at) for it in view.parts] == [("accepted", "id21", 2001.0)]
    report = desk.store.report(desk.campaign)
    assert (report.segments, report.submits, report.receipts) == (50, 50, 20)
    assert sound(desk)


def test_a_receipt_that_is_repeated_gives_its_part_a_row(desk):
    desk.receipts(*map(told, TOGETHER))
    assert desk.fates(told(30), told(31)) == [ReceiptFate.REPEATED] * 2
    assert written(desk) == [30, 31]
    assert part_of(desk.store, 30)["repeated"] == 1
    assert [it.n for it in desk.store.receipts_of(30)] == [1, 2]
    assert desk.store.report(desk.campaign).receipts == 52
    assert sound(desk)


def test_some_of_a_call_end_together_and_the_others_by_themselves(desk):
    desk.receipts(*(told(message) for message in TOGETHER if message % 2))
    desk.receipts(told(22, MessageState.UNDELIVERABLE), told(24))
    assert written(desk) == [22, 24]
    assert state_of(desk.store, 22) is State.UNDELIVERED
    assert sound(desk)
    desk.store.database.hand.clear()  # as in another process
    left = [message for message in TOGETHER if message % 2 == 0 and message > 24]
    assert desk.fates(*map(told, left)) == [ReceiptFate.MATCHED] * len(left)
    assert desk.states == {State.DELIVERED: 49, State.UNDELIVERED: 1}
    assert sound(desk)


def test_a_row_that_is_done_with_leaves_its_number_to_no_other_in_the_same_transaction(desk):
    desk.receipts(*map(told, TOGETHER))
    more = Desk(desk.store, desk.run, messages=20)
    first, second = more.sent(10), more.sent(10)
    more.accept({message: f"id{message}" for message in first})
    with desk.store.database.transaction():
        desk.store.settle(first, Verdict.DELIVERED, who="me", source="by hand", at=3000.0)
        again = [receipt(f"id{message}", str(FIRST + message - first[0])) for message in first]
        assert {it.fate for it in desk.store.record_receipts(again)} == {ReceiptFate.REPEATED}
        desk.store.record_outcomes([Accepted(message, 1, f"id{message}", 2002.0) for message in second])
    assert [state_of(desk.store, message) for message in second] == [State.ACCEPTED] * 10
    assert sound(desk)


def test_what_is_about_to_be_delivered_stays_when_a_neighbour_gets_its_row(desk, monkeypatch):
    """A message that is paid for, or of which somebody is told, is given its row before the others have moved."""
    monkeypatch.setattr(charging, "_ANY", "SELECT 1 WHERE ?1 = ?2")  # the one that failed
    failed = TOGETHER[10]
    desk.receipts(*(
        told(message, MessageState.UNDELIVERABLE if message == failed else MessageState.DELIVERED)
        for message in (failed, *(it for it in TOGETHER if it != failed))
    ))  # fmt: skip
    assert desk.states == {State.DELIVERED: 49, State.UNDELIVERED: 1}
    assert rows(desk.store, "SELECT count(*) FROM all_parts") == [(50,)]
    assert sound(desk)


def test_those_that_lie_far_from_each_other_get_rows_of_their_own(desk, monkeypatch):
    monkeypatch.setattr(packed, "_SPARSE", 4)
    desk.receipts(*(told(message) for message in TOGETHER[::5]))
    assert written(desk) == list(TOGETHER[::5])
    assert sound(desk)


def test_a_call_that_is_undone_leaves_them_waiting(desk):
    database = desk.store.database
    with database.transaction():
        database.savepoint()
        desk.store.record_receipts([told(message) for message in TOGETHER])
        database.undo()
    assert rows(desk.store, "SELECT state FROM packed WHERE first > ?", LEARNING) == [(State.ACCEPTED,)]
    assert desk.states == {State.DELIVERED: 20, State.ACCEPTED: 30}
    assert desk.fates(*map(told, TOGETHER)) == [ReceiptFate.MATCHED] * 30
    assert sound(desk)


def test_another_process_finds_them_and_what_it_writes_is_found(desk, path):
    desk.receipts(*(told(message) for message in TOGETHER[:20]))
    reader = SqliteStore.open(path, read_only=True)
    assert list(reader.maintenance.faults()) == []
    assert [it.n for it in reader.receipts_of(TOGETHER[0])] == [1]
    desk.receipts(*(told(message) for message in TOGETHER[20:]))
    assert [it.n for it in reader.receipts_of(TOGETHER[-1])] == [1]
    reader.close()
    beside = SqliteStore.open(path, beside=True)
    with beside.database.transaction():
        [again] = beside.record_receipts([told(TOGETHER[0])])
        assert again.fate is ReceiptFate.REPEATED
    beside.close()
    assert written(desk) == [TOGETHER[0]]
    assert desk.fates(told(TOGETHER[0]), told(TOGETHER[25])) == [ReceiptFate.REPEATED] * 2
    assert sound(desk)


def test_a_person_settles_what_waits_in_a_row_of_many(desk):
    [settled] = desk.run(lambda: desk.store.settle([25], Verdict.DELIVERED, who="me", source="by hand", at=3000.0))
    assert (settled.before, settled.after) == (State.ACCEPTED, state_of(desk.store, 25))
    assert sound(desk)


@pytest.mark.parametrize("limit", [7, 100])
def test_messages_that_are_deleted_take_their_rows_along(desk, limit):
    desk.receipts(*(told(message) for message in TOGETHER[:-3]))
    before = desk.run(desk.store.report, desk.campaign)
    while desk.run(desk.store.maintenance.retire, 1e6, limit):
        assert sound(desk)
    for table in ("messages", "message_fields", "parts", "packed", "part_spans", "part_ids"):
        assert rows(desk.store, f"SELECT count(*) FROM {table}") == [(0,)], table  # noqa: S608
    assert desk.store.report(desk.campaign) == before
