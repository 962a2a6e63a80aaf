"""Recipients as chunks: counted from the first, rows when they are wanted, over when their campaign is."""

from __future__ import annotations

import msgspec
import pytest

from sender.domain.message import State
from sender.store import chunks
from sender.store.chunks import pack, unpack
from sender.store.sqlite import SqliteStore
from tests.sender.store.kit import ACCOUNT, FIRST, Runner, campaign, check_i4, new, rows


class Import:
    """A campaign of `recipients` in chunks of `size`."""

    def __init__(self, store: SqliteStore, run: Runner, recipients: int = 10, size: int = 4, **options: object) -> None:
        self.store, self.run = store, run
        given = msgspec.structs.replace(campaign(), **options)
        self.campaign: int = run(store.create_campaign, given)
        for first in range(0, recipients, size):
            self.add([new(row) for row in range(first, min(first + size, recipients))])
        run(store.finish_import, self.campaign, recipients, 0)

    def add(self, recipients: list[object]) -> None:
        self.run(self.store.add_recipients, self.campaign, recipients)

    def waiting(self, now: float = 2000.0, low: int = 3, **landing: tuple[str, ...]) -> dict[object, bool]:
        known = {(self.campaign, ACCOUNT): landing["known"]} if landing else {}
        return self.run(self.store.waiting_chunks, now, 60.0, low, known)

    def expand(self, most: int = 100) -> int:
        chunk = self.run(self.store.read_chunk, (self.campaign, ACCOUNT))
        if chunk is None:
            return 0
        taken = chunk.recipients[:most]
        assert self.run(self.store.expand, chunk.id, chunk.taken, taken)
        check_i4(self.store)
        return len(taken)


@pytest.fixture
def imported(store: SqliteStore, run: Runner) -> Import:
    return Import(store, run)


def test_recipients_survive_a_chunk():
    recipients = [new(row, operator="" if row % 2 else ACCOUNT) for row in range(50)]
    assert unpack(pack(recipients)) == recipients


def test_recipients_in_chunks_count_as_queued_and_as_messages_i4(imported):
    assert imported.run(imported.store.counts, imported.campaign)[State.QUEUED] == 10
    assert imported.run(imported.store.campaign, imported.campaign).messages == 10
    assert imported.run(imported.store.claim, ACCOUNT, 100, 2000.0) == []
    assert rows(imported.store, "SELECT count(*) FROM messages") == [(0,)]


def test_messages_that_wait_for_the_morning_do_not_keep_the_rest_in_its_chunks(imported, monkeypatch):
    imported.expand(4)
    group = (imported.campaign, ACCOUNT)
    assert imported.waiting(low=4, known=(ACCOUNT,)) == {group: False}
    imported.run(imported.store.database.conn.execute, "UPDATE messages SET due = 9000")
    assert imported.waiting(low=4, known=(ACCOUNT,)) == {group: True}
    monkeypatch.setattr(chunks, "_MOST_ASLEEP", 4)
    assert imported.waiting(low=4, known=(ACCOUNT,)) == {group: False}
    assert imported.waiting(now=8950.0, low=4, known=(ACCOUNT,)) == {group: False}


def test_chunks_become_messages_in_the_order_of_the_file(imported):
    assert [imported.expand(3), imported.expand(3), imported.expand(3)] == [3, 1, 3]
    claimed = imported.run(imported.store.claim, ACCOUNT, 100, 2000.0)
    assert [it.number for it in claimed] == [str(FIRST + row) for row in range(7)]
    assert claimed[0].fields == {"name": "n0"}
    assert [imported.expand(), imported.expand(), imported.expand()] == [1, 2, 0]
    assert rows(imported.store, "SELECT count(*) FROM chunks UNION ALL SELECT count(*) FROM chunk_data") == [(0,), (0,)]
    assert imported.waiting() == {}


def test_a_chunk_is_expanded_once_from_every_cursor(imported):
    chunk = imported.run(imported.store.read_chunk, (imported.campaign, ACCOUNT))
    assert imported.run(imported.store.expand, chunk.id, 0, chunk.recipients[:2])
    assert not imported.run(imported.store.expand, chunk.id, 0, chunk.recipients[:2])
    assert imported.run(imported.store.counts, imported.campaign)[State.QUEUED] == 10


def test_a_group_is_needy_while_few_of_its_messages_are_queued(imported):
    group = (imported.campaign, ACCOUNT)
    assert imported.waiting() == {group: True}
    imported.expand(2)
    assert imported.waiting(known=(ACCOUNT,)) == {group: True}
    imported.expand(2)
    assert imported.waiting(known=(ACCOUNT,)) == {group: False}
    assert imported.waiting(known=(ACCOUNT, "kcell")) == {group: True}  # kcell has nothing at all
    imported.run(imported.store.claim, ACCOUNT, 3, 2000.0)
    assert imported.waiting(known=(ACCOUNT,)) == {group: True}


