"""``sender numbering`` and ``sender routes``: which network a number belongs to, and where a message would go."""

from __future__ import annotations

import codecs
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

import rich_click as click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from sender.commands.beside import made_beside
from sender.commands.input import BadInput, bad_input, read_only
from sender.commands.options import FILE, class_option, config_option
from sender.commands.words import number_of
from sender.config.file import load_config
from sender.domain.health import Circuit, Health, Standing
from sender.domain.message import MessageClass
from sender.domain.numbering import OverlapError, check_overlaps
from sender.domain.plan_file import PlanError, PlanFormat, Row, read_plan
from sender.pipeline.compose import check_sender
from sender.pipeline.routing import make_numbering, make_router
from sender.store.numbering import NumberingVerbs
from sender.store.sqlite import SqliteStore

_BATCH: Final = 2000
"""Rows of a transaction: a sender that runs waits for the store some milliseconds at a time."""


@click.group()
def numbering() -> None:
    """Which network a number belongs to: import numbering plans and ported numbers, and ask."""


@numbering.command("import")
@config_option
@click.argument("file", type=FILE)
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in PlanFormat]),
    required=True,
    help="ru-def: the Russian registry; csv: first,last,operator or prefix,operator; ported: number,operator.",
)
@click.option("--name", default="", help="Name of the plan; one of that name is replaced. Default: that of the file.")
def import_plan(config_path: Path, file: Path, form: str, name: str) -> None:
    """Read a numbering plan, or a list of ported numbers, into the store.

    It counts when all of it is there, in place of the plan of the same name. A sender that runs takes it over within
    a second. A file with a row that cannot be used changes nothing.
    """
    with bad_input(), ExitStack() as stack:
        config = load_config(config_path, os.environ)
        store = stack.enter_context(made_beside(config))
        rows = _import(store, file, PlanFormat(form), name or file.stem)
    click.echo(f"{name or file.stem}: {rows} {'numbers' if form == PlanFormat.PORTED.value else 'ranges'}")


@numbering.command("list")
@config_option
def list_plans(config_path: Path) -> None:
    """List the plans that were imported."""
    with bad_input(), read_only(load_config(config_path, os.environ)) as store:
        plans = store.numbering.plans()
    for plan in plans:
        day = datetime.fromtimestamp(plan.imported_at, UTC).date().isoformat()
        click.echo(f"{plan.name}: {plan.rows} rows of {plan.source}, imported {day}")
    if not plans:
        click.echo("No plan was imported. phonenumbers' data and built-in prefixes are used.")


@numbering.command("show")
@config_option
@click.argument("number")
def show(config_path: Path, number: str) -> None:
    """Show the network of a number, and where that is known from."""
    with bad_input(), ExitStack() as stack:
        config = load_config(config_path, os.environ)
        digits = number_of(number, config)
        store = stack.enter_context(read_only(config)) if config.store.exists() else None
        found = make_numbering(config, store).look(digits)
    click.echo(f"+{digits}: {found.network or 'unknown'}")
    click.echo(f"  known from: {found.source.value}{f' ({found.detail})' if found.detail else ''}")
    if found.region:
        click.echo(f"  region: {found.region}")


@click.command()
@config_option
@click.argument("number")
@click.option("--from", "source", default="", help="Sender of the message.")
@class_option("Class of the message.")
@click.option("--down", multiple=True, metavar="ACCOUNT", help="As if this account were passed over; repeatable.")
def routes(config_path: Path, number: str, source: str, message_class: str, down: tuple[str, ...]) -> None:
    """Show step by step where a message would go. Nothing is sent; accounts are taken to be well but for --down.

    \b
    Exit codes:
      0    there is a route
      1    no route fits
      2    the command, a file or the store cannot be used
    """
    with bad_input(), ExitStack() as stack:
        config = load_config(config_path, os.environ)
        digits = number_of(number, config)
        for account in down:
            if account not in config.accounts():
                raise BadInput(f"--down {account}: expected one of {', '.join(config.accounts())}")
        health: Health = {it: Standing(Circuit.OPEN, 0.0, None, "as --down says") for it in down}
        store = stack.enter_context(read_only(config)) if config.store.exists() else None
        found = make_numbering(config, store).look(digits)
        router = make_router(config, store, lambda: health)
        router.renumber(lambda _: found.network)
        steps, choice = router.explain(
            digits, sender=check_sender(source) if source else "", message_class=MessageClass(message_class)
        )
    click.echo(f"+{digits}, known from: {found.source.value}{f' ({found.detail})' if found.detail else ''}")
    width = max(len(step.about) for step in steps)
    for step in steps:
        click.echo(f"  {step.about:<{width}}  {step.says}")
    raise SystemExit(0 if choice is not None else 1)


def _import(store: SqliteStore, file: Path, form: PlanFormat, name: str) -> int:
    verbs = store.numbering
    with store.database.transaction():
        plan = verbs.begin(name, file.name, time.time())
    try:
        rows = read_plan(_lines(file), form)
        if form is PlanFormat.PORTED:
            count = _add_ported(store, verbs, plan, rows)
        else:
            count = _add_ranges(store, verbs, plan, name, list(rows))
        if not count:
            raise PlanError(1, "there is no row after the header")
        with store.database.transaction():
            verbs.finish(plan)
    except PlanError as error:
        raise BadInput(f"{file}:{error.line}: {error}") from None
    finally:  # what was replaced, or what did not come to its end
        while _clear(store, verbs, name):
            pass
    return count


def _clear(store: SqliteStore, verbs: NumberingVerbs, name: str) -> int:
    with store.database.transaction():
        return verbs.clear(name)


def _add_ported(store: SqliteStore, verbs: NumberingVerbs, plan: int, rows: Iterator[Row]) -> int:
    count = 0
    while batch := [(int(it.span), it.operator) for _, it in islice(rows, _BATCH)]:
        with store.database.transaction():
            verbs.add_ported(plan, batch)
        count += len(batch)
    return count


def _add_ranges(store: SqliteStore, verbs: NumberingVerbs, plan: int, name: str, rows: list[Row]) -> int:
    ranges = [it for _, it in rows]
    others = list(verbs.ranges(without=name))
    try:
        check_overlaps([*others, *ranges])
    except OverlapError as error:
        line = rows[error.later - len(others)][0]
        earlier = error.earlier - len(others)
        where = "another plan" if earlier < 0 else f"line {rows[earlier][0]}"
        raise PlanError(line, f"{error}; the other is in {where}") from None
    for start in range(0, len(ranges), _BATCH):
        with store.database.transaction():
            verbs.add_ranges(plan, ranges[start : start + _BATCH])
    return len(ranges)


def _lines(file: Path) -> Iterator[str]:
    """The lines of a file in UTF-8 or, as the registry once was, in Windows-1251; with a progress bar on a terminal."""
    encoding = _encoding(file)
    console = Console(stderr=True)
    with file.open("rb") as lines, Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(escape(file.name), total=file.stat().st_size)
        for number, line in enumerate(lines):
            if number % 1000 == 0:
                bar.update(task, completed=lines.tell())
            try:
                yield line.decode(encoding)
            except UnicodeDecodeError:
                raise PlanError(number + 1, "neither UTF-8 nor Windows-1251; save the file as CSV UTF-8") from None


def _encoding(file: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with file.open("rb") as octets:
        try:
            while piece := octets.read(1 << 20):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1251"
    return "utf-8"
