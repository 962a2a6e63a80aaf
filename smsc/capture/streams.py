"""TCP put together again: one direction of a captured connection as a stream of octets.

Segments come late, twice and overlapping; what a capture has missed is a hole, counted and told.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

_WRAP: Final = 1 << 32
_HALF: Final = 1 << 31
MOST_WAITING: Final = 256
"""Segments that wait for one before them; then that one is given up."""


class Run(NamedTuple):
    """Octets in order; `missing` are lost before them."""

    octets: bytes
    missing: int = 0


class StreamCounters(msgspec.Struct):
    """What was seen of streams besides their octets."""

    retransmitted: int = 0
    """Segments, or parts of some, that had come before."""
    out_of_order: int = 0
    missing: int = 0
    """Octets that the capture does not have."""


class Stream:
    """One direction. `begin` with a SYN, or the first segment seen begins it."""

    def __init__(self, counters: StreamCounters) -> None:
        self._counters = counters
        self._next: int | None = None
        self._waiting: dict[int, bytes] = {}

    @property
    def begun(self) -> bool:
        """Whether its place in the sequence numbers is known."""
        return self._next is not None

    def begin(self, sequence: int) -> None:
        """The next octet has this sequence number."""
        self._next = sequence % _WRAP

    def segment(self, sequence: int, octets: bytes) -> list[Run]:
        """A segment was captured; what has come into order with it."""
        if not octets:
            return []
        if self._next is None:
            self._next = sequence
        ahead = (sequence - self._next) % _WRAP
        if ahead >= _HALF:  # it begins with what is known
            self._counters.retransmitted += 1
            octets = octets[_WRAP - ahead :]
            sequence = self._next
            if not octets:
                return []
        elif ahead:
            self._counters.out_of_order += 1
            if len(self._waiting.get(sequence, b"")) < len(octets):
                self._waiting[sequence] = octets
            return self._give_up() if len(self._waiting) > MOST_WAITING else []
        return [Run(octets + self._follow(sequence + len(octets)))]

    def flush(self) -> list[Run]:
        """No more will come: what waits is given, with its holes."""
        runs = []
        while self._waiting:
            runs += self._give_up()
        return runs

    def _follow(self, sequence: int) -> bytes:
        """What waits right behind a sequence number, without what overlaps."""
        self._next = sequence % _WRAP
        pieces = []
        while self._waiting:
            behind = [(at, (self._next - at) % _WRAP) for at in self._waiting]
            at, overlap = min(behind, key=lambda entry: entry[1])
            if overlap >= _HALF:
                break
            octets = self._waiting.pop(at)
            if overlap < len(octets):
                pieces.append(octets[overlap:])
                self._next = (self._next + len(octets) - overlap) % _WRAP
        return b"".join(pieces)

    def _give_up(self) -> list[Run]:
        """Go on behind the hole."""
        following = self._next or 0
        nearest = min(self._waiting, key=lambda at: (at - following) % _WRAP)
        missing = (nearest - following) % _WRAP
        self._counters.missing += missing
        octets = self._waiting.pop(nearest)
        return [Run(octets + self._follow(nearest + len(octets)), missing)]
