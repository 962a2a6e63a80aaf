"""command_status is for responses."""

from __future__ import annotations

from smppkit.commands import command_name
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule


class StatusInRequest(Rule):
    """See the module."""

    id = "status-in-request"
    severity = Severity.WARNING
    title = "The client sends a request with a command_status"
    why = "The field must be null in requests; strict operators refuse it."
    spec = "SMPP 3.4 §5.1.3"
    remedy = "Set command_status to 0 in every request."

    def unusual(self, connection: Connection, head: Head) -> str | None:
        """See Rule."""
        return f"command_status 0x{head.status:08X} in {command_name(head.command_id)}" if head.status else None
