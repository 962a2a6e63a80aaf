"""The running process tells how it stands, once a second, into the store: `sender status`, `sender top` and health."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from sender.pipeline.tally import Meter
from sender.pipeline.timer import Timer
from sender.store import lookup
from sender.store.live import LiveRow
from sender.store.sqlite import SqliteStore
from sender.store.writer import Writer

EVERY: Final = 1.0
"""Seconds between two words."""
STALE: Final = 5.0
"""Seconds without a word after which the process is taken for gone, or stuck."""


class BindStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One bind. Times are unix seconds."""

    name: str
    kind: str
    status: str
    address: str
    bound_at: float | None
    outstanding: int
    window: int | None
    window_shrunk: bool
    """Whether the operator takes fewer than are wanted."""
    silent: bool
    """Whether the operator was asked for a sign of life and has given none."""
    trouble: str | None


class AccountStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One operator account. Times are unix seconds; counters are since the start of the process."""

    account: str
    bound: int
    binds: int
    outstanding: int
    """Submits without a response."""
    rate: float | None
    """Segments a second that it may write now; null = no limit."""
    slowed: bool
    trouble: str | None
    down_since: float | None
    submits: int
    """Answers of the operator so far."""
    submit_rate: float = 0.0
    """Answers a second of late."""
    receipt_rate: float = 0.0
    statuses: dict[str, int] = {}
    """Answers by command_status."""
    doubts: dict[str, int] = {}
    receipts: dict[str, int] = {}
    """By what became of them."""
    incoming: int = 0
    held: int = 0
    oldest_due: float | None = None
    """Since when the first message of its queue is due."""
    latency_p50: float | None = None
    """Seconds that the operator takes to answer, of late."""
    latency_p99: float | None = None
    links: list[BindStatus] = []


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What a `Sender` knows of itself without asking the store."""

    accounts: list[AccountStatus]
    failure: str | None = None
    """Why sending stops, when it does."""


class LiveStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One word of a running process."""

    at: float
    pid: int
    started_at: float
    writer_lag: float
    """Seconds that the commit before this one took, the wait for its turn included."""
    accounts: list[AccountStatus]
    failure: str | None = None
    store_trouble: str | None = None
    over: bool = False
    """It stopped in order after this word."""


class Live:
    """Tells how `figures` stand. `epoch` is the unix time at which `clock` reads 0."""

    def __init__(
        self,
        store: SqliteStore,
        writer: Writer,
        clock: IReactorTime,
        figures: Callable[[], Figures],
        *,
        epoch: float,
        pid: int,
    ) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._figures = figures
        self._epoch = epoch
        self._pid = pid
        self._started_at = epoch + clock.seconds()
        self._timer = Timer(clock, self._tell)
        self._running = False
        self._submits: dict[str, Meter] = {}
        self._receipts: dict[str, Meter] = {}
        self._lag = 0.0
        self._asked_at: float | None = None
        self.trouble: str | None = None
        """Why the store could not be written at the last try."""
        self.written_at = self._started_at
        """Unix time of the last commit."""
        self._oldest: dict[str, float] = {}

    @property
    def lag(self) -> float:
        """Seconds that the commit under way takes already, or that the last one took."""
        return self._lag if self._asked_at is None else max(self._lag, self._clock.seconds() - self._asked_at)

    def start(self) -> Deferred[None]:
        """Begin to tell; fires when the first word is told, or could not be."""
        self._running = True
        return self._tell()

    def stop(self) -> None:
        """Tell that it is over, and no more."""
        if self._running:
            self._running = False
            self._timer.cancel()
            self._tell()

    def look(self) -> LiveStatus:
        """How it stands now."""
        figures, now = self._figures(), self._epoch + self._clock.seconds()
        return LiveStatus(
            at=now,
            pid=self._pid,
            started_at=self._started_at,
            writer_lag=self.lag,
            accounts=[self._measured(account, now) for account in figures.accounts],
            failure=figures.failure,
            store_trouble=self.trouble,
            over=not self._running,
        )

    def _measured(self, account: AccountStatus, now: float) -> AccountStatus:
        return msgspec.structs.replace(
            account,
            oldest_due=self._oldest.get(account.account),
            submit_rate=self._submits.get(account.account, _NO_METER).last,
            receipt_rate=self._receipts.get(account.account, _NO_METER).last,
        )

    def _tell(self) -> Deferred[None]:
        self._measure()
        status = self.look()
        row = LiveRow(status.at, status.pid, msgspec.json.encode(status).decode())
        self._asked_at = self._clock.seconds()
        done = self._writer.attempt(_exchange, self._store, row)
        return done.addCallbacks(self._told, self._failed).addCallback(self._tell_later)

    def _measure(self) -> None:
        now = self._clock.seconds()
        for account in self._figures().accounts:
            self._submits.setdefault(account.account, Meter()).look(now, account.submits)
            self._receipts.setdefault(account.account, Meter()).look(now, sum(account.receipts.values()))

    def _told(self, oldest: dict[str, float]) -> None:
        now = self._clock.seconds()
        self._lag = now - (self._asked_at if self._asked_at is not None else now)
        self._asked_at = None
        self._oldest = oldest
        self.trouble = None
        self.written_at = self._epoch + now

    def _failed(self, failure: Failure) -> None:
        self._asked_at = None
        self.trouble = failure.getErrorMessage()

    def _tell_later(self, _: None) -> None:
        if self._running:
            self._timer.set(EVERY)


_NO_METER: Final = Meter()


def _exchange(store: SqliteStore, row: LiveRow) -> dict[str, float]:
    """Write the word, and see how long the queues wait."""
    store.live.write(row)
    return lookup.oldest_due(store.database)
