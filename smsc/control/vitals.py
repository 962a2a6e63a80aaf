"""How it goes on each connection, second by second for a minute: from the first look on, until nobody looks any more.

The PDUs tell it; there is no timer. A second is counted when the next one has begun.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Sequence

import msgspec

from smppkit.commands import RESPONSE_BIT, CommandId
from smsc.server.server import OperatorServer

SECONDS = 60
UNSEEN = 600.0  # seconds after which nobody is supposed to look any more
MOST_WAITING = 2_000  # submits of a connection whose answer is timed at once; others are not
MOST_TIMED = 100  # answers of one second that are timed; others are not

_TIMED = frozenset({int(CommandId.SUBMIT_SM), int(CommandId.DATA_SM), int(CommandId.SUBMIT_MULTI)})
_ANSWERS = frozenset(command | RESPONSE_BIT for command in _TIMED)


class Rate(msgspec.Struct, frozen=True):
    """Submits a second: in the last one, and in each of the last minute, oldest first."""

    now: int
    series: list[int]


class Latency(msgspec.Struct, frozen=True):
    """Seconds from a submit to its answer: percentiles of the last minute, and the median of each second of it."""

    p50: float | None
    p99: float | None
    series: list[float | None]


class _Second:
    __slots__ = ("latencies", "submits")

    def __init__(self) -> None:
        self.submits = 0
        self.latencies: list[float] = []  # sorted


class _Vital:
    """One connection."""

    __slots__ = ("_seconds", "_waiting")

    def __init__(self) -> None:
        self._seconds: dict[int, _Second] = {}
        self._waiting: dict[bytes, float] = {}

    def submit(self, sequence: bytes, at: float) -> None:
        self._second(at).submits += 1
        if len(self._waiting) < MOST_WAITING:
            self._waiting[sequence] = at

    def answer(self, sequence: bytes, at: float) -> None:
        asked_at = self._waiting.pop(sequence, None)
        if asked_at is not None:
            latencies = self._second(at).latencies
            if len(latencies) < MOST_TIMED:
                insort(latencies, at - asked_at)

    def rate(self, now: float) -> Rate:
        series = [second.submits if second is not None else 0 for second in self._minute(now)]
        return Rate(series[-1], series)

    def latency(self, now: float) -> Latency:
        minute = self._minute(now)
        everything = sorted(latency for second in minute if second is not None for latency in second.latencies)
        series = [None if second is None else _percentile(second.latencies, 50) for second in minute]
        return Latency(_percentile(everything, 50), _percentile(everything, 99), series)

    def _second(self, at: float) -> _Second:
        number = int(at)
        second = self._seconds.get(number)
        if second is None:
            second = self._seconds[number] = _Second()
            while len(self._seconds) > SECONDS + 1:
                del self._seconds[next(iter(self._seconds))]
        return second

    def _minute(self, now: float) -> list[_Second | None]:
        return [self._seconds.get(number) for number in range(int(now) - SECONDS, int(now))]


class Vitals:
    """The connections of an emulator. Times are unix seconds."""

    def __init__(self, servers: Sequence[OperatorServer], wall: Callable[[], float]) -> None:
        self._servers = servers
        self._wall = wall
        self._looked_at = 0.0
        self._ends: list[Callable[[], None]] = []
        self._vitals: dict[int, _Vital] = {}

    def look(self) -> None:
        """Somebody looks: count from now on, if that was not done yet."""
        self._looked_at = self._wall()
        if not self._ends:
            for server in self._servers:
                self._ends += [server.record(self._pdu), server.tell(self._became)]

    def of(self, connection: int) -> tuple[Rate, Latency]:
        """How it goes on a connection."""
        vital = self._vitals.get(connection) or _NOTHING
        now = self._wall()
        return vital.rate(now), vital.latency(now)

    def stop(self) -> None:
        """Count no more."""
        for end in self._ends:
            end()
        self._ends.clear()
        self._vitals.clear()

    def _pdu(self, connection: int, direction: str, octets: bytes, at: float) -> None:
        command = int.from_bytes(octets[4:8], "big")
        if direction == "in":
            if command in _TIMED:
                vital = self._vitals.get(connection)
                if vital is None:
                    vital = self._vitals[connection] = _Vital()
                elif at - self._looked_at > UNSEEN:
                    self.stop()
                    return
                vital.submit(octets[12:16], at)
        elif command in _ANSWERS:
            vital = self._vitals.get(connection)
            if vital is not None:
                vital.answer(octets[12:16], at)

    def _became(self, what: str, connection: object, _: str) -> None:
        if what == "closed":
            self._vitals.pop(getattr(connection, "number", 0), None)


_NOTHING = _Vital()


def _percentile(ordered: Sequence[float], percent: int) -> float | None:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else None
