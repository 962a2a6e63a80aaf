"""What the routes work with: the emulator, its journal, and those who wait and look on. It knows no HTTP."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IReactorTime

from smsc.app import Emulator
from smsc.control.binds import Binds
from smsc.control.events import Events
from smsc.control.feed import Feed
from smsc.control.messages import MessageDesk
from smsc.control.problem import no_journal
from smsc.control.reader import reader_of
from smsc.journal.journal import Journal


class Control:
    """An emulator as those see it who look at it and change it from outside."""

    def __init__(self, emulator: Emulator, journal: Journal | None, *, clock: Any, epoch: float) -> None:
        """`epoch` is the unix time of the clock's zero; a journal in a file needs the reactor as the clock."""
        self.emulator = emulator
        self.journal = journal
        self.clock: IReactorTime = clock
        self.epoch = epoch
        self.binds = Binds(emulator)
        self.desk: MessageDesk | None = None
        feed = None
        if journal is not None:
            alphabets = {
                name: server.state.operator.submit.alphabet
                for name, server in emulator.operators.items()
                if server.state.operator.submit.alphabet != "gsm7"
            }
            reader = reader_of(journal, clock, alphabets)
            feed = Feed(journal, reader, clock, epoch)
            self.desk = MessageDesk(reader, feed, clock)
        self.events = Events(clock, feed, f"{int(self.wall() * 1000):x}")

    @property
    def messages(self) -> MessageDesk:
        """The messages; Problem when there is no journal."""
        if self.desk is None:
            raise no_journal()
        return self.desk

    def wall(self) -> float:
        """The time, in unix seconds."""
        return self.epoch + self.clock.seconds()

    def stop(self) -> None:
        """Nobody waits or looks on any longer, and nothing more is read."""
        self.events.stop()
        if self.desk is not None:
            self.desk.stop()
