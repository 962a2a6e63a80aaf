"""A cut falls between characters."""

from __future__ import annotations

from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.submission import Submission
from smsc.lint.ucs2 import UCS2_CODINGS


class SplitSurrogatePair(Rule):
    """See the module."""

    id = "split-surrogate-pair"
    severity = Severity.ERROR
    title = "The client cuts a long message inside a surrogate pair"
    why = "An emoji at the seam becomes two broken characters on handsets that show each part by itself."
    spec = "3GPP TS 23.038 §6.2.3; 3GPP TS 23.040 §9.2.3.24.1"
    remedy = "Keep both halves (D800–DBFF, DC00–DFFF) in one part."

    def part(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        part, text = message.part, message.text
        if part is None or part.number == part.total or message.data_coding not in UCS2_CODINGS:
            return None
        if len(text) < 2 or len(text) % 2 or not 0xD8 <= text[-2] <= 0xDB:
            return None
        return f"part {part.number} of {part.total} ends with {text[-2:].hex()}"
