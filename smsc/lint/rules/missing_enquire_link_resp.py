"""Whoever is asked whether he is there says so."""

from __future__ import annotations

from smppkit.commands import CommandId
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule


class MissingEnquireLinkResp(Rule):
    """See the module."""

    id = "missing-enquire-link-resp"
    severity = Severity.ERROR
    title = "The client does not answer enquire_link"
    why = "The operator takes the line for dead and cuts it."
    spec = "SMPP 3.4 §4.11.2"
    remedy = "Answer every enquire_link at once with enquire_link_resp, whatever else the client is busy with."

    def unanswered(self, connection: Connection, owed: Head) -> str | None:
        """See Rule."""
        if owed.command_id != CommandId.ENQUIRE_LINK:
            return None
        return "our enquire_link was not answered, though the client went on talking"
