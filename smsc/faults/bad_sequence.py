"""A sequence number that no PDU may have."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from smsc.faults.actions import Action, Write
from smsc.faults.base import AtStage, WireFault
from smsc.faults.chance import Draw
from smsc.faults.passing import Passing, Stage, rewritten
from smsc.scenario.scalars import Number


class BadSequence(WireFault, frozen=True, kw_only=True, tag="bad-sequence"):
    """A PDU has a sequence number outside 1 to 0x7FFFFFFF (SMPP 3.4 §5.1.4), 0 unless another is named."""

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: bad-sequence, stage: receipt, sequence: 0x80000000}"

    stage: AtStage = Stage.RESPONSE
    sequence: Annotated[Number, Meta(description="The number", ge=0, le=0xFFFF_FFFF)] = Number(0)

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Change the last four octets of the header."""
        return [Write(rewritten(passing.frame, sequence=self.sequence))]
