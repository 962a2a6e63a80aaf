"""A timer wheel: many things due at many times for the price of one armed timer.

A delayed call per message costs more than the message itself; here an item is appended to the list of its
tick, and one delayed call stands for the earliest tick.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush
from math import ceil
from typing import Any, Final, Generic, TypeAlias, TypeVar

from twisted.internet.interfaces import IDelayedCall, IReactorTime

T = TypeVar("T")

# A clock may be one rounding step short of the time it was armed for; without this slack a simulated clock
# could be armed for 1e-17 s for ever.
_SLACK = 1e-9


MANY: Final = 160
"""Things that are gathered within a breath, from which on those that follow fall due on whole breaths."""

Breath: TypeAlias = Callable[[], float]
"""Says by how many seconds what is gathered may be late now, where there is much of it."""


class Wheel(Generic[T]):
    """Gives items back when they are due: never early, and late by less than one tick.

    What is gathered may come later by a breath where there is much of it, so that more of it comes at once.
    """

    def __init__(
        self,
        clock: IReactorTime,
        tick: float,
        fire: Callable[[list[T]], None],
        joins: Callable[[list[T]], bool] | None = None,
        breath: Breath | None = None,
    ) -> None:
        """`tick` is in seconds; `fire` gets all the items of one tick, in the order they were added.

        Where several ticks have gone by at once it gets those of the next tick, too, if `joins` says so of a tick's.
        Without `breath` nothing is ever late by more than a tick.
        """
        self._clock = clock
        self._tick = tick
        self._fire = fire
        self._joins = joins
        self._breath = breath
        self._breath_over = 0.0
        self._gathered = (0, 0)  # things, in the breath before and in this one
        # What may be added to, by owner and slot; and whose there are in a slot.
        self._lanes: dict[str, dict[int, list[Any]]] = {}
        self._open: dict[int, list[str]] = {}
        self._slots: dict[int, list[T]] = {}
        self._order: list[int] = []  # a heap of the keys of _slots
        self._armed: IDelayedCall | None = None
        self._armed_at = 0.0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, due: float, item: T) -> None:
        """Hold `item` until `due`, in seconds of the clock; what is due already comes in the next turn."""
        self._add(ceil((due - _SLACK) / self._tick), item)

    def _add(self, slot: int, item: T) -> None:
        if slot in self._open:
            self._close(slot)
        self._enter(slot, item)
        if self._armed is None or slot * self._tick < self._armed_at:
            self._arm()

    def _enter(self, slot: int, item: T) -> None:
        self._count += 1
        items = self._slots.get(slot)
        if items is not None:
            items.append(item)
            return
        self._slots[slot] = [item]
        heappush(self._order, slot)

    @property
    def breathes(self) -> bool:
        """Whether so much is gathered that what is due, too, waits for what falls due with it."""
        return self._breath is not None and max(self._gathered) >= MANY

    def gather(
        self,
        whose: str,
        at: float,
        afters: Sequence[float],
        things: Iterable[Iterable[object]],
        make: Callable[[int, list[Any]], T],
    ) -> None:
        """Hold many things of an owner, each until so many seconds after `at`; those due together are one item.

        `make` makes it of its tick and of a list in which each thing is written out. What is due with it is written
        behind it, unless something else came in between.
        """
        tick, grain = self._tick, self._grain(len(afters))
        lane = self._lanes.setdefault(whose, {})
        if grain > 1:
            breath = tick * grain
            first = ceil((self._clock.seconds() - _SLACK) / breath) * grain
            each, begin = 1.0 / breath, (at - _SLACK) / breath + 1.0
            slots = [int(begin + after * each) * grain for after in afters]
            if min(slots) < first:
                slots = [max(first, slot) for slot in slots]
        else:
            slots = [ceil((at + after - _SLACK) / tick) for after in afters]
        for slot, thing in zip(slots, things, strict=True):
            written = lane.get(slot)
            if written is None:
                written = lane[slot] = []
                self._open.setdefault(slot, []).append(whose)
                self._enter(slot, make(slot, written))
            written += thing
        if self._order and (self._armed is None or self._order[0] * tick < self._armed_at):
            self._arm()

    def _grain(self, count: int) -> int:
        """How many ticks make one where so many more are gathered."""
        if self._breath is None:
            return 1
        now, breath = self._clock.seconds(), self._breath()
        before, so_far = self._gathered
        if now >= self._breath_over:
            before, so_far = so_far if now < self._breath_over + breath else 0, 0
            self._breath_over = now + breath
        self._gathered = before, so_far + count
        return max(1, round(breath / self._tick)) if max(self._gathered) >= MANY else 1

    def _close(self, slot: int) -> None:
        """What is gathered in a slot is not added to any more."""
        for whose in self._open.pop(slot, ()):
            lane = self._lanes[whose]
            del lane[slot]
            if not lane:
                del self._lanes[whose]

    def add_together(self, numbers: Iterable[int], dues: Iterable[float], make: Callable[[list[int]], T]) -> None:
        """Hold many by their numbers, each until it is due; those due together as what `make` makes of them."""
        tick = self._tick
        slots: dict[int, list[int]] = {}
        for number, due in zip(numbers, dues, strict=True):
            slot = ceil((due - _SLACK) / tick)
            together = slots.get(slot)
            if together is None:
                slots[slot] = [number]
            else:
                together.append(number)
        for slot, together in slots.items():
            self._add(slot, make(together))

    def take(self, unwanted: Callable[[T], bool]) -> list[T]:
        """Take out what is not wanted any more; in the order of falling due. Goes through everything."""
        self._lanes.clear()
        self._open.clear()
        leaving: dict[int, list[T]] = {}
        for slot, items in self._slots.items():
            gone = [item for item in items if unwanted(item)]
            if gone:
                leaving[slot] = gone
        for slot, gone in leaving.items():
            items = self._slots[slot]
            ids = set(map(id, gone))
            # The slot stays, empty or not, and the order with it.
            self._slots[slot] = [] if len(gone) == len(items) else [item for item in items if id(item) not in ids]
            self._count -= len(gone)
        return [item for slot in sorted(leaving) for item in leaving[slot]]

    def clear(self) -> list[T]:
        """Forget everything; returns what was held, in the order of falling due."""
        held = [item for slot in sorted(self._order) for item in self._slots[slot]]
        self._slots.clear()
        self._order.clear()
        self._lanes.clear()
        self._open.clear()
        self._count = 0
        self._arm()
        return held

    def _arm(self) -> None:
        if self._armed is not None:
            self._armed.cancel()
            self._armed = None
        if self._order:
            self._armed_at = self._order[0] * self._tick
            self._armed = self._clock.callLater(max(0.0, self._armed_at - self._clock.seconds()), self._turn)

    def _turn(self) -> None:
        self._armed = None
        now = self._clock.seconds() + _SLACK
        due: deque[tuple[int, list[T]]] = deque()
        # Taken out before any is fired: what firing adds waits for the next turn.
        while self._order and self._order[0] * self._tick <= now:
            slot = heappop(self._order)
            self._close(slot)
            due.append((slot, self._slots.pop(slot)))
        try:
            while due:
                _, items = due.popleft()
                more = items
                while due and self._joins is not None and self._joins(more):
                    _, more = due.popleft()
                    items += more
                self._count -= len(items)
                self._fire(items)
        finally:
            for slot, items in due:  # firing failed: the rest is still due
                if slot not in self._slots:
                    heappush(self._order, slot)
                self._slots[slot] = items + self._slots.get(slot, [])
            self._arm()
