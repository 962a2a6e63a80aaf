"""A stray end of line."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from smsc.faults.actions import Action
from smsc.faults.base import AtStage, WireFault
from smsc.faults.chance import Draw
from smsc.faults.lies import AROUND, said_before
from smsc.faults.passing import Direction, Passing, Stage


class Crlf(WireFault, frozen=True, kw_only=True, tag="crlf"):
    """CR LF comes before a PDU, as of somebody who typed into the port, or a terminal server that did."""

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: crlf, stage: receipt, times: 1}"
    stages: ClassVar[Mapping[Stage, Direction]] = AROUND

    stage: AtStage = Stage.RESPONSE
    lines: Annotated[int, Meta(description="How many", ge=1, le=1000)] = 1

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Put it before."""
        return said_before(b"\r\n" * self.lines, passing)
