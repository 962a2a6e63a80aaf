"""A refusal that says more than it should."""

import enum
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Final

from msgspec import Meta

from smsc.faults.actions import Action, Write
from smsc.faults.base import AtStage, WireFault
from smsc.faults.chance import Draw
from smsc.faults.passing import Direction, Passing, Stage, pdu
from smsc.scenario.scalars import Status


class Body(enum.Enum):
    """What follows the header of an error response."""

    MESSAGE_ID = "message-id"
    NUL = "nul"
    TLVS = "tlvs"


# additional_status_info_text (SMPP 3.4 §5.3.2.11) straight after the header: read as the message_id that a response
# has there, its first octet is the end of an empty one, and the rest is a TLV cut wrong.
_TLVS: Final = b"\x00\x1d\x00\x08refused\0"


class ErrorBody(WireFault, frozen=True, kw_only=True, tag="error-body"):
    """An error response has a body, where the specification wants none (SMPP 3.4 §4.4.2): a message_id, a lone NUL, or
    TLVs without the message_id before them. Responses that say ESME_ROK pass, unless `status` turns them into errors.
    """

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: error-body, body: tlvs, status: ESME_RTHROTTLED}"
    stages: ClassVar[Mapping[Stage, Direction]] = {Stage.BIND: Direction.OUT, Stage.RESPONSE: Direction.OUT}

    stage: AtStage = Stage.RESPONSE
    body: Annotated[Body, Meta(description="What follows the header")] = Body.MESSAGE_ID
    status: Annotated[Status, Meta(description="Refuse everything with this")] | None = None

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Give it a body."""
        _, command_id, status, sequence = passing.header
        if not passing.is_response or not (status or self.status):
            return None
        message_id = f"{sequence:08x}\0".encode("ascii")
        body = {Body.MESSAGE_ID: message_id, Body.NUL: b"\0", Body.TLVS: _TLVS}[self.body]
        return [Write(pdu(command_id, self.status or status, sequence, body))]
