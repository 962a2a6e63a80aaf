"""What waits for one ESME, and which of its binds gets it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Protocol

from smsc.centre.taken import Receipts
from smsc.journal.records import Kind, Owed
from smsc.scenario.receipts import Route


class Receiver(Protocol):
    """A bind that can be delivered to."""

    @property
    def number(self) -> int:
        """Of its connection."""

    @property
    def bind(self) -> str:
        """Its kind: "receiver" or "transceiver"."""

    def may_get(self, command_id: int) -> bool:
        """Whether a request of this kind can be sent to it now."""

    def room(self) -> int:
        """How many more deliveries it takes now; 0 when its window is full or it does not read."""

    def deliver(self, deliveries: Sequence[Owed], now: float) -> None:
        """Send so many, no more than there is room for; what becomes of each is told to the message centre."""

    def flush(self) -> None:
        """Write what was sent."""


# Whether a bind is the kind that a route wants for a delivery; without an entry any will do.
_WANTS: dict[Route, Callable[[Receiver, Owed], bool]] = {
    Route.SAME_BIND: lambda receiver, owed: receiver.number == owed.bind,
    Route.SIBLING: lambda receiver, owed: receiver.number != owed.bind,
    Route.RECEIVERS: lambda receiver, _: receiver.bind == "receiver",
}
_ROUTED = (Kind.RECEIPT, Kind.NOTICE)


class Mailbox:
    """The deliveries due to one system_id: kept while no bind can take them, shared out over those that can."""

    __slots__ = ("_kept", "_queue", "_together", "_wants", "receivers", "system_id")

    def __init__(self, system_id: str, route: Route = Route.ROUND_ROBIN) -> None:
        self.system_id = system_id
        self._queue: deque[Owed | Receipts] = deque()
        self._together = False  # whether there may be Receipts in it
        self.receivers: list[Receiver] = []  # the next one first; few, and an empty deque costs what 80 of them would
        self._wants = _WANTS.get(route)
        # What waits for one bind while others are free: a window that is full holds nobody else up.
        self._kept: dict[Receiver, deque[Owed]] = {}

    def __len__(self) -> int:
        waiting = sum(1 if isinstance(due, Owed) else len(due) for due in self._queue)
        return waiting + sum(map(len, self._kept.values()))

    @property
    def queue(self) -> deque[Owed]:
        """What waits for any bind, one by one."""
        if self._together:
            self._together = False
            each = ([due] if isinstance(due, Owed) else due for due in self._queue)
            self._queue = deque(chain.from_iterable(each))
        return self._queue  # type: ignore[return-value] # none is of several

    @property
    def unreceived(self) -> bool:
        """Whether anything waits while nobody receives."""
        return bool(self._queue) and not self.receivers

    def put(self, due: Owed | Receipts) -> None:
        """Queue a delivery, or several."""
        self._queue.append(due)
        self._together = self._together or not isinstance(due, Owed)

    def add(self, receiver: Receiver) -> None:
        """A bind that can receive has come."""
        self.receivers.append(receiver)

    def remove(self, receiver: Receiver) -> None:
        """A bind takes no more; harmless when it never could. What was kept for it goes to others."""
        if receiver in self.receivers:
            self.receivers.remove(receiver)
        self.put_back(self._kept.pop(receiver, ()))

    def put_back(self, deliveries: Iterable[Owed]) -> None:
        """Queue again, first, what was sent and is not acknowledged, in the order it was sent."""
        self.queue.extendleft(reversed(list(deliveries)))

    def take(self, unwanted: Callable[[Owed], bool]) -> list[Owed]:
        """Take out what is not wanted any more."""
        taken: list[Owed] = []
        for waiting in (self.queue, *self._kept.values()):
            taken += [owed for owed in waiting if unwanted(owed)]
            if taken:
                kept = [owed for owed in waiting if not unwanted(owed)]
                waiting.clear()
                waiting.extend(kept)
        return taken

    def pump(self, now: float) -> None:
        """Send what is due to the binds in turn, as far as their windows allow."""
        used: dict[Receiver, None] = {}
        while batches := self._share_out():
            for receiver, deliveries in batches:
                receiver.deliver(deliveries, now)
                used[receiver] = None
            if not self._queue and not self._kept:
                break
        for receiver in used:
            receiver.flush()

    def _share_out(self) -> Sequence[tuple[Receiver, Sequence[Owed]]]:
        """Take out what there is room for now, and say which bind gets what."""
        if not self.receivers or not (self._queue or self._kept):
            return ()
        rooms = {receiver: receiver.room() for receiver in self.receivers}
        if self._wants is None and len(rooms) == 1:
            ((only, room),) = rooms.items()
            return [(only, batch) for batch in self._take_first(room)]
        if self._wants is None and self._together and len(self._queue) == 1:
            (receipts,), binds = self._queue, len(rooms)
            if type(receipts) is Receipts and min(rooms.values()) * binds >= len(receipts) + binds - 1:
                self._take_first(len(receipts))
                shares = [
                    (receiver, receipts[first::binds]) for first, receiver in enumerate(self.receivers[: len(receipts)])
                ]
                turns = len(receipts) % binds
                self.receivers = self.receivers[turns:] + self.receivers[:turns]
                return shares
        return list(self._share_out_each(rooms).items())

    def _take_first(self, room: int) -> list[Sequence[Owed]]:
        """Take out as many of the first as that, in pieces."""
        queue = self._queue
        batches: list[Sequence[Owed]] = []
        singles: list[Owed] = []
        while queue and room > 0:
            due = queue.popleft()
            if isinstance(due, Owed):
                if not singles:
                    batches.append(singles)
                singles.append(due)
                room -= 1
                continue
            if len(due) > room:
                queue.appendleft(due[room:])
                due = due[:room]
            batches.append(due)
            singles = []
            room -= len(due)
        self._together = self._together and bool(queue)
        return batches

    def _share_out_each(self, rooms: dict[Receiver, int]) -> dict[Receiver, list[Owed]]:
        batches: dict[Receiver, list[Owed]] = {}
        for receiver, kept in list(self._kept.items()):
            if count := min(len(kept), rooms[receiver]):
                batches[receiver] = [kept.popleft() for _ in range(count)]
                rooms[receiver] -= count
            if not kept:
                del self._kept[receiver]
        queue, wants = self.queue, self._wants
        while queue:
            unrouted = wants is None or queue[0].kind not in _ROUTED
            chosen = self._next(rooms) if wants is None or unrouted else self._on_route(queue[0], wants, rooms)
            if chosen is None:
                break
            owed = queue.popleft()
            if unrouted or rooms[chosen] > 0:
                batches.setdefault(chosen, []).append(owed)
                rooms[chosen] -= 1
            else:
                self._kept.setdefault(chosen, deque()).append(owed)
        return batches

    def _next(self, rooms: Mapping[Receiver, int]) -> Receiver | None:
        """The next bind with room; None when there is none."""
        receivers = self.receivers
        for _ in range(len(receivers)):
            receiver = receivers.pop(0)
            receivers.append(receiver)
            if rooms[receiver] > 0:
                return receiver
        return None

    def _on_route(
        self, owed: Owed, wants: Callable[[Receiver, Owed], bool], rooms: Mapping[Receiver, int]
    ) -> Receiver | None:
        """The bind that the route names, with room or without; any bind with room where there is no such one."""
        receivers = self.receivers
        named: Receiver | None = None
        for _ in range(len(receivers)):
            receiver = receivers[0]
            receivers.append(receivers.pop(0))
            if wants(receiver, owed):
                if rooms[receiver] > 0:
                    return receiver
                named = named or receiver
        return named or self._next(rooms)
