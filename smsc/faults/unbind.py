"""The message centre unbinds."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from smsc.faults.operator import FaultyOperator, OperatorFault


class UnbindFault(OperatorFault, frozen=True, kw_only=True, tag="unbind"):
    """The message centre sends unbind, in the middle of a window if there is one: it answers what it has taken, takes
    nothing more, and closes once the ESME has answered.
    """

    example: ClassVar[str] = "{at: 30s, fault: unbind, binds: all}"

    binds: Annotated[Literal["all"] | Annotated[int, Meta(ge=1)], Meta(description="How many")] = "all"

    def begin(self, operator: FaultyOperator) -> None:
        """Unbind."""
        operator.unbind_all(self.binds)
