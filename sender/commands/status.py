"""``sender status``: how everything stands, once or again and again."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import msgspec
import rich_click as click
from rich.live import Live

from sender.commands.input import bad_input, read_only
from sender.commands.options import config_option
from sender.config.file import load_config
from sender.dashboard import Rates, console, page, take

EVERY = 1.0


@click.command()
@config_option
@click.option("--watch", is_flag=True, help="Again every second, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, once.")
def status(config_path: Path, watch: bool, as_json: bool) -> None:
    """Show how the sender stands: binds, queues, campaigns.

    It reads the store, and needs no port: a process may be sending from it or not.

    \b
    Exit codes:
      0  a process sends
      1  none does
      2  the command, the configuration or the store cannot be used
    """
    with bad_input():
        config = load_config(config_path, os.environ)
        with read_only(config) as store:
            snapshot = take(store, time.time())
            if as_json:
                click.echo(msgspec.json.format(msgspec.json.encode(snapshot), indent=2))
            elif not watch:
                target = console()
                target.print(page(snapshot, width=target.width))
            else:
                rates, wait = Rates(), threading.Event()
                with Live(auto_refresh=False) as shown:
                    try:
                        while True:
                            shown.update(page(snapshot, rates.note(snapshot), width=shown.console.width), refresh=True)
                            wait.wait(EVERY)
                            snapshot = take(store, time.time())
                    except KeyboardInterrupt:
                        pass
    raise SystemExit(0 if snapshot.alive else 1)
