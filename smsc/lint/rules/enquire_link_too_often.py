"""enquire_link is for idle lines."""

from __future__ import annotations

from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.settings import LintSettings

_LONG_AGO = float("-inf")


class EnquireLinkTooOften(Rule):
    """See the module."""

    id = "enquire-link-too-often"
    severity = Severity.WARNING
    title = "The client sends enquire_link too often"
    why = (
        "Operators count every PDU; some throttle or cut a client that asks all the time, and nothing is "
        "learnt that any other PDU does not say."
    )
    spec = "SMPP 3.4 §4.11, §7.2"
    remedy = "Send enquire_link only after 30 to 60 seconds in which nothing came from the operator."

    def __init__(self, settings: LintSettings) -> None:
        super().__init__(settings)
        self._latest: dict[int, tuple[float, float]] = {}

    def enquiry(self, connection: Connection, head: Head) -> str | None:
        """See Rule."""
        before, last = self._latest.get(connection.number, (_LONG_AGO, _LONG_AGO))
        self._latest[connection.number] = (last, head.at)
        if head.at - before >= 2 * self.settings.enquiry_spacing:
            return None
        return f"three within {head.at - before:.1f} s"

    def closed(self, connection: Connection, at: float, by_client: bool) -> str | None:
        """See Rule."""
        self._latest.pop(connection.number, None)
        return None
