"""What waits for one ESME, and which of its binds gets it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Protocol

from smsc.records import Owed


class Receiver(Protocol):
    """A bind that can be delivered to."""

    def room(self) -> int:
        """How many more deliveries it takes now; 0 when its window is full or it does not read."""

    def deliver(self, owed: Owed, now: float) -> None:
        """Send one; what becomes of it is told to the message centre."""

    def flush(self) -> None:
        """Write what was sent."""


class Mailbox:
    """The deliveries due to one system_id: kept while no bind can take them, shared out over those that can."""

    def __init__(self, system_id: str) -> None:
        self.system_id = system_id
        self.queue: deque[Owed] = deque()
        self.receivers: deque[Receiver] = deque()

    def add(self, receiver: Receiver) -> None:
        """A bind that can receive has come."""
        self.receivers.append(receiver)

    def remove(self, receiver: Receiver) -> None:
        """A bind takes no more; harmless when it never could."""
        if receiver in self.receivers:
            self.receivers.remove(receiver)

    def put_back(self, deliveries: Iterable[Owed]) -> None:
        """Queue again, first, what was sent and is not acknowledged, in the order it was sent."""
        self.queue.extendleft(reversed(list(deliveries)))

    def pump(self, now: float) -> None:
        """Send what is due to the binds in turn, as far as their windows allow."""
        queue = self.queue
        used: dict[Receiver, None] = {}
        while queue and (receiver := self._next()) is not None:
            receiver.deliver(queue.popleft(), now)
            used[receiver] = None
        for receiver in used:
            receiver.flush()

    def _next(self) -> Receiver | None:
        receivers = self.receivers
        for _ in range(len(receivers)):
            receiver = receivers[0]
            receivers.rotate(-1)
            if receiver.room() > 0:
                return receiver
        return None
