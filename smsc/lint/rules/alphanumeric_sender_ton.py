"""A name is of TON 5."""

from __future__ import annotations

import re

from smppkit.masking import masked
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.submission import Submission

_ALPHANUMERIC = 5
_LETTER = re.compile(rb"[A-Za-z\x80-\xff]")


class AlphanumericSenderTon(Rule):
    """See the module."""

    id = "alphanumeric-sender-ton"
    severity = Severity.ERROR
    title = "The client sends an alphanumeric sender with a TON other than 5"
    why = "The operator takes it for a number: it refuses it, or the handset shows something else."
    spec = "SMPP 3.4 §5.2.5"
    remedy = "Set source_addr_ton 5 and source_addr_npi 0 for senders with letters."

    def message(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        source = message.source
        if source.ton == _ALPHANUMERIC or source.value.isdigit() or _LETTER.search(source.value) is None:
            return None
        return f"{masked(source.value.decode('latin-1'))!r} with TON {source.ton}"
