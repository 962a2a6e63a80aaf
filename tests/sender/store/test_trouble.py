"""A store that cannot be written: nothing is told that has not happened, and all goes on when the disk is well."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.task import Clock

from sender.domain.message import DoubtCause, State
from sender.store.group import Call, Groups
from sender.store.records import Accepted, InDoubt, Intent, NotSent, Refused, Retry, StoreError, StoreUnavailable
from sender.store.sqlite import SqliteStore
from sender.store.writer import InlineWriter, ThreadWriter
from tests.sender.store.kit import (
    ACCOUNT,
    CalledReactor,
    Faulty,
    campaign,
    check_i4,
    new,
    outcome_of,
    receipt,
    rows,
)

PASSING = [
    (sqlite3.SQLITE_FULL, "database or disk is full"),
    (sqlite3.SQLITE_IOERR | (3 << 8), "disk I/O error"),  # SQLITE_IOERR_WRITE
    (sqlite3.SQLITE_IOERR | (4 << 8), "disk I/O error"),  # SQLITE_IOERR_FSYNC
    (sqlite3.SQLITE_READONLY, "attempt to write a readonly database"),
    (sqlite3.SQLITE_BUSY, "database is locked"),
    (sqlite3.SQLITE_CANTOPEN, "unable to open database file"),
    (sqlite3.SQLITE_NOMEM, "out of memory"),
]


def at_commit(_: int, statement: str) -> bool:
    return statement == "COMMIT"


@pytest.fixture
def faulty(store: SqliteStore) -> Iterator[Faulty]:
    made = Faulty(store)
    yield made
    made.restore()


class Inline:
    """A writer of virtual time over a store that fails."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.clock = Clock()
        self.writer = InlineWriter(store, self.clock, latency=0.002)

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.001)):
            self.clock.advance(0.001)


@pytest.fixture
def inline(store: SqliteStore) -> Inline:
    return Inline(store)


@pytest.mark.parametrize(("code", "text"), PASSING)
@pytest.mark.parametrize("where", ["BEGIN IMMEDIATE", "UPDATE epochs", "COMMIT"])
def test_a_call_waits_while_the_disk_fails_and_happens_once_when_it_is_well_i9(
    store, faulty, inline, code, text, where
):
    faulty.fail(lambda _, statement: statement.startswith(where), code, text)
    results, failures = outcome_of(inline.writer.call(store.new_epoch))
    inline.wait(5)
    assert (results, failures) == ([], [])
    assert inline.writer.trouble == f"the store cannot be written: {text}"
    assert rows(store, "SELECT epoch FROM epochs") == [(0,)]
    faulty.well()
    inline.wait(1.1)
    assert (results, failures, inline.writer.trouble) == ([1], [], None)
    assert rows(store, "SELECT epoch FROM epochs") == [(1,)]


def test_calls_keep_their_order_through_the_trouble(store, faulty, inline):
    answered: list[int] = []
    faulty.fail(at_commit)
    for _ in range(3):
        inline.writer.call(store.new_epoch).addCallback(answered.append)
        inline.wait(0.5)
    faulty.well()
    inline.writer.call(store.new_epoch).addCallback(answered.append)
    inline.wait(1.1)
    assert answered == [1, 2, 3, 4]


def test_who_cannot_wait_is_refused_at_once_and_nothing_of_it_happens(store, faulty, inline):
    faulty.fail(at_commit)
    _, first = outcome_of(inline.writer.attempt(store.new_epoch))
    inline.wait(0.01)
    assert first[0].check(StoreUnavailable)
    _, second = outcome_of(inline.writer.attempt(store.new_epoch))
    inline.wait(0.01)
    assert "the store cannot be written: disk full" in second[0].getErrorMessage()
    faulty.well()
    inline.wait(1.1)
    assert rows(store, "SELECT epoch FROM epochs") == [(0,)]
    third, _ = outcome_of(inline.writer.attempt(store.new_epoch))
    inline.wait(0.01)
    assert third == [1]


def test_a_disk_that_is_well_again_is_noticed_although_nobody_asks_for_anything(store, faulty, inline):
    faulty.fail(at_commit)
    outcome_of(inline.writer.attempt(store.new_epoch))
    inline.wait(0.3)
    assert inline.writer.trouble is not None
    faulty.well()
    inline.wait(1.1)
    assert inline.writer.trouble is None
    assert any(statement.startswith("UPDATE epochs") for statement in faulty.statements)  # reading proves nothing


