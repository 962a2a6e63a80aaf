"""A command_length that is not the length."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from smsc.faults.actions import Action, Write
from smsc.faults.base import AtStage, WireFault
from smsc.faults.chance import Draw
from smsc.faults.passing import Passing, Stage, rewritten

Octets = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]
_TOO_SHORT = 15  # an octet less than a header
_TOO_LONG = 64  # octets that never come: those of the next PDU are taken for them


class WrongLength(WireFault, frozen=True, kw_only=True, tag="wrong-length"):
    """command_length lies: less than a header (`short`), 64 octets more than there are (`long`), `4GiB`, or any number.
    The octets behind it are the PDU's own, all of them.
    """

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: wrong-length, length: 4GiB, times: 1}"

    stage: AtStage = Stage.RESPONSE
    length: Annotated[Literal["short", "long", "4GiB"] | Octets, Meta(description="What it says")] = "long"

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Change the first four octets."""
        if isinstance(self.length, int):
            says = self.length
        else:
            says = {"short": _TOO_SHORT, "long": len(passing.frame) + _TOO_LONG, "4GiB": 0xFFFF_FFFF}[self.length]
        return [Write(rewritten(passing.frame, length=says))]
