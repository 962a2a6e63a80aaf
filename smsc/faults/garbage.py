"""Octets that are nothing."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from smsc.faults.actions import Action
from smsc.faults.base import AtStage, WireFault
from smsc.faults.chance import Draw
from smsc.faults.lies import AROUND, said_before
from smsc.faults.passing import Direction, Passing, Stage


class Garbage(WireFault, frozen=True, kw_only=True, tag="garbage"):
    """Drawn octets come before a PDU: the stream makes no sense from there on."""

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: garbage, octets: 32, times: 1}"
    stages: ClassVar[Mapping[Stage, Direction]] = AROUND

    stage: AtStage = Stage.RESPONSE
    octets: Annotated[int, Meta(description="How many", ge=1, le=65536)] = 16

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Put them before it."""
        return said_before(draw.octets(self.octets), passing)
