"""What is announced is there."""

from __future__ import annotations

from smppkit.segments import UDHI
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.submission import Submission


def _fills(data: bytes) -> bool:
    """Whether the elements of the header end where it ends."""
    end = 1 + data[0]
    at = 1
    while at + 2 <= end <= len(data):
        at += 2 + data[at + 1]
    return at == end


class IndicatorWithoutUdh(Rule):
    """See the module."""

    id = "indicator-without-udh"
    severity = Severity.ERROR
    title = "The client announces a user data header that is not there"
    why = (
        "The operator or the handset takes the first characters of the text for a header: the message is "
        "refused, or arrives mutilated."
    )
    spec = "SMPP 3.4 §5.2.12; 3GPP TS 23.040 §9.2.3.24"
    remedy = "Set esm_class bit 6 (0x40) only where the user data begins with a header."

    def message(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        if not message.esm_class & UDHI:
            return None
        data = message.user_data
        if not data:
            return "esm_class announces a header, and there is no user data"
        if data[0] == 0 or data[0] >= len(data):
            return f"user data begins with {data[:4].hex()}, which is no header"
        if not _fills(data):
            return f"the elements do not fill the header {data[: data[0] + 1].hex()}"
        return None
