"""Every transition of the table happens in the store, and no other one does (I1)."""

from __future__ import annotations

import itertools

import pytest

from sender.domain.message import FINAL, TRANSITIONS, State
from sender.store.settling import move_messages
from sender.store.sqlite import SqliteStore
from tests.sender.store.kit import Desk, check_i4, directly, open_quick, state_of

ALL = list(itertools.product(State, State))


@pytest.fixture
def message(store: SqliteStore) -> int:
    Desk(store, directly(store))
    return 1


def put(store: SqliteStore, message: int, state: State) -> None:
    """A message that has come into `state`, whatever way."""
    store.database.conn.execute("UPDATE messages SET state = ? WHERE id = ?", (int(state), message))
    store.database.conn.execute("DELETE FROM campaign_states")
    store.database.conn.execute("INSERT INTO campaign_states VALUES (1, ?, 1)", (int(state),))


@pytest.mark.parametrize(("before", "after"), [(a, b) for a, b in ALL if b in TRANSITIONS[a]])
def test_what_the_table_allows_happens_and_is_counted_i4(store, message, before, after):
    with store.database.transaction():
        put(store, message, before)
        move_messages(store.database, [(message, 1, before, after)])
    assert state_of(store, message) is after
    check_i4(store)


def test_what_the_table_does_not_allow_undoes_the_call_i1(tmp_path):
    store = open_quick(tmp_path / "campaign.sqlite")
    Desk(store, directly(store))
    forbidden = [(a, b) for a, b in ALL if b not in TRANSITIONS[a]]
    assert len(forbidden) + sum(len(following) for following in TRANSITIONS.values()) == len(ALL)
    for before, after in forbidden:
        store.database.begin()
        put(store, 1, before)
        with pytest.raises((RuntimeError, KeyError)):
            move_messages(store.database, [(1, 1, before, after)])
        store.database.rollback()
        assert state_of(store, 1) is State.QUEUED
    store.close()


@pytest.mark.parametrize("final", sorted(FINAL))
def test_a_final_state_is_left_by_nothing(store, message, final):
    assert TRANSITIONS[final] == frozenset()


def test_half_of_a_batch_that_may_not_move_undoes_all_of_it(store):
    Desk(store, directly(store), messages=2)
    db = store.database
    db.begin()
    move_messages(db, [(1, 1, State.QUEUED, State.CLAIMED)])
    moves = [(1, 1, State.CLAIMED, State.SUBMITTING), (2, 1, State.QUEUED, State.SUBMITTING)]
    with pytest.raises(RuntimeError, match="1 of 2 messages may not become submitting"):
        move_messages(db, moves)
    db.rollback()
    assert state_of(store, 1) is State.QUEUED
