"""A cut falls between characters."""

from __future__ import annotations

from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.submission import Submission


class SplitEscapePair(Rule):
    """See the module."""

    id = "split-escape-pair"
    severity = Severity.ERROR
    title = "The client cuts a long message inside an escape pair"
    why = "The character at the seam (€, [, ], {, } and others) becomes a space and another character."
    spec = "3GPP TS 23.038 §6.2.1.1"
    remedy = "Keep the escape (0x1B) and the code after it in one part."

    def part(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        part = message.part
        if part is None or part.number == part.total or message.data_coding or message.text[-1:] != b"\x1b":
            return None
        if message.text[-2:-1] == b"\x1b":
            return None  # an escape of an escape is a space, and whole
        return f"part {part.number} of {part.total} ends with 1b"
