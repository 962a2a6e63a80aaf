"""A UCS-2 character has two octets."""

from __future__ import annotations

from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.submission import Submission
from smsc.lint.ucs2 import UCS2_CODINGS


class Ucs2OddLength(Rule):
    """See the module."""

    id = "ucs2-odd-length"
    severity = Severity.ERROR
    title = "The client sends UCS-2 of an odd number of octets"
    why = "Half a character is lost, or the message is refused."
    spec = "SMPP 3.4 §5.2.19; 3GPP TS 23.038 §6.2.3"
    remedy = (
        "Cut between characters, not between octets: at most 134 octets beside an 8-bit header, 132 beside a "
        "16-bit one."
    )

    def message(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        if message.data_coding not in UCS2_CODINGS:
            return None
        return f"{len(message.text)} octets of text" if len(message.text) % 2 else None
