"""After unbind only responses may come."""

from __future__ import annotations

from smppkit.commands import CommandId, command_name
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule

# A second unbind, or a test of the line while the first is not answered, harms nobody.
_SAID_ANYWAY = frozenset({int(CommandId.UNBIND), int(CommandId.ENQUIRE_LINK)})


class RequestAfterUnbind(Rule):
    """See the module."""

    id = "request-after-unbind"
    severity = Severity.ERROR
    title = "The client sends requests after its own unbind"
    why = "The operator refuses them with ESME_RINVBNDSTS or drops them."
    spec = "SMPP 3.4 §4.2"
    remedy = "Stop sending requests before unbind; answer only what the operator still asks."

    def unusual(self, connection: Connection, head: Head) -> str | None:
        """See Rule."""
        if not connection.unbinding or head.command_id in _SAID_ANYWAY:
            return None
        return f"{command_name(head.command_id)} after unbind"
