"""Which faults are on for one message centre, and who has to know when that changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from smsc.faults.base import WireFault


class Running:
    """A fault that is on, and how often it has struck. `key` tells its draws from those of every other."""

    __slots__ = ("fault", "key", "knows", "only", "strikes")

    def __init__(self, fault: WireFault, key: str, only: str | None = None) -> None:
        """`only` confines it to the connections of one system_id."""
        self.fault = fault
        self.key = key
        self.only = only
        self.strikes = 0
        self.knows = _knows(fault, only)
        """Whether it is for connections of a system_id; None when it is for all."""

    def __repr__(self) -> str:
        return f"<{self.fault.words()}, {self.key}>"


class Watcher(Protocol):
    """A connection that the faults are for."""

    def faults_changed(self, ended: Running | None) -> None:
        """A fault has begun, or this one has ended."""


class ActiveFaults:
    """The faults of the connections of one message centre, or of a proxy.

    `lies` change what is said and `shapes` how it travels, each in the order in which they began; `inbound` says that
    one of them looks at what comes from the ESME. `counts` is how often each has struck, by its tag; "overflow" counts
    the connections that were reset because too much waited on them.
    """

    def __init__(self, seed: int, name: str, counts: dict[str, int] | None = None) -> None:
        self.salt = f"{seed}/{name}"
        self.on: tuple[Running, ...] = ()
        self.lies: tuple[Running, ...] = ()
        self.shapes: tuple[Running, ...] = ()
        self.inbound = False
        self.counts: dict[str, int] = {} if counts is None else counts
        self._begun = 0
        # In the order of their coming: what a change sets off has the same order in every run.
        self._watchers: dict[Watcher, None] = {}

    def begin(self, fault: WireFault, key: str = "", only: str | None = None) -> Running:
        """Let a fault be on from now, for the connections of one system_id if `only` names one.

        `key` names it for its draws; by default its tag and a count of all begun.
        """
        if fault.stage not in fault.stages:
            raise ValueError(f"{fault.words()} cannot be on: it strikes at no stage")
        self._begun += 1
        running = Running(fault, key or f"{fault.tag}/{self._begun}", only)
        self._change((*self.on, running), None)
        return running

    def end(self, running: Running) -> None:
        """Let it be over; nothing happens when it is already."""
        if running in self.on:
            self._change(tuple(other for other in self.on if other is not running), running)

    def stop(self) -> None:
        """Let all be over."""
        for running in self.on:
            self.end(running)

    def watch(self, watcher: Watcher) -> None:
        """Tell a connection of every change."""
        self._watchers[watcher] = None

    def unwatch(self, watcher: Watcher) -> None:
        """It is gone."""
        self._watchers.pop(watcher, None)

    def count(self, tag: str) -> None:
        """A fault has struck."""
        self.counts[tag] = self.counts.get(tag, 0) + 1

    def _change(self, on: tuple[Running, ...], ended: Running | None) -> None:
        self.on = on
        self.lies = tuple(running for running in on if not running.fault.shapes)
        self.shapes = tuple(running for running in on if running.fault.shapes)
        self.inbound = any(running.fault.looks_inbound for running in on)
        for watcher in list(self._watchers):
            watcher.faults_changed(ended)


def _knows(fault: WireFault, only: str | None) -> Callable[[str], object] | None:
    matches = None if fault.account is None else fault.account.compile()
    if only is None:
        return matches
    return lambda system_id: system_id == only and (matches is None or bool(matches(system_id)))
