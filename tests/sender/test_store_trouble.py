"""A running sender whose disk fails: it waits, says so, keeps its binds, and goes on by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sender.pipeline.runs import RunFailed
from smppkit.status import CommandStatus
from tests.sender.peer import Answer
from tests.sender.store.kit import Faulty
from tests.sender.world import World

FULL = "database or disk is full"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, rate="50/s", window=10)
    made.beeline.decide = lambda _: Answer(after=0.1, receipt_after=0.3)
    yield made
    made.process.kill()


def break_disk(world: World) -> Faulty:
    faulty = Faulty(world.process.store)
    faulty.fail(lambda _, statement: statement == "COMMIT", text=FULL)
    return faulty


def test_sending_pauses_while_the_disk_is_full_and_goes_on_by_itself(world, caplog):
    world.load(300)
    world.wait(world.sender.start())
    running = world.sender.run(1)
    world.clock.advance(2)
    disk = break_disk(world)
    world.clock.advance(1)
    sent, refused = len(world.beeline.submits), len(world.beeline.acknowledged)
    assert 80 < sent < 140
    world.clock.advance(600)
    assert len(world.beeline.submits) == sent
    assert not running.called
    assert world.beeline.links  # the binds are alive
    assert world.sender.trouble == f"the store cannot be written: {FULL}"
    disk.well()
    report = world.wait(running)
    assert world.sender.trouble is None
    assert report.states["queued"] == report.in_doubt == 0
    assert report.accepted == 300
    assert report.submits == len(world.beeline.submits) == 300  # nothing twice, nothing lost
    assert caplog.text.count("the store cannot be written") == 1
    assert refused >= 0


def test_receipts_are_turned_away_while_it_lasts_and_none_is_acknowledged_falsely_i9(world):
    world.load(100)
    world.wait(world.sender.start())
    world.clock.advance(1)
    before = len(world.beeline.acknowledged)
    break_disk(world)
    world.clock.advance(5)
    answers = {status for _, status in world.beeline.acknowledged[before:]}
    assert answers == {CommandStatus.ESME_RX_T_APPN}
    told = sum(status == CommandStatus.ESME_ROK for _, status in world.beeline.acknowledged)
    world.restart()
    assert world.ask(world.process.store.report, 1).receipts == told


def test_it_stops_in_order_when_asked_while_the_disk_is_full(world, caplog):
    world.load(300)
    world.wait(world.sender.start())
    running = world.sender.run(1)
    world.clock.advance(2)
    break_disk(world)
    world.clock.advance(3)
    stopped = world.sender.stop()
    world.clock.advance(60)
    assert stopped.called
    with pytest.raises(RunFailed, match="disk is full"):
        world.wait(running)
    assert "could not be stored; these messages will be in doubt" in caplog.text
    submits = len(world.beeline.submits)
    world.restart()
    recovery = world.wait(world.sender.start())
    assert 0 < recovery.requeued <= 20  # what was on the wire when the disk failed
    report = world.send()
    assert report.delivered + report.states["accepted"] == 300
    assert len(world.beeline.submits) - submits <= 300 - submits + recovery.requeued


def test_a_store_that_is_damaged_stops_the_program_in_order(world):
    world.load(200)
    world.wait(world.sender.start())
    running = world.sender.run(1)
    world.clock.advance(1)
    faulty = Faulty(world.process.store)
    faulty.fail(lambda _, statement: statement == "COMMIT", 11, "database disk image is malformed")
    with pytest.raises(RunFailed, match="malformed"):
        world.wait(running)
