"""What befalls a world until its trouble ends: drawn beforehand, so that a seed always has the same."""

from __future__ import annotations

import random

from tests.simulation.world import World

_KINDS = (
    *("reset",) * 3,
    *("cut",) * 2,
    *("stall",) * 2,
    *("outage",),
    *("kill",) * 2,
    *("power",) * 2,
    *("kill while writing",) * 3,
    *("power while writing",) * 5,
    *("stop",) * 2,
    *("disk full",),
    *("disk fails",),
)


class Weather:
    """Strikes a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ends = world.tunables.trouble_ends
        draw = random.Random(f"{world.tunables.seed}/weather")
        kinds = draw.sample(sorted(set(_KINDS)), draw.randint(2, 7))
        pool = [kind for kind in _KINDS if kind in kinds]
        every = draw.choice((1.0, 2.0, 4.0, 10.0))
        at = draw.uniform(0.0, 2.0)
        while at < self._ends:
            world.clock.callLater(at, self._strike, draw.choice(pool), random.Random(draw.random()))
            at += draw.expovariate(1 / every)
        world.clock.callLater(self._ends, self._heal)
        self._plan_orders(random.Random(f"{world.tunables.seed}/orders"))
        self._stalled: list[tuple[object, str]] = []

    def _plan_orders(self, draw: random.Random) -> None:
        world, clock = self._world, self._world.clock
        for campaign in world.tunables.campaigns:
            after = campaign.begins
            if draw.random() < 0.2:
                at = draw.uniform(after, self._ends)
                clock.callLater(at, world.orders.give, "pause", campaign.name)
                clock.callLater(draw.uniform(at, self._ends), world.orders.give, "resume", campaign.name)
            if draw.random() < 0.08:
                clock.callLater(draw.uniform(after, self._ends), world.orders.give, "cancel", campaign.name)
            if draw.random() < 0.3:
                for phone, _ in draw.sample(campaign.rows, min(len(campaign.rows), draw.randint(1, 8))):
                    clock.callLater(draw.uniform(0.0, self._ends), world.orders.give, "opt out", phone[1:])

    def _strike(self, kind: str, draw: random.Random) -> None:
        world = self._world
        world.ledger.note(f"weather: {kind}")
        match kind:
            case "reset" | "cut" | "stall":
                self._harm(kind, draw)
            case "outage":
                server = draw.choice(sorted(world.emulator.operators.items()))[1]
                server.begin_outage()
                world.clock.callLater(self._length(draw, 10.0), server.end_outage)
            case "kill" | "power":
                world.crash(power=kind == "power")
            case "kill while writing":
                world.crash_in(draw.randint(1, 60), power=False)
            case "power while writing":
                world.crash_in(draw.randint(1, 60), power=True)
            case "stop":
                world.stop_in_order()
            case "disk full":
                world.disk.full = True
                world.clock.callLater(self._length(draw, 5.0), self._room_again)
            case "disk fails":
                world.disk.failing = True
                world.clock.callLater(self._length(draw, 2.0), self._works_again)

    def _harm(self, kind: str, draw: random.Random) -> None:
        connections = self._world.network.connections
        if not connections:
            return
        victim = draw.choice(connections)
        if kind == "reset":
            victim.reset()
        elif kind == "cut":
            victim.cut()
        else:
            direction = draw.choice(("up", "down"))
            victim.stall(direction)
            self._world.clock.callLater(self._length(draw, 15.0), victim.unstall, direction)

    def _length(self, draw: random.Random, longest: float) -> float:
        """How long something lasts: it is over when all trouble is."""
        return min(draw.uniform(0, longest), max(0.0, self._ends - self._world.clock.seconds()))

    def _room_again(self) -> None:
        self._world.disk.full = False

    def _works_again(self) -> None:
        self._world.disk.failing = False

    def _heal(self) -> None:
        self._world.ledger.note("weather: all trouble ends")
        self._world.disk.calm()
