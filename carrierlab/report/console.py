"""The report a person reads: the verdict first, then who did what, what went wrong and when."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from carrierlab.expect import Verdict, show, show_duration, show_percent
from carrierlab.metrics import Unit
from carrierlab.report.figures import SPEEDS, Line, Values, fault_words, lines_of, operators_of
from carrierlab.report.result import Failure, Outcome
from carrierlab.report.sparkline import MARKS, fault_marks, sparkline

MAX_FAILURES = 12


def print_report(outcome: Outcome, console: Console) -> None:
    """Print the whole report."""
    console.print(Group(*_sections(outcome)))


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
    return text


def _sections(outcome: Outcome) -> Iterator[RenderableType]:
    yield ""
    yield headline(outcome)
    for trouble in outcome.trouble:
        yield Text(f"! {trouble}", "bold red")
    for note in outcome.notes:
        yield Text(f"· {note}", "dim")
    yield from _section("Operators", _operators(outcome))
    if outcome.failures:
        yield from _section("Not delivered", _failures(outcome))
    yield from _section(f"Submits over time, one column = {show_duration(outcome.bucket)}", _timeline(outcome))
    if outcome.verdicts:
        yield from _section("Expectations", _verdicts(outcome))
    if outcome.trace is not None:
        yield Text(f"\ntrace {outcome.trace}", "dim")


def _section(title: str, body: RenderableType) -> Iterator[RenderableType]:
    yield ""
    yield Rule(Text(title, "bold"), align="left", style="dim")
    yield Padding(body, (0, 0, 0, 1))


def _color(good: bool) -> str:
    return "green" if good else "red"


def _operators(outcome: Outcome) -> Table:
    """One column per operator, one line per figure that is not zero everywhere."""
    columns = operators_of(outcome)
    table = _table()
    table.add_column("", no_wrap=True)
    for name in columns:
        table.add_column(Text(name, "bold"), justify="right")
    for line in lines_of(columns.values()):
        table.add_row(line.title, *(_figure(values, line) for values in columns.values()))
    for speed in SPEEDS:
        table.add_row(speed.title, *(Text(speed.shown(values)) for values in columns.values()))
    return table


def _figure(values: Values, line: Line) -> Text:
    value, total = line.sum(values), values["recipients"]
    if not value:
        return Text("·", "dim")
    text = Text(f"{value:,.0f}", line.style)
    if line.share and total:
        text.append(f"  {show_percent(value / total)}", "dim")
    return text


def _failures(outcome: Outcome) -> Table:
    table = _table()
    table.add_column("what became of them", no_wrap=True)
    table.add_column("messages", justify="right", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("for example", no_wrap=True)
    total = outcome.metrics["recipients"] or 1
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
    for fault in outcome.faults:
        mark = Text(MARKS.get(fault.kind, "!"), "red")
        table.add_row("", mark.append(f" {fault_words(fault)}", "dim"), "")
    return table


def _spark(counts: tuple[int, ...], bucket: float, style: str) -> tuple[Text, Text]:
    peak = show(max(counts, default=0) / bucket, Unit.PER_SECOND)
    return Text(sparkline(counts), style), Text(f"peak {peak}", "dim")


def _verdicts(outcome: Outcome) -> Group:
    names = [_name(verdict) for verdict in outcome.verdicts]
    width = max(name.cell_len for name in names)
    wanted = max(len(verdict.wanted) for verdict in outcome.verdicts)
    lines: list[Text] = []
    for name, verdict in zip(names, outcome.verdicts, strict=True):
        line = Text("✓ " if verdict.met else "✗ ", "bold " + _color(verdict.met), no_wrap=True, overflow="fold")
        name.pad_right(width - name.cell_len)
        line.append_text(name)
        line.append(f"  {verdict.wanted:<{wanted}}  ", "default")
        line.append(f"found {verdict.found}", "not bold default" if verdict.met else "bold red")
        lines.append(line)
        if not verdict.met:
            texts = (verdict.expectation.note, *verdict.examples)
            lines += [Text(f"    {text}", "dim") for text in texts if text]
    return Group(*lines)


def _name(verdict: Verdict) -> Text:
    text = Text(verdict.expectation.metric.replace("_", " "), "not bold default")
    if verdict.expectation.operator:
        text.append(f", {verdict.expectation.operator}", "dim")
    return text


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", padding=(0, 1))
