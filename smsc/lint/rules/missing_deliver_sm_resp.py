"""Every delivery is acknowledged."""

from __future__ import annotations

from smppkit.commands import CommandId, command_name
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule


class MissingDeliverSmResp(Rule):
    """See the module."""

    id = "missing-deliver-sm-resp"
    severity = Severity.ERROR
    title = "The client does not answer deliver_sm"
    why = (
        "The operator delivers again and again, stops delivering when its window is full, and in the end "
        "discards the receipts."
    )
    spec = "SMPP 3.4 §4.6.2, §2.4"
    remedy = (
        "Answer each deliver_sm (and data_sm) with its response and the same sequence number, also when its "
        "content is of no use."
    )

    def unanswered(self, connection: Connection, owed: Head) -> str | None:
        """See Rule."""
        if owed.command_id not in (CommandId.DELIVER_SM, CommandId.DATA_SM):
            return None
        return f"{command_name(owed.command_id)} {owed.sequence} was not answered, though the client went on talking"
