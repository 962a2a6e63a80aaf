"""Plays a scenario: operators and sender together, on real sockets or in virtual time, and judges the outcome.

::

    prepare ─► listen ─► import recipients ─► timeline and sender start ─► campaign ends ─► stop ─► read both books

The steps are the same on both stages; only clock, network, journal and writer differ.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from math import inf
from pathlib import Path
from typing import Any

import msgspec
from twisted.internet.defer import CancelledError, Deferred

from carrierlab.awaited_client import Announce, ClientPlayer
from carrierlab.books import Books
from carrierlab.clock import OutOfTime, SimClock, Stuck
from carrierlab.evidence import Knowledge
from carrierlab.expect_trace import TraceExpectation
from carrierlab.ledgers import SenderLedger, Span
from carrierlab.links import SimNetwork
from carrierlab.load.player import LoadPlayer
from carrierlab.phases import phases_of
from carrierlab.reading import read_journal
from carrierlab.report.result import Outcome, conclude
from carrierlab.scenario import LabScenario
from carrierlab.stage import OnProgress, Player, Stage
from carrierlab.storm import Storm
from carrierlab.timeline import faults_of, last_mo, never_begun
from carrierlab.trace import Trace
from carrierlab.traces.format import TraceFile
from carrierlab.traces.recorder import Recorder
from carrierlab.trouble import Complaints
from carrierlab.workload import CampaignPlayer
from sender.pipeline.runs import RunFailed
from sender.store.sqlite import SqliteStore
from sender.store.writer import InlineWriter, ThreadWriter
from smppkit.transport import TcpNetwork
from smsc.app import Emulator
from smsc.journal.file import open_readonly
from smsc.journal.inbox import Inbox
from smsc.journal.journal import MEMORY, Journal
from smsc.journal.message_filter import MessageFilter
from smsc.journal.messages import Messages
from smsc.journal.whole import WholeMessage
from smsc.lint.finding import Finding as LintFinding
from smsc.lint.live import LiveLint
from smsc.scenario.price import Price
from smsc.scenario.scalars import Listen

VIRTUAL_EPOCH = 1_767_225_600.0
"""2026-01-01T00:00:00Z: when every simulation begins."""
VIRTUAL_LIMIT = 7 * 86400.0
"""Simulated seconds after which a run is given up: receipts take three days at most."""

_WIND_DOWN = 60.0

OnBooks = Callable[[Inbox, SenderLedger], None]
"""Is shown both books of a run before they are closed."""


class Job(msgspec.Struct, frozen=True):
    """What is to be played."""

    scenario: LabScenario
    file: str
    """As the user named it."""
    options: str = ""
    """What picks it among the runs of the file, as words of a command line with a blank before them."""
    notes: tuple[str, ...] = ()
    """What a report is to say beside its verdict."""
    parameters: dict[str, str] = {}
    """What sets it apart from the other runs of the file, by name: for reports."""

    def seeded(self, seed: int | None) -> Job:
        """Return the same job with another seed; None keeps the file's. A trace is expected of the file's seed only."""
        if seed is None or seed == self.scenario.seed:
            return self
        kept = [each for each in self.scenario.expect if not isinstance(each, TraceExpectation)]
        notes = self.notes
        if len(kept) < len(self.scenario.expect):
            notes = (*notes, f"the trace is not judged: it is that of seed {self.scenario.seed}")
        scenario = msgspec.structs.replace(self.scenario, seed=seed, expect=kept)
        return msgspec.structs.replace(self, scenario=scenario, notes=notes)


class CannotPlay(Exception):
    """The scenario cannot be played on this stage; the text says why."""


def check_playable(scenario: LabScenario, *, virtual: bool) -> None:
    """CannotPlay for what only the other stage has."""
    if virtual and scenario.workload.client is not None:
        raise CannotPlay("workload.client is an external client, which knows no virtual time; run it without --virtual")
    if not virtual and scenario.expects("trace"):
        raise CannotPlay("expect names a trace, and only virtual time has one; run it with --virtual")


class Play:
    """One scenario on one stage. :meth:`perform` it, then :meth:`conclude`."""

    def __init__(
        self, job: Job, stage: Stage, on_progress: OnProgress | None = None, announce: Announce | None = None
    ) -> None:
        self._job = job
        self._stage = stage
        self._began = time.perf_counter()
        self._started_at = self._ended_at = stage.now()
        self._notes = list(job.notes)
        self._lint = LiveLint.of_scenario(job.scenario) if job.scenario.expects("lint_findings") else None
        self._emulator = Emulator(
            self._operators(),
            clock=stage.clock,
            network=stage.network,
            journal=stage.journal,
            epoch=stage.epoch,
            watcher_for=None if self._lint is None else self._lint.operator,
        )
        self._player = self._player_for(on_progress, announce or _say_nothing)
        self.trouble: list[str] = []
        self.addresses: dict[str, tuple[str, int]] = {}
        """Where each operator listens, once it does."""

    @property
    def started_at(self) -> float:
        """When the campaign began, in seconds of the stage's clock."""
        return self._started_at - self._stage.epoch

    def _operators(self) -> LabScenario:
        """Where the workload is ours, the operators listen on any free port of loopback, without TLS."""
        scenario = self._job.scenario
        if scenario.workload.client is not None:
            return scenario
        secured = [name for name, operator in scenario.operators.items() if operator.tls is not None]
        self._notes += [f"{name} is played without TLS" for name in secured]
        return _on_free_ports(scenario)

    def _player_for(self, on_progress: OnProgress | None, announce: Announce) -> Player:
        scenario, stage = self._job.scenario, self._stage
        if scenario.workload.load is not None:
            return LoadPlayer(scenario, scenario.workload.load, stage, on_progress)
        if scenario.workload.client is not None:
            return ClientPlayer(scenario.workload.client, scenario.operators, self._emulator, stage.clock, announce)
        return CampaignPlayer(scenario, stage, on_progress)

    async def perform(self) -> None:
        """Play to the end of the workload, then stop both sides in order."""
        stage, player = self._stage, self._player
        self.addresses = await self._emulator.start(hold_timeline=True)
        try:
            await player.prepare(self.addresses)
            self._started_at = self._ended_at = stage.now()
            self._emulator.begin_timeline()
            await player.play()
            await self._last_handset_message()
        except RunFailed as failure:
            self.trouble.append(str(failure))
        finally:
            self._ended_at = stage.now()
            await player.stop()
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
        stage, scenario, timeline = self._stage, self._job.scenario, self._emulator.timeline
        stage.journal.flush()
        sent = self._player.ledger()
        with _reading(stage.journal) as connection:
            inbox = Inbox(connection)
            received = self._player.read(read_journal(inbox), sent)
            messages = _captured(connection) if scenario.expects("message") else []
            if on_books is not None:
                on_books(inbox, sent)
        span = Span(self._started_at, self._ended_at, self._player.binds)
        books = Books(
            sent,
            received,
            span,
            known=Knowledge(_prices(scenario), self._lint_findings(), sent=scenario.workload.client is None),
            messages=messages,
            phases=phases_of(scenario.phases, timeline.history, span.ended_at - span.started_at),
            trace=None if trace is None else trace.digest(),
        )
        return conclude(
            scenario=scenario.scenario or Path(self._job.file).stem,
            file=self._job.file,
            options=self._job.options,
            parameters=self._job.parameters,
            seed=scenario.seed,
            wall=time.perf_counter() - self._began,
            trouble=(*self.trouble, *complaints),
            operators=scenario.operators,
            expectations=scenario.expect,
            faults=faults_of(timeline.history),
            notes=(*self._notes, *never_begun(timeline.entries)),
            books=books,
        )

    def _lint_findings(self) -> tuple[LintFinding, ...] | None:
        return None if self._lint is None else tuple(self._lint.finish(self._stage.now()).findings)


