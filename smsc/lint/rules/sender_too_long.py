"""Eleven characters are what an address has room for."""

from __future__ import annotations

import re

from smppkit.masking import masked
from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.submission import Submission

_LONGEST = 11
_ALPHANUMERIC = 5
_LETTER = re.compile(rb"[A-Za-z\x80-\xff]")


class SenderTooLong(Rule):
    """See the module."""

    id = "sender-too-long"
    severity = Severity.ERROR
    title = "The client sends an alphanumeric sender of more than 11 characters"
    why = "Eleven septets are all that fits on the air: it is refused or cut."
    spec = "3GPP TS 23.040 §9.1.2.5; SMPP 3.4 §5.2.5"
    remedy = "Use a sender of at most 11 characters of the GSM alphabet."

    def message(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        source = message.source
        if len(source.value) <= _LONGEST or (source.ton != _ALPHANUMERIC and _LETTER.search(source.value) is None):
            return None
        return f"{masked(source.value.decode('latin-1'))!r} has {len(source.value)} characters"
