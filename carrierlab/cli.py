"""The ``carrierlab`` command: play scenarios, judge them, check their files."""

from __future__ import annotations

import importlib
import importlib.util
import io
import shlex
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as ProgressBar
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from carrierlab.conformance.command import conformance_command
from carrierlab.gauntlet.command import gauntlet_command
from carrierlab.parameters import Parsed
from carrierlab.report.console import headline, print_report
from carrierlab.report.files import write_reports
from carrierlab.report.result import Outcome
from carrierlab.run import Job, OnProgress, run_over_sockets, run_virtual
from carrierlab.scenario import LabScenario, load_any_runs
from carrierlab.schema_command import schema_command
from carrierlab.seeds import SeedRange, run_seeds, why_failed
from carrierlab.variables import Picked, variable_options
from sender.pipeline.progress import Progress
from smsc.scenario.model import Scenario
from yamlmodel.errors import ConfigError
from yamlmodel.runs import Run

T = TypeVar("T")

PASSED, FAILED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="carrierlab", message="%(prog)s %(version)s")
def main() -> None:
    """Rehearse SMS traffic: emulated operators, a workload, faults, expectations, a verdict."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows no "✓" gets a "?", and not a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--virtual", is_flag=True, help="Simulated clock, links in memory: an hour in seconds, always the same.")
@click.option("--seed", type=click.IntRange(min=0), help="Another seed than the file's.")
@click.option(
    "--seeds",
    type=Parsed("SEEDS", SeedRange.parse),
    help="Play in virtual time once per seed, such as 1..20; tells which ones fail.",
)
@click.option("--report", type=click.Path(path_type=Path), help="Write report.html, report.json and junit.xml there.")
@click.option("--quiet", is_flag=True, help="Print the verdict only.")
@variable_options
def run(
    file: Path,
    virtual: bool,
    seed: int | None,
    seeds: SeedRange | None,
    report: Path | None,
    quiet: bool,
    settings: tuple[tuple[str, str], ...],
    only: tuple[tuple[str, str], ...],
) -> NoReturn:
    """Play the scenario FILE, and exit with 0 when every expectation is met, 1 when not, 2 for a bad file.

    A file with a matrix is played once for each combination, each with its report in a directory of its own.
    """
    if seeds is not None and (seed is not None or report is not None):
        raise click.UsageError("--seeds goes with neither --seed nor --report")
    picked = Picked.of(settings, only)
    runs = _load(file, picked)
    jobs = [Job(run.value, str(file), picked.options_for(run.variables)) for run in runs]
    console = Console(highlight=False)
    if seeds is not None:
        raise SystemExit(max(_run_seeds(job, seeds, console, quiet) for job in jobs))
    if report is not None:
        _make_directory(report)
    jobs = [job.seeded(seed) for job in jobs]
    outcomes = map(run_virtual, jobs) if virtual else _run_in_real_time(jobs, console, quiet)
    failed = 0
    for run, outcome in zip(runs, outcomes, strict=True):
        failed += not outcome.passed
        if quiet:
            console.print(headline(outcome))
        else:
            print_report(outcome, console)
        if report is not None:
            _write(outcome, report / run.slug, console, quiet)
    if len(runs) > 1:
        verdict = f"{failed} of {len(runs)} runs failed" if failed else f"all {len(runs)} runs passed"
        console.print(verdict, style="bold red" if failed else "bold green")
    raise SystemExit(FAILED if failed else PASSED)


@main.command()
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@variable_options
def check(
    files: tuple[Path, ...], settings: tuple[tuple[str, str], ...], only: tuple[tuple[str, str], ...]
) -> NoReturn:
    """Read the scenario FILES and name every mistake with its line; exit with 2 when there is one."""
    code = PASSED
    for file in files:
        picked = Picked.of(settings, only)
        try:
            runs = load_any_runs(file, picked.values, picked.only)
        except ConfigError as error:
            click.echo(str(error), err=True)
            code = UNUSABLE
        else:
            count = f", {len(runs)} runs" if len(runs) > 1 else ""
            click.echo(f"ok {file}: {_summary(runs[0].value)}{count}")
    raise SystemExit(code)


def _summary(scenario: Scenario) -> str:
    counts = [(len(scenario.operators), "operator"), (len(scenario.timeline), "event")]
    if isinstance(scenario, LabScenario):
        counts.append((len(scenario.expect), "expectation"))
    said = ", ".join(f"{count} {word}{'s' if count != 1 else ''}" for count, word in counts)
    return said if isinstance(scenario, LabScenario) else f"{said}; no workload: for smsc serve"


def _load(file: Path, picked: Picked) -> list[Run[LabScenario]]:
    try:
        return picked.runs(file)
    except ConfigError as error:
        click.echo(str(error), err=True)
        raise SystemExit(UNUSABLE) from None


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


def _run_seeds(job: Job, seeds: SeedRange, console: Console, quiet: bool) -> int:
    failed = 0
    if job.options:
        console.print(job.scenario.scenario, markup=False, style="bold")
    for outcome in run_seeds(job, seeds):
        if outcome.passed:
            if not quiet:
                console.print(f"seed {outcome.seed}: passed in {outcome.wall:.1f} s", style="dim")
            continue
        failed += 1
        console.print(f"[bold red]seed {outcome.seed}: failed[/]: ", end="")
        console.print(why_failed(outcome), markup=False)
        replay = f"carrierlab run {shlex.quote(job.file)} --virtual --seed {outcome.seed}{job.options}"
        console.print(f"  replay: {replay}", markup=False, soft_wrap=True)
    verdict = f"{failed} of {len(seeds)} seeds failed" if failed else f"all {len(seeds)} seeds passed"
    console.print(verdict, style="bold red" if failed else "bold green")
    return FAILED if failed else PASSED


# --- in real time -----------------------------------------------------------------------------------


def _run_in_real_time(jobs: Sequence[Job], console: Console, quiet: bool) -> list[Outcome]:
    with _progress(console, quiet) as on_progress:
        return _with_reactor(lambda reactor: _one_after_another(jobs, reactor, on_progress))


async def _one_after_another(jobs: Sequence[Job], reactor: Any, on_progress: OnProgress | None) -> list[Outcome]:
    return [await run_over_sockets(job, reactor, on_progress) for job in jobs]


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


def _with_reactor(main: Callable[[Any], Coroutine[Deferred[Any], Any, T]]) -> T:
    """Run a coroutine on the asyncio reactor and return its result. Ctrl-C stops it in order, and exits."""
    loop = _install_reactor()
    results: list[T | Failure] = []
    running: list[Deferred[T]] = []
    over: Deferred[None] = Deferred()
    interrupted = False

    def start() -> None:
        running.append(Deferred.fromCoroutine(main(loop)))
        running[0].addBoth(finish)

    def finish(result: T | Failure) -> None:
        results.append(result)
        over.callback(None)
        if not interrupted:
            loop.stop()

    def interrupt() -> Deferred[None]:
        nonlocal interrupted
        if not results:
            interrupted = True
            running[0].cancel()
        return over

    loop.callWhenRunning(start)
    loop.addSystemEventTrigger("before", "shutdown", interrupt)
    loop.run()
    if interrupted:
        click.echo("interrupted", err=True)
        raise SystemExit(INTERRUPTED)
    result = results[0]
    if isinstance(result, Failure):
        result.raiseException()
    return result


def _install_reactor() -> Any:
    """The asyncio reactor, whose clock is monotonic, on uvloop where that is installed."""
    from twisted.internet import asyncioreactor

    loop = importlib.import_module("uvloop").new_event_loop() if importlib.util.find_spec("uvloop") else None
    asyncioreactor.install(loop)  # type: ignore[no-untyped-call]
    from twisted.internet import reactor

    return reactor


main.add_command(conformance_command(_with_reactor))
main.add_command(gauntlet_command(_with_reactor))
main.add_command(schema_command)
