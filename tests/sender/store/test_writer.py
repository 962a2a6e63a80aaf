"""Group commit: calls share a transaction, fail alone, and are answered after the commit."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from sender.store.records import StoreError
from sender.store.sqlite import SqliteStore
from sender.store.writer import GROUP_CALLS, InlineWriter, ThreadWriter, Writer
from tests.sender.store.kit import CalledReactor, campaign, open_quick, outcome_of, rows


class Spy:
    """A store's connection as the writer sees it, with the transactions written down."""

    def __init__(self, store: SqliteStore) -> None:
        self.statements: list[str] = []
        store.database.conn.set_trace_callback(self.statements.append)

    @property
    def commits(self) -> int:
        return self.statements.count("COMMIT")


class Harness:
    """A writer of either kind and how to wait for it."""

    def __init__(self, kind: str, store: SqliteStore) -> None:
        self.writer: Writer
        self.wait: Callable[[], None]
        if kind == "thread":
            reactor = CalledReactor()
            self.writer, self.wait = ThreadWriter(store, reactor), reactor.turn
        else:
            clock = Clock()
            self.writer, self.wait = InlineWriter(store, clock), lambda: clock.advance(0.001)

    def until(self, *done: list[Any]) -> None:
        for _ in range(10_000):
            if all(done):
                return
            self.wait()
        raise AssertionError("what was waited for never came")

    def close(self) -> None:
        closed, _ = outcome_of(self.writer.close())
        self.until(closed)


@pytest.fixture(params=["thread", "inline"])
def harness(request: pytest.FixtureRequest, store: SqliteStore) -> Iterator[Harness]:
    made = Harness(request.param, store)
    yield made
    made.close()


def test_a_result_comes_after_its_commit_i9(harness, store, tmp_path):
    results, _ = outcome_of(harness.writer.call(store.create_campaign, campaign()))
    assert results == []
    reader = SqliteStore.open(tmp_path / "campaign.sqlite", read_only=True)
    harness.until(results)
    assert reader.campaign(results[0]).name == "evening"
    reader.close()


def test_calls_run_in_their_order_and_answer_in_their_order(harness, store):
    answered: list[int] = []
    last: list[bool] = []
    for _ in range(20):
        harness.writer.call(store.new_epoch).addCallback(answered.append)
    harness.writer.call(lambda: True).addCallback(last.append)
    harness.until(last)
    assert answered == list(range(1, 21))


def test_calls_made_together_share_a_transaction(harness, store):
    spy = Spy(store)
    calls = [outcome_of(harness.writer.call(store.new_epoch))[0] for _ in range(100)]
    harness.until(*calls)
    assert spy.commits < 50  # one or two, unless the threads are kept from the processor


def test_a_group_has_a_bounded_size(harness, store):
    spy = Spy(store)
    calls = [outcome_of(harness.writer.call(store.new_epoch))[0] for _ in range(2 * GROUP_CALLS + 1)]
    harness.until(*calls)
    assert spy.commits >= 3


def test_a_call_that_fails_is_undone_alone_and_the_others_are_committed(harness, store):
    def half() -> None:
        store.new_epoch()
        store.database.account("made up")
        raise LookupError("no")

    before, _ = outcome_of(harness.writer.call(store.new_epoch))
    _, failures = outcome_of(harness.writer.call(half))
    after, _ = outcome_of(harness.writer.call(store.new_epoch))
    harness.until(before, failures, after)
    assert (before, after) == ([1], [2])
    assert failures[0].check(LookupError)
    assert rows(store, "SELECT name FROM accounts") == []
    assert store.database.known_account("made up") is None


def test_a_statement_that_sqlite_refuses_fails_its_call_only(harness, store):
    _, failures = outcome_of(harness.writer.call(store.database.conn.execute, "SELECT * FROM nowhere"))
    after, _ = outcome_of(harness.writer.call(store.new_epoch))
    harness.until(failures, after)
    assert failures[0].check(sqlite3.OperationalError)


def test_close_finishes_what_was_called_and_then_refuses(harness, store):
    results, _ = outcome_of(harness.writer.call(store.new_epoch))
    closed, _ = outcome_of(harness.writer.close())
    _, failures = outcome_of(harness.writer.call(store.new_epoch))
    assert failures[0].check(StoreError)
    harness.until(closed)
    assert results == [1]
    again, _ = outcome_of(harness.writer.close())
    assert again == [None]


