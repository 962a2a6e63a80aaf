"""A response is of the kind of its request."""

from __future__ import annotations

from smppkit.commands import RESPONSE_BIT, CommandId, command_name
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule


class WrongResponse(Rule):
    """See the module."""

    id = "wrong-response"
    severity = Severity.ERROR
    title = "The client answers with a response of another kind"
    why = "The operator cannot match it and takes the request for unanswered."
    spec = "SMPP 3.4 §3.2, §5.1.2.1"
    remedy = "Answer with the command_id of the request with bit 31 set, and the sequence number of the request."

    def responded(self, connection: Connection, owed: Head, head: Head) -> str | None:
        """See Rule."""
        if head.command_id in (owed.command_id | RESPONSE_BIT, CommandId.GENERIC_NACK):
            return None
        return f"{command_name(head.command_id)} to {command_name(owed.command_id)}"
