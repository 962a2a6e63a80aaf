"""When the messages of a load are due. Pure: the same draws give the same times."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from carrierlab.load.model import Arrival, Load, Stage


def due_times(load: Load, draw: random.Random) -> Iterator[float]:
    """When each message is due, in seconds from the beginning, in order."""
    begins = 0.0
    for stage in load.plan():
        last = begins
        for at in _stage(stage, load.arrival, load.burst, draw):
            last = begins + at
            yield last
        begins = begins + _length(stage) if stage.for_ is not None else last + 1 / stage.ends()[0]


def _stage(stage: Stage, arrival: Arrival, burst: int, draw: random.Random) -> Iterator[float]:
    """The times within one stage: each is when so much has been expected to come."""
    first, last = stage.ends()
    if not first and not last:
        return
    expected = stage.expected()
    for number, mass in enumerate(_masses(arrival, burst, draw)):
        if stage.count is not None:
            if number >= stage.count:
                return
            yield mass / first
        else:
            if mass >= expected:
                return
            yield _when(mass, first, last, _length(stage))


def _masses(arrival: Arrival, burst: int, draw: random.Random) -> Iterator[float]:
    """How much is to have come when each message does: 0, 1, 2 … when they keep their distance."""
    number, mass = 0, 0.0
    while True:
        match arrival:
            case Arrival.CONSTANT:
                yield float(number)
            case Arrival.BURST:
                yield float(number - number % burst)
            case Arrival.POISSON:
                mass += draw.expovariate(1.0)
                yield mass
        number += 1


def _when(mass: float, first: float, last: float, length: float) -> float:
    """When the integral of a rate that goes from `first` to `last` in `length` seconds is `mass`."""
    if not mass:
        return 0.0  # also where the rate begins at nothing
    slope = (last - first) / length
    if abs(slope) < 1e-12:
        return mass / first
    # first·t + slope·t²/2 = mass, in the form that loses no digits when slope is small
    return 2 * mass / (first + math.sqrt(max(0.0, first * first + 2 * slope * mass)))


def _length(stage: Stage) -> float:
    return float(stage.for_ or 0)
