"""Two long messages at a time have two references."""

from __future__ import annotations

from collections import OrderedDict
from zlib import crc32

from smsc.lint.conversation import Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.settings import LintSettings
from smsc.lint.submission import Submission

_MOST_LIVE = 2_000
_PARTS_LOOKED_AT = 8


class _LongMessage:
    """A message of which parts have come: how many there are, when the latest came, and what those few held."""

    __slots__ = ("at", "parts", "total")

    def __init__(self, total: int, at: float, parts: dict[int, int]) -> None:
        self.total = total
        self.at = at
        self.parts = parts


class ReferenceInUse(Rule):
    """See the module."""

    id = "reference-in-use"
    severity = Severity.WARNING
    title = "The client reuses the reference of a long message that is still under way"
    why = "The handset puts parts of two messages together, or waits for parts that never come."
    spec = "3GPP TS 23.040 §9.2.3.24.1; SMPP 3.4 §5.3.2.22"
    remedy = (
        "Count the reference up for each message to a destination; with much traffic to one number use 16-bit "
        "references."
    )

    def __init__(self, settings: LintSettings) -> None:
        super().__init__(settings)
        self._live: OrderedDict[tuple[object, ...], _LongMessage] = OrderedDict()

    def part(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """See Rule."""
        part, destinations = message.part, message.destinations
        if part is None or part.total < 2 or len(destinations) != 1 or part.number > _PARTS_LOOKED_AT:
            return None
        key = (connection.account, message.source.value, destinations[0].value, part.by, part.reference)
        content = crc32(message.text)
        known = self._live.get(key)
        if known is None or head.at - known.at >= self.settings.reference_life:
            self._live[key] = _LongMessage(part.total, head.at, {part.number: content})
            self._live.move_to_end(key)
            if len(self._live) > _MOST_LIVE:
                self._live.popitem(last=False)
            return None
        known.at = head.at
        # The same part once more is a part sent again, which is how losses are mended.
        if part.total == known.total and known.parts.setdefault(part.number, content) == content:
            return None
        self._live[key] = _LongMessage(part.total, head.at, {part.number: content})
        return f"reference {part.reference} in the {part.by}, to the same number"