def _say_nothing(line: str) -> None:
    """Nobody wants to know where to connect."""


def _prices(scenario: LabScenario) -> dict[str, Price]:
    return {name: Price.of(each.price) for name, each in scenario.operators.items() if each.price is not None}


def run_virtual(
    job: Job, *, trace: Trace | None = None, storm: Storm | None = None, on_books: OnBooks | None = None
) -> Outcome:
    """Play in virtual time: a simulated clock, links in memory, books in memory. Deterministic for a seed.

    ``trace`` may be given to keep what happened; ``storm`` adds accidents that the file does not have; ``on_books`` is
    for whoever looks deeper into both books than an outcome does.
    """
    with _virtual(job, Trace() if trace is None else trace, storm) as (play, complaints, trace):
        return play.conclude(complaints, trace, on_books)


def record_virtual(job: Job) -> tuple[Outcome, TraceFile]:
    """As :func:`run_virtual`, with all that happened, for a file."""
    recorder = Recorder()
    with _virtual(job, recorder, None) as (play, complaints, _):
        outcome = play.conclude(complaints, recorder, lambda inbox, _: recorder.read_states(inbox, VIRTUAL_EPOCH))
        operators = {str(port): name for name, (_, port) in play.addresses.items()}
        started_at = round(play.started_at, 6)
        return outcome, recorder.finish(outcome, epoch=VIRTUAL_EPOCH, started_at=started_at, operators=operators)


