"""Faults between a client and the SMSC behind a proxy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smppkit.pdus import SubmitSmResp
from smsc.capture.mishaps import MishapPlayer, Mishaps
from tests.smsc.capture.test_proxy import SCENARIO, Stand
from tests.smsc.capture.world import World
from yamlmodel.errors import ConfigError
from yamlmodel.loader import loads


class Troubled(Stand):
    """A proxy with faults before an emulated operator."""

    def __init__(self, world: World, mishaps: str) -> None:
        super().__init__(world)
        world.serve(SCENARIO)
        self.player = MishapPlayer(loads(mishaps, Mishaps), world.clock, lambda: self.proxy.pairs)
        self.proxy.wrap = self.player.wrap
        self.player.begin()

    def end(self) -> None:
        self.player.stop()
        self.world.clock.wait_for(self.proxy.stop())


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


def test_without_a_fault_all_passes(world: World) -> None:
    stand = Troubled(world, "seed: 1")
    client = world.client(2780)
    assert client.bind() == 0
    for number in range(10):
        client.submit(number)
    world.clock.advance(2)
    assert len(client.deliveries) == 10
    client.link.unbind()
    world.clock.advance(1)
    assert client.lost is not None
    stand.end()


def test_a_delay_is_for_its_time(world: World) -> None:
    stand = Troubled(world, "timeline: [{at: 5s, for: 5s, fault: delay, by: 1s}]")
    client = world.client(2780)
    client.bind()
    took = []
    for at in (2.0, 6.0, 12.0):
        world.clock.run_until(at)
        client.submit(int(at), registered=0)
        before = len(client.times)
        world.clock.advance(3)
        took.append(client.times[before] - at)
    assert [round(seconds, 1) for seconds in took] == [0.0, 1.0, 0.0]
    assert stand.player.faults.counts == {"delay": 1}
    stand.end()


def test_a_habit_strikes_from_the_start_and_the_recording_has_what_the_smsc_said(world: World) -> None:
    stand = Troubled(world, "faults: [{fault: no-response, stage: response}]")
    client = world.client(2780)
    client.bind()
    client.submit(1, registered=0)
    world.clock.advance(3)
    assert [pdu for pdu in client.responses if isinstance(pdu, SubmitSmResp)] == []
    recorded = [pdu for pdu in stand.recording().pdus() if pdu.command_id == 0x80000004]
    assert len(recorded) == 1
    stand.end()


def test_resets_cut_the_clients_that_are_there(world: World) -> None:
    stand = Troubled(world, "timeline: [{at: 5s, fault: reset}]")
    client = world.client(2780)
    client.bind()
    world.clock.run_until(6)
    assert client.lost is not None
    assert world.client(2780).bind() == 0
    stand.end()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("timeline: [{at: 1s, fault: restart}]", "a fault of the message centre"),
        ("timeline: [{at: 1s, fault: reset, operator: x}]", "remove the key"),
        ("timeline: [{at: 1s, fault: rest}]", "did you mean"),
    ],
)
def test_what_cannot_befall_a_proxy_is_said(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        loads(text, Mishaps)
