"""The thread that writes a journal's groups, and fills the tables from the log while there are none."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

from twisted.internet.interfaces import IReactorFromThreads

from smsc.journal.records import Group

MOST_AT_ONCE: Final = 5_000
"""Operations in one transaction, of groups that have piled up behind the one that is written."""
IDLE_SECONDS: Final = 1.0
"""Without anything to write, after which the log is brought into the tables, a step at a time."""

Write = Callable[[Group], Exception | None]
"""Writes a group, or a step of it; returns what prevented it."""
Told = Callable[[Group, Exception | None], None]
"""Hears that a group was written, or was not."""


class Writer:
    """The thread that writes groups, several small ones at once when they have piled up."""

    def __init__(self, reactor: IReactorFromThreads, write: Write, told: Told, *, fills: bool) -> None:
        """`write` is called in the thread, `told` on the reactor's; with `fills` the tables are filled when idle."""
        self._reactor = reactor
        self._write = write
        self._told = told
        self._fills = fills
        self._groups: deque[Group] = deque()
        self._changed = threading.Condition()
        self._current: Group | None = None  # that is being written
        self._idle = Group() if fills else None  # fills the tables while there is nothing to do; None: full
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def put(self, group: Group) -> None:
        """Write a group behind those that wait."""
        with self._changed:
            self._groups.append(group)
            self._changed.notify_all()

    def drain(self) -> None:
        """Return when all that was recorded is written; whoever reads may have to wait longer for the tables."""
        with self._changed:
            self._changed.wait_for(self._is_idle)

    def _is_idle(self) -> bool:
        groups = self._groups if self._current is None else [self._current, *self._groups]
        return all(group.expansion for group in groups)

    def stop(self) -> None:
        """Return when all that waits is written, and the thread has ended."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while (group := self._take()) is not None:
            if group is self._idle:
                self._fill(group)
                continue
            error = self._write(group)
            if self._fills and self._idle is None:
                self._idle = Group()
            # Nobody reads any more when it ends, and the next one may go on.
            again = group.unfinished and error is None and not (group.expansion and self._stopping)
            if not again:
                self._reactor.callFromThread(partial(self._told, group, error))
            with self._changed:
                if again:  # behind what has come meanwhile
                    self._groups.append(group)
                self._current = None
                self._changed.notify_all()

    def _fill(self, group: Group) -> None:
        """Do a step of bringing the log into the tables, which nobody waits for: whoever reads is told of an error."""
        group.expansion = True
        error = self._write(group)
        if error is not None or not group.unfinished:
            self._idle = None

    def _take(self) -> Group | None:
        """What is to be written next; the idle group while there is nothing else; None: stop."""
        with self._changed:
            filling = self._idle is not None and self._idle.expansion  # a step was done, and nothing has come since
            wait = None if self._idle is None else 0.0 if filling else IDLE_SECONDS
            self._changed.wait_for(lambda: self._groups or self._stopping, wait)
            if not self._groups:
                return None if self._stopping else self._idle
            if filling:
                self._idle = Group()
            group = self._groups.popleft()
            while self._groups and group.takes(self._groups[0], MOST_AT_ONCE):
                group.absorb(self._groups.popleft())
            self._current = group
            return group
