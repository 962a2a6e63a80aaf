"""The faults that are on, wherever they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from smsc.control.declined import Declined, Why
from smsc.control.faults import Disturbance, Throttle
from smsc.control.timetable import kind_and_words
from smsc.faults.base import Fault
from smsc.faults.operator import OperatorFault
from smsc.scenario.timeline_model import OutageFault, ThrottleFault

if TYPE_CHECKING:
    from smsc.app import Emulator
    from smsc.control.control import Control


class StandingView(msgspec.Struct, frozen=True):
    """A fault that is on. Times are unix seconds; `hits` is how often it has struck, None where that is not counted.

    Without an operator it is on at all of them.
    """

    id: str
    fault: str
    words: str
    operator: str | None
    namespace: str | None
    origin: Literal["scenario", "api"]
    since: float | None
    until: float | None
    hits: int | None


def standing(control: Control) -> list[StandingView]:
    """All of them: habits of operators, entries of the timeline, and what was put on."""
    epoch = control.epoch
    found = [_habit(name, running) for name, running in habits(control.emulator)]
    found += [
        _entry(control, played) for played in control.emulator.timeline.entries if played.on and _is_fault(played)
    ]
    return found + [_put_on(one, epoch) for one in control.steering.faults.on()]


def habits(emulator: Emulator) -> list[tuple[str, Any]]:
    """The faults of connections that are an operator's habit and on, each with the operator's name."""
    return [
        (name, running)
        for name, operator in emulator.operators.items()
        if operator.faults is not None
        for running in operator.faults.on
        if running.key.startswith("habit ")
    ]


def take_off_scenarios(emulator: Emulator, fault_id: str) -> Declined | None:
    """Let a fault of the scenario be over, until its timeline begins again; None when it is."""
    for name, running in habits(emulator):
        if _habit_id(name, running) == fault_id:
            faults = emulator.operators[name].faults
            if faults is not None:
                faults.end(running)
            return None
    for played in emulator.timeline.entries:
        if _entry_id(played) == fault_id and _is_fault(played):
            if emulator.timeline.end(played):
                return None
            return Declined(Why.TOO_LATE, f"the fault {fault_id} is not on", "id")
    return Declined(Why.UNKNOWN, f'there is no fault "{fault_id}"', "id")


def _is_fault(played: Any) -> bool:
    return isinstance(played.entry, Fault | OperatorFault | ThrottleFault | OutageFault)


def _habit_id(name: str, running: Any) -> str:
    return f"{running.key.replace(' ', '-')}-{name}"


def _entry_id(played: Any) -> str:
    return f"entry-{(played.index or 0) + 1}"


def _habit(name: str, running: Any) -> StandingView:
    fault = running.fault
    return StandingView(
        _habit_id(name, running), fault.tag, fault.words(), name, None, "scenario", None, None, running.strikes
    )


def _entry(control: Control, played: Any) -> StandingView:
    kind, words = kind_and_words(played.entry)
    began_at = control.epoch + (control.emulator.timeline.began_at or 0.0)
    since = began_at + played.spell.began
    lasts = getattr(played.entry, "for_", None)
    until = None if lasts is None else since + float(lasts)
    return StandingView(_entry_id(played), kind, words, played.entry.operator, None, "scenario", since, until, None)


def _put_on(one: Disturbance, epoch: float) -> StandingView:
    fault = one.fault
    return StandingView(
        id=str(one.number),
        fault=fault.tag,
        words=f"throttle (rate {fault.rate:g}/s)" if isinstance(fault, Throttle) else fault.words(),
        operator=None if one.everywhere else one.operators[0],
        namespace=one.namespace,
        origin="api",
        since=epoch + one.since,
        until=None if one.until is None else epoch + one.until,
        hits=one.strikes if one.runs else None,
    )
