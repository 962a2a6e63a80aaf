"""A request keeps to its declaration."""

from __future__ import annotations

from smppkit.codec import CODECS
from smppkit.commands import command_name
from smppkit.errors import PduError
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule


class UnreadableRequest(Rule):
    """See the module."""

    id = "unreadable-request"
    severity = Severity.ERROR
    title = "The client sends a request that cannot be read, or with reserved values"
    why = "It is refused, with a status that names the field."
    spec = "SMPP 3.4 §4, §5.2"
    remedy = "Encode the PDU as the specification declares it: lengths, NULs at the end of strings, defined values."

    def leftover(self, connection: Connection, head: Head) -> str | None:
        """See Rule."""
        try:
            CODECS[connection.version].decode(head.octets)
        except PduError as error:
            return f"{command_name(head.command_id)}: {error.reason}"
        return None
