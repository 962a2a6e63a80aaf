"""``carrierlab run FILE``: plays a scenario, on sockets or in virtual time, once or once per seed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as ProgressBar

from carrierlab.exit_codes import FAILED, PASSED, UNUSABLE
from carrierlab.parameters import Parsed
from carrierlab.reactor import with_reactor
from carrierlab.report.console import headline, print_report
from carrierlab.report.files import write_reports
from carrierlab.report.result import Outcome
from carrierlab.run import Job, OnProgress, run_over_sockets, run_virtual
from carrierlab.scenario import LabScenario, load_scenario
from carrierlab.seeds import SeedRange, run_seeds, why_failed
from sender.pipeline.progress import Progress
from yamlmodel.errors import ConfigError


@click.command()
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
def run(
    file: Path, virtual: bool, seed: int | None, seeds: SeedRange | None, report: Path | None, quiet: bool
) -> NoReturn:
    """Play the scenario FILE, and exit with 0 when every expectation is met, 1 when not, 2 for a bad file."""
    if seeds is not None and (seed is not None or report is not None):
        raise click.UsageError("--seeds goes with neither --seed nor --report")
    job = Job(_load(file), str(file))
    console = Console(highlight=False)
    if seeds is not None:
        raise SystemExit(_run_seeds(job, seeds, console, quiet))
    if report is not None:
        _make_directory(report)
    job = job.seeded(seed)
    outcome = run_virtual(job) if virtual else _run_in_real_time(job, console, quiet)
    if quiet:
        console.print(headline(outcome))
    else:
        print_report(outcome, console)
    if report is not None:
        _write(outcome, report, console, quiet)
    raise SystemExit(PASSED if outcome.passed else FAILED)


def _load(file: Path) -> LabScenario:
    try:
        return load_scenario(file)
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
    for outcome in run_seeds(job, seeds):
        if outcome.passed:
            if not quiet:
                console.print(f"seed {outcome.seed}: passed in {outcome.wall:.1f} s", style="dim")
            continue
        failed += 1
        console.print(f"[bold red]seed {outcome.seed}: failed[/]: ", end="")
        console.print(why_failed(outcome), markup=False)
        replay = f"carrierlab run {shlex.quote(job.file)} --virtual --seed {outcome.seed}"
        console.print(f"  replay: {replay}", markup=False, soft_wrap=True)
    verdict = f"{failed} of {len(seeds)} seeds failed" if failed else f"all {len(seeds)} seeds passed"
    console.print(verdict, style="bold red" if failed else "bold green")
    return FAILED if failed else PASSED


# --- in real time -----------------------------------------------------------------------------------


def _run_in_real_time(job: Job, console: Console, quiet: bool) -> Outcome:
    with _progress(console, quiet) as on_progress:
        return with_reactor(lambda reactor: run_over_sockets(job, reactor, on_progress))


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
