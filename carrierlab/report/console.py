"""The report a person reads: the verdict first, then who did what, what went wrong and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from carrierlab.expect import Verdict
from carrierlab.metrics import Unit
from carrierlab.report.figures import (
    Line,
    Values,
    fault_words,
    kinds_of,
    lines_of,
    operators_of,
    percentiles_title,
    shown_percentiles,
    shown_throughput,
)
from carrierlab.report.latency import PERCENTILES
from carrierlab.report.result import Failure, Outcome
from carrierlab.report.sparkline import MARKS, fault_marks, sparkline
from carrierlab.showing import show, show_duration, show_percent

MAX_FAILURES = 12
MAX_FAULTS = 40
INDENT = 1
MAX_FOUND, MIN_WANTED = 30, 24
"""Columns for what was found and what was wanted, where both have much to say."""


def print_report(outcome: Outcome, console: Console) -> None:
    """Print the whole report."""
    console.print(Group(*_sections(outcome, console)))


def headline(outcome: Outcome) -> Text:
    """Return the verdict and how it was come by, in two lines."""
    text = Text()
    text.append(" PASSED " if outcome.passed else " FAILED ", "bold white on " + _color(outcome.passed))
    text.append(f" {outcome.scenario}\n", "bold")
    met = sum(verdict.met for verdict in outcome.verdicts)
    if outcome.verdicts:
        text.append(f"{met} of {len(outcome.verdicts)} expectations met")
    else:
        text.append("nothing was expected")
    text.append(f" · {show_duration(outcome.duration)}")
    if outcome.virtual:
        text.append(f" of virtual time in {show_duration(outcome.wall)}")
    text.append(f" · seed {outcome.seed}")
    for name, value in outcome.parameters.items():
        text.append(f" · {name}={value}")
    return text


def _sections(outcome: Outcome, console: Console) -> Iterator[RenderableType]:
    yield ""
    yield headline(outcome)
    for trouble in outcome.trouble:
        yield Text(f"! {trouble}", "bold red")
    for note in outcome.notes:
        yield Text(f"· {note}", "dim")
    columns = operators_of(outcome)
    costs = {"cost": [outcome.costs.get(name, "·") for name in columns]} if outcome.costs else {}
    yield from _section("Operators", _fitting(console, columns, below=costs))
    if outcome.failures:
        yield from _section("Not delivered", _failures(outcome))
    yield from _section(f"Submits over time, one column = {show_duration(outcome.bucket)}", _timeline(outcome))
    if outcome.phases:
        phases = {phase.name: phase.metrics for phase in outcome.phases}
        spans = {
            "from": [show_duration(phase.start) for phase in outcome.phases],
            "until": [show_duration(phase.end) for phase in outcome.phases],
        }
        yield from _section("Phases", _fitting(console, phases, above=spans))
    if outcome.verdicts:
        yield from _section("Expectations", _verdicts(outcome, console.width - INDENT))
    if outcome.trace is not None:
        yield Text(f"\ntrace {outcome.trace}", "dim")


def _section(title: str, body: RenderableType) -> Iterator[RenderableType]:
    yield ""
    yield Rule(Text(title, "bold"), align="left", style="dim")
    yield Padding(body, (0, 0, 0, INDENT))


def _color(good: bool) -> str:
    return "green" if good else "red"


class _Detail(NamedTuple):
    """How much a table of figures says."""

    percentiles: tuple[float, ...]
    shares: bool = True


_DETAILS = (_Detail(PERCENTILES), _Detail((50.0, 99.0)), _Detail((50.0, 99.0), shares=False), _Detail((99.0,), False))
"""From all to little."""

_Rows = Mapping[str, Sequence[str]]
NONE: _Rows = MappingProxyType({})


def _fitting(console: Console, columns: Mapping[str, Values], *, above: _Rows = NONE, below: _Rows = NONE) -> Table:
    """Show as much of each column as the terminal has room for; what is too wide even so is wrapped."""
    tables = [_figures(columns, detail, above, below) for detail in _DETAILS]
    room = console.width - INDENT
    return next((table for table in tables if console.measure(table).maximum <= room), tables[-1])


def _figures(columns: Mapping[str, Values], detail: _Detail, above: _Rows, below: _Rows) -> Table:
    """One column per operator or phase, one line per figure that is not zero everywhere."""
    values = list(columns.values())
    table = _table()
    table.add_column("", no_wrap=True)
    for name in columns:
        table.add_column(Text(name, "bold"), justify="right")
    for title, texts in above.items():
        table.add_row(title, *(Text(text, "dim") for text in texts))
    for line in lines_of(values):
        table.add_row(line.title, *(_figure(each, line, detail.shares) for each in values))
    table.add_row("throughput", *map(shown_throughput, values))
    for kind in kinds_of(values):
        title = percentiles_title(kind, detail.percentiles)
        table.add_row(title, *(shown_percentiles(each, kind, detail.percentiles) for each in values))
    for title, texts in below.items():
        table.add_row(title, *map(Text, texts))
    return table


def _figure(values: Values, line: Line, share: bool) -> Text:
    value, total = line.sum(values), values.get("recipients", 0.0)
    if not value:
        return Text("·", "dim")
    text = Text(f"{value:,.0f}", line.style)
    if share and line.share and total:
        text.append(f"  {show_percent(value / total)}", "dim")
    return text


def _failures(outcome: Outcome) -> Table:
    table = _table()
    table.add_column("what became of them", no_wrap=True)
    table.add_column("messages", justify="right", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("for example", no_wrap=True)
    total = outcome.metrics.get("recipients", 0.0) or 1
    for failure in outcome.failures[:MAX_FAILURES]:
        table.add_row(
            _what(failure),
            f"{failure.count:,}",
            show_percent(failure.count / total),
            Text(f"+{failure.example}", "dim"),
        )
    rest = outcome.failures[MAX_FAILURES:]
    if rest:
        table.add_row(f"{len(rest)} more reasons", f"{sum(failure.count for failure in rest):,}", "", "")
    return table


def _what(failure: Failure) -> Text:
    text = Text(failure.state.replace("_", " "))
    if failure.reason:
        text.append(f", {failure.reason}")
    text.append(f"  {failure.operator}", "dim")
    return text


def _timeline(outcome: Outcome) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    for series in outcome.series:
        table.add_row(Text(series.operator, "bold"), *_spark(series.accepted, outcome.bucket, "cyan"))
        marks = fault_marks(outcome.faults, series.operator, outcome.bucket, len(series.accepted))
        if marks.strip():
            table.add_row("", Text(marks, "red"), "")
        if any(series.receipts):
            table.add_row("receipts", *_spark(series.receipts, outcome.bucket, "green"))
    for fault in outcome.faults[:MAX_FAULTS]:
        mark = Text(MARKS.get(fault.kind, "!"), "red")
        table.add_row("", mark.append(f" {fault_words(fault)}", "dim"), "")
    if len(outcome.faults) > MAX_FAULTS:
        table.add_row("", Text(f"… {len(outcome.faults) - MAX_FAULTS:,} more", "dim"), "")
    return table


def _spark(counts: tuple[int, ...], bucket: float, style: str) -> tuple[Text, Text]:
    peak = show(max(counts, default=0) / bucket, Unit.PER_SECOND)
    return Text(sparkline(counts), style), Text(f"peak {peak}", "dim")


def _verdicts(outcome: Outcome, room: int) -> Group:
    """One line for each in three columns; what is wanted in many words is wrapped within its own."""
    names = [_name(verdict) for verdict in outcome.verdicts]
    name_width = max(name.cell_len for name in names)
    longest = max(cell_len(verdict.wanted) for verdict in outcome.verdicts)
    found_width = min(MAX_FOUND, max(cell_len(f"found {verdict.found}") for verdict in outcome.verdicts))
    left = max(MIN_WANTED, room - name_width - found_width - 2 * len("  "))
    lines: list[RenderableType] = []
    for name, verdict in zip(names, outcome.verdicts, strict=True):
        line = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
        for width in (name_width, min(left, longest), None):
            line.add_column(width=width, overflow="fold")
        found = Text(f"found {verdict.found}", "not bold default" if verdict.met else "bold red")
        line.add_row(name, Text(verdict.wanted), found)
        lines.append(line)
        if not verdict.met:
            texts = (verdict.note, *verdict.examples)
            lines += [Text(f"    {text}", "dim") for text in texts if text]
    return Group(*lines)


def _name(verdict: Verdict) -> Text:
    text = Text("✓ " if verdict.met else "✗ ", "bold " + _color(verdict.met))
    text.append(verdict.metric.replace("_", " "), "not bold default")
    if verdict.whom:
        text.append(f", {verdict.whom}", "dim")
    return text


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", padding=(0, 1))
