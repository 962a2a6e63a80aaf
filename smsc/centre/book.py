"""The book of a message centre: every message it has accepted, and in which state each is at any moment.

A state follows from the plan and the time, so a message that nobody is told about costs no timer. The book is bounded:
beyond its limit messages in a final state are let go first, the oldest of them before the others. A journal still
knows them then. A message with long TLVs counts as several. Messages that came together may be entered as one group,
and are taken apart when somebody asks for one of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from math import inf
from typing import Protocol, TypeAlias

import msgspec

from smppkit.message_state import MessageState
from smppkit.pdus import SubmitSm
from smsc.scenario.decisions import Fate, Plan
from smsc.stats import BookStats

MOST_KEPT = 50_000  # messages that are remembered after they have come to a final state
MOST_LIVING = 500_000  # messages at all
LARGE = 10_000  # messages that are kept, from which on some more are no matter
OCTETS_A_MESSAGE = 512  # TLVs that long count as one more message
MOST_LOOKED_AT = 10_000  # for the last ones of a source

_LIVING = frozenset(state for state in MessageState if not state.final)

Route = tuple[str, str, str, str]
"""system_id, source, destination, service_type: what replace-if-present and group cancels go by."""


class Held(msgspec.Struct, gc=False):
    """One message for one destination. Times are seconds of the clock."""

    at: float  # when it was submitted; before the clock's zero for a message of an earlier run
    system_id: str
    message_id: str
    pdu: SubmitSm
    plan: Plan
    fate: Fate  # the plan's, until something else happens to the message
    ends: float  # when it comes to its fate; inf: never, or not known yet
    number: int = 0
    row: int = 0  # in the journal
    bind: int = 0  # the connection it came on
    version: int = 0x34  # of SMPP, as spoken on that connection
    to: str = ""  # the account whose ESME it is for; "" when it is for a subscriber
    awaited: int = 0  # receipts that are planned and not made yet
    told: int = 0  # which notices of the plan were made or passed over: bit n for number n
    over: bool = False  # what its end brings about has happened
    timed: bool = False  # its end brings something about, or its journal row has to be told
    weight: int = 1  # how many messages it counts for in the book
    planned: bool = False  # its times run: its answer was let go
    replaces: Held | None = None  # the message that yields to it once it is accepted
    other: Held | None = None  # the next destination of the same submit_multi

    @property
    def starts(self) -> float:
        """Until when it is SCHEDULED."""
        return self.at + self.plan.starts_after

    @property
    def expires(self) -> float:
        """The end of its validity."""
        return self.at + self.plan.expires_after

    def state(self, now: float) -> MessageState:
        """The state at `now`."""
        if now >= self.ends:
            return self.fate.state
        return MessageState.SCHEDULED if now < self.starts else MessageState.ENROUTE

    def final(self, now: float) -> bool:
        """Whether nothing more becomes of it."""
        return now >= self.ends and self.fate.state.final

    def wants_receipt(self) -> bool:
        """Whether its fate earns a receipt."""
        return bool(self.plan.wanted >> self.fate.state & 1)

    def end(self, fate: Fate, now: float) -> None:
        """Let it come to a fate now; ValueError when it has come to a final one already (I1)."""
        if self.final(now):
            raise ValueError(f"message {self.message_id} is {self.fate.stat} for good, and cannot become {fate.stat}")
        self.fate = fate
        self.ends = now

    def route(self) -> Route:
        """What it has in common with messages that it may replace."""
        pdu = self.pdu
        return (self.system_id, pdu.source_addr, pdu.destination_addr, pdu.service_type)


class Group(Protocol):
    """Messages that came together."""

    def __len__(self) -> int:
        """How many they are."""

    def alike(self, first: int, last: int, now: float) -> tuple[int, bool]:
        """Whether nobody waits for `first` any more, and for how many from there to before `last` the same is true."""

    def members(self) -> list[Held]:
        """Each of them; always the same ones, and from now on what becomes of them is said there."""


class Slice(msgspec.Struct, gc=False):
    """Those of a group from `first` to before `last`."""

    group: Group
    first: int
    last: int


Entry: TypeAlias = Held | Slice


class Book:
    """Messages by their id."""

    def __init__(
        self, stats: BookStats | None = None, most_kept: int = MOST_KEPT, most_living: int = MOST_LIVING
    ) -> None:
        """`stats` counts what is let go."""
        self._stats = stats or BookStats()
        self._most_kept = most_kept
        self._most_living = most_living
        self._in_order: deque[Entry] = deque()
        self._count = 0
        self._weight = 0
        self._looks = 0  # for what makes room, since room was made
        self._grouped = False  # whether there may be slices
        self._moved = False  # whether one may stand behind others that came later
        # Most ESMEs never ask for a message again, and few cancel groups or replace: each index is kept from the first
        # time that one does.
        self._by_id: dict[str, Held] | None = None
        self._by_route: dict[Route, dict[int, Held]] | None = None

    @property
    def evicted(self) -> int:
        """How many messages were let go."""
        return self._stats.evicted

    @property
    def full(self) -> bool:
        """Whether one more message could be kept only at the cost of one that is still on its way."""
        return self._weight >= self._most_living

    @property
    def room(self) -> int:
        """How many more can be entered until it is full."""
        return max(0, self._most_living - self._weight)

    @property
    def is_large(self) -> bool:
        """Whether it is no matter when a group is let go of as a whole, and not each of it as soon as may be."""
        return self._most_kept >= LARGE

    @property
    def takes_groups(self) -> bool:
        """Whether messages can be entered as a group: nobody has asked for one by its id or route."""
        return self._by_id is None and self._by_route is None

    def __len__(self) -> int:
        return self._count

    def add(self, held: Held, now: float) -> None:
        """Enter a message, and make room at once."""
        self.enter(held)
        self.make_room(now)

    def enter_group(self, group: Group, count: int) -> None:
        """Enter the `count` messages of a group at once, where it takes groups."""
        self._in_order.append(Slice(group, 0, count))
        self._grouped = True
        self._count += count
        self._weight += count
        self._looks += 2 * count

    def enter(self, held: Held) -> None:
        """Enter a message; one more destination of a submit_multi goes behind those that have its id already.

        ``make_room`` is to follow.
        """
        self._in_order.append(held)
        self._count += 1
        weight = 1
        if held.pdu.tlvs:
            weight += sum(len(value) for _, value in held.pdu.tlvs) // OCTETS_A_MESSAGE
            held.weight = weight
        self._weight += weight
        self._looks += 1 + weight
        if self._by_id is not None:
            _enter(self._by_id, held)
        if self._by_route is not None:
            self._by_route.setdefault(held.route(), {})[id(held)] = held

    def make_room(self, now: float) -> None:
        """Let go of what is done where there is too much; to be called when messages have been entered."""
        looks, self._looks = self._looks, 0
        if self._weight > self._most_kept:
            self._make_room(looks, now)

    def remove(self, held: Held) -> bool:
        """Take a message out that was never accepted after all; False when it is not there."""
        if held not in self:
            return False
        self._in_order = deque(other for other in self._one_by_one() if other is not held)
        self._forget(held)
        return True

    def take(self, system_id: str | None) -> list[Held]:
        """Take out all that is of an account, or (None) everything, in the order it came."""
        order = self._one_by_one()
        if system_id is None:
            taken = list(order)
            self.clear()
            return taken
        taken = [held for held in order if held.system_id == system_id]
        self._in_order = deque([held for held in order if held.system_id != system_id])
        for held in taken:
            self._forget(held)
        return taken

    def __contains__(self, held: Held) -> bool:
        return any(other is held for other in self.destinations(held.message_id))

    def destinations(self, message_id: str) -> Iterator[Held]:
        """The messages with an id: one for each destination of a submit_multi."""
        held = self._ids().get(message_id)
        while held is not None:
            yield held
            held = held.other

    def find(self, system_id: str, message_id: str) -> Held | None:
        """The message of an account that has an id; the first one of a submit_multi."""
        held = self._ids().get(message_id)
        return held if held is not None and held.system_id == system_id else None

    def on_route(self, route: Route, now: float) -> list[Held]:
        """The messages on a route that are not final, in the order they came."""
        if self._by_route is None:
            self._by_route = {}
            for held in self._as_they_came():
                self._by_route.setdefault(held.route(), {})[id(held)] = held
        messages = self._by_route.get(route)
        if messages is None:
            return []
        for key in [key for key, held in messages.items() if held.final(now)]:
            del messages[key]  # final for ever (I1): never looked at again
        return list(messages.values())

    def last_of(self, system_id: str, source: str, number: int) -> list[Held]:
        """The last messages of a source, the newest first: of the `MOST_LOOKED_AT` latest, for it goes through them."""
        found: list[Held] = []
        for held in islice(reversed(self._as_they_came()), MOST_LOOKED_AT):
            if held.system_id == system_id and held.pdu.source_addr == source:
                found.append(held)
                if len(found) == number:
                    break
        return found

    def living(self, now: float) -> list[Held]:
        """The messages that are not final, in the order they came."""
        return [held for held in self._one_by_one() if not held.final(now)]

    def clear(self) -> None:
        """Forget every message."""
        self._in_order.clear()
        self._count = self._weight = self._looks = 0
        self._grouped = self._moved = False
        self._by_id = self._by_route = None

    def _ids(self) -> dict[str, Held]:
        if self._by_id is None:
            self._by_id = {}
            for held in self._as_they_came():
                _enter(self._by_id, held)
        return self._by_id

    def _as_they_came(self) -> Sequence[Held]:
        """The messages in the order of their numbers, also after some have made room and went to the end."""
        order = self._one_by_one()
        return sorted(order, key=lambda held: held.number) if self._moved else order

    def _one_by_one(self) -> deque[Held]:
        """The messages in order, with none in a group any more."""
        if self._grouped:
            self._grouped = False
            order: deque[Entry] = deque()
            for entry in self._in_order:
                if isinstance(entry, Slice):
                    order.extend(entry.group.members()[entry.first : entry.last])
                else:
                    order.append(entry)
            self._in_order = order
        return self._in_order  # type: ignore[return-value] # there are no slices

    def _make_room(self, looks: int, now: float) -> None:
        """Look at up to so many and let go of those that are done; the others go behind those not looked at."""
        order = self._in_order
        self._moved = True
        looks = min(looks, self._count)
        while looks > 0:
            oldest = order.popleft()
            if isinstance(oldest, Slice):
                looks -= self._look_at_slice(oldest, looks, now)
            else:
                looks -= 1
                if _is_done(oldest, now):
                    self._let_go(oldest)
                else:
                    order.append(oldest)
            if self._weight <= self._most_kept:
                return
        while self._weight > self._most_living and self._count > 1:
            oldest = order.popleft()
            if isinstance(oldest, Slice):
                self._let_go_of(oldest, min(self._weight - self._most_living, self._count - 1))
            else:
                self._let_go(oldest)

    def _look_at_slice(self, oldest: Slice, looks: int, now: float) -> int:
        """Do with those of a slice what is done with messages one after another; how many were looked at."""
        last = min(oldest.last, oldest.first + looks)
        count, done = oldest.group.alike(oldest.first, last, now)
        if done:
            return self._let_go_of(oldest, min(count, self._weight - self._most_kept))
        order, looked_at = self._in_order, oldest.first + count
        if looked_at < oldest.last:
            order.appendleft(Slice(oldest.group, looked_at, oldest.last))
        order.append(Slice(oldest.group, oldest.first, looked_at))
        return count

    def _let_go_of(self, oldest: Slice, most: int) -> int:
        """Let go of the first of a slice that was taken out, and put the others back in front; how many went."""
        count = min(most, oldest.last - oldest.first)
        if oldest.first + count < oldest.last:
            self._in_order.appendleft(Slice(oldest.group, oldest.first + count, oldest.last))
        self._stats.evicted += count
        self._count -= count
        self._weight -= count
        return count

    def _let_go(self, held: Held) -> None:
        self._stats.evicted += 1
        self._forget(held)

    def _forget(self, held: Held) -> None:
        self._count -= 1
        self._weight -= held.weight
        if self._by_id is not None:
            _strike(self._by_id, held)
        if self._by_route is not None:
            messages = self._by_route.get(held.route())
            if messages is not None:
                messages.pop(id(held), None)
                if not messages:
                    del self._by_route[held.route()]


def _is_done(held: Held, now: float) -> bool:
    return is_done(held.fate, held.ends, now, over=held.over or not held.timed)


def is_done(fate: Fate, ends: float, now: float, *, over: bool) -> bool:
    """Whether nobody waits for a message any more: it is final, or will never be heard of again.

    `over`: what its end brings about has happened, or it brings about nothing.
    """
    if now >= ends:
        return over and fate.state not in _LIVING
    return ends == inf and over


def _enter(by_id: dict[str, Held], held: Held) -> None:
    first = by_id.setdefault(held.message_id, held)
    if first is not held:
        while first.other is not None:
            first = first.other
        first.other = held


def _strike(by_id: dict[str, Held], held: Held) -> None:
    first = by_id.pop(held.message_id, None)
    if first is held:
        if held.other is not None:
            by_id[held.message_id] = held.other
            held.other = None
    elif first is not None:
        by_id[held.message_id] = first
        while first is not None and first.other is not held:
            first = first.other
        if first is not None:
            first.other = held.other
        held.other = None
