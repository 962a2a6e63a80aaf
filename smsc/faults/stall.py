"""A side that neither reads nor writes."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from smsc.faults.actions import Action, Hold, Write
from smsc.faults.base import Directed
from smsc.faults.chance import Draw
from smsc.faults.passing import Direction, Passing
from yamlmodel.scalars import Duration


class Stall(Directed, frozen=True, kw_only=True, tag="stall"):
    """Nothing is read from the ESME any more (its window closes), or nothing written to it, for a while. Then all of
    it comes at once.
    """

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: stall, direction: in}"

    direction: (
        Annotated[Direction, Meta(description="`in`: nothing is read; `out`: nothing is written; or both")] | None
    ) = Direction.IN
    lasts: Annotated[Duration, Meta(description="How long; while the fault is on when omitted")] | None = None

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Hold this and what comes after it."""
        return [Hold(self.lasts), Write(passing.frame)]
