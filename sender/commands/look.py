"""Commands that read the store: ``sender report`` and ``sender campaigns``."""

from __future__ import annotations

import os
from pathlib import Path

import rich_click as click

from sender.commands.input import BadInput, bad_input, campaigns_of, pick, read_only
from sender.commands.options import campaign_option, config_option
from sender.config.file import load_config
from sender.console import campaigns_text, report_text, unmatched_text


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
def campaigns(config_path: Path) -> None:
    """List the campaigns of the store."""
    with bad_input():
        config = load_config(config_path, os.environ)
        with read_only(config) as store:
            rows = [(campaign, store.counts(campaign.id)) for campaign in campaigns_of(store)]
    click.echo(campaigns_text(rows), nl=False)
