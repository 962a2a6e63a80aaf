"""The command line: ``sender send | resume | report | campaigns``."""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import logging
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import rich_click as click
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from sender.app import CampaignPlan, RunFailed, Sender
from sender.config import SenderConfig, load_config
from sender.console import (
    Display,
    campaigns_text,
    import_text,
    open_display,
    rehearsal_text,
    report_text,
)
from sender.domain.message import MessageClass, State
from sender.domain.recipients import HeaderError
from sender.domain.report import CampaignReport
from sender.domain.routing import Router
from sender.domain.template import Template, TemplateError
from sender.pipeline.compose import Composer, SenderError, Wording, check_sender
from sender.pipeline.importing import open_recipients, rehearse
from sender.store.records import Campaign, CampaignState, StoreError
from sender.store.sqlite import SqliteStore
from sender.store.writer import ThreadWriter
from smppkit.transport import TcpNetwork
from yamlmodel.errors import ConfigError
from yamlmodel.scalars import Duration


class BadInput(Exception):
    """Something the person gave cannot be used; the text is one line for them."""


class Interrupted(Exception):
    """A signal asked us to stop while recipients were being read."""


def _seconds(_: click.Context, param: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        return Duration.parse(value)
    except ValueError as error:
        raise click.BadParameter(f'found "{value}"; {error}', param=param) from None


FILE = click.Path(path_type=Path, dir_okay=False)

config_option = click.option("--config", "config_path", type=FILE, required=True, help="The sender's configuration.")
campaign_option = click.option("--campaign", "campaign_id", type=click.IntRange(min=1), help="Number of the campaign.")
report_option = click.option(
    "--report",
    "report_path",
    type=FILE,
    help="Write the final report here, as JSON; the last one when there are several.",
)
receipt_wait_option = click.option(
    "--receipt-wait",
    metavar="DURATION",
    callback=_seconds,
    default="30s",
    show_default=True,
    help="When all is sent: how long without a receipt until the run ends.",
)
give_up_option = click.option(
    "--give-up",
    metavar="DURATION",
    callback=_seconds,
    help="How long an operator may be unreachable before the run ends without it. Default: it is tried for ever.",
)


@click.group(epilog="Completion for your shell: `_SENDER_COMPLETE=bash_source sender` (or zsh_source, fish_source).")
@click.version_option(package_name="carrierlab", prog_name="sender")
@click.option("-v", "--verbose", is_flag=True, help="Say more on standard error.")
def main(verbose: bool) -> None:
    """Send SMS campaigns to operators over SMPP.

    A campaign is stored before anything is sent, so that it survives interruptions of every kind:
    `sender resume` goes on where the last run stopped. Nothing is sent twice but what was in doubt, and that is
    counted.
    """
    logging.getLogger().setLevel(logging.INFO if verbose else logging.WARNING)


@main.command()
@config_option
@click.option("--recipients", type=FILE, required=True, help="CSV with a column `phone` and the template's fields.")
@click.option("--template", required=True, help="The text: `{column}`, or `{column|fallback}`; `{{` for a brace.")
@click.option("--from", "source", required=True, help="Sender: a name of at most 11 characters, or a number.")
@click.option(
    "--class",
    "message_class",
    type=click.Choice([kind.value for kind in MessageClass]),
    default=MessageClass.SERVICE.value,
    show_default=True,
    help="What becomes of a message in doubt: advertising is never resent, service once, code soon and several times.",
)
@click.option("--name", default="", help="Name of the campaign. Default: the name of the recipients file.")
@click.option("--rejects", type=FILE, help="CSV for the rows left out. Default: RECIPIENTS.rejects.csv.")
@report_option
@receipt_wait_option
@give_up_option
@click.option("--dry-run", is_flag=True, help="Show the first messages and what all would be; send and store nothing.")
def send(
    config_path: Path,
    recipients: Path,
    template: str,
    source: str,
    message_class: str,
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
      2    the command, a file or the store cannot be used
      130  interrupted (Ctrl-C; 143 after SIGTERM): `sender resume` goes on
    """
    with _bad_input():
        config = load_config(config_path, os.environ)
        plan = CampaignPlan(
            template=template,
            sender=source,
            recipients=recipients,
            message_class=MessageClass(message_class),
            rejects=rejects or Path(f"{recipients}.rejects.csv"),
            name=name,
        )
        _check(config, plan, report_path)
        if dry_run:
            _dry_run(config, plan)
            return
        job = _Job(config, config_path, receipt_wait, give_up)
        code = job.run(lambda: job.send(plan, report_path))
    raise SystemExit(code)


@main.command()
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
      2    the command, a file or the store cannot be used
      130  interrupted (Ctrl-C; 143 after SIGTERM): `sender resume` goes on
    """
    with _bad_input():
        config = load_config(config_path, os.environ)
        if not config.store.exists():
            raise BadInput(f"{config.store}: there is no such store; `sender send` makes one")
        job = _Job(config, config_path, receipt_wait, give_up)
        code = job.run(lambda: job.resume(campaign_id, report_path))
    raise SystemExit(code)


@main.command()
@config_option
@campaign_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def report(config_path: Path, campaign_id: int | None, as_json: bool) -> None:
    """Show the figures of a campaign: the latest one, or the one of --campaign. A running one may be watched."""
    with _bad_input():
        config = load_config(config_path, os.environ)
        with _read_only(config) as store:
            known = list(_campaigns(store))
            if not known:
                raise BadInput(f"{config.store}: there is no campaign yet")
            figures = store.report(_pick(store, campaign_id or known[-1].id).id)
    if as_json:
        click.echo(figures.to_json(), nl=False)
    else:
        click.echo(report_text(figures), nl=False)


@main.command()
@config_option
def campaigns(config_path: Path) -> None:
    """List the campaigns of the store."""
    with _bad_input():
        config = load_config(config_path, os.environ)
        with _read_only(config) as store:
            rows = [(campaign, store.counts(campaign.id)) for campaign in _campaigns(store)]
    click.echo(campaigns_text(rows), nl=False)


# --- running --------------------------------------------------------------------------------------


class _Job:
    """One run of the reactor around one `Sender`."""

    def __init__(self, config: SenderConfig, config_path: Path, receipt_wait: float, give_up: float | None) -> None:
        self._config = config
        self._config_path = config_path
        self._receipt_wait = receipt_wait
        self._give_up = give_up
        self._signal: int | None = None
        self._display: Display
        self._store: SqliteStore
        self._writer: ThreadWriter
        self._sender: Sender

    def run(self, work: Callable[[], Coroutine[Deferred[Any], Any, int]]) -> int:
        """Open the store, do `work` in the reactor, close everything; the exit code."""
        self._store = SqliteStore.open(self._config.store)
        reactor = _install_reactor()
        self._display = open_display(sys.stderr)
        handler = _DisplayHandler(self._display)
        logging.getLogger().addHandler(handler)
        outcome: list[int | Failure] = []

        def begin() -> None:
            self._writer = ThreadWriter(self._store, reactor)
            self._sender = Sender(
                self._config,
                clock=reactor,
                network=TcpNetwork(reactor),
                writer=self._writer,
                store=self._store,
                epoch=time.time() - reactor.seconds(),
                seed=secrets.randbits(32),
            )
            Deferred.fromCoroutine(self._whole(work)).addBoth(end)

        def end(result: int | Failure) -> None:
            outcome.append(result)
            reactor.stop()

        def interrupted(number: int, _: FrameType | None) -> None:
            reactor.callFromThread(self._interrupt, number)

        before = {number: signal.signal(number, interrupted) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            reactor.callWhenRunning(begin)
            reactor.run(installSignalHandlers=False)
        finally:
            for number, previous in before.items():
                signal.signal(number, previous)
            self._display.close()
            self._store.close()
            logging.getLogger().removeHandler(handler)
        result = outcome[0]
        if isinstance(result, Failure):
            result.raiseException()
        return result

    async def _whole(self, work: Callable[[], Coroutine[Deferred[Any], Any, int]]) -> int:
        try:
            code = await work()
        except Interrupted:
            code = 0
        finally:
            await self._sender.stop()
            await self._writer.close()
        if self._signal is not None:
            self._display.close()
            click.echo(f"Interrupted. To go on: sender resume --config {self._config_path}", err=True)
            return 128 + self._signal
        return code

    def _interrupt(self, number: int) -> None:
        if self._signal is not None:
            self._display.close()
            click.echo("Stopped at once. What was on its way to an operator is in doubt.", err=True)
            os._exit(128 + number)  # the store is made for that; waiting for anything is what was not wanted
        self._signal = number
        self._display.say("Stopping: waiting for the operators' answers (once more to stop at once)")
        self._sender.stop()

    # What there is to do

    async def send(self, plan: CampaignPlan, report_path: Path | None) -> int:
        """``sender send``."""
        imported = await self._sender.import_campaign(plan, self._reading)
        self._display.say(import_text(imported))
        await self._start()
        others = [campaign for campaign in await self._unfinished() if campaign.id != imported.campaign_id]
        if others:
            numbers = ", ".join(str(campaign.id) for campaign in others)
            self._display.say(f"the store has unfinished campaigns, which go on too: {numbers}")
        return await self._watch(imported.campaign_id, report_path)

    async def resume(self, campaign_id: int | None, report_path: Path | None) -> int:
        """``sender resume``."""
        chosen = None if campaign_id is None else await self._writer.call(_pick, self._store, campaign_id)
        unfinished = await self._unfinished()
        if chosen is not None:
            unfinished = [campaign for campaign in unfinished if campaign.id == chosen.id]
        await self._start()
        if not unfinished:
            click.echo("Nothing to resume." if chosen is None else f"Campaign {chosen.id} is finished.")
            return 0
        for campaign in unfinished:
            if campaign.state is CampaignState.IMPORTING:
                self._display.say(f"campaign {campaign.id}: reading {campaign.recipients} again")
                self._display.say(import_text(await self._sender.finish_import(campaign, self._reading)))
        return max([await self._watch(campaign.id, report_path) for campaign in unfinished])

    def _reading(self, rows: int) -> None:
        if self._signal is not None:
            raise Interrupted
        self._display.reading(rows)

    async def _start(self) -> None:
        recovery = await self._sender.start()
        if recovery.requeued or recovery.in_doubt:
            self._display.say(
                f"the last run was cut: {recovery.requeued} messages in doubt are sent again unless a receipt comes"
                f" first, {recovery.in_doubt} stay in doubt"
            )

    async def _unfinished(self) -> list[Campaign]:
        return await self._writer.call(self._store.unfinished_campaigns)

    async def _watch(self, campaign_id: int, report_path: Path | None) -> int:
        figures = await self._sender.run(
            campaign_id, self._display.show, receipt_wait=self._receipt_wait, give_up=self._give_up
        )
        self._display.close()
        click.echo(report_text(figures), nl=False)
        if report_path is not None:
            report_path.write_bytes(figures.to_json())
        if self._sender.incoming_messages:
            click.echo(f"{self._sender.incoming_messages} messages of subscribers came and were not kept", err=True)
        if self._sender.gave_up is not None:
            click.echo(f"Given up: {self._sender.gave_up}", err=True)
        return exit_code(figures)


def exit_code(report: CampaignReport) -> int:
    """0 when every message was taken by its operator, 1 otherwise."""
    troubled = (State.QUEUED, State.CLAIMED, State.SUBMITTING, State.IN_DOUBT, State.REJECTED)
    return 1 if any(report.states[state.label] for state in troubled) else 0


class _DisplayHandler(logging.Handler):
    """Log lines beside a progress bar, not across it."""

    def __init__(self, display: Display) -> None:
        super().__init__()
        self._display = display
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record."""
        self._display.say(self.format(record))


def _install_reactor() -> Any:
    """The asyncio reactor, whose clock is monotonic, on uvloop where that is installed."""
    from twisted.internet import asyncioreactor
    from twisted.python.log import PythonLoggingObserver

    loop = importlib.import_module("uvloop").new_event_loop() if importlib.util.find_spec("uvloop") else None
    asyncioreactor.install(loop)  # type: ignore[no-untyped-call]
    from twisted.internet import reactor

    PythonLoggingObserver("twisted").start()  # type: ignore[no-untyped-call]
    return reactor


# --- input ----------------------------------------------------------------------------------------


@contextmanager
def _bad_input() -> Iterator[None]:
    """Turn what can be wrong with the input into one clear message; anything else is a fault of ours."""
    try:
        yield
    except ConfigError as error:  # its lines begin with file and line, as compilers write them
        click.echo(str(error), err=True)
        raise SystemExit(2) from error
    except (BadInput, TemplateError, SenderError, StoreError) as error:
        _refuse(str(error))
    except HeaderError as error:
        _refuse(f"recipients: {error}")
    except RunFailed as error:
        click.echo(f"sender: {error}; `sender resume` goes on when that is mended", err=True)
        raise SystemExit(1) from error
    except OSError as error:
        if error.filename is None:
            raise
        _refuse(f"{error.filename}: {error.strerror}")


def _refuse(text: str) -> NoReturn:
    click.echo(f"sender: {text}", err=True)
    raise SystemExit(2)


def _check(config: SenderConfig, plan: CampaignPlan, report_path: Path | None) -> None:
    """Everything that can be known before the store is opened and operators are called."""
    if plan.rejects is not None and plan.rejects.absolute() == plan.recipients.absolute():
        raise BadInput("--rejects names the recipients file; it would be overwritten")
    for path in (report_path, plan.rejects):
        if path is not None and not path.absolute().parent.is_dir():
            raise BadInput(f"{path}: there is no directory {path.parent}")
    check_sender(plan.sender)
    with open_recipients(plan.recipients, config.country, Template.compile(plan.template)):
        pass


def _dry_run(config: SenderConfig, plan: CampaignPlan) -> None:
    template = Template.compile(plan.template)
    wordings = {name: Wording.of(operator) for name, operator in config.operators.items()}
    composer = Composer(template, check_sender(plan.sender), plan.message_class, wordings)
    found = rehearse(
        plan.recipients, region=config.country, template=template, composer=composer, router=Router(config.routes)
    )
    click.echo(rehearsal_text(found), nl=False)


@contextmanager
def _read_only(config: SenderConfig) -> Iterator[SqliteStore]:
    if not config.store.exists():
        raise BadInput(f"{config.store}: there is no such store; `sender send` makes one")
    store = SqliteStore.open(config.store, read_only=True)
    try:
        yield store
    finally:
        store.close()


def _campaigns(store: SqliteStore) -> Iterator[Campaign]:
    for campaign_id in itertools.count(1):
        try:
            yield store.campaign(campaign_id)
        except KeyError:
            return


def _pick(store: SqliteStore, campaign_id: int) -> Campaign:
    try:
        return store.campaign(campaign_id)
    except KeyError:
        known = ", ".join(str(campaign.id) for campaign in _campaigns(store)) or "none"
        raise BadInput(f"there is no campaign {campaign_id}; the store has: {known}") from None
