"""What a blast has written, and what came back."""

from __future__ import annotations

from collections import Counter
from enum import Enum

from carrierlab.blast.histogram import Histogram
from smppkit.status import CommandStatus

_EARLY, _DONE = -2.0, -1.0
"""In place of the time of a response: the receipt came before it; the receipt has come."""


class Outcome(Enum):
    """What a status means to whoever sends."""

    ACCEPTED = "accepted"
    THROTTLED = "throttled"
    TEMPORARY = "temporary"
    REFUSED = "refused"


_THROTTLED = frozenset({CommandStatus.ESME_RTHROTTLED, CommandStatus.ESME_RMSGQFUL})
_TEMPORARY = frozenset({CommandStatus.ESME_RSYSERR, CommandStatus.ESME_RX_T_APPN, CommandStatus.ESME_RSUBMITFAIL})


def outcome_of(status: int) -> Outcome:
    """The class of a status."""
    if status == CommandStatus.ESME_ROK:
        return Outcome.ACCEPTED
    if status in _THROTTLED:
        return Outcome.THROTTLED
    return Outcome.TEMPORARY if status in _TEMPORARY else Outcome.REFUSED


class Book:
    """The counts of one part of a run."""

    def __init__(self, *, match: bool) -> None:
        self.match = match
        self.written = 0
        self.outstanding = 0
        self.accepted = 0
        self.refusals: Counter[int] = Counter()
        """Answers by status, without ESME_ROK."""
        self.nacks = 0
        """Answers that were a generic_nack; they are among the refusals too."""
        self.unanswered = 0
        self.stray = 0
        """Answers to nothing that waited."""
        self.receipts = 0
        self.matched = 0
        self.repeated = 0
        self.nameless = 0
        """Receipts that name no message."""
        self.incoming = 0
        """Requests of the server that are no receipts."""
        self.lost: Counter[str] = Counter()
        """Connections that ended before the run did, by why."""
        self.most_behind = 0
        self.latency = Histogram()
        self.receipt_latency = Histogram()
        """From the response to the receipt; of matched ones."""
        self.answered_at: float | None = None
        self.receipt_at: float | None = None
        self._named: dict[bytes, float] = {}

    @property
    def answered(self) -> int:
        """Answers of every kind."""
        return self.accepted + self.refusals.total()

    @property
    def unmatched(self) -> int:
        """Receipts that name a message nobody was given; counted when the run is over."""
        return sum(1 for state in self._named.values() if state == _EARLY)

    def name(self, message_id: bytes, now: float) -> None:
        """A message was accepted under this id."""
        if self._named.get(message_id) == _EARLY:
            self._named[message_id] = _DONE
            self.matched += 1
            self.receipt_latency.add(0.0)
        else:
            self._named[message_id] = now

    def receipt(self, message_id: bytes | None, now: float) -> None:
        """A receipt came, and names this message."""
        self.receipts += 1
        self.receipt_at = now
        if not self.match:
            return
        if message_id is None:
            self.nameless += 1
            return
        state = self._named.get(message_id)
        if state is None:
            self._named[message_id] = _EARLY
        elif state < 0:
            self.repeated += 1
        else:
            self._named[message_id] = _DONE
            self.matched += 1
            self.receipt_latency.add(now - state)
