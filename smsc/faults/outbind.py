"""The message centre calls."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from smsc.faults.operator import FaultyOperator, OperatorFault
from smsc.scenario.scalars import Listen


class OutbindFault(OperatorFault, frozen=True, kw_only=True, tag="outbind"):
    """The message centre connects to an ESME and sends outbind: the ESME is to bind as a receiver on that connection
    (SMPP 3.4 §2.2.1).
    """

    example: ClassVar[str] = "{at: 30s, fault: outbind, to: tcp:127.0.0.1:2780, system_id: smsc, password: secret}"

    to: Annotated[Listen, Meta(description="Where the ESME listens", examples=["tcp:127.0.0.1:2780"])]
    system_id: Annotated[str, Meta(description="Who calls", max_length=15)] = ""
    password: Annotated[str, Meta(description="Its password", max_length=8)] = ""

    def begin(self, operator: FaultyOperator) -> None:
        """Call."""
        operator.outbind(self.to.host, self.to.port, self.system_id, self.password)
