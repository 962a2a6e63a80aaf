"""A generic_nack where a response was due."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from smppkit.commands import CommandId
from smppkit.status import CommandStatus
from smsc.faults.actions import Action, Write
from smsc.faults.base import AtStage, WireFault
from smsc.faults.chance import Draw
from smsc.faults.lies import ANSWERS
from smsc.faults.passing import Direction, Passing, Stage, pdu
from smsc.scenario.scalars import Status

_UNREADABLE = Status(CommandStatus.ESME_RINVCMDLEN)


class GenericNackFault(WireFault, frozen=True, kw_only=True, tag="generic-nack"):
    """A generic_nack comes instead of the response: with the sequence number of the request, or with 0, as when the
    message centre could not read it (SMPP 3.4 §4.3.1); then nothing says which request it means.
    """

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: generic-nack, sequence: none, status: ESME_RINVCMDID}"
    stages: ClassVar[Mapping[Stage, Direction]] = ANSWERS

    stage: AtStage = Stage.RESPONSE
    sequence: Annotated[Literal["same", "none"], Meta(description="That of the request, or none (0)")] = "same"
    status: Annotated[Status, Meta(description="command_status")] = _UNREADABLE

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Write it instead."""
        if not passing.is_response:
            return None
        sequence = passing.sequence_number if self.sequence == "same" else 0
        return [Write(pdu(CommandId.GENERIC_NACK, self.status, sequence))]
