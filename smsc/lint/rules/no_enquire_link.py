"""A line on which nobody says anything must be tested."""

from __future__ import annotations

from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule


class NoEnquireLink(Rule):
    """See the module."""

    id = "no-enquire-link"
    severity = Severity.WARNING
    title = "The client never tests an idle line with enquire_link"
    why = (
        "A connection that died in silence (NAT, firewall, crash) is found out only when the next message is "
        "lost on it; many operators cut a line that is idle for 30 to 300 seconds."
    )
    spec = "SMPP 3.4 §4.11, §7.2"
    remedy = (
        "Send enquire_link when nothing came from the operator for 30 to 60 seconds, and reconnect when it is "
        "not answered."
    )

    def silence(self, connection: Connection, seconds: float, head: Head) -> str | None:
        """See Rule."""
        return f"nobody said anything for {seconds:.0f} s, and the client did not ask"
