"""The timeline of a scenario in words, for reports."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from carrierlab.report.faults import Fault
from smsc.faults.base import Fault as StrikingFault
from smsc.scenario.model import (
    AlertEntry,
    MoEntry,
    OutageFault,
    ResetFault,
    ThrottleFault,
    TimelineEntry,
    UssdEntry,
)


def faults_of(timeline: Iterable[TimelineEntry]) -> list[Fault]:
    """Describe every entry; times are seconds from the start."""
    return [_fault(entry) for entry in timeline]


def _fault(entry: TimelineEntry) -> Fault:
    if isinstance(entry, StrikingFault) and not (isinstance(entry, ResetFault) and entry.at_once):
        kind, words = entry.tag, entry.words()
    else:
        kind, describe = _KINDS[type(entry)]
        words = describe(entry)
    lasts = getattr(entry, "for_", None)
    until = None if lasts is None else float(entry.at) + float(lasts)
    return Fault(float(entry.at), until, entry.operator, kind, words)


def _throttle(entry: ThrottleFault) -> str:
    return f"throttled to {float(entry.rate):.3g}/s"


def _reset(entry: ResetFault) -> str:
    if entry.binds == "all":
        return "all connections reset"
    return f"{entry.binds} connection{'s' if entry.binds > 1 else ''} reset"


def _outage(entry: OutageFault) -> str:  # noqa: ARG001 - one signature for every kind
    return "out of service"


def _mo(entry: MoEntry) -> str:
    text = entry.mo.text if len(entry.mo.text) <= 30 else entry.mo.text[:29] + "…"
    return f'a handset writes "{text}"'


def _ussd(entry: UssdEntry) -> str:
    return f"a handset dials {entry.ussd.dials}"


def _alert(entry: AlertEntry) -> str:  # noqa: ARG001
    return "a handset can be reached again"


_KINDS: dict[type, tuple[str, Callable[[Any], str]]] = {
    ThrottleFault: ("throttle", _throttle),
    ResetFault: ("reset", _reset),
    OutageFault: ("outage", _outage),
    MoEntry: ("mo", _mo),
    UssdEntry: ("ussd", _ussd),
    AlertEntry: ("alert", _alert),
}
