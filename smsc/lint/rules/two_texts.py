"""A message has one text."""

from __future__ import annotations

from smppkit.tlvs import MESSAGE_PAYLOAD
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.submission import Submission


class TwoTexts(Rule):
    """See the module."""

    id = "two-texts"
    severity = Severity.ERROR
    title = "The client sends short_message and message_payload both"
    why = "Which of them counts is for the operator to guess; most refuse it."
    spec = "SMPP 3.4 §4.4.1, §5.3.2.32"
    remedy = "With message_payload set sm_length to 0."

    def tlvs(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        if not message.short_message or all(tlv.tag != MESSAGE_PAYLOAD.number for tlv in message.tlvs):
            return None
        return f"{len(message.short_message)} octets of short_message beside message_payload"
