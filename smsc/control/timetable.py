"""The scenario as it is being played: its timeline with where each entry stands, and how it begins again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from smsc.app import Emulator
from smsc.scenario.timeline_model import AlertEntry, MoEntry, OutageFault, ThrottleFault, UssdEntry
from smsc.scenario.timing import first_at
from smsc.timeline import Played


class EntryView(msgspec.Struct, frozen=True):
    """One entry of the timeline. Times are seconds since it began; of its last time when it comes again."""

    index: int
    name: str
    kind: str
    words: str
    operator: str | None
    at: float | None
    """When it began, or is to come for the first time; None while that depends on something else."""
    until: float | None
    """When it was over, or will be; None when it happens at once, or lasts to the end."""
    state: str
    times: int
    began: float | None
    ended: float | None


class ScenarioView(msgspec.Struct, frozen=True):
    """A scenario. `began_at` and `now` are unix seconds; `elapsed` is the timeline's time, None before it begins."""

    scenario: str
    file: str | None
    seed: int
    operators: list[str]
    began_at: float | None
    now: float
    elapsed: float | None
    timeline: list[EntryView]


class Timetable:
    """The timeline of an emulator."""

    def __init__(
        self,
        emulator: Emulator,
        wall: Callable[[], float],
        now: Callable[[], float],
        file: str | None = None,
        changed: Callable[[], None] | None = None,
    ) -> None:
        """`wall` gives unix seconds, `now` the emulator's own; `changed` is told when the timeline begins again."""
        self._emulator = emulator
        self._wall = wall
        self._now = now
        self._file = file
        self._changed = changed or _nobody

    def view(self) -> ScenarioView:
        """How the scenario stands."""
        scenario, timeline = self._emulator.scenario, self._emulator.timeline
        began = timeline.began_at
        elapsed = None if began is None else self._now() - began
        return ScenarioView(
            scenario=scenario.scenario,
            file=self._file,
            seed=scenario.seed,
            operators=list(scenario.operators),
            began_at=None if elapsed is None else self._wall() - elapsed,
            now=self._wall(),
            elapsed=elapsed,
            timeline=[_view(played) for played in timeline.entries],
        )

    def begin(self) -> None:
        """Let the timeline begin again: what is on is ended, and what changes over time counts from now."""
        self._emulator.begin_again()
        self._changed()


def _view(played: Played) -> EntryView:
    entry: Any = played.entry
    spell = played.spell
    kind, words = kind_and_words(entry)
    at: float | None = first_at(entry) if spell is None else spell.began
    lasts = getattr(entry, "for_", None)
    until = None if at is None or lasts is None else at + float(lasts)
    if spell is not None and spell.ended is not None and spell.ended > spell.began:
        until = spell.ended
    return EntryView(
        index=played.index or 0,
        name=played.name,
        kind=kind,
        words=words,
        operator=entry.operator,
        at=None if at is None else float(at),
        until=until,
        state=played.state.value,
        times=played.times,
        began=None if spell is None else spell.began,
        ended=None if spell is None else spell.ended,
    )


def kind_and_words(entry: Any) -> tuple[str, str]:
    """What an entry is, as a word and in words."""
    match entry:
        case ThrottleFault():
            return "throttle", f"throttle (rate {entry.rate:g}/s)"
        case OutageFault():
            return "outage", "outage"
        case MoEntry():
            return "mo", f'{entry.mo.from_} writes to {entry.mo.to}: "{entry.mo.text}"'
        case UssdEntry():
            return "ussd", f"{entry.ussd.from_} dials {entry.ussd.dials}"
        case AlertEntry():
            return "alert", f"{entry.alert} can be reached again"
    return entry.tag, entry.words()


def _nobody() -> None:
    """Nobody is told."""
