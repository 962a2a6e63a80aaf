"""UCS-2 is big-endian, without a mark."""

from __future__ import annotations

from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.submission import Submission
from smsc.lint.ucs2 import UCS2_CODINGS, looks_little_endian

_MARKS = (b"\xfe\xff", b"\xff\xfe")


class Ucs2ByteOrder(Rule):
    """See the module."""

    id = "ucs2-byte-order"
    severity = Severity.ERROR
    title = "The client sends UCS-2 with a byte order mark, or little-endian"
    why = "Handsets show an odd first character, or Chinese characters in place of the text."
    spec = "SMPP 3.4 §5.2.19; 3GPP TS 23.038 §6.2.3"
    remedy = "Encode as UTF-16BE, without a byte order mark."

    def message(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        if message.data_coding not in UCS2_CODINGS:
            return None
        text = message.text
        # A later part may begin with anything; the mark stands at the beginning of the whole.
        if text[:2] in _MARKS and (message.part is None or message.part.number == 1):
            return f"begins with the byte order mark {text[:2].hex()}"
        return "is little-endian" if looks_little_endian(text) else None