def test_chunks_are_kept_apart_by_the_account_that_the_import_found(store, run):
    made = Import(store, run, recipients=0)
    other = run(store.create_campaign, campaign())
    run(store.add_recipients, other, [new(1), new(2, operator="kcell"), new(3, operator=""), new(4)])
    run(store.finish_import, other, 4, 0)
    assert set(made.waiting()) == {(other, None), (other, ACCOUNT), (other, "kcell")}
    chunk = run(store.read_chunk, (other, None))
    assert [it.row for it in chunk.recipients] == [3]
    assert run(store.read_chunk, (other, "nobody")) is None


@pytest.mark.parametrize(
    ("options", "now", "open_"),
    [
        ({}, 2000.0, True),
        ({"starts_at": 2060.0}, 2000.0, True),
        ({"starts_at": 2060.1}, 2000.0, False),
        ({"expires_at": 2000.0}, 2000.0, False),
        ({"expires_at": 2000.1}, 2000.0, True),
    ],
)
def test_only_chunks_of_campaigns_whose_time_is_near_are_expanded(store, run, options, now, open_):
    assert bool(Import(store, run, **options).waiting(now)) == open_


def test_urgent_campaigns_are_expanded_first(store, run):
    slow, quick = Import(store, run, priority=2), Import(store, run, priority=9)
    assert [group[0] for group in slow.waiting()] == [quick.campaign, slow.campaign]


@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_chunks_of_a_campaign_that_is_held_back_stay_as_they_are(imported, verb):
    imported.run(getattr(imported.store, verb), imported.campaign)
    assert imported.waiting() == {}


def test_chunks_of_an_import_that_is_not_finished_are_left_alone(store, run):
    number = run(store.create_campaign, campaign())
    run(store.add_recipients, number, [new(1)])
    assert run(store.waiting_chunks, 2000.0, 60.0, 3, {}) == {}


def test_cancelling_ends_what_is_in_chunks_too_i4(imported):
    imported.expand(2)
    imported.run(imported.store.cancel, imported.campaign)
    steps = 0
    while imported.run(imported.store.sweep, 2000.0, 1):
        steps += 1
        check_i4(imported.store)
    assert steps == 5  # three chunks, two messages
    counts = imported.run(imported.store.counts, imported.campaign)
    assert {state: count for state, count in counts.items() if count} == {State.CANCELLED: 10}
    assert imported.run(imported.store.report, imported.campaign).cancelled == 10
    assert imported.run(imported.store.read_chunk, (imported.campaign, ACCOUNT)) is None


def test_what_was_read_before_the_cancel_is_not_expanded_after_it(imported):
    chunk = imported.run(imported.store.read_chunk, (imported.campaign, ACCOUNT))
    imported.run(imported.store.cancel, imported.campaign)
    while imported.run(imported.store.sweep, 2000.0):
        pass
    assert not imported.run(imported.store.expand, chunk.id, chunk.taken, chunk.recipients)


def test_recipients_past_the_deadline_expire_in_their_chunks_and_the_report_says_why(store, run):
    made = Import(store, run, expires_at=3000.0)
    made.expand(2)
    assert run(store.sweep, 3000.0) == 8
    assert run(store.sweep, 3000.0) == 2
    report = run(store.report, made.campaign)
    assert (report.states["expired"], report.accepted) == (10, 0)
    assert [(it.reason, it.stage, it.messages) for it in report.failures] == [("its deadline has passed", "sender", 10)]


def test_an_import_that_was_cut_starts_again_from_nothing(store, run):
    number = run(store.create_campaign, campaign())
    run(store.add_recipients, number, [new(1), new(2)])
    assert run(store.recover, 1.0).importing == (number,)
    run(store.restart_import, number)
    check_i4(store)
    assert run(store.campaign, number).messages == 0
    run(store.add_recipients, number, [new(1)])
    run(store.finish_import, number, 1, 0)
    assert run(store.counts, number)[State.QUEUED] == 1


def test_a_running_campaign_takes_no_more_recipients(imported):
    with pytest.raises(ValueError, match="running"):
        imported.add([new(99)])


def test_message_ids_are_never_given_twice(imported):
    imported.expand(4)
    with imported.store.database.transaction():
        imported.store.database.conn.execute("DELETE FROM message_fields")
        imported.store.database.conn.execute("DELETE FROM messages")
        imported.store.database.conn.execute("DELETE FROM campaign_states")
        imported.store.database.conn.execute("UPDATE campaigns SET messages = 6")
        imported.store.database.conn.execute("INSERT INTO campaign_states VALUES (1, 1, 6)")
    imported.store.database.rollback()
    imported.expand(4)
    assert rows(imported.store, "SELECT min(id) FROM messages") == [(5,)]
