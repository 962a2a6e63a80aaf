"""``carrierlab run FILES``: plays scenarios, on sockets or in virtual time, once or once per seed."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NoReturn

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as ProgressBar
from twisted.internet.error import CannotListenError

from carrierlab.crew import WorkerBroken, cores
from carrierlab.exit_codes import FAILED, INTERRUPTED, PASSED, UNUSABLE, exit_codes_text
from carrierlab.many import KEPT, play_many
from carrierlab.parameters import Parsed
from carrierlab.reactor import with_reactor
from carrierlab.report.console import headline, print_report
from carrierlab.report.files import write_reports
from carrierlab.report.index import MAX_RUNS, Collected, write_index
from carrierlab.report.played import Played, why_failed
from carrierlab.report.result import Outcome
from carrierlab.run import CannotPlay, Job, check_playable, record_virtual, run_over_sockets, run_virtual
from carrierlab.seeds import SeedRange
from carrierlab.stage import OnProgress
from carrierlab.traces.format import write_trace
from carrierlab.variables import Picked, variable_options
from carrierlab.worker import Task
from sender.pipeline.progress import Progress
from yamlmodel.errors import ConfigError


@click.command(epilog=exit_codes_text())
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--virtual", is_flag=True, help="Simulated clock, links in memory: an hour in seconds, always the same.")
@click.option("--seed", type=click.IntRange(min=0), help="Another seed than the file's.")
@click.option(
    "--seeds",
    type=Parsed("SEEDS", SeedRange.parse),
    help="Play in virtual time once per seed, such as 1..20; tells which ones fail.",
)
@click.option("--jobs", type=click.IntRange(1, 256), default=cores, show_default="one per core", help="Processes.")
@click.option("--report", type=click.Path(path_type=Path), help="Write report.html, report.json and junit.xml there.")
@click.option(
    "--trace", type=click.Path(path_type=Path, dir_okay=False), help="Write all that happened, in virtual time."
)
@click.option(
    "--traces",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("reports/traces"),
    show_default=True,
    help="Where the traces of runs that fail go, when there are many runs.",
)
@click.option("--keep", type=click.IntRange(0, 1000), default=KEPT, show_default=True, help="Traces to keep at most.")
@click.option("--quiet", is_flag=True, help="Print the verdict only.")
@variable_options
def run(
    files: tuple[Path, ...],
    virtual: bool,
    seed: int | None,
    seeds: SeedRange | None,
    jobs: int,
    report: Path | None,
    trace: Path | None,
    traces: Path,
    keep: int,
    quiet: bool,
    settings: tuple[tuple[str, str], ...],
    only: tuple[tuple[str, str], ...],
) -> NoReturn:
    """Play the scenario FILES and judge what came of it. Several runs make one report.

    A file with a matrix is played once for each combination. With --seeds, and for several runs with --virtual, runs
    share the cores of the machine; what comes out is the same however many there are.
    """
    picked = Picked.of(settings, only)
    scenarios = [job for file in files for job in _load(file, picked, virtual or seeds is not None)]
    _check(len(scenarios), virtual, seed, seeds, trace)
    console = Console(highlight=False)
    if report is not None:
        _make_directory(report)
        if len(scenarios) * len(seeds or (0,)) > MAX_RUNS:
            raise click.UsageError(f"--report is over {MAX_RUNS:,} runs at most")
    if seeds is None and len(scenarios) == 1:
        outcome = _play_one(scenarios[0].seeded(seed), virtual, trace, console, quiet)
        if report is not None:
            _write(outcome, report, console, quiet)
        raise SystemExit(PASSED if outcome.passed else FAILED)
    count = len(scenarios) * len(seeds or (0,))
    tally = _Tally(count, console, quiet, several=len(files) > 1, keep=report is not None)
    if virtual or seeds is not None:
        values = tuple(picked.values.items())
        tasks = [
            Task(job.file, one, values, tuple(job.parameters.items()))
            for job in scenarios
            for one in seeds or (job.seeded(seed).scenario.seed,)
        ]
        code = _in_virtual_time(play_many(tasks, jobs=jobs, traces=traces if keep else None, keep=keep), tally)
    else:
        code = _in_real_time([job.seeded(seed) for job in scenarios], tally, console, quiet)
    raise SystemExit(tally.conclude(code, report))


def _check(runs: int, virtual: bool, seed: int | None, seeds: SeedRange | None, trace: Path | None) -> None:
    if seeds is not None and seed is not None:
        raise click.UsageError("--seeds does not go with --seed")
    if trace is None:
        return
    if seeds is not None:
        raise click.UsageError("--trace is of one run, and --seeds plays many; --traces keeps those that fail")
    if not virtual:
        raise click.UsageError("--trace is of a run in virtual time; add --virtual")
    if runs > 1:
        raise click.UsageError(
            f"--trace is of one run, and {runs} are meant; name one file, and --only NAME=VALUE for a run of its matrix"
        )


def _play_one(job: Job, virtual: bool, trace: Path | None, console: Console, quiet: bool) -> Outcome:
    if trace is not None:
        outcome, recorded = record_virtual(job)
        try:
            write_trace(trace, recorded)
        except OSError as error:
            click.echo(f"the trace could not be written: {error}", err=True)
            raise SystemExit(UNUSABLE) from None
    elif virtual:
        outcome = run_virtual(job)
    else:
        outcomes: list[Outcome] = []
        _run_in_real_time([job], console, quiet, outcomes.append)
        (outcome,) = outcomes
    if quiet:
        console.print(headline(outcome))
    else:
        print_report(outcome, console)
    return outcome


def _load(file: Path, picked: Picked, virtual: bool) -> list[Job]:
    """The runs of a file that are meant, all of which can be played as asked."""
    try:
        jobs = [picked.job(str(file), run) for run in picked.runs(file)]
        for job in jobs:
            check_playable(job.scenario, virtual=virtual)
    except ConfigError as error:
        click.echo(str(error), err=True)
        raise SystemExit(UNUSABLE) from None
    except CannotPlay as error:
        click.echo(f"{file}: {error}", err=True)
        raise SystemExit(UNUSABLE) from None
    return jobs


def _make_directory(directory: Path) -> None:
    """Find out before the run, not after it, that the reports have no place."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.BadParameter(f"{directory} cannot be made: {error.strerror}", param_hint="--report") from None