def test_it_is_said_once_that_it_fails_and_once_that_it_is_well(store, faulty, inline, caplog):
    faulty.fail(at_commit)
    for _ in range(5):
        outcome_of(inline.writer.call(store.new_epoch))
        inline.wait(0.7)
    faulty.well()
    inline.wait(1.1)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "the store cannot be written: disk full; sending waits, and goes on by itself"),
        ("WARNING", "the store is written again; sending goes on"),
    ]


def test_the_attempts_come_quickly_at_first_and_then_every_second(store, faulty, inline):
    faulty.fail(at_commit)
    outcome_of(inline.writer.call(store.new_epoch))
    attempts: list[float] = []
    for _ in range(5000):
        before = faulty.statements.count("COMMIT")
        inline.clock.advance(0.001)
        if faulty.statements.count("COMMIT") > before:
            attempts.append(inline.clock.seconds())
    gaps = [round(later - earlier, 2) for earlier, later in itertools.pairwise(attempts)]
    assert gaps[:6] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


def test_a_verb_that_is_wrong_fails_alone_also_in_a_group_that_is_tried_again(store, faulty, inline):
    def wrong() -> None:
        raise LookupError("no")

    faulty.fail(at_commit)
    good, _ = outcome_of(inline.writer.call(store.new_epoch))
    _, bad = outcome_of(inline.writer.call(wrong))
    inline.wait(0.05)
    faulty.well()
    inline.wait(1.1)
    assert good == [1]
    assert bad[0].check(LookupError)


def test_a_damaged_file_is_no_passing_trouble(store, faulty, inline):
    faulty.fail(lambda _, statement: statement == "COMMIT", sqlite3.SQLITE_CORRUPT, "database disk image is malformed")
    _, failures = outcome_of(inline.writer.call(store.new_epoch))
    inline.wait(0.01)
    assert failures[0].check(StoreError)
    assert not failures[0].check(StoreUnavailable)
    assert "malformed; `sender store check` looks into it" in failures[0].getErrorMessage()
    assert inline.writer.trouble is None


def test_in_a_hurry_nothing_waits(store, faulty, inline):
    faulty.fail(at_commit)
    _, waiting = outcome_of(inline.writer.call(store.new_epoch))
    inline.wait(2)
    inline.writer.hurry()
    inline.wait(0.01)
    assert waiting[0].check(StoreUnavailable)
    _, later = outcome_of(inline.writer.call(store.new_epoch))
    inline.wait(0.01)
    assert later[0].check(StoreUnavailable)
    closed, _ = outcome_of(inline.writer.close())
    inline.wait(0.01)
    assert closed == [None]
    assert inline.clock.getDelayedCalls() == []


def test_a_close_in_the_middle_of_it_ends(store, faulty, inline):
    faulty.fail(at_commit)
    _, waiting = outcome_of(inline.writer.call(store.new_epoch))
    inline.wait(0.5)
    closed, _ = outcome_of(inline.writer.close())
    inline.wait(0.01)
    assert (len(waiting), closed) == (1, [None])


class Threaded:
    """The thread over a store that fails, until the test has it well."""

    def __init__(self, store: SqliteStore) -> None:
        self.reactor = CalledReactor()
        self.writer = ThreadWriter(store, self.reactor)

    def until(self, condition: Callable[[], Any]) -> None:
        while not condition():
            self.reactor.turn()

    def close(self) -> None:
        closed, _ = outcome_of(self.writer.close())
        self.until(lambda: closed)


@pytest.fixture
def threaded(store: SqliteStore, faulty: Faulty) -> Iterator[Threaded]:
    made = Threaded(store)
    yield made
    faulty.well()
    made.close()


def test_the_thread_waits_and_goes_on_too(store, faulty, threaded):
    faulty.fail(at_commit)
    results, _ = outcome_of(threaded.writer.call(store.new_epoch))
    _, refused = outcome_of(threaded.writer.attempt(store.new_epoch))
    threaded.until(lambda: refused)
    assert refused[0].check(StoreUnavailable)
    assert threaded.writer.trouble == "the store cannot be written: disk full"
    _, refused_again = outcome_of(threaded.writer.attempt(store.new_epoch))
    threaded.until(lambda: refused_again)
    assert results == []
    faulty.well()
    threaded.until(lambda: results)
    assert results == [1]
    threaded.until(lambda: threaded.writer.trouble is None)


