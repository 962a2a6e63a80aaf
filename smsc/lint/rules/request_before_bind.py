"""Who has not bound may not ask for anything."""

from __future__ import annotations

from smppkit.commands import CommandId, command_name
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule

_FOR_BOUND = frozenset(
    int(command)
    for command in (
        CommandId.SUBMIT_SM,
        CommandId.SUBMIT_MULTI,
        CommandId.DATA_SM,
        CommandId.QUERY_SM,
        CommandId.CANCEL_SM,
        CommandId.REPLACE_SM,
    )
)


class RequestBeforeBind(Rule):
    """See the module."""

    id = "request-before-bind"
    severity = Severity.ERROR
    title = "The client sends requests before its bind is accepted"
    why = (
        "They are refused with ESME_RINVBNDSTS; a client that does not wait for the bind response loses its "
        "first messages whenever the operator is slow."
    )
    spec = "SMPP 3.4 §2.2, §2.3"
    remedy = "Send nothing but the bind until its response has come with ESME_ROK."

    def unusual(self, connection: Connection, head: Head) -> str | None:
        """See Rule."""
        if connection.bound or head.command_id not in _FOR_BOUND:
            return None
        return f"{command_name(head.command_id)} before the bind was accepted"
