from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from sender.domain.message import MessageClass
from sender.store.sqlite import SqliteStore
from tests.sender.store.kit import ACCOUNT, Runner, campaign, directly, new, open_quick


@pytest.fixture
def store(tmp_path: Path):
    opened = open_quick(tmp_path / "store.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def run(store: SqliteStore) -> Runner:
    return directly(store)


def add(
    store: SqliteStore,
    run: Runner,
    messages: int,
    *,
    message_class: MessageClass = MessageClass.SERVICE,
    priority: int | None = None,
    operator: str = ACCOUNT,
    starts_at: float | None = None,
) -> int:
    made = msgspec.structs.replace(campaign(message_class), priority=priority, starts_at=starts_at)
    number: int = run(store.create_campaign, made)
    run(store.add_messages, number, [new(row, operator=operator) for row in range(messages)])
    run(store.finish_import, number, messages, 0)
    return number


def claimed(store: SqliteStore, run: Runner, limit: int, now: float = 2000.0, urgent: bool | None = None) -> Counter:
    return Counter(it.campaign_id for it in run(store.claim, ACCOUNT, limit, now, urgent))


def test_a_large_campaign_does_not_starve_a_small_one(store, run):
    large, small = add(store, run, 500), add(store, run, 10)
    assert claimed(store, run, 60) == {large: 50, small: 10}


def test_campaigns_of_one_priority_take_turns_from_claim_to_claim(store, run):
    first, second = add(store, run, 200), add(store, run, 200)
    total: Counter[int] = Counter()
    for _ in range(8):
        total += claimed(store, run, 10)
    assert total == {first: 40, second: 40}


def test_a_weight_is_a_share(store, run):
    first, second = add(store, run, 400), add(store, run, 400)
    run(store.set_weight, first, 3)
    total: Counter[int] = Counter()
    for _ in range(4):
        total += claimed(store, run, 40)
    assert total == {first: 120, second: 40}


def test_the_higher_priority_is_claimed_first_whatever_its_age(store, run):
    low = add(store, run, 100, message_class=MessageClass.ADVERTISING)
    high = add(store, run, 30)
    assert claimed(store, run, 20) == {high: 20}
    assert claimed(store, run, 20) == {high: 10, low: 10}


def test_codes_and_all_the_rest_can_be_claimed_apart(store, run):
    bulk = add(store, run, 10, priority=9)
    code = add(store, run, 3, message_class=MessageClass.CODE, priority=0)
    assert claimed(store, run, 100, urgent=True) == {code: 3}
    assert claimed(store, run, 100, urgent=False) == {bulk: 10}


def test_a_code_that_comes_within_the_second_is_claimed_at_once(store, run):
    add(store, run, 100)
    claimed(store, run, 10, urgent=True)
    code = add(store, run, 1, message_class=MessageClass.CODE)
    assert claimed(store, run, 10, urgent=True) == {code: 1}


def test_what_is_not_full_was_looked_for_again(store, run):
    first = add(store, run, 5)
    assert claimed(store, run, 3) == {first: 3}
    second = add(store, run, 5)
    assert claimed(store, run, 10) == {first: 2, second: 5}


def test_a_clock_that_was_set_back_hides_nothing(store, run):
    first = add(store, run, 5)
    claimed(store, run, 2, now=5000.0)
    second = add(store, run, 5)
    assert claimed(store, run, 6, now=2000.0) == {first: 3, second: 3}


def test_a_campaign_that_is_paused_gives_nothing_from_then_on(store, run):
    number = add(store, run, 50)
    assert claimed(store, run, 10) == {number: 10}
    run(store.pause, number)
    assert claimed(store, run, 10) == {}
    assert run(store.next_due, ACCOUNT) is None
    run(store.resume, number)
    assert claimed(store, run, 10) == {number: 10}


def test_the_next_due_time_knows_codes_from_the_rest_and_when_a_campaign_starts(store, run):
    add(store, run, 5, starts_at=9000.0)
    assert claimed(store, run, 10) == {}
    assert run(store.next_due, ACCOUNT) == 9000.0
    assert run(store.next_due, ACCOUNT, True) is None
    add(store, run, 1, message_class=MessageClass.CODE)
    assert run(store.next_due, ACCOUNT, True) == 0.0
    assert run(store.next_due, ACCOUNT, False) == 9000.0


def test_messages_of_another_account_are_left_alone(store, run):
    add(store, run, 5, operator="kcell")
    mine = add(store, run, 5)
    assert claimed(store, run, 10) == {mine: 5}


def steps(store: SqliteStore, work) -> int:
    """Thousands of steps of SQLite's virtual machine that some work takes: a measure without a clock."""
    count = 0

    def tick() -> int:
        nonlocal count
        count += 1
        return 0

    store.database.conn.set_progress_handler(tick, 1000)
    try:
        work()
    finally:
        store.database.conn.set_progress_handler(None, 0)
    return count


def test_a_claim_costs_the_same_among_a_thousand_campaigns(store, run):
    for _ in range(10):
        add(store, run, 200)
    claimed(store, run, 100)
    among_ten = steps(store, lambda: claimed(store, run, 100))
    for _ in range(990):
        add(store, run, 21)
    claimed(store, run, 100, now=2001.0)  # finds them
    among_a_thousand = steps(store, lambda: claimed(store, run, 100, now=2001.0))
    assert among_a_thousand <= among_ten * 2 + 5


def test_a_code_is_found_without_looking_at_the_campaigns_beside_it(store, run):
    code = add(store, run, 3, message_class=MessageClass.CODE)
    for _ in range(500):
        add(store, run, 2)
    assert steps(store, lambda: claimed(store, run, 1, urgent=True)) <= 2
    assert claimed(store, run, 1, urgent=True) == {code: 1}
