"""The gate at the instant of writing: paused, cancelled, past the deadline (I7)."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from sender.channels.results import Later, Never, Submit
from sender.domain.message import MessageClass, State
from sender.pipeline.standing import StandingCheck
from sender.store.sqlite import SqliteStore
from sender.store.writer import InlineWriter
from tests.sender.store.kit import campaign, open_quick

SUBMIT = Submit(1, 1, 1, 1, "SHOP", "7705", b"", 1, MessageClass.SERVICE, 0, 0, None)


class Desk:
    def __init__(self, path: Path) -> None:
        self.clock = Clock()
        self.store: SqliteStore = open_quick(path)
        self.check = StandingCheck(self.store, InlineWriter(self.store, self.clock))
        self.do("create_campaign", msgspec.structs.replace(campaign(), expires_at=100.0))

    def do(self, verb, *args):
        with self.store.database.transaction():
            getattr(self.store, verb)(*args)
        done = Deferred.fromCoroutine(self.check.refresh())
        self.clock.pump([0.001] * 4)
        assert done.called


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path / "campaign.sqlite")
    yield made
    made.store.close()


def test_nothing_is_held_of_a_campaign_that_may_be_sent(desk):
    assert desk.check.check(SUBMIT, 50.0) is None
    assert not desk.check.held(1, 50.0)


def test_a_paused_campaign_is_asked_about_again_later(desk):
    desk.do("pause", 1)
    assert desk.check.check(SUBMIT, 50.0) == Later(51.0, "the campaign is paused")
    assert desk.check.held(1, 50.0)
    desk.do("resume", 1)
    assert desk.check.check(SUBMIT, 50.0) is None


def test_a_cancelled_campaign_is_over(desk):
    desk.do("cancel", 1)
    hold = desk.check.check(SUBMIT, 50.0)
    assert isinstance(hold, Never)
    assert hold.state is State.CANCELLED


@pytest.mark.parametrize(("now", "held"), [(99.9, False), (100.0, True)])
def test_the_deadline_of_the_campaign(desk, now, held):
    hold = desk.check.check(SUBMIT, now)
    assert (hold is not None) == held
    assert hold is None or (isinstance(hold, Never) and hold.state is State.EXPIRED)


def test_the_deadline_of_the_message_itself(desk):
    own = msgspec.structs.replace(SUBMIT, expires=60.0)
    assert desk.check.check(own, 59.9) is None
    hold = desk.check.check(own, 60.0)
    assert isinstance(hold, Never)
    assert hold.state is State.EXPIRED


def test_a_pause_does_not_keep_what_is_past_its_deadline(desk):
    desk.do("pause", 1)
    assert isinstance(desk.check.check(SUBMIT, 100.0), Never)
