"""Where a scenario is played, and what is played on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, TypeAlias

from twisted.internet.interfaces import IReactorTime

from carrierlab.ledgers import OperatorLedger, SenderLedger
from sender.pipeline.progress import Progress
from sender.store.sqlite import SqliteStore
from sender.store.writer import Writer
from smppkit.transport import Network
from smsc.journal.journal import Journal

OnProgress: TypeAlias = Callable[[Progress], None]
Addresses: TypeAlias = Mapping[str, tuple[str, int]]
"""Where each operator listens."""


class Stage:
    """Clock and network of a run, and the two books that are kept meanwhile."""

    def __init__(
        self,
        clock: IReactorTime,
        network: Network,
        epoch: float,
        journal: Journal,
        store: SqliteStore,
        writer: Writer,
        scratch: Path,
    ) -> None:
        self.clock = clock
        self.network = network
        self.epoch = epoch
        self.journal = journal
        self.store = store
        self.writer = writer
        self.scratch = scratch

    def now(self) -> float:
        """Return unix time."""
        return self.epoch + self.clock.seconds()


class Player(Protocol):
    """A workload on a stage: prepared when the operators listen, then played, stopped, and its book read."""

    @property
    def binds(self) -> dict[str, int]:
        """How many binds it keeps up with each operator: what is bound beyond them is a reconnect."""

    async def prepare(self, addresses: Addresses) -> None:
        """Get ready. What takes time here is not part of the run."""

    async def play(self) -> None:
        """Play to the end; RunFailed when that cannot be done."""

    async def stop(self) -> None:
        """Close everything in order."""

    def ledger(self) -> SenderLedger:
        """Its book; empty when nothing was sent, or when nobody keeps one."""

    def read(self, received: OperatorLedger, sent: SenderLedger) -> OperatorLedger:
        """The operators' book, with what this workload knows about whose each submit is."""
