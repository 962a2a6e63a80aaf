"""data_coding says what the octets are."""

from __future__ import annotations

from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.submission import Submission
from smsc.lint.ucs2 import looks_like_ucs2


class Ucs2AsDefault(Rule):
    """See the module."""

    id = "ucs2-as-default"
    severity = Severity.ERROR
    title = "The client sends UCS-2 with data_coding 0"
    why = "Handsets show every character as two of the GSM alphabet, every second of them @ or è."
    spec = "SMPP 3.4 §5.2.19"
    remedy = "Set data_coding 8 for UCS-2."

    def message(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        if message.data_coding or not looks_like_ucs2(message.text):
            return None
        return f"the text begins with {message.text[:8].hex(' ', 2)}"
