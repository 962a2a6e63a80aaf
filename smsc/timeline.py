"""Plays the timeline of a scenario: each entry at its time, each fault ended when its time is over.

The faults that are an operator's habit are played too, in their window.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from random import Random
from types import MappingProxyType
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from smsc.faults.active import ActiveFaults
from smsc.faults.base import WireFault
from smsc.faults.operator import Centre, FaultyOperator, OperatorFault
from smsc.faults.registry import StandingFault
from smsc.faults.reset import ResetFault
from smsc.scenario.engine import OperatorState, apply_fault, end_fault
from smsc.scenario.mobile import MoMessage, UssdSession
from smsc.scenario.model import AlertEntry, MoEntry, OutageFault, ThrottleFault, TimelineEntry, UssdEntry

_log = logging.getLogger("smsc")


class MessageCentre(Centre, Protocol):
    """What subscribers do happens to it."""

    def mobile_originated(self, message: MoMessage) -> object:
        """A subscriber writes."""

    def ussd(self, session: UssdSession) -> None:
        """A subscriber opens a USSD session."""

    def alert(self, number: str, account: str | None, status: int) -> None:
        """A subscriber is available again."""


class Operator(FaultyOperator, Protocol):
    """What can befall an operator. `faults` are those of its connections; None when it was made without."""

    name: str
    state: OperatorState
    clock: IReactorTime
    faults: ActiveFaults | None

    @property
    def centre(self) -> MessageCentre:
        """Its memory, and its subscribers."""

    def bound_connections(self) -> list[Any]:
        """The connections on which somebody is bound, in the order they came."""

    def reset(self, connections: Sequence[Any]) -> None:
        """Cut connections."""


class Timeline:
    """The entries of a scenario and the operators they befall."""

    def __init__(
        self,
        entries: Sequence[TimelineEntry],
        operators: Mapping[str, Operator],
        *,
        clock: IReactorTime,
        seed: int,
        standing: Mapping[str, Sequence[StandingFault]] = MappingProxyType({}),
    ) -> None:
        """`standing` are the faults of each operator that need no entry."""
        self._entries = entries
        self._operators = operators
        self._clock = clock
        self._seed = seed
        self._standing = standing
        self._calls: set[IDelayedCall] = set()

    def begin(self) -> None:
        """Let the timeline's time be zero now."""
        for name, faults in self._standing.items():
            for index, fault in enumerate(faults):
                self._stand(self._operators[name], index, fault)
        for index, entry in enumerate(self._entries):
            self._later(float(entry.at), self._play, index, entry)

    def stop(self) -> None:
        """Nothing more happens. Faults of connections are over, so that these can end; others stay on."""
        for call in self._calls:
            call.cancel()
        self._calls.clear()
        for operator in self._operators.values():
            if operator.faults is not None:
                operator.faults.stop()

    def _stand(self, operator: Operator, index: int, fault: StandingFault) -> None:
        def begin() -> None:
            undo = _begin(operator, fault, f"habit {index}")
            if fault.until is not None:
                self._later(max(0.0, float(fault.until) - float(fault.from_)), undo)

        # What holds from the start holds for the first connection too.
        if fault.from_ <= 0:
            begin()
        else:
            self._later(float(fault.from_), begin)

    def _play(self, index: int, entry: TimelineEntry) -> None:
        names = list(self._operators) if entry.operator is None else [entry.operator]
        for name in names:
            operator = self._operators[name]
            # One source per entry and operator, so that adding an entry changes no other one's choices.
            chance = Random(f"{self._seed}/{index}/{name}")  # noqa: S311 - reproducible, nothing to guess
            undo = _perform(operator, entry, index, chance, self._clock.seconds())
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


def _perform(operator: Operator, entry: Any, index: int, chance: Random, now: float) -> _Undo | None:
    if isinstance(entry, OperatorFault):
        _log.info("%s: %s", operator.name, entry.words())
        return entry.begin(operator)
    at_once = isinstance(entry, ResetFault) and entry.at_once
    if isinstance(entry, WireFault) and not at_once:
        return _begin(operator, entry, f"entry {index}")
    kind = ResetFault if at_once else type(entry)
    return _PERFORM[kind](operator, entry, chance, now)


def _begin(operator: Operator, fault: WireFault, key: str) -> _Undo:
    faults = operator.faults
    if faults is None:
        raise LookupError(f"{operator.name} was made without faults, and has {fault.words()}")
    _log.info("%s: %s", operator.name, fault.words())
    running = faults.begin(fault, key)

    def end() -> None:
        _log.info("%s: no more %s", operator.name, fault.words())
        faults.end(running)

    return end


def _throttle(operator: Operator, entry: ThrottleFault, chance: Random, now: float) -> _Undo:  # noqa: ARG001
    _log.info("%s: throttles every account to %g/s", operator.name, entry.rate)
    apply_fault(operator.state, entry, now)

    def end() -> None:
        _log.info("%s: throttles no more", operator.name)
        end_fault(operator.state, entry, operator.clock.seconds())

    return end


def _reset(operator: Operator, entry: ResetFault, chance: Random, now: float) -> None:  # noqa: ARG001
    bound = operator.bound_connections()
    if entry.binds != "all":
        bound = chance.sample(bound, min(entry.binds, len(bound)))
    _log.info("%s: resets %d binds", operator.name, len(bound))
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
    operator.centre.mobile_originated(entry.mo)


def _ussd(operator: Operator, entry: UssdEntry, chance: Random, now: float) -> None:  # noqa: ARG001
    operator.centre.ussd(entry.ussd)


def _alert(operator: Operator, entry: AlertEntry, chance: Random, now: float) -> None:  # noqa: ARG001
    operator.centre.alert(entry.alert, entry.account, entry.status)


_PERFORM: dict[type, Callable[[Operator, Any, Random, float], _Undo | None]] = {
    ThrottleFault: _throttle,
    ResetFault: _reset,
    OutageFault: _outage,
    MoEntry: _mo,
    UssdEntry: _ussd,
    AlertEntry: _alert,
}
