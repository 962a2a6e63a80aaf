"""A cut in the middle of a PDU."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from smsc.faults.actions import Action, Reset, Write
from smsc.faults.base import AtStage, WireFault
from smsc.faults.chance import Draw
from smsc.faults.passing import Passing, Stage
from yamlmodel.scalars import Duration


class ResetInPdu(WireFault, frozen=True, kw_only=True, tag="reset-in-pdu"):
    """The beginning of a PDU arrives, then RST."""

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: reset-in-pdu, stage: response, octets: 10}"

    stage: AtStage = Stage.RESPONSE
    octets: Annotated[int, Meta(description="How many arrive; drawn when omitted", ge=0)] | None = None
    delay: Annotated[Duration, Meta(description="From there to the reset, so that they do arrive")] = Duration(0.05)

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Write a part, reset."""
        size = len(passing.frame)
        octets = self.octets if self.octets is not None else 1 + draw.below(size - 1)
        # At least one octet is missing: otherwise it would be a reset between two PDUs.
        return [Write(passing.frame[: min(octets, size - 1)]), Reset(self.delay)]
