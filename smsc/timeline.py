"""Plays the timeline of a scenario: each entry when its time or its event has come, each ended when its time is over.

The faults that are an operator's habit are played too, in their window. Its entries can be looked at, begun and ended
at run time; what is not in the file is begun by ``smsc.control.faults``::

    timeline.entries                      # each with its state: to come, on or past
    timeline.start(timeline.entries[0])   # begin it now, whatever the file says
    timeline.end(timeline.entries[0])
    timeline.begin()                      # all over again
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from random import Random
from types import MappingProxyType
from typing import Any, Final

import msgspec
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from smsc.faults.registry import StandingFault
from smsc.performing import Operator, Undo, begin_wire_fault, perform
from smsc.scenario.timeline_model import TimelineEntry, follows
from smsc.scenario.timing import After, Occasion, first_at, repeated
from smsc.watched import COUNTERS, Bell

MOST_REMEMBERED: Final = 10_000
"""Beginnings that ``Timeline.history`` keeps."""


class EntryState(Enum):
    """Where an entry of a timeline stands. One that comes again is to come until its last time."""

    TO_COME = "to come"
    ON = "on"
    PAST = "past"


class Spell(msgspec.Struct):
    """One time that an entry was on. Times are seconds since the timeline began."""

    entry: TimelineEntry
    began: float
    ended: float | None = None
    """As `began` when it was over in an instant; None while it is on."""


class Played:
    """One entry as it is played. `index` is its place in the file."""

    __slots__ = ("comes_after", "entry", "index", "spell", "times", "undos", "waiting")

    def __init__(self, entry: TimelineEntry, index: int) -> None:
        self.entry = entry
        self.index = index
        self.times = 0
        """How often it has begun since the timeline did."""
        self.waiting = 1
        """For how much it still waits: the timeline's beginning, times that are set, events."""
        self.comes_after: Played | None = None
        """The entry that it follows."""
        self.spell: Spell | None = None
        """The last time that it was on."""
        self.undos: list[Undo] = []
        """How to end it, for the timeline."""

    @property
    def name(self) -> str:
        """What the file calls it, or where it stands: "entry 1"."""
        return f"entry {self.index + 1}" if self.entry.name is None else self.entry.name

    @property
    def on(self) -> bool:
        """Whether it lasts and is not over."""
        return self.spell is not None and self.spell.ended is None

    @property
    def state(self) -> EntryState:
        """Where it stands."""
        if self.on:
            return EntryState.ON
        other = self.comes_after
        to_come = self.waiting or (other is not None and other.state is not EntryState.PAST)
        return EntryState.TO_COME if to_come else EntryState.PAST

    def __repr__(self) -> str:
        return f"<{self.name}, {self.state.value}>"


class _Armed:
    """An entry that waits for a counter to reach `goal`."""

    __slots__ = ("goal", "left", "occasion", "operators", "played")

    def __init__(self, played: Played, occasion: Occasion, operators: Sequence[Operator]) -> None:
        self.played = played
        self.occasion = occasion
        self.operators = operators
        self.left = occasion.times
        self.goal = self.counted() + occasion.count

    def counted(self) -> int:
        count = COUNTERS[self.occasion.counted]
        return sum(count(operator.stats) for operator in self.operators)


