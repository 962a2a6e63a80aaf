"""What the routes work with: the emulator, its journal, and those who wait and look on. It knows no HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IReactorTime

from smsc.app import Emulator
from smsc.control.binds import Binds
from smsc.control.events import Events
from smsc.control.feed import Feed
from smsc.control.linting import LintDesk
from smsc.control.messages import MessageDesk
from smsc.control.pdus import PduDesk
from smsc.control.reader import reader_of
from smsc.control.steering import Steering
from smsc.control.timetable import Timetable
from smsc.control.unkept import no_journal
from smsc.journal.journal import Journal
from smsc.lint.report import Report


class Control:
    """An emulator as those see it who look at it and change it from outside."""

    def __init__(
        self,
        emulator: Emulator,
        journal: Journal | None,
        *,
        clock: IReactorTime,
        epoch: float,
        reactor: Any = None,
        lint: Callable[[], Report] | None = None,
        file: str | None = None,
    ) -> None:
        """`clock` is the emulator's, `epoch` the unix time of its zero; `reactor` that of those who wait and look on.

        The reactor is the clock when omitted; a journal in a file needs a real one. `lint` gives the report of the lint
        that watches, where one does; `file` is that of the scenario.
        """
        reactor = reactor or clock
        self.emulator = emulator
        self.journal = journal
        self.clock = clock
        self.epoch = epoch
        self.connections_refused = 0
        """Connections over HTTP that were turned away because there are too many."""
        self.binds = Binds(emulator, self.wall)
        self.desk: MessageDesk | None = None
        self._pdus: PduDesk | None = None
        feed = reader = None
        if journal is not None:
            alphabets = {
                name: server.state.operator.submit.alphabet
                for name, server in emulator.operators.items()
                if server.state.operator.submit.alphabet != "gsm7"
            }
            reader = reader_of(journal, reactor, alphabets)
            feed = Feed(journal, reader, clock, epoch)
            self.desk = MessageDesk(reader, feed, reactor)
            self._pdus = PduDesk(reader)
        self.lint = LintDesk(emulator, reader, lint)
        self.events = Events(reactor, feed, f"{int(self.wall() * 1000):x}")
        self._ends = self.binds.tell(lambda change: self.events.add("bind", change, change.bind.system_id or None))
        self.steering = Steering(emulator, journal, clock, reactor, self.events.add)
        self.timetable = Timetable(
            emulator, self.wall, clock.seconds, file, lambda: self.events.add("scenario", {}, None)
        )

    @property
    def messages(self) -> MessageDesk:
        """The messages; Problem when there is no journal."""
        if self.desk is None:
            raise no_journal()
        return self.desk

    @property
    def pdus(self) -> PduDesk:
        """The PDUs; Problem when there is no journal."""
        if self._pdus is None:
            raise no_journal()
        return self._pdus

    def turn_away(self) -> None:
        """A connection over HTTP was one too many."""
        self.connections_refused += 1

    def wall(self) -> float:
        """The emulator's time, in unix seconds."""
        return self.epoch + self.clock.seconds()

    def stop(self) -> None:
        """Nobody waits or looks on any longer; what is asked for is still answered until ``close``."""
        self.steering.stop()
        self.events.stop()
        self.binds.vitals.stop()
        for end in self._ends:
            end()
        self._ends.clear()
        if self.desk is not None:
            self.desk.stop()

    def close(self) -> None:
        """Nothing more is read."""
        if self.desk is not None:
            self.desk.close()
