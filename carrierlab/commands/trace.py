"""``carrierlab trace FILE``: what happened in a run, listed, stepped through, or compared with another."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import rich_click as click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from carrierlab.exit_codes import FAILED, PASSED, UNUSABLE, exit_codes_text
from carrierlab.parameters import Parsed
from carrierlab.traces.differing import difference, told_apart
from carrierlab.traces.format import TraceError, TraceFile, read_trace
from carrierlab.traces.reading import Entry, entries, first_failure
from carrierlab.traces.selecting import Selection, around
from carrierlab.traces.showing import COLUMNS, as_json, cells, plain
from carrierlab.traces.stepping import Stepper, step
from yamlmodel.scalars import Duration

_FILE = click.Path(path_type=Path)
_TIME = Parsed("TIME", Duration.parse)


@click.command(epilog=exit_codes_text())
@click.argument("file", type=_FILE)
@click.option("--to", metavar="NUMBER", help="Follow the messages to a number (or a glob).")
@click.option("--link", "links", multiple=True, help="Of a connection: 3, or 3> to the operator, 3< to the sender.")
@click.option("--command", "commands", multiple=True, metavar="NAME", help="Of a kind: submit_sm, deliver_sm*, fault.")
@click.option("--from", "after", type=_TIME, help="From this time of the simulation on, such as 2.5s.")
@click.option("--until", type=_TIME, help="Up to this time.")
@click.option("--pdus", is_flag=True, help="PDUs only: no states, faults, logs.")
@click.option("--around", "around_failure", is_flag=True, help="Around the first failure.")
@click.option("--context", type=click.IntRange(0, 10_000), default=10, show_default=True, help="So many on each side.")
@click.option("--limit", type=click.IntRange(0), default=1000, show_default=True, help="The first so many; 0 for all.")
@click.option("--step", "stepping", is_flag=True, help="One at a time: fields, octets, states of both sides.")
@click.option("--json", "json_", is_flag=True, help="One JSON object a line.")
@click.option("--diff", "other", type=_FILE, help="Where another trace goes apart; exits with 1 then.")
def trace(
    file: Path,
    to: str | None,
    links: tuple[str, ...],
    commands: tuple[str, ...],
    after: float | None,
    until: float | None,
    pdus: bool,
    around_failure: bool,
    context: int,
    limit: int,
    stepping: bool,
    json_: bool,
    other: Path | None,
) -> NoReturn:
    """Show a trace FILE, which `carrierlab run --trace` or a run of `--seeds` that failed has written.

    A table on a terminal; elsewhere one happening a line with tabs between number, time, link, direction, command,
    status and what it is about. Numbers and texts are shown as they were, passwords are not.
    """
    recorded = _read(file)
    found = entries(recorded)
    console = Console(highlight=False)
    if other is not None:
        raise SystemExit(_differ(recorded, found, _read(other), context, console))
    wanted = Selection(
        links=links,
        commands=commands,
        to=to.removeprefix("+") if to is not None else None,
        after=after,
        until=until,
        pdus_only=pdus,
    )
    shown = [entry for entry in found if wanted.takes(entry)]
    if not shown:
        click.echo("nothing in this trace is like that", err=True)
        raise SystemExit(PASSED)
    if around_failure:
        shown = _around(shown, context)
    if stepping:
        _step(found, shown, console)
    elif json_:
        for entry in shown[: limit or None]:
            click.echo(json.dumps(as_json(entry), ensure_ascii=False))
    else:
        _list(recorded, shown, limit, console)
    raise SystemExit(PASSED)


def _read(file: Path) -> TraceFile:
    try:
        return read_trace(file)
    except TraceError as error:
        click.echo(str(error), err=True)
        raise SystemExit(UNUSABLE) from None


def _around(shown: Sequence[Entry], context: int) -> list[Entry]:
    failure = first_failure(shown)
    if failure is None:
        click.echo("nothing here failed", err=True)
        return []
    return around(shown, failure, context)


def _step(found: Sequence[Entry], shown: Sequence[Entry], console: Console) -> None:
    if not shown:
        click.echo("nothing to step through", err=True)
        return
    try:
        step(Stepper(found, shown), console, lambda: console.input("[dim]>[/] "))
    except KeyboardInterrupt:
        click.echo("", err=True)


def _list(recorded: TraceFile, shown: Sequence[Entry], limit: int, console: Console) -> None:
    listed = shown[: limit or None]
    if on_terminal():
        console.print(_head(recorded))
        console.print(_table(listed))
        _tail(recorded, len(shown), len(listed), console)
    else:
        for entry in listed:
            click.echo(plain(entry))


def on_terminal() -> bool:
    """Return whether a person reads the output as it comes."""
    return sys.stdout.isatty()


def _head(recorded: TraceFile) -> Text:
    header = recorded.header
    return Text(f"{header.scenario} · {header.file} · seed {header.seed} · trace {recorded.end.digest[:16]}…", "bold")


def _table(listed: Sequence[Entry]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1))
    for column in COLUMNS[:-1]:
        table.add_column(column, no_wrap=True, justify="right" if column in ("no.", "time") else "left")
    table.add_column(COLUMNS[-1], overflow="fold")
    for entry in listed:
        table.add_row(*cells(entry))
    return table


def _tail(recorded: TraceFile, found: int, listed: int, console: Console) -> None:
    end = recorded.end
    if found > listed:
        console.print(f"{found - listed:,} more; --limit 0 shows all", style="yellow")
    if end.left_out:
        console.print(f"{end.left_out:,} happenings came after the file was full", style="yellow")
    for trouble in end.trouble:
        console.print(Text(f"! {trouble}", "bold red"))
    for verdict in end.verdicts:
        mark = Text("✓ " if verdict.met else "✗ ", "green" if verdict.met else "bold red")
        console.print(mark.append(f"{verdict.expected}, found {verdict.found}", "default"))
    console.print("PASSED" if end.passed else "FAILED", style="bold green" if end.passed else "bold red")


def _differ(ours: TraceFile, our_entries: Sequence[Entry], theirs: TraceFile, context: int, console: Console) -> int:
    for line in told_apart(ours, theirs):
        console.print(Text(line, "yellow"))
    found = difference(our_entries, entries(theirs), context)
    if found is None:
        console.print("nothing differs" if ours.end == theirs.end else "only the verdicts differ")
        return PASSED if ours.end == theirs.end else FAILED
    at = (found.ours or found.theirs)[0]
    console.print(Text(f"the first difference is no. {at.number}, at {at.at:.6f} s", "bold"))
    for mark, style, group in (("  ", "dim", found.before), ("- ", "red", found.ours), ("+ ", "green", found.theirs)):
        for entry in group:
            console.print(Text(mark + plain(entry).replace("\t", "  "), style), soft_wrap=True)
    for name, group in (("the first trace ends here", found.ours), ("the other one ends here", found.theirs)):
        if not group:
            console.print(Text(name, "yellow"))
    return FAILED
