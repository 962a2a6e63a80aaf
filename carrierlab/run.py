"""Plays a scenario: operators and sender together, on real sockets or in virtual time, and judges the outcome.

::

    prepare ─► listen ─► import recipients ─► timeline and sender start ─► campaign ends ─► stop ─► read both books

The steps are the same on both stages; only clock, network, journal and writer differ.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime

from carrierlab.clock import OutOfTime, SimClock, Stuck
from carrierlab.ledgers import SenderLedger, Span
from carrierlab.links import SimNetwork
from carrierlab.reading import read_journal, read_store
from carrierlab.report.result import Outcome, conclude
from carrierlab.scenario import LabScenario
from carrierlab.storm import Storm
from carrierlab.timeline import faults_of, last_mo, never_begun
from carrierlab.trace import Trace
from carrierlab.trouble import Complaints
from carrierlab.workload import campaign_plan, configured_binds, read_rejects, sender_config
from sender.app import RunFailed, Sender
from sender.pipeline.progress import Progress
from sender.store.sqlite import SqliteStore
from sender.store.writer import InlineWriter, ThreadWriter, Writer
from smppkit.transport import Network, TcpNetwork
from smsc.app import Emulator
from smsc.journal.inbox import Inbox
from smsc.journal.journal import MEMORY, Journal
from smsc.scenario.scalars import Listen

VIRTUAL_EPOCH = 1_767_225_600.0
"""2026-01-01T00:00:00Z: when every simulation begins."""
VIRTUAL_LIMIT = 7 * 86400.0
"""Simulated seconds after which a run is given up: receipts take three days at most."""

_WIND_DOWN = 60.0

OnProgress = Callable[[Progress], None]
OnBooks = Callable[[Inbox, SenderLedger], None]
"""Is shown both books of a run before they are closed."""


class Job(msgspec.Struct, frozen=True):
    """What is to be played."""

    scenario: LabScenario
    file: str
    """As the user named it."""
    options: str = ""
    """What picks it among the runs of the file, as words of a command line with a blank before them."""

    def seeded(self, seed: int | None) -> Job:
        """Return the same job with another seed; None keeps the file's."""
        if seed is None:
            return self
        return Job(msgspec.structs.replace(self.scenario, seed=seed), self.file, self.options)


class Stage:
    """Where a scenario is played, and the two books that are kept meanwhile."""

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


class Play:
    """One scenario on one stage. :meth:`perform` it, then :meth:`conclude`."""

    def __init__(self, job: Job, stage: Stage, on_progress: OnProgress | None = None) -> None:
        self._job = job
        self._stage = stage
        self._on_progress = on_progress
        self._began = time.perf_counter()
        self._campaign_id: int | None = None
        self._started_at = self._ended_at = stage.now()
        self._plan = campaign_plan(job.scenario, stage.scratch)
        self._emulator = Emulator(
            _on_free_ports(job.scenario),
            clock=stage.clock,
            network=stage.network,
            journal=stage.journal,
            epoch=stage.epoch,
        )
        self.trouble: list[str] = []

    async def perform(self) -> None:
        """Play to the end of the campaign, then stop both sides in order."""
        stage, scenario = self._stage, self._job.scenario
        addresses = await self._emulator.start(hold_timeline=True)
        sender = Sender(
            sender_config(scenario, addresses),
            clock=stage.clock,
            network=stage.network,
            writer=stage.writer,
            store=stage.store,
            epoch=stage.epoch,
            seed=scenario.seed,
        )
        try:
            imported = await sender.import_campaign(self._plan)
            self._campaign_id = imported.campaign_id
            self._started_at = self._ended_at = stage.now()
            self._emulator.begin_timeline()
            await sender.start()
            wait = float(scenario.workload.campaign.receipt_wait)
            await sender.run(imported.campaign_id, self._on_progress, receipt_wait=wait)
            await self._last_handset_message()
        except RunFailed as failure:
            self.trouble.append(str(failure))
        finally:
            self._ended_at = stage.now()
            await sender.stop()
            await self._emulator.stop()

    async def _last_handset_message(self) -> None:
        """Stay for the messages of handsets that the timeline still has, and a second for their answers."""
        last = last_mo(self._job.scenario.timeline)
        if last is None:
            return
        left = self._started_at + last + 1.0 - self._stage.now()
        if left > 0:
            passed: Deferred[None] = Deferred()
            self._stage.clock.callLater(left, passed.callback, None)
            await passed

    def conclude(
        self, complaints: tuple[str, ...], trace: Trace | None = None, on_books: OnBooks | None = None
    ) -> Outcome:
        """Read both books and judge. The stage must be quiet."""
        stage, scenario = self._stage, self._job.scenario
        stage.journal.flush()
        sent = SenderLedger(())
        if self._campaign_id is not None:
            rejects = read_rejects(self._plan.rejects)
            sent = read_store(stage.store.database.conn, self._campaign_id, rejects)
        with _inbox(stage.journal) as inbox:
            received = read_journal(inbox)
            if on_books is not None:
                on_books(inbox, sent)
        return conclude(
            scenario=scenario.scenario or Path(self._job.file).stem,
            file=self._job.file,
            seed=scenario.seed,
            trace=None if trace is None else trace.digest(),
            wall=time.perf_counter() - self._began,
            trouble=(*self.trouble, *complaints),
            operators=scenario.operators,
            expectations=scenario.expect,
            faults=faults_of(self._emulator.timeline.history),
            notes=never_begun(self._emulator.timeline.entries),
            sent=sent,
            received=received,
            span=Span(self._started_at, self._ended_at, configured_binds(scenario)),
        )


