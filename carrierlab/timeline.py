"""The timeline of a scenario in words, for reports."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from carrierlab.report.result import Fault
from smsc.faults.base import Fault as StrikingFault
from smsc.scenario.timeline_model import (
    AlertEntry,
    MoEntry,
    OutageFault,
    ResetFault,
    ThrottleFault,
    TimelineEntry,
    UssdEntry,
    follows,
    lasts,
)
from smsc.scenario.timing import After, Occasion, first_at, repeated
from smsc.timeline import Played, Spell


def faults_of(spells: Iterable[Spell]) -> list[Fault]:
    """Describe all that has begun; times are seconds from the start."""
    return [_fault(spell) for spell in spells]


def never_begun(entries: Iterable[Played]) -> list[str]:
    """Describe the entries that have not begun at all, for people."""
    return [
        f"{played.name} never began: {_described(played.entry)[1]}{_awaited(played.entry)}"
        for played in entries
        if not played.times
    ]


def last_mo(timeline: Sequence[TimelineEntry]) -> float | None:
    """When the last message of a handset comes, in seconds from the start; None when the file names none.

    What depends on an event, or comes for ever, is not waited for.
    """
    times = [last_at(timeline, index) for index, entry in enumerate(timeline) if isinstance(entry, MoEntry)]
    return max((at for at in times if at is not None), default=None)


def last_at(timeline: Sequence[TimelineEntry], index: int) -> float | None:
    """When an entry begins for the last time, in seconds from the start; None when that is not known beforehand."""
    entry = timeline[index]
    first = _follows_at(timeline, index) if entry.after is not None else first_at(entry)
    every = repeated(entry)
    if first is None or every is None:
        return first
    counts = [] if every.times is None else [every.times - 1]
    if every.until is not None:
        counts.append(max(0, math.ceil((every.until - first) / every.period) - 1))
    return first + min(counts) * every.period if counts else None


def _follows_at(timeline: Sequence[TimelineEntry], index: int) -> float | None:
    other, after = follows(timeline, index), timeline[index].after
    if other is None or after is None or (before := last_at(timeline, other)) is None:
        return None
    if not isinstance(after, After):
        return before + after
    span = 0.0 if after.end_of is None else float(getattr(timeline[other], "for_", None) or 0)
    return before + span + after.delay


def _awaited(entry: TimelineEntry) -> str:
    if entry.when is not None:
        return f", when {Occasion.of(entry.when).words()}"
    at = first_at(entry)
    return "" if at is None else f", at {at:g} s"


def _fault(spell: Spell) -> Fault:
    kind, words = _described(spell.entry)
    until = spell.ended if lasts(spell.entry) else None
    return Fault(spell.began, until, spell.entry.operator, kind, words)


def _described(entry: TimelineEntry) -> tuple[str, str]:
    """The kind of an entry, and what it does in words."""
    if isinstance(entry, StrikingFault) and not (isinstance(entry, ResetFault) and entry.at_once):
        return entry.tag, entry.words()
    kind, describe = _KINDS[type(entry)]
    return kind, describe(entry)


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
