"""Numbers that nobody gave out are nobody's to use."""

from __future__ import annotations

from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.submission import Submission
from smsc.lint.tags import is_reserved, names


class ReservedTlv(Rule):
    """See the module."""

    id = "reserved-tlv"
    severity = Severity.WARNING
    title = "The client sends a TLV whose number is reserved"
    why = "It is ignored at best; a later version, or another vendor, may give the number a meaning."
    spec = "SMPP 3.4 §5.3.1; SMPP 5.0 §4.8.1"
    remedy = "Use the TLVs of the specification, and 0x1400 to 0x3FFF for what the operator has agreed to."

    def tlvs(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        reserved = [tlv for tlv in message.tlvs if is_reserved(tlv.tag)]
        return names(reserved) if reserved else None
