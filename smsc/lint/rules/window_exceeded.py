"""No more requests than agreed may wait for their responses."""

from __future__ import annotations

from smppkit.commands import CommandId
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule

# The session answers these itself, whatever is under way.
_ASIDE = frozenset({int(CommandId.ENQUIRE_LINK), int(CommandId.UNBIND)})


class WindowExceeded(Rule):
    """See the module."""

    id = "window-exceeded"
    severity = Severity.ERROR
    title = "The client has more requests unanswered than its window allows"
    why = (
        "What exceeds the window is refused (ESME_RTHROTTLED, ESME_RMSGQFUL or ESME_RSUBMITFAIL) or makes the "
        "operator cut the session."
    )
    spec = "SMPP 3.4 §2.4; SMPP 5.0 §2.6.3"
    remedy = "Count the requests that wait for a response and hold back further ones at the agreed window."

    def submit(self, connection: Connection, head: Head) -> str | None:
        """See Rule."""
        window = connection.window
        if window is None or len(connection.asked) <= window:
            return None
        since = head.at - self.settings.abandoned
        unanswered = sum(asked.command_id not in _ASIDE and asked.at >= since for asked in connection.asked.values())
        if unanswered <= window:
            return None
        return f"{unanswered} requests unanswered; the window is {window}"
