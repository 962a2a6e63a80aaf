"""Times are written as the specification says."""

from __future__ import annotations

from datetime import UTC, datetime

from smppkit.times import TimeError, parse_time
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.submission import Submission


class BadTime(Rule):
    """See the module."""

    id = "bad-time"
    severity = Severity.ERROR
    title = "The client sends a time that cannot be read"
    why = "It is refused with ESME_RINVSCHED or ESME_RINVEXPIRY."
    spec = "SMPP 3.4 §7.1.1"
    remedy = (
        "Write sixteen characters YYMMDDhhmmsstnnp, p one of + and - (absolute) or R (relative), or leave the "
        "field empty."
    )

    def message(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        for name, text in (("schedule_delivery_time", message.schedule), ("validity_period", message.validity)):
            if text:
                try:
                    parse_time(text.decode("latin-1"), datetime.fromtimestamp(head.at, UTC))
                except TimeError as error:
                    return f"{name}: {error}"
        return None