class Timeline:
    """The entries of a scenario and the operators they befall.

    `entries` are those of the file, in its order; `history` every beginning so far, the first `MOST_REMEMBERED` of
    them, and `unremembered` counts the others. `began_at` is the clock's time of its zero, None before.
    """

    def __init__(
        self,
        entries: Sequence[TimelineEntry],
        operators: Mapping[str, Operator],
        *,
        clock: IReactorTime,
        seed: int,
        standing: Mapping[str, Sequence[StandingFault]] = MappingProxyType({}),
        bell: Bell | None = None,
    ) -> None:
        """`standing` are the faults of each operator that need no entry; `bell` tells that counters have grown.

        The counters that an entry waits for must ring the bell: ``smsc.watched.watched`` makes such.
        """
        self.entries = tuple(Played(entry, index) for index, entry in enumerate(entries))
        self.history: list[Spell] = []
        self.unremembered = 0
        self.began_at: float | None = None
        self._operators = operators
        self._clock = clock
        self._seed = seed
        self._standing = standing
        self._calls: set[IDelayedCall] = set()
        self._habits: list[Undo] = []
        self._armed: list[_Armed] = []
        self._after_start: dict[int, list[tuple[Played, float]]] = {}
        self._after_end: dict[int, list[tuple[Played, float]]] = {}
        for index, played in enumerate(self.entries):
            self._link(index, played, entries)
        if bell is not None:
            bell.ring = self._look

    # --- the whole ------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Let the timeline's time be zero now. What an earlier beginning has on is ended first."""
        if self.began_at is not None:
            self._unwind()
        self.began_at = self._clock.seconds()
        for name, faults in self._standing.items():
            for index, fault in enumerate(faults):
                self._stand(self._operators[name], index, fault)
        for played in self.entries:
            played.times = 0
            played.waiting = 0
            played.spell = None
            at = first_at(played.entry)
            if at is not None:
                self._expect(played, at)
            elif played.entry.when is not None:
                self._arm(played, Occasion.of(played.entry.when))

    def stop(self) -> None:
        """Nothing more happens. Faults of connections are over, so that these can end; others stay on."""
        self._forget_plans()
        for operator in self._operators.values():
            if operator.faults is not None:
                operator.faults.stop()

    # --- single entries, at run time ------------------------------------------------------------------

    def start(self, played: Played) -> None:
        """Let an entry begin now. One that is on is ended first, so that its time counts from now."""
        self.end(played)
        self._play(played)

    def end(self, played: Played) -> bool:
        """Let an entry be over now; False when it was not on. What comes after its end comes."""
        spell = played.spell
        if spell is None or spell.ended is not None:
            return False
        undos, played.undos = played.undos, []
        for undo in undos:
            undo()
        spell.ended = self._now()
        self._follow(self._after_end, played.index)
        return True

    # --- inside ---------------------------------------------------------------------------------------

    def _link(self, index: int, played: Played, entries: Sequence[TimelineEntry]) -> None:
        other, after = follows(entries, index), played.entry.after
        if other is None or after is None:
            return
        played.comes_after = self.entries[other]
        if isinstance(after, After):
            table = self._after_start if after.end_of is None else self._after_end
            table.setdefault(other, []).append((played, float(after.delay)))
        else:
            self._after_start.setdefault(other, []).append((played, float(after)))

    def _unwind(self) -> None:
        self._forget_plans()
        self._after_start, after_start = {}, self._after_start
        self._after_end, after_end = {}, self._after_end
        for played in self.entries:
            self.end(played)
        self._after_start, self._after_end = after_start, after_end
        for undo in self._habits:
            undo()
        self._habits.clear()
        self.history.clear()
        self.unremembered = 0

    def _forget_plans(self) -> None:
        for call in self._calls:
            call.cancel()
        self._calls.clear()
        self._armed.clear()
        for played in self.entries:
            played.waiting = 0

    def _stand(self, operator: Operator, index: int, fault: StandingFault) -> None:
        def begin() -> None:
            undo = begin_wire_fault(operator, fault, f"habit {index}")
            self._habits.append(undo)
            if fault.until is not None:
                self._later(max(0.0, float(fault.until) - float(fault.from_)), undo)

        # What holds from the start holds for the first connection too.
        if fault.from_ <= 0:
            begin()
        else:
            self._later(float(fault.from_), begin)

    def _expect(self, played: Played, delay: float, nth: int = 1) -> None:
        """An entry begins in so many seconds, for the `nth` time in a row, and then again when it is one that does."""
        played.waiting += 1

        def come() -> None:
            played.waiting -= 1
            self._again(played, nth)
            self.start(played)

        self._later(delay, come)

    def _again(self, played: Played, nth: int) -> None:
        every = repeated(played.entry)
        if every is None or (every.times is not None and nth >= every.times):
            return
        if every.until is None or self._now() + every.period < every.until:
            self._expect(played, float(every.period), nth + 1)

    def _play(self, played: Played) -> None:
        entry = played.entry
        # One source per entry and operator, so that adding an entry changes no other one's choices.
        again = f" {played.times}" if played.times else ""
        undos: list[Undo] = []
        for name in self._operators if entry.operator is None else (entry.operator,):
            chance = Random(f"{self._seed}/{played.index}/{name}{again}")  # noqa: S311 - reproducible, nothing to guess
            undo = perform(self._operators[name], entry, f"entry {played.index}{again}", chance, self._clock.seconds())
            if undo is not None:
                undos.append(undo)
        played.times += 1
        spell = played.spell = Spell(entry, self._now(), None if undos else self._now())
        played.undos = undos
        self._remember(spell)
        self._follow(self._after_start, played.index)
        span: Any = getattr(entry, "for_", None)
        if not undos:
            self._follow(self._after_end, played.index)
        elif span is not None:
            self._later(float(span), self._over, played, spell)

    def _over(self, played: Played, spell: Spell) -> None:
        """The time of one spell is over; another one may have begun since."""
        if played.spell is spell:
            self.end(played)

    def _follow(self, table: Mapping[int, Sequence[tuple[Played, float]]], index: int) -> None:
        for played, delay in table.get(index, ()):
            self._expect(played, delay)

    def _remember(self, spell: Spell) -> None:
        if len(self.history) < MOST_REMEMBERED:
            self.history.append(spell)
        else:
            self.unremembered += 1

    def _arm(self, played: Played, occasion: Occasion) -> None:
        name = occasion.operator or played.entry.operator
        operators = list(self._operators.values()) if name is None else [self._operators[name]]
        played.waiting += 1
        self._armed.append(_Armed(played, occasion, operators))

    def _look(self) -> None:
        """A counter has grown. What begins now begins in the next turn: whoever counts is not done yet."""
        for armed in tuple(self._armed):
            if armed.counted() < armed.goal:
                continue
            armed.goal += armed.occasion.count
            armed.left -= 1
            if not armed.left:
                self._armed.remove(armed)
                armed.played.waiting -= 1
            self._expect(armed.played, float(armed.occasion.delay))

    def _now(self) -> float:
        return self._clock.seconds() - (self.began_at or 0.0)

    def _later(self, delay: float, act: Callable[..., object], *args: Any) -> None:
        def run() -> None:
            self._calls.discard(call)
            act(*args)

        call = self._clock.callLater(delay, run)
        self._calls.add(call)
