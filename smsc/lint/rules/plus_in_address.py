"""TON 1 says what a plus would say."""

from __future__ import annotations

from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.submission import Submission

_INTERNATIONAL = 1


class PlusInAddress(Rule):
    """See the module."""

    id = "plus-in-address"
    severity = Severity.WARNING
    title = "The client writes + in an address of TON 1"
    why = (
        "International is said by the type of number; with a plus the address is not a number and is refused "
        "or misrouted."
    )
    spec = "SMPP 3.4 §5.2.5, §5.2.8; 3GPP TS 23.040 §9.1.2.5"
    remedy = "Leave the + out and set TON 1, NPI 1."

    def message(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        source = message.source
        if source.ton == _INTERNATIONAL and source.value[:1] == b"+":
            return "in source_addr"
        for address in message.destinations:
            if address.ton == _INTERNATIONAL and address.value[:1] == b"+":
                return "in destination_addr"
        return None
