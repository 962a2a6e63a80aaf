"""All that can be changed about an emulator while it runs; one for each emulator, and it knows no HTTP."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import NoReturn

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from smsc.app import Emulator
from smsc.clock import SteerableClock
from smsc.control.connections import Connections
from smsc.control.declined import Declined
from smsc.control.faults import RuntimeFaults
from smsc.control.rules import RuntimeRules
from smsc.control.sending import Sending
from smsc.control.standing import take_off_scenarios
from smsc.control.timekeeping import Timekeeper
from smsc.journal.journal import Journal
from webkit.problem import Problem

Tell = Callable[[str, object, str | None], None]
"""Told of what has changed: the name of the event, a value, and the one account that it concerns."""


def _not_erased(failure: Failure) -> NoReturn:
    failure.trap(sqlite3.Error)  # type: ignore[no-untyped-call]
    detail = f"it is forgotten, but stays in the journal, which cannot be written: {failure.getErrorMessage()}"
    raise Problem(503, detail, kind="not-erased")


class Steering:
    """Who steers an emulator: its time, its faults, its connections, what it sends, and what it forgets."""

    def __init__(
        self, emulator: Emulator, journal: Journal | None, clock: IReactorTime, reactor: IReactorTime, tell: Tell
    ) -> None:
        """`clock` is the emulator's, `reactor` the time of its peers."""
        operators = emulator.operators
        self._emulator = emulator
        self._tell = tell
        self.time: Timekeeper | None = None
        """None where time cannot be steered."""
        if isinstance(clock, SteerableClock):
            self.time = Timekeeper(clock, reactor, operators, journal, lambda: tell("clock", {}, None))
        self.faults = RuntimeFaults(operators, clock, lambda: tell("faults", {}, None))
        self.connections = Connections(operators, clock, lambda number: tell("bind", {"connection": number}, None))
        self.sending = Sending(operators)
        self.rules = RuntimeRules(operators, lambda: tell("rules", {}, None))

    def take_off(self, fault_id: str) -> Declined | None:
        """Let a fault be over, one that was put on or one of the scenario; None when it is."""
        if fault_id.isdecimal():
            return self.faults.take_off(int(fault_id))
        declined = take_off_scenarios(self._emulator, fault_id)
        if declined is None:
            self._tell("faults", {}, None)
        return declined

    def reset(self, system_id: str | None) -> Deferred[None]:
        """Forget all that an account, or (None) anybody, has brought about, and what was put on for it.

        Fires when the journal has nothing of it any more; Problem 503 when it cannot be written.
        """
        self.faults.forget(system_id)
        self.rules.forget(system_id)

        def erased(result: None) -> None:
            self._tell("reset", {"system_id": system_id}, system_id)
            return result

        return self._emulator.reset(system_id).addCallbacks(erased, _not_erased)

    def stop(self) -> None:
        """Nothing is waited for any more, and what was put on is taken off."""
        self.connections.stop()
        self.faults.forget(None)
