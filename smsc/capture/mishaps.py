"""Faults between a client and a real SMSC: the ones of scenarios, in a file of their own.

```yaml
seed: 7
faults:
  - {fault: delay, by: 200ms}
timeline:
  - {at: 30s, for: 10s, fault: stall}
```
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import count
from random import Random
from typing import Annotated, Any, Final, cast

import msgspec
from msgspec import Meta
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from smsc.faults.active import ActiveFaults
from smsc.faults.base import WireFault
from smsc.faults.registry import FaultEntry, StandingFault
from smsc.faults.reset import ResetFault
from smsc.wire.wire import FaultyWire

Problems = Iterable[tuple[tuple[str | int, ...], str]]
_NAME: Final = "proxy"


class Mishaps(msgspec.Struct, frozen=True):
    """A file of faults for a proxy."""

    seed: Annotated[int, Meta(description="Everything random follows from it")] = 0
    faults: Annotated[list[StandingFault], Meta(description="What befalls connections all the time")] = []
    timeline: Annotated[list[FaultEntry], Meta(description="What befalls them when")] = []

    def problems(self) -> Problems:
        """Only connections can be harmed here: the SMSC is a real one."""
        for index, entry in enumerate(self.timeline):
            if not isinstance(entry, WireFault):
                message = f'found "{entry.tag}", a fault of the message centre; expected one of connections'
                yield ("timeline", index, "fault"), message
            for key in ("after", "every", "when"):
                if getattr(entry, key) is not None:
                    yield (
                        ("timeline", index, key),
                        "a proxy plays what has a time; expected at, and no other key for it",
                    )
            if entry.operator is not None:
                yield ("timeline", index, "operator"), "a proxy stands before one operator; remove the key"


class MishapPlayer:
    """Lets faults begin and end at their times, on all connections that it wraps."""

    def __init__(self, mishaps: Mishaps, clock: IReactorTime, pairs: Callable[[], Sequence[Any]]) -> None:
        """`pairs` are the connections there are; each has ``abort``."""
        self.faults = ActiveFaults(mishaps.seed, _NAME)
        self._mishaps = mishaps
        self._clock = clock
        self._pairs = pairs
        self._numbers = count(1)
        self._calls: set[IDelayedCall] = set()

    def wrap(self, upper: Any) -> FaultyWire:
        """Stand between a client's transport and the protocol on it."""
        return FaultyWire(upper, self._clock, self.faults, key=str(next(self._numbers)))

    def begin(self) -> None:
        """Let the time of the file be zero now."""
        for index, habit in enumerate(self._mishaps.faults):
            self._later(float(habit.from_), self._begin, habit, f"habit {index}", _lasts(habit))
        for index, entry in enumerate(self._mishaps.timeline):
            at = float(entry.at or 0)
            if isinstance(entry, ResetFault) and entry.at_once:
                self._later(at, self._reset, entry, index)
            else:
                self._later(at, self._begin, entry, f"entry {index}", entry.for_)

    def stop(self) -> None:
        """No more happens, and what is on is over: connections can end."""
        for call in self._calls:
            call.cancel()
        self._calls.clear()
        self.faults.stop()

    def _begin(self, fault: Any, key: str, lasts: float | None) -> None:
        running = self.faults.begin(cast(WireFault, fault), key)
        if lasts is not None:
            self._later(float(lasts), self.faults.end, running)

    def _reset(self, entry: ResetFault, index: int) -> None:
        pairs = list(self._pairs())
        if entry.binds != "all":
            # One source per entry, as in a scenario's timeline.
            chance = Random(f"{self._mishaps.seed}/{index}/{_NAME}")  # noqa: S311 - reproducible, nothing to guess
            pairs = chance.sample(pairs, min(entry.binds, len(pairs)))
        for pair in pairs:
            self.faults.count(entry.tag)
            pair.abort()

    def _later(self, delay: float, act: Callable[..., object], *arguments: Any) -> None:
        if delay <= 0:
            act(*arguments)
            return

        def run() -> None:
            self._calls.discard(call)
            act(*arguments)

        call = self._clock.callLater(delay, run)
        self._calls.add(call)


def _lasts(habit: StandingFault) -> float | None:
    return None if habit.until is None else float(habit.until) - float(habit.from_)
