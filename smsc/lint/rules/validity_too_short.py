"""A message lives longer than its delivery takes."""

from __future__ import annotations

from datetime import UTC, datetime

from smppkit.times import TimeError, parse_time
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.submission import Submission


def _moment(text: bytes, at: float) -> float | None:
    """Unix seconds of a time field; None when it cannot be read, which is another rule's business."""
    try:
        return parse_time(text.decode("latin-1"), datetime.fromtimestamp(at, UTC)).timestamp()
    except (TimeError, OverflowError, OSError):
        return None


class ValidityTooShort(Rule):
    """See the module."""

    id = "validity-too-short"
    severity = Severity.WARNING
    title = "The client gives messages less time than delivering takes"
    why = "They expire before the operator can deliver them, and are paid for."
    spec = "SMPP 3.4 §5.2.16, §7.1.1"
    remedy = "Leave validity_period empty, or give minutes; mind that absolute times name their zone in quarter hours."

    def message(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        if not message.validity:
            return None
        begins = _moment(message.schedule, head.at) if message.schedule else head.at
        ends = _moment(message.validity, head.at)
        if begins is None or ends is None:
            return None
        left, needed = ends - max(begins, head.at), max(self.settings.delivery_time, connection.account.latency)
        if left >= needed:
            return None
        return f"validity_period leaves {left:.1f} s; delivering takes {needed:.1f} s or more"
