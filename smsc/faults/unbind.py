"""The message centre unbinds."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from smsc.faults.operator import FaultyOperator, OperatorFault


class UnbindFault(OperatorFault, frozen=True, kw_only=True, tag="unbind"):
    """The message centre sends unbind: when what it has taken is answered or, with `at_once`, in the middle of a
    window. It closes once the ESME has answered the unbind; what is still unanswered then stays so.
    """

    example: ClassVar[str] = "{at: 30s, fault: unbind, binds: all, at_once: true}"

    binds: Annotated[Literal["all"] | Annotated[int, Meta(ge=1)], Meta(description="How many")] = "all"
    at_once: Annotated[bool, Meta(description="Wait for no answer: unbind in the middle of a window")] = False

    def begin(self, operator: FaultyOperator) -> None:
        """Unbind."""
        operator.unbind_all(self.binds, at_once=self.at_once)
