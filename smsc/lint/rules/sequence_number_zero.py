"""Sequence numbers begin with 1."""

from __future__ import annotations

from smppkit.commands import command_name
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule


class SequenceNumberZero(Rule):
    """See the module."""

    id = "sequence-number-zero"
    severity = Severity.ERROR
    title = "The client sends a request with sequence number 0"
    why = '0 stands for "no number" in generic_nack: such a request cannot be told from one whose number was lost.'
    spec = "SMPP 3.4 §5.1.4, §4.3"
    remedy = "Count from 1 to 0x7FFFFFFF and begin again at 1."

    def unusual(self, connection: Connection, head: Head) -> str | None:
        """See Rule."""
        return f"{command_name(head.command_id)} with sequence number 0" if head.sequence == 0 else None
