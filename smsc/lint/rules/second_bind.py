"""One bind a connection."""

from __future__ import annotations

from smppkit.commands import command_name
from smppkit.states import STATE_AFTER_BIND
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule


class SecondBind(Rule):
    """See the module."""

    id = "second-bind"
    severity = Severity.ERROR
    title = "The client binds again on a connection that is bound"
    why = "It is refused with ESME_RALYBND; a client that takes this for a failed bind goes on reconnecting."
    spec = "SMPP 3.4 §2.2, §5.1.3"
    remedy = "Bind once per connection; open another connection for another bind."

    def unusual(self, connection: Connection, head: Head) -> str | None:
        """See Rule."""
        if not connection.bound or head.command_id not in STATE_AFTER_BIND:
            return None
        return f"{command_name(head.command_id)} on a connection that is bound"
