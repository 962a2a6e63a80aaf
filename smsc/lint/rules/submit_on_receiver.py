"""A receiver receives."""

from __future__ import annotations

from smppkit.commands import CommandId, command_name
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule


class SubmitOnReceiver(Rule):
    """See the module."""

    id = "submit-on-receiver"
    severity = Severity.ERROR
    title = "The client submits on a connection that is bound as a receiver"
    why = "Every such submit is refused with ESME_RINVBNDSTS."
    spec = "SMPP 3.4 §2.3"
    remedy = "Bind as transceiver, or as transmitter on a connection of its own, and submit there."

    def unusual(self, connection: Connection, head: Head) -> str | None:
        """See Rule."""
        bind = connection.bind
        if not connection.bound or bind is None or bind.kind != CommandId.BIND_RECEIVER:
            return None
        if head.command_id not in (CommandId.SUBMIT_SM, CommandId.SUBMIT_MULTI):
            return None
        return f"{command_name(head.command_id)} on a receiver"
