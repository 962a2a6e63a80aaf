"""The people behind the numbers: whether they can be reached when, and what becomes of a message that waits for them.

Everything is computed when a message is submitted, from the phases that the scenario writes; nothing is scheduled.
`elapsed` is seconds since the scenario began.
"""

import math
from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate
from types import MappingProxyType
from typing import Final

import msgspec

from smsc.scenario.latency import Latency
from smsc.scenario.patterns import AddressIndex
from smsc.scenario.subscribers import Condition, Subscriber

_MOST_TRIES: Final = 10_000
_HAIR: Final = 1e-6  # of a second: two ways to add the same durations may differ by less


class Conduct(msgspec.Struct, frozen=True):
    """What comes of a condition: a state ("" as the operator's receipts say), a code, a wait, a detour."""

    stat: str = ""
    err: str | None = None
    waits: bool = False
    later: float = 0.0


# The codes are those of the network: MAP errors (3GPP TS 29.002 §17.6.6).
CONDUCT: Final = MappingProxyType(
    {
        Condition.ON: Conduct(),
        Condition.OFF: Conduct("EXPIRED", "027", waits=True),  # absentSubscriber
        Condition.ROAMING: Conduct(later=5.0),
        Condition.FULL: Conduct("EXPIRED", "032", waits=True),  # sm-DeliveryFailure: memory capacity exceeded
        Condition.PORTED: Conduct("UNDELIV", "005"),  # unidentifiedSubscriber
        Condition.BLACKLISTED: Conduct("REJECTD", "013"),  # callBarred
        Condition.LANDLINE: Conduct("UNDELIV", "011"),  # teleserviceNotProvisioned
        Condition.UNKNOWN: Conduct("UNDELIV", "001"),  # unknownSubscriber
    }
)


class Person:
    """One entry of the scenario's subscribers, made ready."""

    __slots__ = ("_always", "_ends", "_phases", "_repeat", "_respond", "delay", "err", "stat")

    def __init__(self, subscriber: Subscriber) -> None:
        self.stat = subscriber.stat
        self.err = subscriber.err
        self.delay: Latency | None = subscriber.delay
        self._respond = int(subscriber.respond or 0)
        self._always = subscriber.is_
        self._phases = tuple(phase.is_ for phase in subscriber.over_time)
        lengths = [math.inf if phase.for_ is None else float(phase.for_) for phase in subscriber.over_time]
        self._ends = tuple(accumulate(lengths))
        self._repeat = subscriber.repeat

    def condition(self, elapsed: float) -> tuple[Condition, float]:
        """How they are, and until when at least (elapsed too; infinity for good)."""
        ends = self._ends
        if not ends:
            return self._always, math.inf
        start = 0.0
        if self._repeat:
            start = math.floor((elapsed + _HAIR) / ends[-1]) * ends[-1]
        within = elapsed - start + _HAIR
        for phase, end in zip(self._phases, ends, strict=True):
            if within < end:
                return phase, start + end
        return self._always, math.inf

    def refuses(self, elapsed: float) -> int:
        """The status that a submit to them earns now; 0 for none."""
        if not self._respond or not self._phases:
            return self._respond
        return 0 if self.condition(elapsed)[0] in (Condition.ON, Condition.ROAMING) else self._respond

    def reached(self, elapsed: float, first: float, until: float, tries: Sequence[float]) -> tuple[Conduct, float]:
        """What comes of a message submitted at `elapsed` and first tried after `first` seconds, and after how many.

        While they are off or full it is tried again and again (`tries` are the waits, the last one repeats), at most
        `until`: then it has expired. All seconds but `elapsed` count from the submit.
        """
        after, attempt = first, 0
        for _ in range(_MOST_TRIES):
            condition, lasts = self.condition(elapsed + after)
            conduct = CONDUCT[condition]
            if not conduct.waits:
                return conduct, after + conduct.later
            after, attempt = _next_try(after, attempt, lasts - elapsed, tries)
            if after > until:
                break
        return conduct, until


def _next_try(after: float, attempt: int, wake: float, tries: Sequence[float]) -> tuple[float, int]:
    """The first attempt after `after` that is not before `wake`, and its number."""
    while attempt < len(tries) - 1:
        after += tries[attempt]
        attempt += 1
        if after >= wake - _HAIR:
            return after, attempt
    if math.isinf(wake):
        return math.inf, attempt
    times = max(1, math.ceil((wake - after - _HAIR) / tries[-1]))
    return after + times * tries[-1], attempt


class People:
    """The subscribers of an operator; the first entry that a number belongs to is its."""

    def __init__(self, subscribers: Sequence[Subscriber], name: str, seed: int) -> None:
        self._salt = blake2b(f"{seed}\0{name}\0subscribers".encode(), digest_size=32).digest()
        self._entries = tuple(
            (float(subscriber.share), Person(subscriber), index.to_bytes(4, "big"))
            for index, subscriber in enumerate(subscribers)
        )
        self._index = AddressIndex((subscriber.numbers,) for subscriber in subscribers)

    def find(self, number: str) -> Person | None:
        """Who has this number; None for somebody of whom the scenario says nothing."""
        number = number.removeprefix("+")
        for position in self._index.find(number):
            share, person, index = self._entries[position]
            if share >= 1.0 or self._place(number, index) < share:
                return person
        return None

    def _place(self, number: str, index: bytes) -> float:
        """Where a number stands among all numbers of an entry, 0 to 1: by this the share is always the same ones."""
        digest = blake2b(self._salt + index + number.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2.0**64
