"""The message centre restarts."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from smsc.faults.operator import FaultyOperator, OperatorFault, Undo
from yamlmodel.scalars import Duration


class Restart(OperatorFault, frozen=True, kw_only=True, tag="restart", rename={"for_": "for"}):
    """Every connection is reset, nobody listens for a while, then the message centre is back: with what it owed, or
    without `memory`: it knows no message from before, and their receipts never come.
    """

    example: ClassVar[str] = "{at: 30s, for: 5s, fault: restart, memory: false}"

    for_: Annotated[Duration, Meta(description="How long it is away")] = Duration(5)
    memory: Annotated[bool, Meta(description="It still knows what it took before")] = True

    def begin(self, operator: FaultyOperator) -> Undo | None:
        """Go away; the end of it is coming back."""
        operator.begin_outage()
        if not self.memory:
            operator.centre.forget()
        return operator.end_outage
