"""A timer wheel: many things due at many times for the price of one armed timer.

A delayed call per message costs more than the message itself; here an item is appended to the list of its
tick, and one delayed call stands for the earliest tick.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from math import ceil
from typing import Final, Generic, TypeAlias, TypeVar

from twisted.internet.interfaces import IDelayedCall, IReactorTime

T = TypeVar("T")

# A clock may be one rounding step short of the time it was armed for; without this slack a simulated clock
# could be armed for 1e-17 s for ever.
_SLACK = 1e-9


MANY: Final = 16
"""Items of one turn, from which on the next one may be a breath later."""

Breath: TypeAlias = Callable[[], float]
"""Says by how many seconds what is patient may be late now, where much of it is due."""


class Wheel(Generic[T]):
    """Gives items back when they are due: never early, and late by less than one tick.

    Those that are patient may come later by a breath where there are many, so that more of them come at once.
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
        Without `breath` nothing is patient.
        """
        self._clock = clock
        self._tick = tick
        self._fire = fire
        self._joins = joins
        self._breath = breath
        self._rests_until = 0.0
        self._hurried: set[int] = set()  # the keys of slots that have something that is not patient
        self._hurry: list[int] = []  # a heap of them
        self._slots: dict[int, list[T]] = {}
        self._order: list[int] = []  # a heap of the keys of _slots
        self._armed: IDelayedCall | None = None
        self._armed_at = 0.0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def rests(self, now: float) -> bool:
        """Whether what is patient and due waits at `now` for what falls due with it."""
        return now < self._rests_until

    def add(self, due: float, item: T) -> None:
        """Hold `item` until `due`, in seconds of the clock; what is due already comes in the next turn."""
        self._add(ceil((due - _SLACK) / self._tick), item)

    def _add(self, slot: int, item: T) -> None:
        self._enter(slot, item)
        at = slot * self._tick
        if self._breath is not None and slot not in self._hurried:
            self._hurried.add(slot)
            heappush(self._hurry, slot)
        if self._armed is None or at < self._armed_at:
            self._arm()

    def _enter(self, slot: int, item: T) -> None:
        self._count += 1
        items = self._slots.get(slot)
        if items is not None:
            items.append(item)
            return
        self._slots[slot] = [item]
        heappush(self._order, slot)

    def add_patient(self, dues: Iterable[float], items: Iterable[T]) -> None:
        """The same of many that are patient, each with its time."""
        tick, slots = self._tick, self._slots
        for due, item in zip(dues, items, strict=True):
            slot = ceil((due - _SLACK) / tick)
            waiting = slots.get(slot)
            if waiting is None:
                self._enter(slot, item)
            else:
                waiting.append(item)
                self._count += 1
        if self._order and (self._armed is None or self._wakes_at() < self._armed_at):
            self._arm()

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
        self._hurried.clear()
        self._hurry.clear()
        self._count = 0
        self._arm()
        return held

    def _arm(self) -> None:
        if self._armed is not None:
            self._armed.cancel()
            self._armed = None
        if self._order:
            self._armed_at = self._wakes_at()
            self._armed = self._clock.callLater(max(0.0, self._armed_at - self._clock.seconds()), self._turn)

    def _wakes_at(self) -> float:
        first = self._order[0] * self._tick
        if first >= self._rests_until:
            return first
        return min(self._rests_until, self._hurry[0] * self._tick) if self._hurry else self._rests_until

    def _turn(self) -> None:
        self._armed = None
        now = self._clock.seconds() + _SLACK
        due: deque[tuple[int, list[T]]] = deque()
        # Taken out before any is fired: what firing adds waits for the next turn.
        while self._order and self._order[0] * self._tick <= now:
            slot = heappop(self._order)
            due.append((slot, self._slots.pop(slot)))
        while self._hurry and self._hurry[0] * self._tick <= now:
            self._hurried.discard(heappop(self._hurry))
        if self._breath is not None:
            many = sum(len(items) for _, items in due) >= MANY
            self._rests_until = now + self._breath() if many else 0.0
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
                self._rests_until = 0.0
                self._slots[slot] = items + self._slots.get(slot, [])
            self._arm()
