"""``sender send`` and ``sender resume``."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import rich_click as click

from sender.commands.input import BadInput, bad_input, existing, read_only
from sender.commands.options import (
    FILE,
    campaign_option,
    class_option,
    config_option,
    give_up_option,
    moment,
    plain_punctuation_option,
    reading_options,
    receipt_wait_option,
    report_option,
    transliterate_option,
)
from sender.commands.running import Job, check_any
from sender.config.file import SenderConfig, load_config
from sender.config.quiet import read_quiet
from sender.console import rehearsal_text
from sender.domain.message import MessageClass
from sender.domain.quiet_hours import QuietHours
from sender.domain.template import Template
from sender.pipeline.compose import Composer, TextOptions, Wording, check_sender
from sender.pipeline.importing import rehearse
from sender.pipeline.plans import CampaignPlan
from sender.pipeline.reading.opening import Reading, open_recipients
from sender.pipeline.routing import make_router
from sender.pipeline.screening import Blocked, nobody
from sender.store.sqlite import SqliteStore


@click.command()
@config_option
@click.option(
    "--recipients", type=FILE, required=True, help="CSV, XLSX, ODS or TXT: a column `phone`, and the template's fields."
)
@reading_options
@click.option("--template", required=True, help="The text: `{column}`, or `{column|fallback}`; `{{` for a brace.")
@click.option("--from", "source", required=True, help="Sender: a name of at most 11 characters, or a number.")
@class_option(
    "What becomes of a message in doubt: advertising is never resent, service once, code soon and several times."
)
@click.option(
    "--priority",
    type=click.IntRange(0, 9),
    help="9 goes first, 0 last. Default: that of the class: advertising 2, service 5, code 9.",
)
@click.option(
    "--weight",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="Its share of the turns, against campaigns of the same priority.",
)
@click.option(
    "--start", "starts_at", metavar="TIME", callback=moment, help="Send nothing before; a time or a duration."
)
@click.option(
    "--expires", "expires_at", metavar="TIME", callback=moment, help="Write nothing from then on; a time or a duration."
)
@click.option(
    "--quiet",
    metavar="HOURS",
    help='Hours at which nothing of it is sent, "21:00-09:00 sat,sun Asia/Almaty"; days and time zone may be omitted: '
    "the recipient's clock counts then. Default: `quiet` of the configuration.",
)
@transliterate_option
@plain_punctuation_option
@click.option("--name", default="", help="Name of the campaign. Default: the name of the recipients file.")
@click.option("--rejects", type=FILE, help="CSV for the rows left out. Default: RECIPIENTS.rejects.csv.")
@report_option
@receipt_wait_option
@give_up_option
@click.option("--dry-run", is_flag=True, help="Show the first messages and what all would be; send and store nothing.")
def send(
    config_path: Path,
    recipients: Path,
    encoding: str | None,
    delimiter: str | None,
    sheet: str | None,
    number_column: str | None,
    template: str,
    source: str,
    message_class: str,
    priority: int | None,
    starts_at: float | None,
    expires_at: float | None,
    weight: int,
    quiet: str | None,
    transliterate: bool | None,
    plain_punctuation: bool | None,
    name: str,
    rejects: Path | None,
    report_path: Path | None,
    receipt_wait: float,
    give_up: float | None,
    dry_run: bool,
) -> None:
    """Send a text to every row of a file.

    Rows that cannot be sent are written to the rejects file with their line and the reason, and the rest goes on.
    The report goes to standard output, progress to standard error. Ctrl-C stops in order: what is on its way is
    answered first; a second Ctrl-C stops at once.

    \b
    Exit codes:
      0    every message was taken by its operator; what became of it is in the report
      1    some messages were refused, are in doubt, or could not be sent
      2    the command, a file (not one row can be sent) or the store cannot be used
      130  interrupted (Ctrl-C; 143 after SIGTERM): `sender resume` goes on
    """
    with bad_input():
        config = load_config(config_path, os.environ)
        plan = CampaignPlan(
            template=template,
            sender=source,
            recipients=recipients,
            reading=Reading(encoding, delimiter, sheet, number_column),
            message_class=MessageClass(message_class),
            text=TextOptions(transliterate, plain_punctuation),
            rejects=rejects or Path(f"{recipients}.rejects.csv"),
            name=name,
            priority=priority,
            starts_at=starts_at,
            expires_at=expires_at,
            weight=weight,
            quiet=_quiet(quiet, MessageClass(message_class)),
        )
        _check(config, plan, report_path)
        if dry_run:
            _dry_run(config, plan)
            return
        job = Job(config, config_path, receipt_wait, give_up)
        code = job.run(lambda: job.send(plan, report_path))
    raise SystemExit(code)


def _quiet(text: str | None, message_class: MessageClass) -> QuietHours | None:
    try:
        return None if text is None else read_quiet(text, message_class)
    except ValueError as error:
        raise BadInput(f"--quiet: {error}") from None


@click.command()
@config_option
@campaign_option
@report_option
@receipt_wait_option
@give_up_option
def resume(
    config_path: Path,
    campaign_id: int | None,
    report_path: Path | None,
    receipt_wait: float,
    give_up: float | None,
) -> None:
    """Go on with what was interrupted.

    Without --campaign: with every campaign of the store that is not finished. Messages whose answer was lost are in
    doubt; whether they are sent again is up to the class of the campaign.

    \b
    Exit codes:
      0    every message was taken by its operator; what became of it is in the report
      1    some messages were refused, are in doubt, or could not be sent
      2    the command, a file (not one row can be sent) or the store cannot be used
      130  interrupted (Ctrl-C; 143 after SIGTERM): `sender resume` goes on
    """
    with bad_input():
        config = load_config(config_path, os.environ)
        existing(config)
        job = Job(config, config_path, receipt_wait, give_up)
        code = job.run(lambda: job.resume(campaign_id, report_path))
    raise SystemExit(code)


def _check(config: SenderConfig, plan: CampaignPlan, report_path: Path | None) -> None:
    """Everything that can be known before the store is opened and operators are called."""
    if plan.expires_at is not None and plan.expires_at <= max(plan.starts_at or 0.0, time.time()):
        raise BadInput("--expires is before the start; nothing would be sent")
    if plan.rejects is not None and plan.rejects.absolute() == plan.recipients.absolute():
        raise BadInput("--rejects names the recipients file; it would be overwritten")
    for path in (report_path, plan.rejects):
        if path is not None and not path.absolute().parent.is_dir():
            raise BadInput(f"{path}: there is no directory {path.parent}")
    check_sender(plan.sender)
    with open_recipients(plan.recipients, config.country, Template.compile(plan.template), plan.reading):
        pass


def _opt_outs(store: SqliteStore, composer: Composer) -> Blocked:
    return partial(store.suppression.scope_against, kind=composer.message_class, sender=composer.sender)


def _dry_run(config: SenderConfig, plan: CampaignPlan) -> None:
    template = Template.compile(plan.template)
    wordings = {name: Wording.of(account) for name, account in config.accounts().items()}
    composer = Composer(template, check_sender(plan.sender), plan.message_class, wordings, plan.text)
    with ExitStack() as stack:
        store = stack.enter_context(read_only(config)) if config.store.exists() else None
        found = rehearse(
            plan.recipients,
            region=config.country,
            how=plan.reading,
            template=template,
            composer=composer,
            router=make_router(config, store),
            blocked=nobody if store is None else _opt_outs(store, composer),
        )
    click.echo(rehearsal_text(found), nl=False)
    check_any(plan.recipients, found.rows, sum(found.messages.values()), None)
