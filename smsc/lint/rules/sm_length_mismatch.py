"""sm_length is the length of short_message."""

from __future__ import annotations

from smppkit.tlvs import TAGS
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.submission import Submission


class SmLengthMismatch(Rule):
    """See the module."""

    id = "sm-length-mismatch"
    severity = Severity.ERROR
    title = "The client sends an sm_length that is not the length of short_message"
    why = "The rest of the text is read as TLVs, or the text ends with them; operators refuse it."
    spec = "SMPP 3.4 §5.2.21"
    remedy = "Set sm_length to the number of octets (not characters) of short_message, header included."

    def message(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        declared = message.declared
        if declared is None:
            return None
        if len(message.short_message) < declared:
            return f"sm_length is {declared}, {len(message.short_message)} octets follow"
        rest = message.rest
        # What does not even begin like a TLV that is known is text; a broken TLV is another matter.
        if not rest or message.tlvs or int.from_bytes(rest[:2], "big") in TAGS:
            return None
        return f"sm_length is {declared}, {declared + len(rest)} octets follow, which end in no TLV"