def test_the_results_of_a_group_cross_to_the_reactor_at_once(store):
    reactor = CalledReactor()
    writer = ThreadWriter(store, reactor)
    gate = threading.Event()
    first, _ = outcome_of(writer.call(gate.wait))
    others = [outcome_of(writer.call(store.new_epoch))[0] for _ in range(50)]
    gate.set()
    while not all(others):
        reactor.turn()
    assert first == [True]
    assert reactor.turns <= 3
    closed, _ = outcome_of(writer.close())
    while not closed:
        reactor.turn()


def test_the_verbs_run_in_the_writer_thread_and_the_results_in_the_reactor(store):
    reactor = CalledReactor()
    writer = ThreadWriter(store, reactor)
    seen: list[str] = []
    deferred = writer.call(lambda: seen.append(threading.current_thread().name))
    deferred.addCallback(lambda _: seen.append(threading.current_thread().name))
    while len(seen) < 2:
        reactor.turn()
    assert seen == ["store writer", threading.current_thread().name]
    closed, _ = outcome_of(writer.close())
    while not closed:
        reactor.turn()


def test_in_virtual_time_the_commit_is_half_way_and_the_answer_at_the_end(store, tmp_path):
    clock = Clock()
    writer = InlineWriter(store, clock, latency=0.010)
    first, _ = outcome_of(writer.call(store.new_epoch))
    clock.advance(0.004)
    second, _ = outcome_of(writer.call(store.new_epoch))  # joins the group that is gathering
    assert rows(store, "SELECT epoch FROM epochs") == [(0,)]
    clock.advance(0.001)
    assert rows(store, "SELECT epoch FROM epochs") == [(2,)]
    assert (first, second) == ([], [])
    clock.advance(0.005)
    assert (first, second) == ([1], [2])
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize(("advanced", "kept"), [(0.0, 0), (0.001, 1)])
def test_an_abandoned_writer_leaves_what_a_killed_process_leaves(tmp_path: Path, advanced, kept):
    store = open_quick(tmp_path / "other.sqlite")
    clock = Clock()
    writer = InlineWriter(store, clock, latency=0.002)
    results, failures = outcome_of(writer.call(store.new_epoch))
    clock.advance(advanced)
    writer.abandon()
    clock.advance(1.0)
    assert (results, failures) == ([], [])
    assert clock.getDelayedCalls() == []
    assert rows(store, "SELECT epoch FROM epochs") == [(kept,)]
    store.close()


def test_urgent_calls_go_first_and_in_their_order(harness, store):
    order: list[str] = []
    last: list[bool] = []
    started = threading.Event()
    gate = threading.Event()

    def block() -> None:
        started.set()
        assert gate.wait(30)

    if isinstance(harness.writer, ThreadWriter):
        harness.writer.call(block)
        assert started.wait(30)
    for name in "ab":
        harness.writer.call(order.append, name)
    for name in "xy":
        harness.writer.urgent(order.append, name)
    harness.writer.call(lambda: True).addCallback(last.append)
    gate.set()
    harness.until(last)
    assert order == ["x", "y", "a", "b"]


def test_an_urgent_call_ends_the_group_that_is_running_and_nothing_of_it_is_lost(store):
    reactor = CalledReactor()
    writer = ThreadWriter(store, reactor)
    order: list[str] = []
    urgent: list[None] = []

    def first() -> None:
        order.append("first")
        writer.urgent(order.append, "urgent").addCallback(urgent.append)

    ends: list[None] = []
    writer.call(first)
    writer.call(order.append, "second")
    writer.call(order.append, "third").addCallback(ends.append)
    while not ends:
        reactor.turn()
    assert order[:2] == ["first", "urgent"]
    assert order[2:] == ["second", "third"]
    closed, _ = outcome_of(writer.close())
    while not closed:
        reactor.turn()


def test_urgent_calls_without_end_do_not_starve_the_others(store):
    reactor = CalledReactor()
    writer = ThreadWriter(store, reactor)
    rounds = 0
    done: list[bool] = []

    def again(_: object = None) -> None:
        nonlocal rounds
        rounds += 1
        if not done:
            # Two at a time: one is waiting whenever a group ends.
            writer.urgent(spin)

    def spin() -> None:
        if not done and rounds < 100_000:
            again()

    again()
    writer.call(lambda: True).addCallback(done.append)
    while not done:
        reactor.turn()
    closed, _ = outcome_of(writer.close())
    while not closed:
        reactor.turn()
