"""The search for the limit of an SMSC: which rate is tried next, and what was found. Pure.

Up in steps until one breaks; the last step may be halved until it is small enough; then the highest rate that held is
confirmed for longer, and a rate that is not goes down by a step.
"""

from __future__ import annotations

import enum

import msgspec

from carrierlab.loadtest.shapes import Limit


class Doing(enum.Enum):
    """What a probe is for."""

    RAISING = "raising"
    NARROWING = "narrowing"
    CONFIRMING = "confirming"


class Probe(msgspec.Struct, frozen=True):
    """A rate to try, for so many seconds."""

    number: int
    rate: float
    seconds: float
    doing: Doing


class Tried(msgspec.Struct, frozen=True):
    """A probe, and why it broke; an empty list when it held."""

    probe: Probe
    broken: list[str]


class Found(msgspec.Struct, frozen=True):
    """What the search has found: `rate` held when it was confirmed, None when not even the first one did.

    `open_end`: nothing broke up to the highest rate that was allowed. `why` is what ended the search, for people.
    """

    rate: float | None
    why: str
    open_end: bool = False
    inconclusive: bool = False
    """It was the generator that was at its end."""


class LimitSearch:
    """One search. Ask for the `probe`, play it, say what it `observed`, until there is something `found`."""

    def __init__(self, shape: Limit) -> None:
        self._shape = shape
        self._precision = float(shape.precision or shape.by)
        self._held: float | None = None
        self._broke: float | None = None
        self._why = ""
        self.tried: list[Tried] = []
        self.found: Found | None = None
        self.probe = Probe(1, float(shape.from_), float(shape.every), Doing.RAISING)

    def observed(self, broken: list[str]) -> None:
        """What the probe has shown: the thresholds that it broke, as text."""
        self.tried.append(Tried(self.probe, broken))
        rate = self.probe.rate
        if broken:
            self._broke, self._why = rate, "; ".join(broken)
        else:
            self._held = rate
        if self.probe.doing is Doing.CONFIRMING:
            self._confirmed(rate, bool(broken))
        elif self._broke is not None:
            self._narrow()
        elif rate + self._shape.by <= self._shape.most * (1 + 1e-9):
            self._next(rate + self._shape.by, Doing.RAISING)
        else:
            self._next(rate, Doing.CONFIRMING)

    def give_up(self, why: str) -> None:
        """The generator is at its end: nothing can be said of the SMSC beyond what has held."""
        self.found = Found(self._held, why, open_end=True, inconclusive=True)

    def _narrow(self) -> None:
        held, broke = self._held, self._broke
        if held is None or broke is None:
            self.found = Found(None, self._why)
        elif broke - held > self._precision * (1 + 1e-9):
            self._next((held + broke) / 2, Doing.NARROWING)
        else:
            self._next(held, Doing.CONFIRMING)

    def _confirmed(self, rate: float, broke: bool) -> None:
        if not broke:
            open_end = self._broke is None
            self.found = Found(rate, self._why or f"nothing broke up to {rate:g}/s", open_end=open_end)
            return
        lower = rate - self._precision
        if lower < self._shape.from_ * (1 - 1e-9):
            self.found = Found(None, self._why)
        else:
            self._next(lower, Doing.CONFIRMING)

    def _next(self, rate: float, doing: Doing) -> None:
        seconds = self._shape.confirm if doing is Doing.CONFIRMING else self._shape.every
        self.probe = Probe(self.probe.number + 1, rate, float(seconds), doing)
