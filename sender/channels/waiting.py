"""Submits that wait to be written on one bind: one-time codes first, each kind in its order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from sender.channels.results import Submit


class Waiting:
    """Two queues that are read as one."""

    def __init__(self) -> None:
        self.urgent: deque[Submit] = deque()
        self.others: deque[Submit] = deque()

    def __len__(self) -> int:
        return len(self.urgent) + len(self.others)

    def __iter__(self) -> Iterator[Submit]:
        yield from self.urgent
        yield from self.others

    @property
    def first(self) -> Submit:
        """The one that is next."""
        return (self.urgent or self.others)[0]

    def popleft(self) -> Submit:
        """Take the one that is next."""
        return (self.urgent or self.others).popleft()

    def extend(self, submits: Sequence[Submit]) -> None:
        """Add some of a kind."""
        if submits:
            (self.urgent if submits[0].urgent else self.others).extend(submits)

    def extendleft(self, submits: Iterable[Submit]) -> None:
        """Put some back in front, one after the other."""
        for submit in submits:
            (self.urgent if submit.urgent else self.others).appendleft(submit)

    def clear(self) -> None:
        """Forget all."""
        self.urgent.clear()
        self.others.clear()