def run_virtual(
    job: Job, *, trace: Trace | None = None, storm: Storm | None = None, on_books: OnBooks | None = None
) -> Outcome:
    """Play in virtual time: a simulated clock, links in memory, books in memory. Deterministic for a seed.

    ``trace`` may be given to keep what happened; ``storm`` adds accidents that the file does not have; ``on_books`` is
    for whoever looks deeper into both books than an outcome does.
    """
    clock = SimClock()
    trace = Trace() if trace is None else trace
    network = SimNetwork(clock, job.scenario.seed, trace=trace)
    if storm is not None:
        storm.unleash(network, job.scenario.seed)
    with ExitStack() as stack, Complaints() as complaints:
        scratch = stack.enter_context(_scratch())
        journal = Journal.open(MEMORY, clock=clock)
        stack.callback(journal.close)
        store = SqliteStore.open(MEMORY)
        stack.callback(store.close)
        writer = InlineWriter(store, clock)
        play = Play(job, Stage(clock, network, VIRTUAL_EPOCH, journal, store, writer, scratch))
        playing = Deferred.fromCoroutine(play.perform())
        try:
            clock.wait_for(playing, limit=VIRTUAL_LIMIT)
        except (Stuck, OutOfTime) as stopped:
            play.trouble.append(str(stopped))
            _wind_down(clock, playing)
        clock.wait_for(writer.close())
        return play.conclude(complaints.lines, trace, on_books)


def _wind_down(clock: SimClock, playing: Deferred[None]) -> None:
    """Let a run that did not end by itself stop in order, as far as it can."""
    playing.cancel()
    try:
        clock.wait_for(playing, limit=clock.seconds() + _WIND_DOWN)
    except (CancelledError, Stuck, OutOfTime):
        return


async def run_over_sockets(job: Job, reactor: Any, on_progress: OnProgress | None = None) -> Outcome:
    """Play over real sockets on loopback, at the speed of the clock on the wall."""
    with ExitStack() as stack, Complaints() as complaints:
        scratch = stack.enter_context(_scratch())
        journal = Journal.open(scratch / "journal.sqlite", clock=reactor, threaded=True)
        stack.callback(journal.close)
        store = SqliteStore.open(scratch / "campaign.sqlite")
        stack.callback(store.close)
        writer = ThreadWriter(store, reactor)
        epoch = time.time() - reactor.seconds()
        play = Play(job, Stage(reactor, TcpNetwork(reactor), epoch, journal, store, writer, scratch), on_progress)
        try:
            await play.perform()
        finally:
            await writer.close()
        return play.conclude(complaints.lines)


def _on_free_ports(scenario: LabScenario) -> LabScenario:
    """Listen on any free port of loopback, without TLS: the workload is ours, and will be told where."""
    anywhere = Listen("127.0.0.1", 0)
    operators = {
        name: msgspec.structs.replace(operator, listen=anywhere, tls=None)
        for name, operator in scenario.operators.items()
    }
    return msgspec.structs.replace(scenario, operators=operators)


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="carrierlab-") as directory:
        yield Path(directory)


def _inbox(journal: Journal) -> Inbox:
    return Inbox(journal.connection if journal.path == MEMORY else journal.path)
