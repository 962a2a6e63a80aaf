"""Accidents that no scenario file asks for: connections reset, cut in silence, and readers that stall.

A storm is the search for what the authors of scenarios did not think of. It blows for a while and then everything
heals, so that at the end everything must drain.
"""

from __future__ import annotations

import random

import msgspec

from carrierlab.links import SimNetwork


class Storm(msgspec.Struct, frozen=True):
    """How bad it is, in seconds: an accident every ``every`` on average, between ``begins`` and ``ends``."""

    every: float
    begins: float
    ends: float
    stall: float = 20.0
    """The longest that a reader stalls."""

    def unleash(self, network: SimNetwork, seed: int) -> None:
        """Plan the accidents; which connection each one hits is drawn when it happens."""
        draw = random.Random(f"{seed}/storm")  # noqa: S311 - a simulation, to be repeated exactly
        at = self.begins
        while (at := at + draw.expovariate(1 / self.every)) < self.ends:
            network.clock.callLater(at, self._strike, network, random.Random(draw.random()))  # noqa: S311

    def _strike(self, network: SimNetwork, draw: random.Random) -> None:
        connections = network.connections
        if not connections:
            return
        victim = draw.choice(connections)
        match draw.choice(("reset", "cut", "stall")):
            case "reset":
                victim.reset()
            case "cut":
                victim.cut()
            case _:
                direction = draw.choice(("up", "down"))
                victim.stall(direction)
                network.clock.callLater(draw.uniform(0, self.stall), victim.unstall, direction)
