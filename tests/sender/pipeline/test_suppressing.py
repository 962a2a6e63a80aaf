"""The suppression list in memory (I7)."""

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from sender.channels.results import Never, Submit
from sender.domain.message import MessageClass, State
from sender.domain.scope import scopes_of
from sender.pipeline import suppressing
from sender.pipeline.suppressing import Suppressing
from sender.store.sqlite import SqliteStore
from sender.store.suppression import Suppressed
from tests.sender.store.kit import open_quick, outcome_of

NUMBER = 77051234567


class NowWriter:
    """Runs a verb at once, in a transaction of its own."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store

    def call(self, verb: Any, *args: Any) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        with self.store.database.transaction():
            done.callback(verb(*args))
        return done


@pytest.fixture
def store(tmp_path: Path) -> Any:
    opened = open_quick(tmp_path / "campaign.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def known(store: SqliteStore) -> Suppressing:
    return Suppressing(store, NowWriter(store))  # type: ignore[arg-type]


def do(work: Any) -> Any:
    results, failures = outcome_of(Deferred.fromCoroutine(work))
    for failure in failures:
        failure.raiseException()
    return results[0]


def submit(number: int = NUMBER, kind: MessageClass = MessageClass.ADVERTISING, sender: str = "SHOP") -> Submit:
    return Submit(1, 5, 1, 1, sender, str(number), b"", 1, kind, 0, 0, None)


def stop(number: int = NUMBER, scope: str = "advertising") -> Suppressed:
    return Suppressed(number, scope, "person", at=1.0)


@pytest.mark.parametrize("kind", MessageClass)
@pytest.mark.parametrize("scope", ["all", "advertising", "from:SHOP", "from:BANK"])
def test_i7_what_a_scope_blocks_is_the_table(known: Suppressing, scope: str, kind: MessageClass) -> None:
    do(known.add([stop(scope=scope)]))
    hold = known.check(submit(kind=kind), 0.0)
    assert (hold is not None) == (scope in scopes_of(kind, "SHOP"))
    if hold is not None:
        assert hold == Never(State.BLOCKED, f"opted out: {scope}")
    assert known.check(submit(NUMBER + 1, kind), 0.0) is None


def test_answers_are_exempt(known: Suppressing) -> None:
    do(known.add([stop(scope="all")]))
    known.exempt({5})
    assert known.check(submit(kind=MessageClass.SERVICE), 0.0) is None
    assert known.blocked == 0


def test_the_list_is_loaded_at_the_start_and_follows_what_others_change(store: SqliteStore, known: Suppressing) -> None:
    with store.database.transaction():
        store.suppression.add([stop()])
    do(known.refresh())
    assert known.check(submit(), 0.0) is not None
    with store.database.transaction():
        store.suppression.remove(NUMBER, source="person", at=2.0)
        store.suppression.add([stop(NUMBER + 1, "all"), stop(NUMBER + 2, "from:SHOP")])
    assert known.check(submit(), 0.0) is not None
    do(known.refresh())
    assert [known.check(submit(NUMBER + i), 0.0) is None for i in range(3)] == [True, False, False]
    assert len(known) == 2


def test_a_great_many_changes_are_read_as_a_whole(
    store: SqliteStore, known: Suppressing, monkeypatch: pytest.MonkeyPatch
) -> None:
    do(known.load())
    monkeypatch.setattr(suppressing, "_MOST_CHANGES", 3)
    with store.database.transaction():
        store.suppression.add([stop(NUMBER + i) for i in range(5)])
    do(known.refresh())
    assert len(known) == 5
    assert known.check(submit(NUMBER + 4), 0.0) is not None


def test_what_is_applied_twice_is_the_same(known: Suppressing) -> None:
    changes = do(known.add([stop()]))
    known.apply(changes)
    do(known.refresh())
    assert len(known) == 1


def test_a_scope_of_one_sender_goes_with_the_last_entry(known: Suppressing, store: SqliteStore) -> None:
    do(known.add([stop(scope="from:SHOP"), stop(scope="from:BANK")]))
    with store.database.transaction():
        store.suppression.remove(NUMBER, "from:SHOP", source="person", at=2.0)
    do(known.refresh())
    assert known.check(submit(sender="SHOP"), 0.0) is None
    assert known.check(submit(sender="BANK"), 0.0) is not None
    with store.database.transaction():
        store.suppression.remove(NUMBER, source="person", at=3.0)
    do(known.refresh())
    assert len(known) == 0


def test_a_long_list_is_read_in_pieces(store: SqliteStore, known: Suppressing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppressing, "_PIECE", 7)
    with store.database.transaction():
        store.suppression.add([stop(NUMBER + i) for i in range(50)] + [stop(NUMBER + 7, "all")])
    do(known.load())
    assert len(known) == 50
    assert all(known.check(submit(NUMBER + i), 0.0) is not None for i in range(50))
    assert known.check(submit(NUMBER + 50), 0.0) is None
