"""A long way."""

from collections.abc import Sequence
from math import isfinite
from typing import Annotated, ClassVar

from msgspec import Meta

from smsc.faults.actions import Action, Hold, Write
from smsc.faults.base import Directed
from smsc.faults.chance import Draw
from smsc.faults.passing import Passing
from smsc.scenario.latency import Fixed, Latency


class Delay(Directed, frozen=True, kw_only=True, tag="delay"):
    """Everything arrives later, in order and as fast as before: the latency of a long way."""

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: delay, direction: both, by: lognormal 200ms p99 2s}"
    shapes: ClassVar[bool] = True

    by: Annotated[Latency, Meta(description="How much later", examples=["uniform 100ms 300ms"])] = Fixed(0.2)

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Write it later; when that is never, while the fault is on."""
        seconds = self.by.at(draw.uniform())
        return [Write(passing.frame, after=seconds)] if isfinite(seconds) else [Hold(), Write(passing.frame)]
