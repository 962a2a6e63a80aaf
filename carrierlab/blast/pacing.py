"""When messages are due: as soon as there is room (closed loop), or at their times (open loop)."""

from __future__ import annotations

from typing import Protocol


class Pacing(Protocol):
    """Says what may be written now."""

    def take(self, room: int, now: float) -> list[float]:
        """The times from which the latencies of up to `room` messages count, which are written now."""

    def over(self, now: float) -> bool:
        """Whether nothing more falls due, and nothing that was due waits."""

    def next_at(self, now: float) -> float | None:
        """When the next message falls due; None where that is no question of time."""

    def behind(self, now: float) -> int:
        """Messages that are due and not written."""


class Closed:
    """A message follows an answer: who is slow is sent less, and nobody knows who would have waited."""

    def __init__(self, messages: int, until: float | None) -> None:
        self._left = messages
        self._until = until

    def take(self, room: int, now: float) -> list[float]:
        """See Pacing."""
        if self._until is not None and now >= self._until:
            self._left = 0
        count = min(room, self._left)
        self._left -= count
        return [now] * count

    def over(self, now: float) -> bool:
        """See Pacing."""
        return not self._left or (self._until is not None and now >= self._until)

    def next_at(self, now: float) -> float | None:
        """See Pacing."""
        return None

    def behind(self, now: float) -> int:
        """See Pacing."""
        return 0


class Open:
    """Messages fall due in even steps, whatever becomes of earlier ones; latency counts from then, however late."""

    def __init__(self, messages: int, rate: float, begins: float) -> None:
        self._messages = messages
        self._rate = rate
        self._begins = begins
        self._taken = 0

    def _due(self, now: float) -> int:
        return min(self._messages, int((now - self._begins) * self._rate + 1e-9) + 1)

    def take(self, room: int, now: float) -> list[float]:
        """See Pacing."""
        first = self._taken
        self._taken = max(first, min(first + room, self._due(now)))
        return [self._begins + index / self._rate for index in range(first, self._taken)]

    def over(self, now: float) -> bool:
        """See Pacing."""
        return self._taken >= self._messages

    def next_at(self, now: float) -> float | None:
        """See Pacing."""
        if self._taken >= self._messages:
            return None
        return max(now, self._begins + self._due(now) / self._rate)

    def behind(self, now: float) -> int:
        """See Pacing."""
        return self._due(now) - self._taken
