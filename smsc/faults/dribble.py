"""Octets that trickle."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from smsc.faults.actions import Action
from smsc.faults.base import Directed
from smsc.faults.chance import Draw
from smsc.faults.passing import Passing
from smsc.faults.slice import in_pieces
from yamlmodel.scalars import Duration


class Dribble(Directed, frozen=True, kw_only=True, tag="dribble"):
    """A PDU trickles in, a few octets at a time: the connection is alive all the while, and the PDU takes seconds."""

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: dribble, stage: response, size: 4, gap: 100ms}"
    shapes: ClassVar[bool] = True

    size: Annotated[int, Meta(description="Octets at a time", ge=1)] = 1
    gap: Annotated[Duration, Meta(description="Time between them")] = Duration(0.1)

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Let it trickle."""
        return in_pieces(passing.frame, self.size, self.gap)
