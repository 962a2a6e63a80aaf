"""Commands that read the store: ``sender report`` and ``sender campaigns``."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec
import rich_click as click

from sender.commands.input import BadInput, bad_input, campaigns_of, pick, read_only
from sender.commands.options import campaign_option, config_option
from sender.config.file import load_config
from sender.console import report_text, unmatched_text
from sender.dashboard import NARROW, campaigns_table, console
from sender.store import lookup


@click.command()
@config_option
@campaign_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def report(config_path: Path, campaign_id: int | None, as_json: bool) -> None:
    """Show the figures of a campaign: the latest one, or the one of --campaign. A running one may be watched."""
    with bad_input():
        config = load_config(config_path, os.environ)
        with read_only(config) as store:
            known = list(campaigns_of(store))
            if not known:
                raise BadInput(f"{config.store}: there is no campaign yet")
            figures = store.report(pick(store, campaign_id or known[-1].id).id)
            whole = store.maintenance.info()
    if as_json:
        click.echo(figures.to_json(), nl=False)
    else:
        click.echo(report_text(figures) + unmatched_text(whole), nl=False)


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--limit", type=click.IntRange(1, lookup.MOST), default=100, show_default=True, help="The latest ones.")
def campaigns(config_path: Path, as_json: bool, limit: int) -> None:
    """List the campaigns of the store, newest first: state, progress, rate and time left.

    The rate is an average since the first submit, and told while answers come.
    """
    with bad_input():
        config = load_config(config_path, os.environ)
        with read_only(config) as store:
            views = lookup.campaign_views(store.database, now=time.time(), limit=limit)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(views), indent=2))
    else:
        target = console()
        target.print(campaigns_table(views, narrow=target.width < NARROW))
