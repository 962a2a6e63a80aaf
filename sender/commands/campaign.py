"""``sender pause``, ``sender resume-campaign`` and ``sender cancel``: small words into the store, from beside."""

from __future__ import annotations

import os
import time
from pathlib import Path

import rich_click as click

from sender.commands.beside import beside
from sender.commands.input import BadInput, bad_input, pick
from sender.commands.options import IDENT, config_option
from sender.config.file import load_config
from sender.domain.message import FINAL, State
from sender.store.records import Campaign, CampaignKind, CampaignState
from sender.store.sqlite import SqliteStore

_campaign = click.option("--campaign", "campaign_id", type=IDENT, required=True, help="Number of the campaign.")


@click.command()
@config_option
@_campaign
def pause(config_path: Path, campaign_id: int) -> None:
    """Stop writing a campaign to its operators, until `sender resume-campaign`.

    A sender that runs hears of it within a second; what is on its way is answered as ever.
    """
    with bad_input(), beside(load_config(config_path, os.environ)) as store:
        campaign = _unfinished(store, _not_cancelled(pick(store, campaign_id)))
        with store.database.transaction():
            changed = store.pause(campaign.id)
    click.echo(f"campaign {campaign_id} is paused" + ("" if changed else " already"))


@click.command("resume-campaign")
@config_option
@_campaign
def resume_campaign(config_path: Path, campaign_id: int) -> None:
    """Go on with a campaign that was paused."""
    with bad_input(), beside(load_config(config_path, os.environ)) as store:
        campaign = _not_cancelled(pick(store, campaign_id))
        with store.database.transaction():
            changed = store.resume(campaign.id)
    click.echo(f"campaign {campaign_id} goes on" if changed else f"campaign {campaign_id} was not paused")


@click.command()
@config_option
@_campaign
def cancel(config_path: Path, campaign_id: int) -> None:
    """End a campaign: what has not been written to an operator never will be.

    That cannot be undone. What is on its way is answered as ever, and what is in doubt stays in doubt.
    """
    with bad_input(), beside(load_config(config_path, os.environ)) as store:
        campaign = pick(store, campaign_id)
        if not campaign.cancelled:
            _unfinished(store, campaign)
        with store.database.transaction():
            store.cancel(campaign.id)
        while True:
            with store.database.transaction():
                if not store.sweep(time.time()):
                    break
        cancelled = store.counts(campaign.id)[State.CANCELLED]
    click.echo(f"campaign {campaign_id} is cancelled: {cancelled:,} of {campaign.messages:,} messages were not sent")


def _not_cancelled(campaign: Campaign) -> Campaign:
    if campaign.cancelled:
        raise BadInput(f"campaign {campaign.id} was cancelled, which cannot be undone")
    return campaign


def _unfinished(store: SqliteStore, campaign: Campaign) -> Campaign:
    counts = store.counts(campaign.id)
    done = all(state in FINAL for state, count in counts.items() if count)
    if done and campaign.kind is CampaignKind.FILE and campaign.state is CampaignState.RUNNING:
        raise BadInput(f"campaign {campaign.id} is finished; nothing of it waits")
    return campaign
