"""``sender suppress``: who must not be written to."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TextIO

import msgspec
import rich_click as click

from clikit.terminal import visible
from sender.commands.beside import made_beside
from sender.commands.input import BadInput, bad_input, read_only
from sender.commands.options import FILE, config_option
from sender.commands.words import number_of
from sender.config.file import SenderConfig, load_config
from sender.domain.scope import ADVERTISING, ScopeError, read_scope
from sender.pipeline.suppression_file import BadLine, read_entries, read_time, write_entries
from sender.store.outbox import iso
from sender.store.suppression import Suppressed
from smppkit.masking import masked

_BATCH = 5000
_SHOWN = 10

_numbers = click.argument("numbers", nargs=-1, required=True)
_source = click.option("--source", default="person", show_default=True, help="Where it comes from, for the record.")
_reason = click.option("--reason", default="", help="Why, for the record.")
_text = click.option("--text", default="", help="What was said or signed, word for word, for the record.")
_at = click.option("--at", metavar="TIME", help="When it was said: 2026-03-01T12:00:00Z. Default: now.")
_scope = click.option(
    "--scope",
    default=ADVERTISING,
    show_default=True,
    metavar="SCOPE",
    help="all, advertising, or from:SENDER (the advertising of one sender).",
)


@click.group()
def suppress() -> None:
    """Say who must not be written to.

    A sender that runs hears of it within a second, and writes to nobody on the list from then on, whatever is queued.
    Advertising is stopped by every scope, service messages and one-time codes by the scope `all` alone.
    """


@suppress.command()
@config_option
@_numbers
@_scope
@_source
@_reason
@_text
@_at
def add(
    config_path: Path, numbers: tuple[str, ...], scope: str, source: str, reason: str, text: str, at: str | None
) -> None:
    """Put numbers on the list."""
    with bad_input():
        config = load_config(config_path, os.environ)
        usual = Suppressed(0, _read_scope(scope), source, reason, text, _read_time(at))
        entries = [msgspec.structs.replace(usual, number=int(number_of(number, config))) for number in numbers]
        with made_beside(config) as store, store.database.transaction():
            changes = store.suppression.add(entries)
    click.echo(f"{len(changes)} added to {usual.scope}{_already(len(entries) - len(changes))}")


@suppress.command()
@config_option
@_numbers
@click.option("--scope", metavar="SCOPE", help="Only from this one. Default: from all.")
@_source
@_reason
@_text
@_at
def remove(
    config_path: Path, numbers: tuple[str, ...], scope: str | None, source: str, reason: str, text: str, at: str | None
) -> None:
    """Take numbers off the list. What was on it stays in the history."""
    with bad_input():
        config = load_config(config_path, os.environ)
        wanted = None if scope is None else _read_scope(scope)
        when = _read_time(at)
        found = [int(number_of(number, config)) for number in numbers]
        with made_beside(config) as store, store.database.transaction():
            removed = [
                change
                for number in found
                for change in store.suppression.remove(number, wanted, source=source, reason=reason, text=text, at=when)
            ]
    click.echo(f"{len(removed)} removed" if removed else "none of them was on the list")


@suppress.command()
@config_option
@_numbers
@_scope
@click.option("--source", required=True, help="Where consent was given: web form, contract, till.")
@_text
@_at
def consent(config_path: Path, numbers: tuple[str, ...], scope: str, source: str, text: str, at: str | None) -> None:
    """Keep on record that numbers agreed to be written to. Takes nothing off the list: `remove` does."""
    with bad_input():
        config = load_config(config_path, os.environ)
        usual = Suppressed(0, _read_scope(scope), source, "", text, _read_time(at))
        entries = [msgspec.structs.replace(usual, number=int(number_of(number, config))) for number in numbers]
        with made_beside(config) as store, store.database.transaction():
            for entry in entries:
                store.suppression.consent(entry)
    click.echo(f"{len(entries)} on record")


@suppress.command("list")
@config_option
@click.argument("number", required=False)
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Entries to show.")
@click.option("--plain", is_flag=True, help="Numbers in full. They are masked otherwise.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, one entry a line.")
def list_(config_path: Path, number: str | None, limit: int, plain: bool, as_json: bool) -> None:
    """Show the list; with NUMBER, all that was ever said about it.

    \b
    Exit codes:
      0  there is something to show
      1  there is nothing
    """
    with bad_input():
        config = load_config(config_path, os.environ)
        with read_only(config) as store:
            if number is not None:
                lines = [_shown(msgspec.structs.asdict(it), plain) for it in
                         store.suppression.history(int(number_of(number, config)))]  # fmt: skip
                total = len(lines)
            else:
                lines = [_shown(msgspec.structs.asdict(it), plain) for it in store.suppression.entries(limit=limit)]
                total = sum(count for _, count in store.suppression.scopes())
    for line in lines:
        click.echo(msgspec.json.encode(line).decode() if as_json else _line(line))
    if total > len(lines) and not as_json:
        click.echo(f"… and {total - len(lines):,} more", err=True)
    if not lines:
        click.echo("Nothing is on the list." if number is None else "Nothing was ever said about it.", err=True)
    raise SystemExit(0 if lines else 1)


@suppress.command("import")
@config_option
@click.argument("file", type=FILE)
@_scope
@click.option("--source", help="Where it comes from, for the record. Default: the name of the file.")
@_reason
def import_(config_path: Path, file: Path, scope: str, source: str | None, reason: str) -> None:
    """Put the numbers of a CSV file on the list: one a line, or with a header.

    Columns are number (or phone), and if there are any: scope, source, reason, text, at.

    \b
    Exit codes:
      0  every line was taken
      1  some lines could not be used; the others were
      2  the command, the configuration, the file or the store cannot be used
    """
    with bad_input():
        config = load_config(config_path, os.environ)
        usual = Suppressed(0, _read_scope(scope), source or file.name, reason, "", time.time())
        bad, rows, added = _import(config, file, usual)
    click.echo(f"{added:,} added{_already(rows - added)}")
    for line in bad[:_SHOWN]:
        click.echo(f"{file}:{line.line}: {line.reason}", err=True)
    if len(bad) > _SHOWN:
        click.echo(f"… and {len(bad) - _SHOWN:,} more lines that could not be used", err=True)
    raise SystemExit(1 if bad else 0)


@suppress.command()
@config_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default="-")
def export(config_path: Path, file: Path) -> None:
    """Write the list as CSV, numbers in full, as `import` reads it."""
    with bad_input():
        config = load_config(config_path, os.environ)
        with read_only(config) as store, _output(file) as out:
            count = write_entries(out, store.suppression.entries())
    if str(file) != "-":
        click.echo(f"{count:,} written to {file}")


def _import(config: SenderConfig, file: Path, usual: Suppressed) -> tuple[list[BadLine], int, int]:
    bad: list[BadLine] = []
    rows = added = 0
    with made_beside(config) as store, file.open(encoding="utf-8-sig", newline="") as lines:
        entries = read_entries(lines, config.country, usual)
        try:
            while batch := list(islice(entries, _BATCH)):
                good = [it for it in batch if isinstance(it, Suppressed)]
                bad += [it for it in batch if isinstance(it, BadLine)]
                rows += len(good)
                with store.database.transaction():
                    added += len(store.suppression.add(good))
        except UnicodeDecodeError as error:
            raise BadInput(f"{file}: not UTF-8 text (octet {error.start})") from None
    return bad, rows, added


@contextmanager
def _output(file: Path) -> Iterator[TextIO]:
    if str(file) == "-":
        yield sys.stdout
        return
    with file.open("w", encoding="utf-8", newline="") as opened:
        yield opened


def _read_scope(text: str) -> str:
    try:
        return read_scope(text)
    except ScopeError as error:
        raise BadInput(f"--scope: {error}") from None


def _read_time(text: str | None) -> float:
    try:
        return time.time() if text is None else read_time(text)
    except ValueError as error:
        raise BadInput(f"--at: {error}") from None


def _already(count: int) -> str:
    return f", {count:,} were on it already" if count else ""


def _shown(entry: dict[str, object], plain: bool) -> dict[str, object]:
    number = str(entry["number"])
    at = entry["at"]
    assert isinstance(at, float)  # noqa: S101 - as the store has it
    return {**entry, "number": number if plain else masked(number), "at": iso(at)}


def _line(entry: dict[str, object]) -> str:
    what = f" {entry['change']:<8}" if "change" in entry else ""
    why = " · ".join(str(entry[key]) for key in ("source", "reason", "text") if entry[key])
    return visible(f"{entry['number']:<16}{what} {entry['scope']:<16} {entry['at']}  {why}")
