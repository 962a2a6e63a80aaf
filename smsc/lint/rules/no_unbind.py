"""A session ends with unbind."""

from __future__ import annotations

from smsc.lint.conversation import Connection
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule

_PATIENCE = 5.0  # seconds


class NoUnbind(Rule):
    """See the module."""

    id = "no-unbind"
    severity = Severity.WARNING
    title = "The client closes the connection without unbind"
    why = (
        "The operator cannot tell it from a crash: it holds the session for minutes as a ghost, refuses the "
        "next bind, and does not know which of the messages under way arrived."
    )
    spec = "SMPP 3.4 §4.2, §2.2"
    remedy = "Stop sending, wait for the responses that are due, send unbind, wait for unbind_resp, then close."

    def closed(self, connection: Connection, at: float, by_client: bool) -> str | None:
        """See Rule."""
        if not by_client or not connection.bound or connection.unbound:
            return None
        # An operator that does not answer may be left without a word.
        if any(at - asked.at >= _PATIENCE for asked in connection.asked.values()):
            return None
        return f"closed {at - connection.bound_at:.1f} s after the bind, without unbind"
