"""Makes what a timeline says happen to an operator: each entry begins something, and tells how to end it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Protocol

from twisted.internet.interfaces import IReactorTime

from smsc.faults.active import ActiveFaults
from smsc.faults.base import WireFault
from smsc.faults.operator import Centre, FaultyOperator, OperatorFault
from smsc.faults.reset import ResetFault
from smsc.scenario.engine import OperatorState, apply_fault, end_fault
from smsc.scenario.mobile import MoMessage, UssdSession
from smsc.scenario.timeline_model import AlertEntry, MoEntry, OutageFault, ThrottleFault, UssdEntry
from smsc.stats import OperatorStats

_log = logging.getLogger("smsc")

Undo = Callable[[], None]


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
    stats: OperatorStats
    clock: IReactorTime
    faults: ActiveFaults | None

    @property
    def centre(self) -> MessageCentre:
        """Its memory, and its subscribers."""

    def bound_connections(self) -> list[Any]:
        """The connections on which somebody is bound, in the order they came."""

    def reset(self, connections: Sequence[Any]) -> None:
        """Cut connections."""


def perform(operator: Operator, entry: Any, key: str, chance: Random, now: float) -> Undo | None:
    """Let an entry of a timeline befall an operator; returns how to end it, None when it is over at once.

    `key` names it for the draws of a fault of connections, `chance` is for all others.
    """
    if isinstance(entry, OperatorFault):
        _log.info("%s: %s", operator.name, entry.words())
        return entry.begin(operator)
    at_once = isinstance(entry, ResetFault) and entry.at_once
    if isinstance(entry, WireFault) and not at_once:
        return begin_wire_fault(operator, entry, key)
    kind = ResetFault if at_once else type(entry)
    return _PERFORM[kind](operator, entry, chance, now)


def begin_wire_fault(operator: Operator, fault: WireFault, key: str) -> Undo:
    """Let a fault of connections be on; LookupError when the operator was made without any."""
    faults = operator.faults
    if faults is None:
        raise LookupError(f"{operator.name} was made without faults, and has {fault.words()}")
    _log.info("%s: %s", operator.name, fault.words())
    running = faults.begin(fault, key)

    def end() -> None:
        _log.info("%s: no more %s", operator.name, fault.words())
        faults.end(running)

    return end


def _throttle(operator: Operator, entry: ThrottleFault, chance: Random, now: float) -> Undo:  # noqa: ARG001
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


def _outage(operator: Operator, entry: OutageFault, chance: Random, now: float) -> Undo:  # noqa: ARG001
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


_PERFORM: dict[type, Callable[[Operator, Any, Random, float], Undo | None]] = {
    ThrottleFault: _throttle,
    ResetFault: _reset,
    OutageFault: _outage,
    MoEntry: _mo,
    UssdEntry: _ussd,
    AlertEntry: _alert,
}
