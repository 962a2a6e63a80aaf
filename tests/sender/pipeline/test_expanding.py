"""Chunks are expanded when their queue runs low, near their hour, and routed at that moment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import msgspec
import pytest
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from sender.domain.message import MessageClass, State
from sender.pipeline.expanding import Expander
from sender.store.records import Campaign, NewMessage
from sender.store.sqlite import SqliteStore
from sender.store.writer import InlineWriter
from tests.sender.store.kit import ACCOUNT, FIRST, campaign, check_i4, new, open_quick, rows

OTHER = "kcell"


class Desk:
    def __init__(
        self,
        store: SqliteStore,
        route: Callable[[Campaign, str], str | None] = lambda *_: ACCOUNT,
        due: Callable[[Campaign, str, float], float] = lambda *_: 0.0,
    ) -> None:
        self.store = store
        self.clock = Clock()
        self.writer = InlineWriter(store, self.clock)
        self.poked: list[str] = []
        self.codes: set[bool] = set()
        self.failures: list[Failure] = []
        self.expander = Expander(
            store,
            self.writer,
            self.clock,
            epoch=1000.0,
            accounts=(ACCOUNT, OTHER),
            route=lambda campaign, numbers: [route(campaign, number) for number in numbers],
            due=lambda campaign, numbers, now: [due(campaign, number, now) for number in numbers],
            on_messages=self._on_messages,
            on_failure=self.failures.append,
        )

    def _on_messages(self, accounts: Collection[str], codes: bool) -> None:
        self.poked += accounts
        self.codes.add(codes)

    def load(self, recipients: list[NewMessage], **options: object) -> int:
        with self.store.database.transaction():
            number = self.store.create_campaign(msgspec.structs.replace(campaign(), **options))
            self.store.add_recipients(number, recipients)
            self.store.finish_import(number, len(recipients), 0)
        return number

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.001)):
            self.clock.advance(0.001)

    def queued(self, account: str = ACCOUNT) -> int:
        statement = (
            "SELECT count(*) FROM messages m JOIN accounts a ON a.id = m.account WHERE m.state = 1 AND a.name = ?"
        )
        return int(rows(self.store, statement, account)[0][0])

    def claim(self, limit: int, account: str = ACCOUNT) -> int:
        with self.store.database.transaction():
            return len(self.store.claim(account, limit, 1e9))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = open_quick(tmp_path / "campaign.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def desk(store: SqliteStore) -> Iterator[Desk]:
    made = Desk(store)
    yield made
    made.expander.stop()
    assert made.failures == []
    check_i4(store)


def test_a_short_campaign_becomes_messages_at_once_and_its_lane_hears_of_it(desk):
    desk.load([new(row) for row in range(1200)])
    desk.expander.start()
    assert not desk.expander.idle
    desk.run(0.1)
    assert desk.queued() == 1200
    assert desk.poked == [ACCOUNT] * 3
    assert desk.codes == {False}
    assert desk.expander.idle
    assert desk.clock.getDelayedCalls() == []  # nothing left: nothing to look for


def test_a_long_one_only_as_far_as_the_queue_is_low(desk):
    for _ in range(3):
        desk.load([new(row) for row in range(4000)])
    desk.expander.start()
    desk.run(0.2)
    assert desk.queued() == 3 * 2000
    assert desk.claim(700) == 700
    desk.run(0.3)
    assert desk.queued() == 3 * 2000 - 700 + 3 * 1000  # fairly claimed: of each of the three


def test_no_transaction_makes_more_than_five_hundred(desk):
    desk.load([new(row) for row in range(1999)])
    statements: list[str] = []
    desk.expander.start()
    before = 0
    while not desk.expander.idle:
        desk.clock.advance(0.001)
        made, before = desk.queued() - before, desk.queued()
        statements.append("" if made <= 500 else f"{made} at once")
    assert set(statements) == {""}


def test_a_queue_that_is_full_keeps_no_other_one_waiting(store):
    desk = Desk(store, route=lambda _, number: None)
    desk.load([new(row) for row in range(3000)] + [new(row, operator=OTHER) for row in range(3000, 6000)])
    desk.expander.start()
    desk.run(0.2)
    assert (desk.queued(), desk.queued(OTHER)) == (2000, 2000)
    desk.claim(2000, OTHER)
    desk.run(0.3)
    assert (desk.queued(), desk.queued(OTHER)) == (2000, 1000)


def test_recipients_are_routed_when_they_become_messages(store):
    desk = Desk(store, route=lambda campaign, number: OTHER)
    desk.load([new(row) for row in range(3000)])
    desk.expander.start()
    desk.run(0.2)
    assert (desk.queued(), desk.queued(OTHER)) == (0, 2000)


def test_where_there_is_no_route_now_the_one_of_the_import_holds(store):
    desk = Desk(store, route=lambda campaign, number: None)
    desk.load([new(row) for row in range(10)])
    desk.expander.start()
    desk.run(0.1)
    assert desk.queued() == 10


def test_where_it_is_night_messages_are_due_in_the_morning(store):
    asked = []

    def due(campaign, number, now):
        asked.append(now)
        return 9000.0 if number == str(FIRST) else 0.0

    desk = Desk(store, due=due)
    desk.load([new(row) for row in range(3)], starts_at=1030.0)
    desk.expander.start()
    desk.run(0.1)
    assert asked == [1030.0] * 3
    assert rows(store, "SELECT due FROM messages ORDER BY id") == [(9000.0,), (0.0,), (0.0,)]


def test_a_scheduled_campaign_is_expanded_a_minute_before_its_start(desk):
    desk.load([new(1)], starts_at=1000.0 + 100.0)
    desk.expander.start()
    desk.run(0.1)
    assert desk.queued() == 0
    desk.clock.advance(38)
    desk.expander.poke()
    desk.run(0.1)
    assert desk.queued() == 0
    desk.clock.advance(3)
    desk.expander.poke()
    desk.run(0.1)
    assert desk.queued() == 1


def test_a_pause_stops_it_and_it_goes_on_where_it_was(desk):
    number = desk.load([new(row) for row in range(4000)])
    desk.expander.start()
    desk.run(0.1)
    with desk.store.database.transaction():
        desk.store.pause(number)
    desk.claim(2000)  # of a paused campaign there is nothing to claim
    desk.run(1)
    assert desk.queued() == 2000
    with desk.store.database.transaction():
        desk.store.resume(number)
    desk.claim(2000)
    desk.expander.poke()
    desk.run(0.1)
    assert desk.queued() == 2000
    assert rows(desk.store, "SELECT count(DISTINCT row), count(*) FROM messages") == [(4000, 4000)]


def test_a_restart_goes_on_from_the_cursor(desk):
    number = desk.load([new(row) for row in range(3000)])
    desk.expander.start()
    desk.run(0.003)
    desk.expander.stop()
    desk.run(0.1)
    begun = desk.queued()
    assert 0 < begun < 2000
    again = Desk(desk.store)
    again.expander.start()
    again.run(0.2)
    again.claim(3000)
    again.run(1)
    again.claim(3000)
    again.expander.stop()
    assert rows(desk.store, "SELECT count(DISTINCT row), count(*) FROM messages") == [(3000, 3000)]
    assert desk.store.counts(number)[State.CLAIMED] == 3000


def test_who_waits_for_codes_hears_of_codes_alone(desk):
    desk.load([new(row) for row in range(10)], message_class=MessageClass.CODE)
    desk.expander.start()
    desk.run(0.1)
    assert (desk.poked, desk.codes) == ([ACCOUNT], {True})
