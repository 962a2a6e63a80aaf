"""A PDU that does not exist."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Final

from msgspec import Meta

from smsc.faults.actions import Action
from smsc.faults.base import AtStage, WireFault
from smsc.faults.chance import Draw
from smsc.faults.lies import AROUND, said_before, unknown_sequence
from smsc.faults.passing import Direction, Passing, Stage, pdu
from smsc.scenario.scalars import HexOctets, Number

_OF_A_VENDOR: Final = Number(0x0001_0200)  # the first that SMPP 3.4 §5.1.2.1 leaves to vendors


class UnknownCommand(WireFault, frozen=True, kw_only=True, tag="unknown-command"):
    """A request with a command_id that the specification does not define comes before a PDU. It earns a generic_nack
    with ESME_RINVCMDID (SMPP 3.4 §4.3).
    """

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: unknown-command, command: 0x0000000A, times: 1}"
    stages: ClassVar[Mapping[Stage, Direction]] = AROUND

    stage: AtStage = Stage.RESPONSE
    command: Annotated[Number, Meta(description="command_id", ge=0, le=0xFFFF_FFFF)] = _OF_A_VENDOR
    body: Annotated[HexOctets, Meta(description="What follows the header, in hexadecimal", examples=["0a1b2c"])] = (
        HexOctets()
    )

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Put it before."""
        return said_before(pdu(self.command, 0, unknown_sequence(draw), self.body), passing)
