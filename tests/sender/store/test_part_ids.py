"""Parts by the ids of operators: in memory, in `new_ids`, in runs; whatever is forgotten, the file tells the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from sender.domain.message import State
from sender.store import part_ids
from sender.store.part_ids import PARTS, hash_of, place_of
from sender.store.records import ReceiptFate
from sender.store.sqlite import SqliteStore
from tests.sender.store.kit import FIRST, Desk, directly, open_quick, receipt, rows

MESSAGES = 600


def scattered(number: int) -> str:
    return f"u{number * 0x9E3779B97F4A7C15 % (1 << 64):016x}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


@pytest.fixture
def store(path: Path, monkeypatch) -> Iterator[SqliteStore]:
    """One that keeps few ids in memory, and few in a run."""
    monkeypatch.setattr(part_ids, "HELD", 100)
    monkeypatch.setattr(part_ids, "RUN", 150)
    opened = open_quick(path)
    yield opened
    opened.close()


def accepted(store: SqliteStore, names: dict[int, str], size: int = 20) -> Desk:
    """A campaign whose messages are accepted with these ids, so many in a call, all of them out of hand."""
    desk = Desk(store, directly(store), messages=len(names))
    desk.sent(len(names))
    items = list(names.items())
    for first in range(0, len(items), size):
        desk.accept(dict(items[first : first + size]))
    store.database.hand.clear()
    return desk


def found(store: SqliteStore, *names: str) -> list[int]:
    with store.database.transaction():
        return [part // PARTS for part in store.database.ids.find(store.database, names)]


def test_ids_without_order_are_in_memory_and_in_runs_and_all_of_them_are_found(store):
    names = {message: scattered(message) for message in range(1, MESSAGES + 1)}
    accepted(store, names)
    assert store.database.ids.held <= 100
    assert len(rows(store, "SELECT run FROM part_runs")) > 1
    assert rows(store, "SELECT count(*) FROM part_ids WHERE hash >= 0") == [(0,)]
    for message, name in names.items():
        assert found(store, name) == [message]
    assert list(store.maintenance.faults()) == []


def test_ids_in_order_are_written_at_once(store):
    names = {message: str(900000000 + message) for message in range(1, MESSAGES + 1)}
    accepted(store, names)
    [(calls, written)] = rows(store, "SELECT count(*), sum(length(ids)) / 16 FROM part_spans")
    assert written == calls * 20 > MESSAGES * 0.6
    assert rows(store, "SELECT count(*) FROM part_ids WHERE hash >= 0") == [(0,)]
    for message in (1, 150, MESSAGES):
        assert found(store, names[message]) == [message]
    assert found(store, *names.values()) == list(names)


@pytest.mark.parametrize(("size", "step"), [(part_ids._MANY - 1, 1), (20, part_ids._SPARSE + 4)])
def test_a_few_ids_in_order_and_such_as_lie_far_apart_stand_in_the_index_by_themselves(store, size, step):
    names = {message: str(900000000 + message * step) for message in range(1, MESSAGES + 1)}
    accepted(store, names, size)
    assert rows(store, "SELECT count(*) FROM part_spans") == [(0,)]
    [(written,)] = rows(store, "SELECT count(*) FROM part_ids WHERE hash >= 0")
    assert written > MESSAGES * 0.6
    assert found(store, *names.values()) == list(names)


def test_a_receipt_ahead_of_its_response_is_not_looked_for_until_the_id_is_there(store, path, monkeypatch):
    monkeypatch.setattr(part_ids, "HELD", 200_000)
    names = {message: str(900000000 + message) for message in range(1, 201)}
    accepted(store, names)
    db = store.database
    ahead = "900000777"
    found(store, ahead)  # what is held is read
    with db.transaction():
        asked: list[str] = []
        db.conn.set_trace_callback(asked.append)
        assert db.ids.find(db, [ahead, "900000888"]) == []
        db.conn.set_trace_callback(None)
        assert [it for it in asked if "part_" in it and "json_each" in it] == []
        db.ids.note(db, 1, [ahead], [777 * PARTS + 1])
    assert found(store, ahead) == [777]
    beside = SqliteStore.open(path, beside=True)
    with beside.database.transaction():
        beside.database.ids.note(beside.database, 1, [str(900000880 + index) for index in range(20)], range(20))
    beside.close()
    assert found(store, "900000888") == [8 // PARTS]


@pytest.mark.parametrize("kind", [scattered, str])
def test_another_process_finds_the_same(store, path, kind):
    names = {message: kind(message) for message in range(1, MESSAGES + 1)}
    accepted(store, names)
    beside = SqliteStore.open(path, beside=True)
    assert found(beside, *names.values()) == list(names)
    more = Desk(beside, directly(beside), messages=1)
    [message] = more.sent()
    more.accept({message: "0b3c-beside"})
    beside.close()
    assert found(store, "0b3c-beside") == [message]
    again = SqliteStore.open(path, beside=True)
    assert found(again, *names.values(), "0b3c-beside") == [*names, message]
    again.close()


def test_a_call_that_is_undone_leaves_nothing(store):
    accepted(store, {message: scattered(message) for message in range(1, 41)})
    db = store.database
    with db.transaction():
        db.savepoint()
        db.ids.note(db, 1, [scattered(99)], [PARTS + 1])
        assert db.ids.find(db, [scattered(99)]) == [PARTS + 1]
        db.undo()
        assert db.ids.find(db, [scattered(99)]) == []
    assert found(store, scattered(40)) == [40]


def test_any_sequence_of_calls_finds_what_it_noted(store):
    """Small ids and large, in order and not, the same one again: each names all of its parts."""
    seeded = random.Random(7)
    noted: dict[str, set[int]] = {}
    db = store.database
    for call in range(120):
        kind = seeded.choice((str, scattered, lambda n: f"{n:x}", lambda n: str(n % 30)))
        most = seeded.choice((12, 60))
        start = seeded.randrange(5000)
        some = [(kind(start + index), seeded.randrange(1, 400), 1) for index in range(seeded.randrange(1, most))]
        with db.transaction():
            db.ids.note(db, 1, [name for name, _, _ in some], [it * PARTS + part for _, it, part in some])
        for name, message, part in some:
            noted.setdefault(name, set()).add(message * PARTS + part)
        if call % 30 == 29:
            db.ids.clear()
    with db.transaction():
        for name, parts in noted.items():
            assert parts <= set(db.ids.find(db, [name]))


def test_two_ids_with_one_hash_are_told_apart_by_their_parts(store, monkeypatch):
    monkeypatch.setattr(part_ids, "crc32", lambda _: 7)
    names = {message: scattered(message) for message in range(1, 21)}
    desk = accepted(store, names)
    assert len(found(store, names[3])) == 20
    assert desk.fates(receipt(names[3], str(FIRST + 2))) == [ReceiptFate.MATCHED]
    assert desk.states == {State.ACCEPTED: 19, State.DELIVERED: 1}


@pytest.mark.parametrize("kind", [scattered, lambda message: str(900000000 + message)])
def test_messages_that_are_deleted_take_their_ids_along(store, kind):
    names = {message: kind(message) for message in range(1, MESSAGES + 1)}
    desk = accepted(store, names)
    desk.receipts(*(receipt(name, str(FIRST + message - 1)) for message, name in names.items()))
    with store.database.transaction():
        assert store.maintenance.retire(1e9, 110) == 110  # in the middle of a call
        assert store.database.ids.find(store.database, names.values())[-1] == MESSAGES * PARTS + 1
    assert list(store.maintenance.faults()) == []
    with store.database.transaction():
        while store.maintenance.retire(1e9, 100):
            pass
    assert rows(store, "SELECT count(*) FROM part_ids") == [(0,)]
    assert rows(store, "SELECT count(*) FROM part_spans") == [(0,)]  # and what is in memory names parts that are gone
    assert desk.fates(receipt(names[1], str(FIRST))) == [ReceiptFate.PARKED]


def test_a_lost_entry_is_a_fault(store):
    accepted(store, {message: scattered(message) for message in range(1, MESSAGES + 1)})
    store.database.conn.execute("DELETE FROM part_ids WHERE run = 1 AND hash < -2000000000")
    [fault] = store.maintenance.faults()
    assert fault.startswith("ids: ")
    assert fault.endswith(" parts are not found by their id")


def test_what_stands_for_an_id():
    assert place_of("900000001") == place_of("900000000") + 1
    assert place_of("9" * 18) == 10**18 - 1
    assert place_of("9" * 19) is None
    assert place_of("0b3c-1") is None
    assert place_of("z" * 12) < 1 << 63
    assert -(1 << 32) <= hash_of("0b3c-1") < 0
    assert place_of("٣") is None
