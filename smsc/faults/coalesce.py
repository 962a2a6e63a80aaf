"""Many PDUs, one segment."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from smsc.faults.actions import Action, Gather
from smsc.faults.base import Directed
from smsc.faults.chance import Draw
from smsc.faults.passing import Passing
from yamlmodel.scalars import Duration


class Coalesce(Directed, frozen=True, kw_only=True, tag="coalesce"):
    """PDUs wait for each other and leave in one segment."""

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: coalesce, pdus: 20, wait: 500ms}"
    shapes: ClassVar[bool] = True

    pdus: Annotated[int, Meta(description="How many leave together", ge=2)] = 10
    wait: Annotated[Duration, Meta(description="How long the first waits at most")] = Duration(0.2)

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Keep it until there are enough."""
        return [Gather(passing.frame, self.pdus, self.wait)]
