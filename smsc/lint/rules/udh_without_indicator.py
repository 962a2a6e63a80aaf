"""A user data header is announced."""

from __future__ import annotations

from smppkit.segments import UDHI
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.submission import Submission

_LENGTHS = (b"\x05", b"\x06", b"\x0b")
_PORTS = b"\x05\x04"


def _is_header(data: bytes) -> bool:
    """Whether the octets can hardly be anything but a header that says parts or ports."""
    if data[:3] == b"\x05\x00\x03" and len(data) >= 6:
        return 1 <= data[5] <= data[4] and data[4] > 1
    if data[:3] == b"\x06\x08\x04" and len(data) >= 7:
        return 1 <= data[6] <= data[5] and data[5] > 1
    # Ports, alone or before the number of a part, as WAP push and vCards have them.
    return data[1:3] == _PORTS and (data[0] == 6 or (data[0] == 11 and data[7:9] == b"\x00\x03"))


class UdhWithoutIndicator(Rule):
    """See the module."""

    id = "udh-without-indicator"
    severity = Severity.ERROR
    title = "The client sends a user data header without the bit of esm_class that announces it"
    why = "Handsets show the header as odd characters, and the parts as separate messages."
    spec = "SMPP 3.4 §5.2.12; 3GPP TS 23.040 §9.2.3.23"
    remedy = "Set esm_class bit 6 (0x40) on every part that begins with a user data header."

    def message(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        data = message.user_data
        if message.esm_class & UDHI or data[:1] not in _LENGTHS or not _is_header(data):
            return None
        return f"user data begins with the header {data[: data[0] + 1].hex()}, esm_class is 0x{message.esm_class:02X}"
