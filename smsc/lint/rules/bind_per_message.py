"""A session is for many messages."""

from __future__ import annotations

from collections import deque

from smsc.lint.conversation import Account, Connection
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.settings import LintSettings


class BindPerMessage(Rule):
    """See the module."""

    id = "bind-per-message"
    severity = Severity.WARNING
    title = "The client binds anew for every message"
    why = (
        "Connecting and binding cost several round trips each, so throughput falls to a few messages a "
        "second; operators limit binds per minute, and receipts find nobody bound."
    )
    spec = "SMPP 3.4 §2.2"
    remedy = "Keep the session bound, send all messages on it, and test it with enquire_link while there are none."

    def __init__(self, settings: LintSettings) -> None:
        super().__init__(settings)
        self._short: dict[Account, deque[float]] = {}

    def closed(self, connection: Connection, at: float, by_client: bool) -> str | None:
        """See Rule."""
        account = connection.account
        if account.crowd or not connection.bound or not connection.submits:
            return None
        settings = self.settings
        opened = self._short.setdefault(account, deque(maxlen=settings.short_sessions))
        # A session that the operator or the network ended says nothing of the client.
        if connection.submits > 1 or not (connection.unbinding or by_client):
            opened.clear()
            return None
        opened.append(connection.opened_at)
        if len(opened) < settings.short_sessions or at - opened[0] > settings.short_sessions_within:
            return None
        span = at - opened[0]
        opened.clear()
        return f"{settings.short_sessions} sessions with one message each within {span:.1f} s"
