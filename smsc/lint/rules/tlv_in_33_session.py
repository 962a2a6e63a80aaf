"""3.3 knows no TLVs."""

from __future__ import annotations

from smppkit.states import Version
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.submission import Submission
from smsc.lint.tags import names


class TlvIn33Session(Rule):
    """See the module."""

    id = "tlv-in-33-session"
    severity = Severity.ERROR
    title = "The client sends TLVs in a session of SMPP 3.3"
    why = (
        "The operator ignores them or refuses the PDU: parts sent with sar_* arrive apart, a message_payload "
        "not at all."
    )
    spec = "SMPP 3.4 §3.4"
    remedy = "Bind with interface_version 0x34 to use TLVs, or do without them."

    def tlvs(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        bind = connection.bind
        if not connection.bound or bind is None or Version.of(bind.interface_version) > Version.V33:
            return None
        return (
            f"the client bound with interface_version 0x{bind.interface_version:02X}, and sends {names(message.tlvs)}"
        )
