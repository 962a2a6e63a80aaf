"""One report over many runs: ``index.html`` with a table, ``report.json``, and ``junit.xml`` with one suite a run.

Runs that fail, and all of them where they are few, have a directory of their own with the report of a single run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from carrierlab.metrics import unit_of
from carrierlab.naming import each_once, run_name
from carrierlab.report.document import Run, run_of, runs_to_json
from carrierlab.report.files import FILES, write_all, write_reports
from carrierlab.report.junit import to_junit
from carrierlab.report.markup import Markup, element
from carrierlab.report.page import page, section, table
from carrierlab.report.played import Played, in_short
from carrierlab.showing import show, show_duration

DETAILED: Final = 50
"""Reports of single runs that are written at most: all, or the first ones that failed."""
MAX_RUNS: Final = 20_000
"""One report is over so many runs at most."""
MAX_ROWS: Final = 2_000
SPREAD: Final = ("delivered", "lost", "duplicates", "in_doubt", "throughput", "submit_latency_p99", "receipt_delay_p99")
"""The metrics of the table."""


def write_index(runs: Sequence[Played], directory: Path) -> tuple[Path, ...]:
    """Write the report into ``directory``, made when missing (OSError)."""
    details = directory / "runs"
    _clear(details)
    chosen = runs if len(runs) <= DETAILED else [one for one in runs if not one.outcome.passed][:DETAILED]
    names = _names(chosen)
    for one, name in zip(chosen, names, strict=True):
        write_reports(one.outcome, directory / name)
    report = {id(one): f"{name}/report.html" for one, name in zip(chosen, names, strict=True)}
    short = [run_of(one, report.get(id(one))) for one in runs]
    contents = {"index.html": index_html(short), "report.json": runs_to_json(short), "junit.xml": to_junit(runs)}
    return write_all(directory, contents)


def _clear(details: Path) -> None:
    """Remove the runs of an earlier report, so that what is linked and what is there are the same; nothing else."""
    for directory in details.iterdir() if details.is_dir() else ():
        for name in FILES:
            (directory / name).unlink(missing_ok=True)
        if directory.is_dir() and not any(directory.iterdir()):
            directory.rmdir()


class Collected:
    """The runs for a report as they come in, of which only those that get a page are kept whole."""

    def __init__(self, count: int) -> None:
        """``count`` is how many there will be."""
        self.runs: list[Played] = []
        self._all = count <= DETAILED
        self._left = DETAILED

    def add(self, played: Played) -> None:
        """Keep one."""
        whole = self._all or (not played.outcome.passed and self._left > 0)
        self._left -= whole
        self.runs.append(played if whole else in_short(played))


def index_html(runs: Sequence[Run]) -> bytes:
    """Return the page, in UTF-8."""
    failed = [run for run in runs if not run.passed]
    passed = not failed
    several = len({run.scenario for run in runs}) > 1
    title = f"{len(runs)} runs" if several else f"{runs[0].scenario}: {len(runs)} runs"
    word = "PASSED" if passed else "FAILED"
    said = "all of them passed" if passed else f"{len(failed)} of {len(runs)} failed"
    took = show_duration(sum(run.wall for run in runs))
    header = element(
        "header",
        element("h1", element("span", word, class_="verdict " + ("good" if passed else "bad")), f" {title}"),
        element("p", f"{said} · {took} of work"),
    )
    sections = [
        header,
        *section("failed", "Failed", _failed(failed, several)),
        *section("spread", "From run to run", _spread(runs)),
        *section("runs", "Runs", _runs(runs)),
    ]
    return page(f"{word}: {title}", sections)


def _failed(failed: Sequence[Run], several: bool) -> Iterator[Markup]:
    if not failed:
        return
    rows = (
        element(
            "tr",
            element("th", _name(run, several), scope="row"),
            element("td", run.why, class_="wrap"),
            element("td", *_commands(run), class_="wrap"),
        )
        for run in failed[:MAX_ROWS]
    )
    yield table(("run", "why", "again"), rows)


def _commands(run: Run) -> Iterator[Markup]:
    yield element("code", run.replay)
    if run.trace_file is not None:
        yield element("br")
        yield element("code", f"carrierlab trace {run.trace_file}")


def _spread(runs: Sequence[Run]) -> Iterator[Markup]:
    if len(runs) < 2:
        return
    found = {name: sorted(run.metrics[name] for run in runs if name in run.metrics) for name in SPREAD}
    rows = (_spread_row(name, values) for name, values in found.items() if values)
    yield table(("metric", "lowest", "median", "highest"), rows, numbers_from=1)


def _spread_row(name: str, values: Sequence[float]) -> Markup:
    shown = (show(value, unit_of(name)) for value in (values[0], values[len(values) // 2], values[-1]))
    cells = (element("td", text, class_="number") for text in shown)
    return element("tr", element("th", name.replace("_", " "), scope="row"), *cells)


def _runs(runs: Sequence[Run]) -> Iterator[Markup]:
    given = any(run.parameters for run in runs)
    heads = (
        "",
        "run",
        "seed",
        *(["parameters"] if given else []),
        "took",
        *(name.replace("_", " ") for name in SPREAD),
    )
    yield table(heads, (_row(run, given) for run in runs[:MAX_ROWS]), numbers_from=3 if not given else 4)
    if len(runs) > MAX_ROWS:
        yield element("p", f"{len(runs) - MAX_ROWS:,} more runs are in report.json.", class_="dim")


def _row(run: Run, given: bool) -> Markup:
    mark = element("td", "✓" if run.passed else "✗ failed", class_="good" if run.passed else "bad")
    name = run.scenario if run.report is None else element("a", run.scenario, href=run.report)
    parameters = [element("td", ", ".join(f"{key}={value}" for key, value in run.parameters.items()))] if given else []
    took = show_duration(run.duration)
    values = (show(run.metrics[name], unit_of(name)) if name in run.metrics else "·" for name in SPREAD)
    return element(
        "tr",
        mark,
        element("th", name, scope="row"),
        element("td", str(run.seed)),
        *parameters,
        *(element("td", text, class_="number") for text in (took, *values)),
    )


def _name(run: Run, several: bool) -> str:
    """What tells a run from the others."""
    given = "".join(f", {key}={value}" for key, value in run.parameters.items())
    return f"{run.scenario}, seed {run.seed}{given}" if several else f"seed {run.seed}{given}"


def _names(runs: Iterable[Played]) -> list[str]:
    """A directory for each run."""
    outcomes = [one.outcome for one in runs]
    names = each_once(run_name(outcome.file, outcome.parameters, outcome.seed) for outcome in outcomes)
    return [f"runs/{name}" for name in names]
