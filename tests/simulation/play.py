"""One seed from its beginning to its verdict."""

from __future__ import annotations

import logging
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import msgspec

from sender.store import fields, packed, part_ids, telling
from tests.simulation.checks import Checks
from tests.simulation.ledger import Violation
from tests.simulation.tunables import draw
from tests.simulation.weather import Weather
from tests.simulation.world import World

LIMIT = 2400.0
"""Simulated seconds after the end of all trouble in which everything must have drained."""
LOOK = 1.0
"""Simulated seconds between two looks whether everything has."""


class Verdict(msgspec.Struct, frozen=True):
    """What a seed showed."""

    seed: int
    trace: str
    invariant: str = ""
    """Which one does not hold; empty when all do."""
    reason: str = ""
    events: tuple[str, ...] = ()
    """The last ones, when something is wrong."""
    messages: int = 0
    submits: int = 0
    crashes: int = 0
    lives: int = 0
    turns: int = 0
    simulated: float = 0.0
    cpu: float = 0.0


def _pack_all(resources: ExitStack) -> None:
    """Let the store write rows of many where it would not, for so few messages."""
    for module, name, value in (
        (telling, "MANY", 1),
        (telling, "NEAR", 0),
        (packed, "FEW", 0),
        (packed, "_DENSE", 1000),
        (part_ids, "_MANY", 1),
        (fields, "AT_ONCE", 3),
    ):
        resources.callback(setattr, module, name, getattr(module, name))
        setattr(module, name, value)


def play(seed: int) -> Verdict:
    """Simulate a seed. The same seed gives the same verdict, but for `cpu`."""
    began = time.process_time()
    with ExitStack() as resources:
        resources.callback(logging.disable, logging.root.manager.disable)
        if seed % 2:
            _pack_all(resources)
        logging.disable(logging.CRITICAL)
        directory = resources.enter_context(tempfile.TemporaryDirectory(prefix="simulation-"))
        world = World(draw(seed), Path(directory), resources)
        checks = Checks(world)
        violation: Violation | None = None
        try:
            _run(world, checks)
        except Violation as found:
            violation = found
        except Exception as error:  # noqa: BLE001 - whatever is raised is what the seed has found
            violation = Violation("exception", f"{type(error).__name__}: {error} {_where(error)}")
        ledger = world.ledger
        return Verdict(
            seed=seed,
            trace=world.network.trace.digest(),
            invariant=violation.invariant if violation else "",
            reason=violation.text if violation else "",
            events=tuple(f"{at:10.4f}  {text}" for at, text in ledger.events) if violation else (),
            messages=len(checks.recipients),
            submits=len(ledger.attempts),
            crashes=world.crashes,
            lives=world.lives,
            turns=world.clock.turns,
            simulated=world.clock.seconds(),
            cpu=time.process_time() - began,
        )


def _where(error: BaseException) -> str:
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    return "" if at is None else f"(in {Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno})"


def _run(world: World, checks: Checks) -> None:
    tunables, clock = world.tunables, world.clock
    world.open_for_business()
    Weather(world)
    world.begin_life()
    for campaign in tunables.campaigns:
        clock.callLater(campaign.begins, world.ask_for, campaign)
    _until(world, tunables.trouble_ends)
    end = tunables.trouble_ends + LIMIT
    while world.life is None or not world.life.ready or checks.unfinished(world.life):
        if clock.seconds() > end:
            raise Violation("I1", f"it does not drain: {_what_is_left(world)}")
        _until(world, clock.seconds() + LOOK)
    checks.conclude(world.life)
    _complain(world)
    _wind_down(world)


def _until(world: World, moment: float) -> None:
    """Step by step, with a look at what each one brought about."""
    clock = world.clock
    clock.callLater(max(0.0, moment - clock.seconds()), _nothing)
    while clock.seconds() < moment:
        if not clock.step():
            break
        world.bury()
        _complain(world)


def _complain(world: World) -> None:
    if world.ledger.violation is not None:
        raise world.ledger.violation


def _wind_down(world: World) -> None:
    """I8: what has stopped in order leaves neither timers nor connections."""
    life = world.life
    assert life is not None
    clock = world.clock
    clock.wait_for(life.sender.stop(), clock.seconds() + 600)
    clock.wait_for(life.writer.close(), clock.seconds() + 600)
    life.connection.close()
    left = [call for call in life.network.connections if call.client.open]
    if left:
        raise Violation("I8", f"the sender has stopped and left {left}")
    clock.wait_for(world.emulator.stop(), clock.seconds() + 600)
    _complain(world)
    clock.advance(700.0)
    life.clock.alive = False
    calls = list(clock.getDelayedCalls())
    if calls:
        raise Violation("I8", f"calls are left: {calls[:5]}")
    if world.network.connections:
        raise Violation("I8", f"connections are left: {world.network.connections}")


def _what_is_left(world: World) -> str:
    if world.life is None:
        return "no sender is running"
    states = world.life.query("SELECT campaign, state, messages FROM campaign_states WHERE messages > 0")
    waiting = {name: stats.receipts.waiting for name, stats in world.emulator.stats.operators.items()}
    status = [lane.channel.status() for lane in world.life.sender._lanes]
    return f"(campaign, state, messages) {states}, receipts waiting {waiting}, {status}"


def _nothing() -> None:
    """Only the time passes."""
