"""Accounts that are passed over, and what waits for them, in virtual time."""

from __future__ import annotations

from pathlib import Path

import pytest

from sender.config.file import SenderConfig
from sender.domain.health import Circuit
from sender.store import lookup
from smppkit.status import CommandStatus
from tests.sender.peer import Answer
from tests.sender.world import Process, World
from yamlmodel.loader import loads

ROUTES = """\
routes:
  - {prefix: "7705", to: [{account: beeline}, {account: kcell}]}
  - {prefix: "7701", operator: kcell}
health: {after: 5s, rest: 20s, failover_after: 10s, least: 10}
"""


def two_ways(tmp_path: Path, **settings: object) -> World:
    """Beeline's numbers may go through Kcell."""
    world = World(tmp_path, **settings)
    head, _, _ = world.config.partition("routes:\n")
    world.config = head + ROUTES
    world.process.kill()
    world.process = Process(world)
    return world


def circuit(world: World, account: str = "beeline") -> Circuit:
    return world.sender.health.standings()[account].circuit


def test_what_waits_for_an_account_that_is_down_goes_to_the_next_choice(tmp_path: Path) -> None:
    world = two_ways(tmp_path)
    world.beeline.accept_connections = False
    world.load(50)
    world.wait(world.sender.start())
    world.clock.advance(9)
    assert world.kcell.submits == []
    report = world.send()
    assert report.delivered == 50
    assert world.beeline.submits == []
    assert len(set(world.kcell.destinations)) == len(world.kcell.destinations) == 50
    assert world.sender.moved == 50
    world.process.kill()


def test_an_account_that_comes_back_in_time_keeps_what_waits_for_it(tmp_path: Path) -> None:
    world = two_ways(tmp_path)
    world.beeline.accept_connections = False
    world.load(50)
    world.wait(world.sender.start())
    world.clock.advance(4)
    world.beeline.accept_connections = True
    assert world.send().delivered == 50
    assert (len(world.beeline.submits), world.kcell.submits, world.sender.moved) == (50, [], 0)
    world.process.kill()


def test_new_messages_pass_an_account_over_at_once_and_it_comes_back_with_a_trickle(tmp_path: Path) -> None:
    world = two_ways(tmp_path)
    world.beeline.accept_connections = False
    world.wait(world.sender.start())
    world.clock.advance(7)
    assert circuit(world) is Circuit.OPEN
    world.load(20)
    assert world.send().delivered == 20
    assert len(world.kcell.submits) == 20
    assert world.sender.moved == 0  # they were never queued for the other one
    world.beeline.accept_connections = True
    world.clock.advance(60)
    assert circuit(world) in (Circuit.HALF_OPEN, Circuit.CLOSED)
    world.clock.advance(30)
    assert circuit(world) is Circuit.CLOSED
    world.process.kill()


def test_an_operator_whose_answers_are_errors_is_passed_over_though_it_is_bound(tmp_path: Path) -> None:
    world = two_ways(tmp_path)
    world.beeline.decide = lambda _: Answer(status=CommandStatus.ESME_RSYSERR)
    world.load(100)
    world.wait(world.sender.start())
    report = world.send()
    assert report.delivered == 100
    assert len(world.kcell.accepted) == 100
    assert world.beeline.accepted == []
    world.process.kill()


def test_throttling_and_refusals_of_single_messages_are_no_illness(tmp_path: Path) -> None:
    world = two_ways(tmp_path)
    world.beeline.decide = lambda _: Answer(status=CommandStatus.ESME_RINVDSTADR)
    world.load(100)
    world.wait(world.sender.start())
    report = world.send()
    assert report.states["rejected"] == 100
    assert circuit(world) is Circuit.CLOSED
    assert world.kcell.submits == []
    world.process.kill()


def without_beeline(world: World, routes: str) -> None:
    """The configuration of the next process."""
    head, _, _ = world.config.partition("  beeline:\n")
    _, _, kcell = world.config.partition("  kcell:\n")
    world.config = f"{head}  kcell:\n{kcell.partition('routes:')[0]}{routes}"


def test_what_waits_for_an_account_that_is_gone_goes_where_its_route_leads_now(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(tmp_path)
    world.beeline.accept_connections = False
    world.load(450)
    world.wait(world.sender.start())
    world.clock.advance(2)
    without_beeline(world, "routes: [{operator: kcell}]\n")
    world.restart()
    world.wait(world.sender.start())
    assert world.send().delivered == 450
    assert (len(set(world.kcell.destinations)), world.sender.moved) == (450, 450)
    assert "beeline is no longer configured: what waits for it goes to other accounts" in caplog.text
    world.process.kill()


def test_what_waits_for_an_account_that_a_reload_takes_away_goes_elsewhere(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.beeline.decide = lambda _: Answer(CommandStatus.ESME_RTHROTTLED)
    world.load(50)
    world.wait(world.sender.start())
    world.clock.advance(3)
    without_beeline(world, "routes: [{operator: kcell}]\n")
    world.wait(world.sender.reload(loads(world.config, SenderConfig)))
    assert world.send().delivered == 50
    assert len(set(world.kcell.destinations)) == 50
    world.process.kill()


def test_what_no_route_takes_from_an_account_that_is_gone_is_shown(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.beeline.accept_connections = False
    world.load(3)
    world.wait(world.sender.start())
    world.clock.advance(2)
    without_beeline(world, 'routes: [{prefix: "7701", operator: kcell}]\n')
    world.restart()
    world.wait(world.sender.start())
    report = world.send()
    assert (report.queued, world.sender.moved) == (3, 0)
    assert "no longer configured" in (world.sender.gave_up or "")
    assert lookup.forsaken(world.process.store.database, ["kcell"]) == {"beeline": 3}
    assert lookup.forsaken(world.process.store.database, ["kcell", "beeline"]) == {}
    world.process.kill()
