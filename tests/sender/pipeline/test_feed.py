"""How what an account has to send is shared among its binds."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from pathlib import Path

import pytest

from sender.pipeline.plans import CampaignPlan
from tests.sender.peer import Answer
from tests.sender.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path, binds=4, window=400)
    made.wait(made.sender.start())
    made.clock.advance(1)
    return made


def send(world: World, count: int) -> list[int]:
    """The bind of each of so many submits, in the order in which they came."""
    path = world.directory / "people.csv"
    path.write_text("phone\n" + "".join(f"+7705{number:07d}\n" for number in range(count)))
    world.wait(world.sender.import_campaign(CampaignPlan("Sale!", "SHOP", path)))
    world.clock.advance(1)
    links = [submit.number_of_link for submit in world.beeline.submits]
    world.process.kill()
    return links


def test_few_are_for_all_binds(world: World) -> None:
    assert sorted(Counter(send(world, 8)).values()) == [2, 2, 2, 2]


def test_of_many_each_bind_gets_at_once_what_it_has_room_for(world: World) -> None:
    world.beeline.decide = lambda _: Answer(after=None)
    links = send(world, 2000)
    assert set(Counter(links).values()) == {400}
    assert [len(list(run)) for _, run in groupby(links)][:8] == [100] * 8  # a quarter of the window, from a start
