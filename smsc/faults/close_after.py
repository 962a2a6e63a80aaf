"""A connection good for so many octets."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from smsc.faults.actions import Action, Close, Write
from smsc.faults.base import Directed
from smsc.faults.chance import Draw
from smsc.faults.passing import Passing


class CloseAfter(Directed, frozen=True, kw_only=True, tag="close-after"):
    """After so many octets the connection is closed (FIN), wherever in a PDU that is."""

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: close-after, octets: 1000}"

    octets: Annotated[int, Meta(description="How many, counted per connection from when the fault is on", ge=0)]

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Count; write what is left of the allowance, close."""
        left = self.octets - passing.octets
        if left > len(passing.frame):
            return None
        return [Write(passing.frame[: max(0, left)]), Close()]
