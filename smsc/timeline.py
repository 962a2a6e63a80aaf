"""Plays the timeline of a scenario: each entry at its time, each fault ended when its time is over."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from smsc.scenario.engine import OperatorState, apply_fault, end_fault
from smsc.scenario.model import MoEntry, MoMessage, OutageFault, ResetFault, ThrottleFault, TimelineEntry

_log = logging.getLogger("smsc")


class Operator(Protocol):
    """What can befall an operator."""

    name: str
    state: OperatorState
    clock: IReactorTime

    def bound_connections(self) -> list[Any]:
        """The connections on which somebody is bound, in the order they came."""

    def reset(self, connections: Sequence[Any]) -> None:
        """Cut connections."""

    def begin_outage(self) -> None:
        """Cut every connection and refuse new ones."""

    def end_outage(self) -> None:
        """Be there again."""

    def mobile_originated(self, message: MoMessage) -> None:
        """A subscriber writes."""


class Timeline:
    """The entries of a scenario and the operators they befall."""

    def __init__(
        self,
        entries: Sequence[TimelineEntry],
        operators: Mapping[str, Operator],
        *,
        clock: IReactorTime,
        seed: int,
    ) -> None:
        self._entries = entries
        self._operators = operators
        self._clock = clock
        self._seed = seed
        self._calls: set[IDelayedCall] = set()

    def begin(self) -> None:
        """Let the timeline's time be zero now."""
        for index, entry in enumerate(self._entries):
            self._later(float(entry.at), self._play, index, entry)

    def stop(self) -> None:
        """Nothing more happens; faults that are on stay on."""
        for call in self._calls:
            call.cancel()
        self._calls.clear()

    def _play(self, index: int, entry: TimelineEntry) -> None:
        names = list(self._operators) if entry.operator is None else [entry.operator]
        for name in names:
            operator = self._operators[name]
            # One source per entry and operator, so that adding an entry changes no other one's choices.
            chance = Random(f"{self._seed}/{index}/{name}")  # noqa: S311 - reproducible, nothing to guess
            undo = _PERFORM[type(entry)](operator, entry, chance, self._clock.seconds())
            lasts = getattr(entry, "for_", None)
            if undo is not None and lasts is not None:
                self._later(float(lasts), undo)

    def _later(self, delay: float, act: Callable[..., None], *args: Any) -> None:
        def run() -> None:
            self._calls.discard(call)
            act(*args)

        call = self._clock.callLater(delay, run)
        self._calls.add(call)


# --- the entries: each begins something and returns how to end it, when it lasts ---------------------

_Undo = Callable[[], None]


def _throttle(operator: Operator, entry: ThrottleFault, chance: Random, now: float) -> _Undo:  # noqa: ARG001
    _log.info("%s: throttles every account to %g/s", operator.name, entry.rate)
    apply_fault(operator.state, entry, now)

    def end() -> None:
        _log.info("%s: throttles no more", operator.name)
        end_fault(operator.state, entry, operator.clock.seconds())

    return end


def _reset(operator: Operator, entry: ResetFault, chance: Random, now: float) -> None:
    bound = operator.bound_connections()
    if entry.binds != "all":
        bound = chance.sample(bound, min(entry.binds, len(bound)))
    _log.info("%s: resets %d binds", operator.name, len(bound))
    apply_fault(operator.state, entry, now)
    operator.reset(bound)


def _outage(operator: Operator, entry: OutageFault, chance: Random, now: float) -> _Undo:  # noqa: ARG001
    _log.info("%s: is out of service", operator.name)
    apply_fault(operator.state, entry, now)
    operator.begin_outage()

    def end() -> None:
        _log.info("%s: is back in service", operator.name)
        end_fault(operator.state, entry, operator.clock.seconds())
        operator.end_outage()

    return end


def _mo(operator: Operator, entry: MoEntry, chance: Random, now: float) -> None:  # noqa: ARG001
    operator.mobile_originated(entry.mo)


_PERFORM: dict[type[TimelineEntry], Callable[[Operator, Any, Random, float], _Undo | None]] = {
    ThrottleFault: _throttle,
    ResetFault: _reset,
    OutageFault: _outage,
    MoEntry: _mo,
}
