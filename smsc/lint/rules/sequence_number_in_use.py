"""A number names one request at a time."""

from __future__ import annotations

from smppkit.commands import command_name
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule


class SequenceNumberInUse(Rule):
    """See the module."""

    id = "sequence-number-in-use"
    severity = Severity.ERROR
    title = "The client reuses a sequence number whose request is not answered yet"
    why = "Two responses with one number come back, and the client cannot know which message has which id."
    spec = "SMPP 3.4 §2.5.2, §5.1.4"
    remedy = "Count up for each request on a session, and skip numbers that still wait for a response."

    def unusual(self, connection: Connection, head: Head) -> str | None:
        """See Rule."""
        if head.sequence not in connection.asked:
            return None
        return f"{command_name(head.command_id)} with number {head.sequence}, which still waits for its response"
