"""An answer to nothing."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from smppkit.commands import CommandId
from smsc.faults.actions import Action
from smsc.faults.base import AtStage, WireFault
from smsc.faults.chance import Draw
from smsc.faults.lies import AROUND, said_before, unknown_sequence
from smsc.faults.passing import Direction, Passing, Stage, pdu


class UnknownResponse(WireFault, frozen=True, kw_only=True, tag="unknown-response"):
    """A submit_sm_resp for a sequence number that was never used comes before a PDU."""

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: unknown-response, probability: 10%}"
    stages: ClassVar[Mapping[Stage, Direction]] = AROUND

    stage: AtStage = Stage.RESPONSE

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Put it before."""
        sequence = unknown_sequence(draw)
        message_id = f"{sequence:d}\0".encode("ascii")
        return said_before(pdu(CommandId.SUBMIT_SM_RESP, 0, sequence, message_id), passing)