def _write(outcome: Outcome, directory: Path, console: Console, quiet: bool) -> None:
    try:
        written = write_reports(outcome, directory)
    except OSError as error:
        click.echo(f"the reports could not be written: {error}", err=True)
        raise SystemExit(UNUSABLE) from None
    if not quiet:
        console.print(f"\nwritten: {', '.join(map(str, written))}", style="dim")


# --- many runs


class _Tally:
    """Tells of every run as it comes, and of all of them at the end; ``several`` files are told apart by name."""

    def __init__(self, count: int, console: Console, quiet: bool, *, several: bool, keep: bool) -> None:
        self._count, self._console, self._quiet, self._several = count, console, quiet, several
        self._collected = Collected(count) if keep else None
        self._played = self._failed = 0

    def add(self, played: Played) -> None:
        """Tell of a run."""
        self._played += 1
        self._failed += not played.outcome.passed
        if self._collected is not None:
            self._collected.add(played)
        _show_one(played, self._several, self._console, self._quiet)

    def conclude(self, code: int, report: Path | None) -> int:
        """Tell of all, and write the report of what was played; `code` is why there are no more. The exit code."""
        if code != PASSED:
            self._console.print(
                f"{self._played} of {self._count} runs played, {self._failed} of them failed", style="bold red"
            )
        elif self._failed:
            self._console.print(f"{self._failed} of {self._count} runs failed", style="bold red")
        else:
            self._console.print(f"all {self._count} runs passed", style="bold green")
        if report is not None and self._collected is not None and self._collected.runs:
            try:
                written = write_index(self._collected.runs, report)
            except OSError as error:
                click.echo(f"the reports could not be written: {error}", err=True)
                return UNUSABLE
            if not self._quiet:
                self._console.print(f"\nwritten: {', '.join(map(str, written))}", style="dim")
        return code or (FAILED if self._failed else PASSED)


def _in_virtual_time(runs: Generator[Played, None, None], tally: _Tally) -> int:
    """Play all of them; what stopped it, as an exit code."""
    try:
        with closing(runs):
            for one in runs:
                tally.add(one)
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except (WorkerBroken, CannotPlay) as stopped:
        click.echo(str(stopped), err=True)
        return UNUSABLE
    return PASSED


def _in_real_time(jobs: Sequence[Job], tally: _Tally, console: Console, quiet: bool) -> int:
    """Play one after the other; what stopped it, as an exit code."""
    try:
        _run_in_real_time(jobs, console, quiet, lambda outcome: tally.add(Played(outcome)))
    except SystemExit as stopped:  # said already
        return int(stopped.code or PASSED)
    return PASSED


def _show_one(played: Played, several: bool, console: Console, quiet: bool) -> None:
    outcome = played.outcome
    name = f"{outcome.file}, seed {outcome.seed}" if several else f"seed {outcome.seed}"
    name += "".join(f", {key}={value}" for key, value in outcome.parameters.items())
    if outcome.passed:
        if not quiet:
            console.print(f"{name}: passed in {outcome.wall:.1f} s", style="dim", markup=False, soft_wrap=True)
        return
    console.print(f"{name}: failed", style="bold red", markup=False, end="")
    console.print(f": {why_failed(outcome)}", markup=False, soft_wrap=True)
    console.print(f"  replay: {outcome.replay}", markup=False, soft_wrap=True)
    if played.trace is not None:
        console.print(f"  look:   carrierlab trace {shlex.quote(played.trace)}", markup=False, soft_wrap=True)


# --- in real time -----------------------------------------------------------------------------------


_OnOutcome = Callable[[Outcome], None]


def _run_in_real_time(jobs: Sequence[Job], console: Console, quiet: bool, on_outcome: _OnOutcome) -> None:
    """Play one after the other; SystemExit when there is no listening, or somebody stopped it."""
    try:
        with _progress(console, quiet) as on_progress:
            with_reactor(lambda reactor: _one_after_another(jobs, reactor, on_progress, on_outcome))
    except CannotListenError as error:
        click.echo(f"{error.interface}:{error.port} cannot be listened on: {error.socketError}", err=True)
        raise SystemExit(UNUSABLE) from None


async def _one_after_another(
    jobs: Sequence[Job], reactor: Any, on_progress: OnProgress | None, on_outcome: _OnOutcome
) -> None:
    for job in jobs:
        on_outcome(await run_over_sockets(job, reactor, on_progress, click.echo))


@contextmanager
def _progress(console: Console, quiet: bool) -> Iterator[OnProgress | None]:
    """A bar of the messages that are done with, on a terminal only."""
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with ProgressBar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("reading recipients", total=None)

        def show(progress: Progress) -> None:
            doing = f"{progress.unsent:,} to send" if progress.unsent else "waiting for receipts"
            bar.update(task, description=doing, total=progress.total, completed=progress.final)

        yield show
