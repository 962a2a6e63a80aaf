"""Pause, cancel and deadlines: what they mean for the queue, and what is ended by the sweep."""

from __future__ import annotations

import msgspec
import pytest

from sender.domain.message import DoubtCause, MessageClass, State
from sender.store.records import Accepted, CampaignKind, Dropped, InDoubt, Retry, Standing
from sender.store.sqlite import SqliteStore
from tests.sender.store.kit import ACCOUNT, Desk, Runner, campaign, new, part_of, receipt, rows, state_of


@pytest.fixture
def desk(store: SqliteStore, run: Runner) -> Desk:
    return Desk(store, run, messages=3)


def sweep_all(desk: Desk, now: float = 2000.0, limit: int = 500) -> int:
    """Sweep to the end; in how many steps."""
    steps = 0
    while desk.run(desk.store.sweep, now, limit):
        steps += 1
    return steps


def test_what_a_campaign_was_given_is_kept(store, run):
    given = msgspec.structs.replace(
        campaign(),
        priority=7,
        starts_at=10.0,
        expires_at=20.0,
        quiet='{"from": "22:00"}',
        kind=CampaignKind.API,
        options='{"transliterate": true}',
    )
    found = run(store.campaign, run(store.create_campaign, given))
    for field in ("priority", "starts_at", "expires_at", "quiet", "kind", "options"):
        assert getattr(found, field) == getattr(given, field)
    assert (found.paused, found.cancelled) == (False, False)


@pytest.mark.parametrize(
    ("message_class", "priority"),
    [(MessageClass.ADVERTISING, 2), (MessageClass.SERVICE, 5), (MessageClass.CODE, 9)],
)
def test_a_campaign_without_a_priority_has_that_of_its_class(store, run, message_class, priority):
    assert run(store.campaign, run(store.create_campaign, campaign(message_class))).priority == priority


def test_nothing_is_claimed_of_a_paused_campaign_until_it_is_resumed(desk):
    assert desk.run(desk.store.pause, desk.campaign)
    assert desk.claim() == []
    assert desk.run(desk.store.next_due, ACCOUNT) is None
    assert not desk.run(desk.store.pause, desk.campaign)
    assert desk.run(desk.store.campaign, desk.campaign).paused
    assert desk.run(desk.store.resume, desk.campaign)
    assert not desk.run(desk.store.resume, desk.campaign)
    assert len(desk.claim()) == 3


def test_a_scheduled_campaign_is_claimed_from_its_start_on(store, run):
    number = run(store.create_campaign, msgspec.structs.replace(campaign(), starts_at=5000.0))
    run(store.add_messages, number, [new(1)])
    run(store.finish_import, number, 1, 0)
    assert run(store.claim, ACCOUNT, 10, 4999.9) == []
    assert run(store.next_due, ACCOUNT) == 5000.0
    assert len(run(store.claim, ACCOUNT, 10, 5000.0)) == 1


def test_cancelling_ends_what_waits_and_what_is_claimed_in_bounded_steps_i4(desk):
    desk.claim(1)
    assert desk.run(desk.store.cancel, desk.campaign)
    assert desk.claim() == []
    assert sweep_all(desk, limit=1) == 3
    assert desk.states == {State.CANCELLED: 3}
    assert not desk.run(desk.store.cancel, desk.campaign)
    assert desk.run(desk.store.unfinished_campaigns) == []


def test_a_cancelled_campaign_is_neither_paused_nor_resumed(desk):
    desk.run(desk.store.pause, desk.campaign)
    desk.run(desk.store.cancel, desk.campaign)
    assert not desk.run(desk.store.resume, desk.campaign)
    assert not desk.run(desk.store.pause, desk.campaign)
    found = desk.run(desk.store.campaign, desk.campaign)
    assert (found.cancelled, found.paused) == (True, False)


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel"])
def test_no_campaign_no_word_about_it(store, run, verb):
    with pytest.raises(KeyError, match="17"):
        run(getattr(store, verb), 17)


def test_a_claimed_message_that_was_cancelled_is_not_submitted_i7(desk):
    claimed = desk.claim(1)
    desk.run(desk.store.cancel, desk.campaign)
    sweep_all(desk)
    assert [intent.message_id for intent in desk.submit(claimed)] == [claimed[0].message_id]
    assert desk.states == {State.CANCELLED: 3}


def test_what_was_submitted_before_the_cancel_is_answered_as_ever_i1(desk):
    first, second = desk.sent(2)
    desk.run(desk.store.cancel, desk.campaign)
    sweep_all(desk)
    desk.accept({first: "a"})
    desk.outcome(Retry(second, 1, 0x58, 2010.0, 2001.0))
    assert desk.states == {State.ACCEPTED: 1, State.QUEUED: 1, State.CANCELLED: 1}
    sweep_all(desk)
    desk.receipts(receipt("a"))
    assert desk.states == {State.DELIVERED: 1, State.CANCELLED: 2}
    assert part_of(desk.store, second)["state"] == State.CANCELLED


