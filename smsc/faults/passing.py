"""What a fault is asked about: a PDU that passes, a connection that was made, a close that is due.

Directions are seen from the message centre: `in` comes from the ESME, `out` goes to it.
"""

import enum
import struct
from typing import Final

import msgspec

from smppkit.commands import RESPONSE_BIT, CommandId

HEADER: Final = struct.Struct(">IIII")
"""command_length, command_id, command_status, sequence_number (SMPP 3.4 §3.2.1)."""


class Direction(enum.Enum):
    """Which way octets go."""

    IN = "in"
    OUT = "out"
    BOTH = "both"


class Stage(enum.Enum):
    """Where in the life of a connection a fault strikes."""

    ACCEPT = "accept"
    """The connection was made, nothing has been said."""
    BIND = "bind"
    """A bind, and its response."""
    SUBMIT = "submit"
    """A request of the ESME: submit_sm, data_sm, query_sm and their like."""
    RESPONSE = "response"
    """The response to such a request."""
    RECEIPT = "receipt"
    """What is delivered to the ESME (deliver_sm, data_sm, alert_notification), and its response."""
    CLOSE = "close"
    """The message centre closes the connection."""
    ANY = "any"
    """Every PDU, enquire_link and unbind too."""


_C = CommandId
_BINDS = {_C.BIND_RECEIVER, _C.BIND_TRANSMITTER, _C.BIND_TRANSCEIVER, _C.OUTBIND}
_DELIVERIES = {_C.DELIVER_SM, _C.DATA_SM, _C.ALERT_NOTIFICATION}
# What neither asks nor answers anything of the application: only `any` means them.
_UPKEEP = {_C.ENQUIRE_LINK, _C.UNBIND}
_NACK = int(_C.GENERIC_NACK)


def stage_of(command_id: int, direction: Direction) -> Stage | None:
    """The stage that a PDU belongs to; None for upkeep (enquire_link, unbind, generic_nack)."""
    request = command_id & ~RESPONSE_BIT
    if request in _UPKEEP or command_id == _NACK:
        return None
    if request in _BINDS:
        return Stage.BIND
    answers = command_id != request
    outward = direction is Direction.OUT
    if outward != answers:  # a request to the ESME, or an answer from it
        return Stage.RECEIPT if request in _DELIVERIES else None
    return Stage.RESPONSE if answers else Stage.SUBMIT


class Passing(msgspec.Struct, frozen=True, gc=False):
    """One thing that passes, and how much of its like a fault has seen on this connection.

    `frame` is a whole PDU, or what another fault has made of one; empty at `accept` and `close`. `seen` counts what the
    fault was meant for before this, `octets` how many octets that was. `waiting` says that a PDU of the same stage is
    kept back until another one has passed.
    """

    stage: Stage | None
    direction: Direction
    frame: bytes = b""
    system_id: str = ""
    seen: int = 0
    octets: int = 0
    waiting: bool = False

    @property
    def header(self) -> tuple[int, int, int, int]:
        """command_length, command_id, command_status and sequence_number; zeros when there is no header."""
        if len(self.frame) < HEADER.size:
            return 0, 0, 0, 0
        length, command_id, status, sequence = HEADER.unpack_from(self.frame)
        return length, command_id, status, sequence

    @property
    def command_id(self) -> int:
        """What PDU it is."""
        return self.header[1]

    @property
    def command_status(self) -> int:
        """What a response says."""
        return self.header[2]

    @property
    def sequence_number(self) -> int:
        """The number that binds request and response."""
        return self.header[3]

    @property
    def is_response(self) -> bool:
        """Whether it answers something."""
        return bool(self.command_id & RESPONSE_BIT)


def pdu(command_id: int, status: int = 0, sequence: int = 0, body: bytes = b"") -> bytes:
    """The octets of a PDU, whether such a PDU exists or not."""
    return HEADER.pack(HEADER.size + len(body), command_id, status, sequence) + body


def rewritten(
    frame: bytes, *, length: int | None = None, status: int | None = None, sequence: int | None = None
) -> bytes:
    """A frame with other numbers in its header; its octets are as many as before."""
    fields = list(HEADER.unpack_from(frame))
    for at, number in ((0, length), (2, status), (3, sequence)):
        if number is not None:
            fields[at] = number
    return HEADER.pack(*fields) + frame[HEADER.size :]