def test_the_thread_hurries(store, faulty, threaded):
    faulty.fail(at_commit)
    _, failures = outcome_of(threaded.writer.call(store.new_epoch))
    threaded.until(lambda: threaded.writer.trouble)
    threaded.writer.hurry()
    threaded.until(lambda: failures)
    assert failures[0].check(StoreUnavailable)
    _, again = outcome_of(threaded.writer.call(store.new_epoch))
    threaded.until(lambda: again)
    assert again[0].check(StoreUnavailable)


def test_the_thread_is_closed_while_the_disk_fails(store, faulty):
    made = Threaded(store)
    faulty.fail(at_commit)
    _, failures = outcome_of(made.writer.call(store.new_epoch))
    made.until(lambda: made.writer.trouble)
    made.close()
    assert failures[0].check(StoreUnavailable)


# Every verb, with every statement of it failing in turn


Step = tuple[str, Callable[[SqliteStore, int], tuple[Any, ...]]]

LIFE: list[Step] = [
    ("create_campaign", lambda *_: (campaign(),)),
    ("add_messages", lambda _, it: (it, [new(row) for row in range(6)])),
    ("restart_import", lambda _, it: (it,)),
    ("add_messages", lambda _, it: (it, [new(row) for row in range(6)])),
    ("add_recipients", lambda _, it: (it, [new(row) for row in range(6, 9)])),
    ("finish_import", lambda _, it: (it, 9, 0)),
    ("waiting_chunks", lambda *_: (2000.0, 60.0, 9, {})),
    ("expand", lambda store, it: (1, 0, _chunk(store, it).recipients[:1])),
    ("expand", lambda store, it: (1, 1, _chunk(store, it).recipients)),
    ("new_epoch", lambda *_: ()),
    ("claim", lambda *_: (ACCOUNT, 7, 2000.0)),
    ("release", lambda *_: ([7],)),
    ("next_due", lambda *_: (ACCOUNT,)),
    ("mark_submitting", lambda *_: ([Intent(it, 1, 1, ACCOUNT, 1, it, 2000.0) for it in range(1, 7)],)),
    ("record_receipts", lambda *_: ([receipt("a1", "77050000000"), receipt("nobody", "77059999999")],)),
    (
        "record_outcomes",
        lambda *_: (
            [
                Accepted(1, 1, "a1", 2001.0),
                Accepted(2, 1, "a2", 2001.0),
                Refused(3, 1, 0x0B, 2001.0),
                Retry(4, 1, 0x58, 2010.0, 2001.0),
                InDoubt(5, 1, DoubtCause.TIMEOUT, 2031.0, 2001.0),
                NotSent(6, 1, 2001.0),
            ],
        ),
    ),
    ("record_receipts", lambda *_: ([receipt("a2", "77050000001"), receipt("lost", "77050000004")],)),
    ("recover", lambda *_: (3000.0,)),
    ("pause", lambda _, it: (it,)),
    ("resume", lambda _, it: (it,)),
    ("cancel", lambda _, it: (it,)),
    ("sweep", lambda *_: (3000.0,)),
]


def _chunk(store: SqliteStore, number: int) -> Any:
    return store.read_chunk((number, ACCOUNT))


def test_whatever_statement_fails_nothing_has_happened_and_afterwards_everything_has_i9(store, faulty):
    groups = Groups(store.database)
    for verb, arguments in LIFE:
        faulty.well()
        given = arguments(store, 1)
        call = Call(lambda verb=verb, given=given: getattr(store, verb)(*given), None, True)  # type: ignore[arg-type,misc]
        before = contents(faulty)
        statement = 0
        while True:
            faulty.fail(lambda number, _, at=statement: number >= at)  # type: ignore[misc]
            told, _ = groups.run([] if groups.kept else [call])
            failed = len(faulty.statements) > statement
            faulty.well()
            if not failed:
                break
            assert told == [], f"{verb} was told although statement {statement} failed"
            assert groups.trouble is not None
            assert contents(faulty) == before, f"{verb} left something behind when statement {statement} failed"
            statement += 1
        assert told == [call]
        assert groups.trouble is None
        assert statement >= 3, verb  # begin, savepoint, …, commit
        check_i4(store)
    counts = store.counts(1)
    assert {state: count for state, count in counts.items() if count} == {
        State.DELIVERED: 3,
        State.REJECTED: 1,
        State.CANCELLED: 5,
    }


def contents(faulty: Faulty) -> list[str]:
    return list(faulty.iterdump())
