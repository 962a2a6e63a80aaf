"""Codes beside a campaign, from the file to the operator, in virtual time."""

from __future__ import annotations

from pathlib import Path

import pytest

from sender.domain.message import MessageClass
from sender.pipeline.plans import CampaignPlan
from tests.sender.peer import Answer, most_in_a_second
from tests.sender.world import World

CODE = "77059990000"


@pytest.fixture
def number() -> list[int]:
    return [0]


def send_code(world: World, number: list[int]) -> tuple[str, float]:
    """Queue one code; its number and when that was done."""
    number[0] += 1
    to = str(int(CODE) + number[0])
    path = world.directory / f"code{number[0]}.csv"
    path.write_text(f"phone\n+{to}\n")
    plan = CampaignPlan("Your code is 1234", "SHOP", path, message_class=MessageClass.CODE)
    world.wait(world.sender.import_campaign(plan))
    return to, world.clock.seconds()


def arrival(world: World, to: str) -> float:
    return next(submit.at for submit in world.beeline.submits if submit.pdu.destination_addr == to)


def test_a_code_overtakes_everything_that_a_campaign_has_claimed_and_committed(tmp_path: Path, number) -> None:
    world = World(tmp_path, rate="50/s", window="20")
    world.load(2000)
    world.wait(world.sender.start())
    world.clock.advance(5)
    for _ in range(20):
        to, queued = send_code(world, number)
        world.clock.advance(0.3)
        assert arrival(world, to) - queued <= 0.03
    assert most_in_a_second(world.beeline.times) <= 50  # I5
    world.process.kill()


def test_a_place_in_the_window_of_a_slow_operator_is_kept_for_codes_once_there_are_any(tmp_path: Path, number) -> None:
    world = World(tmp_path, window="10")
    world.beeline.decide = lambda _: Answer(after=2.0)
    world.load(2000)
    world.wait(world.sender.start())
    world.clock.advance(5)
    send_code(world, number)  # the first may wait for an answer
    world.clock.advance(5)
    for _ in range(5):
        to, queued = send_code(world, number)
        world.clock.advance(3)
        assert arrival(world, to) - queued <= 0.03
    assert world.beeline.most_outstanding <= 10
    world.process.kill()


def test_a_low_limit_has_room_for_a_code_once_there_are_any(tmp_path: Path, number) -> None:
    world = World(tmp_path, rate="5/s")
    world.load(500)
    world.wait(world.sender.start())
    world.clock.advance(3)
    send_code(world, number)
    world.clock.advance(3)
    for _ in range(5):
        to, queued = send_code(world, number)
        world.clock.advance(2)
        assert arrival(world, to) - queued <= 0.03
    assert most_in_a_second(world.beeline.times) <= 5  # I5
    world.process.kill()


def test_a_campaign_alone_has_the_whole_window_and_limit(tmp_path: Path) -> None:
    world = World(tmp_path, rate="20/s", window="10")
    world.load(200)
    world.wait(world.sender.start())
    report = world.send()
    assert report.delivered == 200
    assert world.beeline.times[-1] <= 11.0
    world.process.kill()


def test_a_large_campaign_does_not_starve_a_small_one(tmp_path: Path) -> None:
    world = World(tmp_path, rate="50/s")
    world.load(3000)
    world.wait(world.sender.start())
    world.clock.advance(2)
    small = [f"+7705888{row:04d},Small" for row in range(10)]
    world.load(rows=small)
    world.clock.advance(4)
    arrived = [submit.at for submit in world.beeline.submits if submit.pdu.destination_addr.startswith("7705888")]
    assert len(arrived) == 10
    world.process.kill()


def test_a_plan_may_give_its_campaign_a_priority_and_a_weight(tmp_path: Path) -> None:
    world = World(tmp_path)
    plan = CampaignPlan(
        template="Sale", sender="SHOP", recipients=world.recipients(["+77050000001,A"]), priority=7, weight=3
    )
    world.wait(world.sender.import_campaign(plan))
    assert world.campaign().priority == 7
    rows = world.process.store.database.conn.execute("SELECT campaign, weight FROM campaign_weights").fetchall()
    assert rows == [(1, 3)]
    world.process.kill()
