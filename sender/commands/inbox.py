"""``sender inbox``: what subscribers have written."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import rich_click as click

from clikit.terminal import visible
from sender.commands.input import bad_input, read_only
from sender.commands.options import config_option
from sender.commands.words import number_of, since_of
from sender.config.file import load_config
from sender.store.incoming import Incoming
from sender.store.outbox import iso
from smppkit.masking import masked


@click.command()
@config_option
@click.option("--number", metavar="NUMBER", help="Only from this number.")
@click.option("--label", metavar="WORD", help="Only with this label, or this action: stop, stop_all, start.")
@click.option("--since", metavar="TIME", help="A time such as 2026-03-01T12:00:00Z, or a span: 1h.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--plain", is_flag=True, help="Numbers in full. They are masked otherwise.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, one message a line.")
def inbox(
    config_path: Path,
    number: str | None,
    label: str | None,
    since: str | None,
    limit: int,
    plain: bool,
    as_json: bool,
) -> None:
    """Show what subscribers have written, newest first.

    \b
    Exit codes:
      0  there are messages
      1  there are none
      2  the command, the configuration or the store cannot be used
    """
    with bad_input():
        config = load_config(config_path, os.environ)
        source = None if number is None else number_of(number, config)
        begin = 0.0 if since is None else since_of(since)
        with read_only(config) as store:
            found = list(store.incoming.latest(limit=limit, source=source, label=label, since=begin))
            waiting = store.incoming.waiting_parts()
    for message in found:
        shown = message if plain else msgspec.structs.replace(message, source=masked(message.source))
        click.echo(_json(shown) if as_json else _line(shown))
    if waiting and not as_json:
        click.echo(f"{waiting} parts of long messages wait for the rest", err=True)
    if not found:
        click.echo("No message is like that.", err=True)
    raise SystemExit(0 if found else 1)


def _json(message: Incoming) -> str:
    fields = msgspec.structs.asdict(message)
    return msgspec.json.encode({**fields, "at": iso(message.at)}).decode()


def _line(message: Incoming) -> str:
    notes = [note for note in (message.action if message.action != "label" else "", message.label) if note]
    if message.missing:
        notes.append(f"{message.missing} of {message.parts} parts missing")
    if message.repeats:
        notes.append(f"came {message.repeats + 1} times")
    said = f"  [{', '.join(notes)}]" if notes else ""
    text = " ".join(message.text.split())
    return visible(f"{message.id:>6}  {iso(message.at)}  {message.source:<16} → {message.destination:<12} {text}{said}")
