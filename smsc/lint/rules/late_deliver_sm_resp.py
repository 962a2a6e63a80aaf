"""Deliveries are acknowledged in time."""

from __future__ import annotations

from smppkit.commands import CommandId, command_name
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule


class LateDeliverSmResp(Rule):
    """See the module."""

    id = "late-deliver-sm-resp"
    severity = Severity.WARNING
    title = "The client answers deliver_sm late"
    why = (
        "The operator's response timer runs out first: it delivers the same again, and its window toward the "
        "client stays full."
    )
    spec = "SMPP 3.4 §4.6.2, §7.2"
    remedy = "Store what came, answer, and only then work on it."

    def responded(self, connection: Connection, owed: Head, head: Head) -> str | None:
        """See Rule."""
        if owed.command_id not in (CommandId.DELIVER_SM, CommandId.DATA_SM):
            return None
        taken = head.at - owed.at
        if taken <= self.settings.late_response:
            return None
        return f"the response to {command_name(owed.command_id)} {owed.sequence} took {taken:.1f} s"
