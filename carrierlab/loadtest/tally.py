"""What a load test has counted: latencies and failures by name, receipts, and how late the generator itself was. Pure.

Every process that generates load has a tally for each stretch of the run; those of several workers are added up. Times
are seconds where nothing else is said.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

_DIGITS: Final = 3


class Histogram(msgspec.Struct):
    """How often each latency was seen: whole microseconds, rounded to three digits, so that there are few of them."""

    counts: dict[int, int] = msgspec.field(default_factory=dict)

    def add(self, seconds: float) -> None:
        """Count a latency; one below zero (a clock that was read too early) counts as zero."""
        micros = max(0, round(seconds * 1e6))
        if micros >= 10**_DIGITS:
            unit = 10 ** (len(str(micros)) - _DIGITS)
            micros = (micros + unit // 2) // unit * unit
        self.counts[micros] = self.counts.get(micros, 0) + 1

    def merge(self, other: Histogram) -> None:
        """Add what another one has."""
        for micros, count in other.counts.items():
            self.counts[micros] = self.counts.get(micros, 0) + count

    @property
    def count(self) -> int:
        """How many latencies."""
        return sum(self.counts.values())

    def percentile(self, percent: float) -> float | None:
        """The latency in seconds that `percent` of them do not exceed (nearest rank); None without any."""
        rank = max(1, math.ceil(self.count * percent / 100))
        for micros in sorted(self.counts):
            rank -= self.counts[micros]
            if rank <= 0:
                return micros / 1e6
        return None

    @property
    def largest(self) -> float | None:
        """The largest latency; None without any."""
        return max(self.counts) / 1e6 if self.counts else None


class Requests(msgspec.Struct):
    """All requests of one name. `latency` has those that were answered, whatever the answer."""

    count: int = 0
    failures: dict[str, int] = msgspec.field(default_factory=dict)
    """By class: "ESME_RTHROTTLED (0x58)", "response timeout", …"""
    latency: Histogram = msgspec.field(default_factory=Histogram)

    @property
    def failed(self) -> int:
        """How many failed."""
        return sum(self.failures.values())

    @property
    def succeeded(self) -> int:
        """How many did not."""
        return self.count - self.failed

    def merge(self, other: Requests) -> None:
        """Add what another one has."""
        self.count += other.count
        for error, count in other.failures.items():
            self.failures[error] = self.failures.get(error, 0) + count
        self.latency.merge(other.latency)


class Receipts(msgspec.Struct):
    """What became of receipts; `awaited` is how many are still to come."""

    awaited: int = 0
    matched: int = 0
    lost: int = 0
    """Not there in time."""
    late: int = 0
    """Of those, how many came after all."""
    unknown: int = 0
    """For a message that nobody here sent."""
    again: int = 0
    """For a message whose receipt had come."""


class Tally(msgspec.Struct):
    """One process, or several, over one stretch of the run or all of it."""

    requests: dict[str, Requests] = msgspec.field(default_factory=dict)
    receipts: Receipts = msgspec.field(default_factory=Receipts)
    due: int = 0
    """Messages of an open loop that fell due, in PDUs."""
    written: int = 0
    """submit_sm, or requests, that were written."""
    given_up: int = 0
    """PDUs that were due and could not be written in time."""
    held_back: int = 0
    """submit_sm, or requests, that had to wait for safety.rate."""
    seconds: float = 0.0
    """From the first message to the last answer."""
    lag: Histogram = msgspec.field(default_factory=Histogram)
    """What the generator itself is late: for how long a message was due, and somebody had room for it."""
    waiting: Histogram = msgspec.field(default_factory=Histogram)
    """For how long it waited while nobody had room: for a window, or a link."""
    service: Histogram = msgspec.field(default_factory=Histogram)
    """From when it was written to its response: what a closed loop would have measured."""

    def request(self, name: str, seconds: float | None, error: str | None) -> None:
        """A request has ended; without `seconds` it never had an answer."""
        requests = self.requests.setdefault(name, Requests())
        requests.count += 1
        if error is not None:
            requests.failures[error] = requests.failures.get(error, 0) + 1
        if seconds is not None:
            requests.latency.add(seconds)

    def of(self, name: str) -> Requests:
        """The requests of a name; empty when there were none."""
        return self.requests.get(name) or Requests()

    def merge(self, other: Tally) -> None:
        """Add what another process has counted in the same time."""
        for name, requests in other.requests.items():
            self.requests.setdefault(name, Requests()).merge(requests)
        for counter in Receipts.__struct_fields__:
            setattr(self.receipts, counter, getattr(self.receipts, counter) + getattr(other.receipts, counter))
        for counter in ("due", "written", "given_up", "held_back"):
            setattr(self, counter, getattr(self, counter) + getattr(other, counter))
        for histogram in ("lag", "waiting", "service"):
            getattr(self, histogram).merge(getattr(other, histogram))
        self.seconds = max(self.seconds, other.seconds)


def added(tallies: list[Tally]) -> Tally:
    """All of them together, as one of its own."""
    whole = Tally()
    for tally in tallies:
        whole.merge(tally)
    return whole
