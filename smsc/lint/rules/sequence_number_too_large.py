"""Sequence numbers end with 0x7FFFFFFF."""

from __future__ import annotations

from smppkit.commands import command_name
from smppkit.sequence import LAST
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule


class SequenceNumberTooLarge(Rule):
    """See the module."""

    id = "sequence-number-too-large"
    severity = Severity.ERROR
    title = "The client sends a request with a sequence number above 0x7FFFFFFF"
    why = "The range ends there; peers that keep it in a signed integer answer with another number, or not at all."
    spec = "SMPP 3.4 §5.1.4; SMPP 5.0 §4.7.24"
    remedy = "After 0x7FFFFFFF go on with 1."

    def unusual(self, connection: Connection, head: Head) -> str | None:
        """See Rule."""
        if head.sequence <= LAST:
            return None
        return f"{command_name(head.command_id)} with sequence number 0x{head.sequence:08X}"
