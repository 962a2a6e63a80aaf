"""``sender binds``: the accounts and their binds, as the running process says."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec
import rich_click as click
from rich.table import Table
from rich.text import Text

from clikit.terminal import visible
from sender.commands.input import bad_input, read_only
from sender.commands.options import config_option
from sender.config.file import load_config
from sender.console import duration_text
from sender.dashboard import NARROW, accounts_view, console, take
from sender.pipeline.live import BindStatus


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def binds(config_path: Path, as_json: bool) -> None:
    """Show the operator accounts: what is bound, how fast it goes, and what is wrong.

    \b
    Exit codes:
      0  a process sends, and every account is bound
      1  none sends, or an account is not bound
      2  the command, the configuration or the store cannot be used
    """
    with bad_input():
        config = load_config(config_path, os.environ)
        with read_only(config) as store:
            snapshot = take(store, time.time())
    accounts = snapshot.live.accounts if snapshot.live is not None else []
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(accounts), indent=2))
    else:
        if not snapshot.alive:
            click.echo("No process sends from this store now.", err=True)
        target = console()
        target.print(accounts_view(snapshot, narrow=target.width < NARROW))
        target.print(_links_table([link for account in accounts for link in account.links], snapshot.at))
    raise SystemExit(0 if snapshot.alive and all(account.bound for account in accounts) else 1)


def _links_table(links: list[BindStatus], now: float) -> Table:
    """One line a bind."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("bind", "as", "state", "address", "since", "window", "trouble"):
        table.add_column(title, no_wrap=title != "trouble")
    for link in links:
        since = "" if link.bound_at is None else duration_text(max(0.0, now - link.bound_at))
        window = (
            "" if link.window is None else f"{link.outstanding}/{link.window}" + ("↓" if link.window_shrunk else "")
        )
        state = f"{link.status}, silent" if link.silent else link.status
        cells = (link.name, link.kind, state, link.address, since, window, link.trouble or "")
        table.add_row(*(Text(visible(cell)) for cell in cells))
    return table