@contextmanager
def _virtual(job: Job, trace: Trace, storm: Storm | None) -> Iterator[tuple[Play, tuple[str, ...], Trace]]:
    """Play to the end; what is entered then is the play with its books still open, and what was complained of."""
    check_playable(job.scenario, virtual=True)
    clock = SimClock()
    network = SimNetwork(clock, job.scenario.seed, trace=trace)
    if storm is not None:
        storm.unleash(network, job.scenario.seed)
    with ExitStack() as stack, Complaints() as complaints:
        scratch = stack.enter_context(_scratch())
        journal = Journal.open(MEMORY, clock=clock)
        stack.callback(journal.close)
        store = SqliteStore.open(MEMORY)
        stack.callback(store.close)
        if isinstance(trace, Recorder):
            stack.enter_context(trace.watching(clock, store.database.conn))
        writer = InlineWriter(store, clock)
        play = Play(job, Stage(clock, network, VIRTUAL_EPOCH, journal, store, writer, scratch))
        playing = Deferred.fromCoroutine(play.perform())
        try:
            clock.wait_for(playing, limit=VIRTUAL_LIMIT)
        except (Stuck, OutOfTime) as stopped:
            play.trouble.append(str(stopped))
            _wind_down(clock, playing)
        clock.wait_for(writer.close())
        yield play, complaints.lines, trace


def _wind_down(clock: SimClock, playing: Deferred[None]) -> None:
    """Let a run that did not end by itself stop in order, as far as it can."""
    playing.cancel()
    try:
        clock.wait_for(playing, limit=clock.seconds() + _WIND_DOWN)
    except (CancelledError, Stuck, OutOfTime):
        return


async def run_over_sockets(
    job: Job, reactor: Any, on_progress: OnProgress | None = None, announce: Announce | None = None
) -> Outcome:
    """Play over real sockets, at the speed of the clock on the wall. `announce` is told where clients may connect."""
    check_playable(job.scenario, virtual=False)
    with ExitStack() as stack, Complaints() as complaints:
        scratch = stack.enter_context(_scratch())
        journal = Journal.open(scratch / "journal.sqlite", clock=reactor, threaded=True)
        stack.callback(journal.close)
        store = SqliteStore.open(scratch / "campaign.sqlite")
        stack.callback(store.close)
        writer = ThreadWriter(store, reactor)
        epoch = time.time() - reactor.seconds()
        play = Play(
            job, Stage(reactor, TcpNetwork(reactor), epoch, journal, store, writer, scratch), on_progress, announce
        )
        try:
            await play.perform()
        finally:
            await writer.close()
        return play.conclude(complaints.lines)


def _on_free_ports(scenario: LabScenario) -> LabScenario:
    """The same scenario, listening on any free port of loopback and without TLS."""
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


@contextmanager
def _reading(journal: Journal) -> Iterator[sqlite3.Connection]:
    """What reads a journal: its own connection where it is in memory."""
    if journal.path == MEMORY:
        yield journal.connection
        return
    with closing(open_readonly(Path(journal.path))) as connection:
        yield connection


def _captured(connection: sqlite3.Connection) -> list[WholeMessage]:
    """What ESMEs submitted, in the order it came; what is planned for messages counts as having come to pass."""
    return list(Messages(connection).matching(MessageFilter(direction="mt"), inf, after=0))
