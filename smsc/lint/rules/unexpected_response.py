"""A response answers a request."""

from __future__ import annotations

from smppkit.commands import CommandId, command_name
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule


class UnexpectedResponse(Rule):
    """See the module."""

    id = "unexpected-response"
    severity = Severity.WARNING
    title = "The client answers what was not asked, or twice"
    why = "The number may belong to another request by now, which is then taken for answered."
    spec = "SMPP 3.4 §2.5.2, §5.1.4"
    remedy = "Send one response per request, with the sequence number of that request."

    def stray(self, connection: Connection, head: Head) -> str | None:
        """See Rule."""
        if head.command_id == CommandId.GENERIC_NACK:
            return None  # who could not read what we sent says it so
        return f"{command_name(head.command_id)} with the number {head.sequence}, on which nothing waits"
