"""``sender config check`` and ``sender config diff``."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import rich_click as click

from sender.commands.input import bad_input
from sender.commands.options import config_option
from sender.config.file import load_config, load_with_places
from sender.config.reload import How, changes_text, compare, document
from sender.config.warnings import warnings
from sender.store.applied import AppliedRow
from sender.store.sqlite import SqliteStore


@click.group()
def config() -> None:
    """Look at a configuration before it is used."""


@config.command()
@config_option
@click.option("--strict", is_flag=True, help="Exit with 1 when there are warnings.")
def check(config_path: Path, strict: bool) -> None:
    """Read a configuration with all its files and passwords; say what is wrong, and what is hardly meant.

    \b
    Exit codes:
      0    it can be used
      1    with --strict: there are warnings
      2    it cannot be used
    """
    with bad_input():
        found, problem = load_with_places(config_path, os.environ)
    told = [problem(steps, message) for steps, message in warnings(found)]
    for warning in told:
        click.echo(f"{warning} (warning)")
    accounts = len(found.accounts())
    counted = f"{len(found.operators)} operators, {accounts} accounts, {len(found.routes)} routes"
    click.echo(f"{config_path}: can be used: {counted}, {len(told)} warnings")
    if told and strict:
        raise SystemExit(1)


@config.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def diff(config_path: Path, as_json: bool) -> None:
    """Show what a configuration would change: compared with the one that the sender of its store applied last.

    SIGHUP makes a sender that runs read its file again and apply all of it, or nothing.

    \b
    Exit codes:
      0    nothing would change, or all of it can be applied while the sender runs
      1    something needs a restart
      2    the configuration or the store cannot be used
    """
    with bad_input():
        found = load_config(config_path, os.environ)
        applied = _applied(found.store)
    if applied is None:
        click.echo(f"{found.store}: no sender has applied a configuration yet; all of {config_path} will be new")
        return
    changes = compare(msgspec.json.decode(applied.document), document(found, applied.salt))
    if as_json:
        click.echo(msgspec.json.encode([_row(change) for change in changes]).decode())
    else:
        at = datetime.fromtimestamp(applied.at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        click.echo(f"against what was applied at {at}:")
        click.echo(changes_text(changes))
    if any(change.how is How.RESTART for change in changes):
        raise SystemExit(1)


def _applied(path: Path) -> AppliedRow | None:
    if not path.exists():
        return None
    store = SqliteStore.open(path, read_only=True)
    try:
        return store.applied.read()
    finally:
        store.close()


def _row(change: object) -> dict[str, str]:
    row: dict[str, str] = msgspec.to_builtins(change)
    return row
