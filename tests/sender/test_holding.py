"""A running sender is told to pause, go on and cancel, by itself and by another process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sender.domain.message import State
from sender.pipeline.plans import CampaignPlan
from sender.store.sqlite import SqliteStore
from tests.sender.world import EPOCH, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, rate="50/s", window=10)
    yield made
    made.process.kill()


def outside(world: World, verb: str, *args: int) -> None:
    """As another process does it."""
    beside = SqliteStore.open(world.path, beside=True)
    with beside.database.transaction():
        getattr(beside, verb)(*args)
    beside.close()


def test_a_pause_from_outside_is_heard_within_a_second_and_so_is_its_end(world):
    world.load(500)
    world.wait(world.sender.start())
    world.clock.advance(2.5)
    outside(world, "pause", 1)
    world.clock.advance(1.2)
    sent = len(world.beeline.submits)
    assert 100 < sent < 250
    world.clock.advance(600)
    assert len(world.beeline.submits) == sent
    outside(world, "resume", 1)
    report = world.send()
    assert (report.delivered, report.submits) == (500, 500)


def test_a_run_waits_for_a_campaign_that_is_paused(world):
    world.load(200)
    world.wait(world.sender.start())
    running = world.sender.run(1)
    world.clock.advance(1)
    outside(world, "pause", 1)
    world.clock.advance(300)
    assert not running.called
    outside(world, "resume", 1)
    assert world.wait(running).delivered == 200


def test_a_cancel_from_outside_ends_the_run_and_every_message_i1(world):
    world.load(500)
    world.wait(world.sender.start())
    running = world.sender.run(1)
    world.clock.advance(2.5)
    outside(world, "cancel", 1)
    report = world.wait(running)
    assert report.delivered + report.cancelled == 500
    assert report.delivered == report.submits == len(world.beeline.submits) < 250
    assert report.states["queued"] == report.in_flight == 0


def test_what_was_cancelled_while_nothing_ran_is_ended_by_the_next_start(world):
    world.load(30)
    outside(world, "cancel", 1)
    world.wait(world.sender.start())
    world.clock.advance(3)
    assert world.counts() == {State.CANCELLED: 30}
    assert not world.beeline.submits


def test_nothing_is_written_past_the_deadline_i7(world):
    plan = CampaignPlan(
        template="hi {name}",
        sender="SHOP",
        recipients=world.recipients([f"+7705{number:07d},N" for number in range(500)]),
        expires_at=EPOCH + world.clock.seconds() + 4.0,
    )
    world.wait(world.sender.import_campaign(plan))
    world.wait(world.sender.start())
    report = world.send()
    assert report.delivered + report.states["expired"] == 500
    assert report.submits == report.delivered == len(world.beeline.submits)
    assert 100 < report.submits <= 205


def test_a_campaign_starts_at_its_hour(world):
    plan = CampaignPlan(
        template="hi {name}",
        sender="SHOP",
        recipients=world.recipients(["+77051112233,A"]),
        starts_at=EPOCH + 3600.0,
    )
    world.wait(world.sender.import_campaign(plan))
    world.wait(world.sender.start())
    running = world.sender.run(1)
    world.clock.advance(3590)
    assert not world.beeline.submits
    assert not running.called
    assert world.wait(running).delivered == 1
    assert world.clock.seconds() >= 3600.0


def test_no_timer_outlives_a_sender_that_stopped_i8(world):
    world.load(3)
    world.wait(world.sender.start())
    world.send()
    world.wait(world.sender.stop())
    world.clock.advance(5)
    sent = len(world.beeline.submits)
    world.clock.advance(5)
    assert len(world.beeline.submits) == sent
