"""What an account has done since the start, as plain numbers: for metrics, and for those who watch."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from typing import Final

from sender.channels.results import Answered, Result, Taken, Unanswered, Unwritten
from smppkit.status import CommandStatus

_SPAN: Final = 10
"""Seconds over which rates are taken."""


class Tally:
    """Counts results of submits."""

    __slots__ = ("doubts", "held", "statuses", "unwritten")

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        """Answers by command_status."""
        self.doubts: Counter[str] = Counter()
        """By cause."""
        self.held = 0
        """Kept from the wire at the last instant."""
        self.unwritten = 0

    def add(self, results: Sequence[Result]) -> None:
        """Count some results."""
        for result in results:
            if isinstance(result, Taken):
                self.statuses[CommandStatus.ESME_ROK] += len(result.submits)
            elif isinstance(result, Answered):
                self.statuses[result.status] += 1
            elif isinstance(result, Unanswered):
                self.doubts[result.cause.value] += 1
            elif isinstance(result, Unwritten):
                self.unwritten += 1
            else:
                self.held += 1


class Meter:
    """How fast a growing number grows, from one look a second."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque(maxlen=_SPAN + 1)
        self.last = 0.0
        """Growth a second over the last ten looks; 0 at the first."""

    def look(self, now: float, total: int) -> float:
        """Note how much it is by now; the rate."""
        self._seen.append((now, total))
        then, before = self._seen[0]
        self.last = (total - before) / (now - then) if now > then else 0.0
        return self.last
