"""What the parts of one operator's message centre share, and the connection as they see it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol, TypeAlias

import msgspec
from twisted.internet.interfaces import IReactorTime

from smppkit.pdus import Pdu
from smppkit.runs import SubmitRun
from smppkit.states import Version
from smsc.centre.book import Book, Held
from smsc.centre.lives import Lives
from smsc.centre.mailbox import Receiver
from smsc.centre.taken import Ending, Taken, Waiting
from smsc.centre.wheel import Wheel
from smsc.journal.journal import Journal
from smsc.journal.records import Kind, Owed
from smsc.scenario.accounts import Account
from smsc.scenario.engine import OperatorState
from smsc.stats import OperatorStats

ROUNDING = 5e-7  # sums of times may end a hair before the second that they are meant to be


class Peer(Receiver, Protocol):
    """A connection: who is bound there, and how it is answered."""

    @property
    def system_id(self) -> str:
        """Whose it is."""

    @property
    def account(self) -> Account:
        """Whose it is, and what they may do."""

    @property
    def version(self) -> Version:
        """The version of SMPP that both ends speak."""

    def answer(self, response: Pdu, now: float) -> bool:
        """Queue the response to a request; False when the session is over."""

    def answer_octets(self, sequence: int, octets: bytes, now: float) -> bool:
        """Queue a response that no encoder would write; False when the session is over."""

    def answer_run(self, run: SubmitRun, count: int, octets: bytes, now: float) -> bool:
        """Queue the responses to so many of a run; False when the session is over."""

    def unroll(self, run: SubmitRun) -> None:
        """Those of a run are answered one by one."""

    def forget(self, sequence: int, now: float) -> None:
        """A request is never to be answered."""

    def forget_run(self, run: SubmitRun, count: int, now: float) -> None:
        """So many of a run are never to be answered."""

    def hold_back(self) -> None:
        """Stop reading from it."""

    def go_on(self) -> None:
        """Read again."""


class Answer(msgspec.Struct, gc=False):
    """What was decided about one request: the response, when it goes out (clock seconds), and what begins then."""

    connection: Peer
    response: Pdu
    due: float
    silent: bool = False
    """Nobody is told."""
    body: bytes = b""
    """What follows the header of a refusal, against the specification."""
    held: Held | None = None
    """The message that was accepted, or is to have a receipt for being refused."""
    more: tuple[Held, ...] = ()
    """The messages for the other destinations of a submit_multi."""
    submits: bool = True
    """Whether the request brought a message."""
    dropped: bool = False
    """What it is about was forgotten before it could go out: it never does."""


class RunAnswer(msgspec.Struct, eq=False, gc=False):
    """The responses to `count` of a run, and when they go out (clock seconds; of the first, until they are let go)."""

    connection: Peer
    run: SubmitRun
    octets: bytes
    due: float
    taken: Taken
    count: int
    dropped: bool = False
    """See Answer."""

    def __len__(self) -> int:
        return self.count


Job: TypeAlias = Callable[[float], None]
"""Something to be done at its time; gets the time."""


class Errand(msgspec.Struct, gc=False):
    """A job that is an account's, and not done when that is forgotten. `brings` is the delivery planned for it."""

    system_id: str
    job: Job
    brings: Kind | None = None

    def __call__(self, now: float) -> None:
        """Do it."""
        self.job(now)


Due: TypeAlias = Answer | RunAnswer | Held | Ending | Waiting | Owed | Errand | Job
"""What waits for its time in the wheel."""


class Shared:
    """One operator's state, clock, journal, counters, book of messages, and what waits for its time."""

    def __init__(
        self,
        state: OperatorState,
        *,
        clock: IReactorTime,
        epoch: float,
        journal: Journal | None,
        stats: OperatorStats,
        wheel: Wheel[Due],
    ) -> None:
        """`epoch` is the unix time of the clock's zero."""
        self.state = state
        self.operator = state.operator
        self.name = state.name
        self.clock = clock
        self.epoch = epoch
        self.journal = journal
        self.stats = stats
        self.wheel = wheel
        self.book = Book(stats.book)
        self.lives = Lives()

    def now(self) -> float:
        """The time, in seconds of the clock."""
        return self.clock.seconds()

    def wall(self, now: float) -> datetime:
        """The date of a moment of the clock, in whole seconds."""
        return _date(self.second(now))

    def second(self, now: float) -> int:
        """The same as unix time."""
        return int(self.epoch + now + ROUNDING)


@lru_cache(maxsize=1024)
def _date(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
