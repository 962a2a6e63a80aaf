"""Receipts that come by the hundred: durable at once, entered together, and seen by whoever looks through a verb."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sender.console import unmatched_text
from sender.domain.events import EventType
from sender.domain.message import State
from sender.domain.settlement import Verdict
from sender.store import outbox, packed, parts, telling
from sender.store.records import Accepted, ReceiptFate, ReceiptIn
from sender.store.sqlite import SqliteStore
from smppkit.message_state import MessageState
from tests.sender.store.kit import FIRST, Desk, check_i4, directly, open_quick, part_of, receipt, rows, state_of

LEARNING = 20
MATCHED, REPEATED = ReceiptFate.MATCHED, ReceiptFate.REPEATED


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


@pytest.fixture
def desk(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(telling, "MANY", 5)
    monkeypatch.setattr(telling, "NEAR", 0)
    desk = at_desk(path)
    yield desk
    desk.store.close()


def at_desk(path: Path) -> Desk:
    """Messages 1 to 20 have made the reading of ids certain; 21 to 120 were submitted and accepted in one call."""
    store = open_quick(path)
    desk = Desk(store, directly(store), messages=LEARNING + 110)
    ids = desk.sent(LEARNING)
    desk.accept({message: f"id{message}" for message in ids})
    desk.receipts(*(told(message) for message in ids))
    desk.accept({message: f"id{message}" for message in desk.sent(100)})
    assert desk.states[State.ACCEPTED] == 100
    return desk


def told(message: int, state: MessageState = MessageState.DELIVERED, at: float = 9999.0) -> ReceiptIn:
    return receipt(f"id{message}", str(FIRST + message - 1), state, at=at)


def written_down(desk: Desk) -> int:
    return sum(
        row[0] for row in desk.store.database.hot.execute("SELECT json_array_length(messages) FROM told").fetchall()
    )


def in_file(desk: Desk, state: State) -> int:
    """Messages in this state, as a process sees them that only reads."""
    found = desk.store.database.hot.execute("SELECT count(*) FROM messages WHERE state = ?", (int(state),)).fetchone()
    return int(found[0])


def sound(store: SqliteStore) -> bool:
    check_i4(store)
    return list(store.maintenance.faults()) == []


def test_they_are_written_down_as_they_come_and_entered_for_who_looks(desk: Desk, path: Path) -> None:
    some = [*range(21, 60, 3), 100]
    assert desk.fates(*map(told, some)) == [MATCHED] * len(some)
    assert (written_down(desk), in_file(desk, State.DELIVERED)) == (len(some), 20)
    reader = SqliteStore.open(path, read_only=True)
    assert list(reader.maintenance.faults()) == []  # all of it is as before, for who reads the file
    reader.close()
    desk.fates(*map(told, range(22, 60, 3)))
    assert in_file(desk, State.DELIVERED) == 20
    assert desk.states == {State.DELIVERED: 47, State.ACCEPTED: 73, State.QUEUED: 10}
    assert (written_down(desk), in_file(desk, State.DELIVERED)) == (0, 47)
    assert sound(desk.store)


def test_the_look_of_every_second_enters_them(desk: Desk) -> None:
    desk.receipts(*map(told, range(21, 61)))
    desk.run(desk.store.look, 2100.0, 500)
    assert (written_down(desk), in_file(desk, State.DELIVERED)) == (0, 60)


def test_few_are_entered_at_once(desk: Desk) -> None:
    desk.receipts(told(30), told(31))
    assert (written_down(desk), in_file(desk, State.DELIVERED)) == (0, 22)


def test_neighbours_are_entered_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "NEAR", 4)
    desk.receipts(*map(told, range(21, 41, 3)))
    assert (written_down(desk), in_file(desk, State.DELIVERED)) == (0, 27)
    desk.receipts(*map(told, range(41, 121, 10)))
    assert (written_down(desk), in_file(desk, State.DELIVERED)) == (8, 27)


def test_they_are_entered_when_they_are_many(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "MOST", 20)
    desk.receipts(*map(told, range(21, 36)))
    assert written_down(desk) == 15
    desk.receipts(*map(told, range(36, 41)))
    assert (written_down(desk), in_file(desk, State.DELIVERED)) == (0, 40)


def test_what_goes_on_meanwhile_does_not_enter_them(desk: Desk) -> None:
    desk.receipts(*map(told, range(21, 61)))
    more = desk.sent(10)
    desk.run(desk.store.record_outcomes, [Accepted(message, 1, f"id{message}", 2003.0) for message in more])
    assert (written_down(desk), in_file(desk, State.DELIVERED)) == (40, 20)
    assert desk.states == {State.DELIVERED: 60, State.ACCEPTED: 70}
    assert sound(desk.store)


def test_a_process_that_ends_without_entering_them_has_lost_nothing(desk: Desk, path: Path) -> None:
    failed = [told(message, MessageState.UNDELIVERABLE, at=9000.0 + message) for message in range(61, 70)]
    desk.receipts(*map(told, range(21, 61)), *failed)
    left = path.with_name("left.sqlite")
    for end in ("", "-wal"):  # what a kill would leave
        shutil.copy(f"{path}{end}", f"{left}{end}")
    again = open_quick(left)
    found = Desk(again, directly(again), messages=0)
    assert again.database.hot.execute("SELECT count(*) FROM told").fetchone() == (0,)  # by the first that wrote
    counts = found.run(again.counts, desk.campaign)
    assert (counts[State.DELIVERED], counts[State.UNDELIVERED], counts[State.ACCEPTED]) == (60, 9, 51)
    assert part_of(again, 61)["received_at"] == 9061.0
    assert found.fates(told(30)) == [REPEATED]
    assert sound(again)
    again.close()


def test_who_only_reads_is_told_how_many_a_process_has_left(desk: Desk, path: Path) -> None:
    desk.receipts(*map(told, range(21, 61)))
    copy = path.with_name("copy.sqlite")
    shutil.copy(path, copy)
    shutil.copy(path.with_name(path.name + "-wal"), copy.with_name(copy.name + "-wal"))
    left = SqliteStore.open(copy, read_only=True)
    info = left.maintenance.info()
    assert (info.written_down, info.messages["accepted"]) == (40, 100)
    said = "40 final receipts of all campaigns written down and not entered yet: these messages count as accepted"
    assert unmatched_text(info) == f"\n  {said}\n"
    left.close()
    with desk.store.database.transaction():
        info = desk.store.maintenance.info()
    assert (info.written_down, info.messages["accepted"], unmatched_text(info)) == (0, 60, "")


def test_a_process_that_ends_in_order_enters_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "MANY", 5)
    monkeypatch.setattr(telling, "NEAR", 0)
    path = tmp_path / "another.sqlite"
    desk = at_desk(path)
    desk.receipts(*map(told, range(21, 61)))
    desk.store.close()
    reader = SqliteStore.open(path, read_only=True)
    assert reader.counts(desk.campaign)[State.DELIVERED] == 60
    assert list(reader.maintenance.faults()) == []
    reader.close()


def test_a_receipt_that_comes_again_is_known(desk: Desk) -> None:
    desk.receipts(*map(told, range(21, 61)))
    assert desk.fates(told(30), told(70), told(31)) == [REPEATED, MATCHED, REPEATED]
    assert [it.n for it in desk.store.receipts_of(30)] == [1, 2]
    assert sound(desk.store)


def test_a_call_that_is_undone_leaves_those_of_the_calls_before(desk: Desk) -> None:
    database = desk.store.database
    desk.receipts(*map(told, range(21, 41)))
    with database.transaction():
        database.savepoint()
        desk.store.record_receipts([told(message) for message in range(41, 61)])
        database.undo()
    assert desk.states[State.DELIVERED] == 40
    assert desk.fates(*map(told, range(41, 61))) == [MATCHED] * 20
    assert desk.states[State.DELIVERED] == 60
    assert sound(desk.store)


def test_a_transaction_that_is_undone_leaves_those_of_the_ones_before(desk: Desk) -> None:
    database = desk.store.database
    desk.receipts(*map(told, range(21, 41)))
    database.begin()
    desk.store.record_receipts([told(message) for message in range(41, 61)])
    desk.store.counts(desk.campaign)
    database.rollback()
    assert in_file(desk, State.DELIVERED) == 20
    assert desk.states[State.DELIVERED] == 40
    assert desk.fates(*map(told, range(41, 61))) == [MATCHED] * 20
    assert sound(desk.store)


def test_what_is_put_out_of_hand_is_entered_once(desk: Desk) -> None:
    with desk.store.database.transaction():
        desk.store.record_receipts([told(message) for message in range(21, 41)])
        desk.store.database.hand.clear()  # as verbs do that write in other ways
        desk.store.record_receipts([told(message) for message in range(41, 61)])
    assert desk.states[State.DELIVERED] == 60
    assert sound(desk.store)


def test_another_process_that_writes_enters_them_and_this_one_goes_on(desk: Desk, path: Path) -> None:
    desk.receipts(*map(told, range(21, 61)))
    beside = SqliteStore.open(path, beside=True)
    with beside.database.transaction():
        assert beside.counts(desk.campaign)[State.DELIVERED] == 60
        [settled] = beside.settle([30], Verdict.UNDELIVERED, who="me", source="by hand", at=3000.0)
        assert settled.before is State.DELIVERED
    beside.close()
    assert desk.fates(told(30), *map(told, range(61, 81))) == [REPEATED] + [MATCHED] * 20
    assert desk.states[State.DELIVERED] == 80
    assert sound(desk.store)


def test_they_are_entered_before_any_is_put_down_for_want_of_room(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.receipts(*map(told, range(21, 61)))
    monkeypatch.setattr(parts, "HELD", 60)
    desk.sent(10)
    assert (written_down(desk), in_file(desk, State.DELIVERED)) == (0, 60)
    assert desk.fates(*map(told, range(61, 121))) == [MATCHED] * 60
    assert sound(desk.store)


def test_where_somebody_waits_to_hear_of_each_they_are_entered_at_once(desk: Desk) -> None:
    desk.run(desk.store.outbox.configure, {"shop": ("https://shop.test", [EventType.MESSAGE_DELIVERED.value])}, 1.0)
    desk.receipts(*map(told, range(21, 61)))
    assert (written_down(desk), in_file(desk, State.DELIVERED)) == (0, 60)
    assert desk.store.database.hot.execute("SELECT count(*) FROM outbox").fetchone() == (40,)
    assert outbox.is_wanted(desk.store.database, EventType.MESSAGE_DELIVERED)


# a few at a time of one row


def test_what_is_delivered_a_few_at_a_time_is_in_rows_of_many_with_times_of_its_own(desk: Desk) -> None:
    for start in range(7):
        desk.receipts(*(told(message, at=9000.0 + message) for message in range(21 + start, 121, 7)))
        assert desk.states[State.DELIVERED]
    assert rows(desk.store, "SELECT count(*) FROM parts WHERE message > 20") == [(0,)]
    assert rows(desk.store, "SELECT count(*) FROM packed WHERE first > 20") == [(7,)]
    assert [desk.store.receipts_of(message)[0].at for message in (21, 60, 120)] == [9021.0, 9060.0, 9120.0]
    assert sound(desk.store)
    assert desk.fates(told(30), told(77)) == [REPEATED] * 2
    assert [(it.n, it.at) for it in desk.store.receipts_of(77)] == [(1, 9077.0), (2, 9999.0)]
    assert sound(desk.store)


def test_where_they_are_asked_for_again_they_get_rows_of_their_own(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "_ENOUGH", 0)
    first, second = range(21, 121, 7), range(22, 121, 7)
    desk.receipts(*(told(message, at=9000.0 + message) for message in first))
    desk.fates(*map(told, first))
    desk.receipts(*(told(message, at=9000.0 + message) for message in second))
    assert rows(desk.store, "SELECT count(*) FROM parts WHERE message > 20") == [(len(first) + len(second),)]
    assert state_of(desk.store, 22) is State.DELIVERED
    assert sound(desk.store)