def test_what_is_in_doubt_and_waits_for_its_resend_stays_in_doubt_when_cancelled(desk):
    [message] = desk.sent(1)
    desk.outcome(InDoubt(message, 1, DoubtCause.TIMEOUT, 2060.0, 2030.0))
    assert state_of(desk.store, message) is State.QUEUED
    desk.run(desk.store.cancel, desk.campaign)
    sweep_all(desk)
    assert desk.states == {State.IN_DOUBT: 1, State.CANCELLED: 2}
    [result] = desk.receipts(receipt("late", number=rows(desk.store, "SELECT number FROM messages")[0][0]))
    assert result.state is State.DELIVERED
    assert desk.states == {State.DELIVERED: 1, State.CANCELLED: 2}


def test_a_message_of_two_parts_of_which_one_is_in_doubt(store, run):
    desk = Desk(store, run, parts=2)
    [message] = desk.sent()
    desk.outcome(InDoubt(message, 1, DoubtCause.TIMEOUT, 2060.0, 2030.0), Retry(message, 2, 0x58, 2060.0, 2001.0))
    desk.run(store.cancel, desk.campaign)
    sweep_all(desk)
    assert desk.states == {State.IN_DOUBT: 1}
    assert [part_of(store, message, part)["state"] for part in (1, 2)] == [State.IN_DOUBT, State.CANCELLED]


def test_a_message_of_which_one_part_was_accepted_is_cancelled_when_the_receipt_of_that_part_comes(store, run):
    desk = Desk(store, run, parts=2)
    [message] = desk.sent()
    desk.outcome(Dropped(message, 2, State.CANCELLED, "the campaign was cancelled", 2001.0))
    desk.outcome(Accepted(message, 1, "a", 2002.0))
    assert state_of(store, message) is State.ACCEPTED
    [result] = desk.receipts(receipt("a", number=rows(store, "SELECT number FROM messages")[0][0]))
    assert result.state is State.CANCELLED
    assert desk.states == {State.CANCELLED: 1}


def test_a_campaign_past_its_deadline_expires(store, run):
    number = run(store.create_campaign, msgspec.structs.replace(campaign(), expires_at=3000.0))
    run(store.add_messages, number, [new(1), new(2)])
    run(store.finish_import, number, 2, 0)
    assert run(store.sweep, 2999.9) == 0
    assert run(store.sweep, 3000.0) == 2
    assert run(store.counts, number)[State.EXPIRED] == 2


def test_a_message_past_its_own_deadline_expires_alone(desk):
    with desk.store.database.transaction():
        desk.store.database.conn.execute("UPDATE messages SET expires = 2500.0 WHERE row = 1")
    assert [it.expires for it in desk.claim()] == [None, 2500.0, None]
    desk.run(desk.store.release, [1, 2, 3])
    assert desk.run(desk.store.sweep, 2499.0) == 0
    assert desk.run(desk.store.sweep, 2500.0) == 1
    assert desk.states == {State.QUEUED: 2, State.EXPIRED: 1}


def test_the_gate_is_told_of_campaigns_that_are_not_as_usual(store, run):
    usual, paused, dated = (Desk(store, run).campaign for _ in range(3))
    run(store.pause, paused)
    run(store.cancel, dated)
    with store.database.transaction():
        store.database.conn.execute("UPDATE campaigns SET expires_at = 9.0 WHERE id = ?", (dated,))
    assert run(store.standing) == {paused: Standing(True, False, None, None), dated: Standing(False, True, None, 9.0)}
    assert usual not in run(store.standing)


def test_an_import_that_was_cancelled_waits_for_its_end_and_is_swept_then(store, run):
    number = run(store.create_campaign, campaign())
    run(store.add_messages, number, [new(1)])
    run(store.cancel, number)
    assert run(store.sweep, 2000.0) == 0
    run(store.finish_import, number, 1, 0)
    assert run(store.sweep, 2000.0) == 1


def test_a_second_opener_beside_writes_and_the_first_sees_that_something_changed(desk, tmp_path):
    path = tmp_path / "campaign.sqlite"
    version = desk.run(desk.store.outside_version)
    desk.claim(1)
    assert desk.run(desk.store.outside_version) == version  # its own commits are no news
    beside = SqliteStore.open(path, beside=True)
    with beside.database.transaction():
        beside.pause(desk.campaign)
    beside.close()
    assert desk.run(desk.store.outside_version) != version
    assert desk.claim() == []
