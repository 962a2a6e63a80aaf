"""One run of the reactor around one `Sender`."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import rich_click as click
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from sender.app import Sender
from sender.commands.input import BadInput, pick
from sender.config.file import SenderConfig, load_config
from sender.config.reload import changes_text
from sender.console import Display, LogDisplay, import_text, open_display, report_text
from sender.domain.message import State
from sender.domain.report import CampaignReport
from sender.pipeline.live import Live
from sender.pipeline.plans import CampaignPlan
from sender.pipeline.reloading import ReloadRefused
from sender.reactor import install_reactor
from sender.serving import Serving
from sender.store.records import Campaign, CampaignState, StoreError
from sender.store.sqlite import SqliteStore
from sender.store.writer import ThreadWriter
from smppkit.tls import TlsFileError
from smppkit.transport import TcpNetwork
from webkit.address import address_url
from yamlmodel.errors import ConfigError

if TYPE_CHECKING:
    from sender.pipeline.webhooks.http import AgentPost


class Interrupted(Exception):
    """A signal asked us to stop while recipients were being read."""


class Job:
    """One run of the reactor around one `Sender`."""

    def __init__(
        self,
        config: SenderConfig,
        config_path: Path,
        receipt_wait: float,
        give_up: float | None,
        *,
        quiet: bool = False,
        reread: Callable[[], SenderConfig] | None = None,
    ) -> None:
        """`quiet`: there is a log, and nobody who looks at a bar. `reread` reads the configuration again (SIGHUP)."""
        self._reread = reread or (lambda: load_config(config_path, os.environ))
        self._quiet = quiet
        self._config = config
        self._config_path = config_path
        self._receipt_wait = receipt_wait
        self._give_up = give_up
        self._signal: int | None = None
        self._display: Display
        self._store: SqliteStore
        self._writer: ThreadWriter
        self._sender: Sender
        self._live: Live
        self._epoch = 0.0
        self._reactor: Any
        self._on_interrupt: Callable[[], object] | None = None
        self._post: AgentPost | None = None

    def run(self, work: Callable[[], Coroutine[Deferred[Any], Any, int]]) -> int:
        """Open the store, do `work` in the reactor, close everything; the exit code."""
        self._store = SqliteStore.open(self._config.store)
        reactor = self._reactor = install_reactor()
        self._display = LogDisplay() if self._quiet else open_display(sys.stderr)
        handler = _DisplayHandler(self._display)
        if not self._quiet:
            logging.getLogger().addHandler(handler)
        outcome: list[int | Failure] = []

        def begin() -> None:
            self._writer = ThreadWriter(self._store, reactor)
            self._epoch = time.time() - reactor.seconds()
            self._post = poster(self._config, reactor)
            self._sender = Sender(
                self._config,
                clock=reactor,
                network=TcpNetwork(reactor),
                writer=self._writer,
                store=self._store,
                epoch=self._epoch,
                seed=secrets.randbits(32),
                post=self._post,
            )
            self._live = Live(
                self._store, self._writer, reactor, self._sender.figures, epoch=self._epoch, pid=os.getpid()
            )
            Deferred.fromCoroutine(self._whole(work)).addBoth(end)

        def end(result: int | Failure) -> None:
            outcome.append(result)
            reactor.stop()

        def interrupted(number: int, _: FrameType | None) -> None:
            reactor.callFromThread(self._interrupt, number)

        def hung_up(_number: int, _: FrameType | None) -> None:
            reactor.callFromThread(self._reload)

        before = {number: signal.signal(number, interrupted) for number in (signal.SIGINT, signal.SIGTERM)}
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, hung_up)
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
            self._live.stop()
            if self._post is not None:
                await self._post.close()
            await self._writer.close()
        if self._signal is not None and self._on_interrupt is None:
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
        if self._on_interrupt is not None:
            self._on_interrupt()
        else:
            self._sender.stop()

    def _reload(self) -> None:
        """SIGHUP: read the configuration again, show what it changes, and apply or refuse it as a whole."""
        try:
            config = self._reread()
            changes = self._sender.changes(config)
        except ConfigError as error:
            self._display.say(f"the configuration is not applied:\n{error}")
            return
        except OSError as error:
            self._display.say(f"the configuration is not applied: {error.filename}: {error.strerror}")
            return
        self._display.say(changes_text(changes))
        if changes:
            self._sender.reload(config).addCallbacks(
                lambda _: self._display.say("the configuration is applied"), self._not_reloaded
            )

    def _not_reloaded(self, failure: Failure) -> None:
        failure.trap(ReloadRefused, TlsFileError, StoreError)  # type: ignore[no-untyped-call]
        self._display.say(f"the configuration is not applied: {failure.getErrorMessage()}")

    # What there is to do

    async def send(self, plan: CampaignPlan, report_path: Path | None) -> int:
        """``sender send``."""
        imported = await self._sender.import_campaign(plan, self._reading)
        self._display.say(import_text(imported))
        check_any(plan.recipients, imported.rows, imported.messages, imported.rejects)
        await self._start()
        others = [campaign for campaign in await self._unfinished() if campaign.id != imported.campaign_id]
        if others:
            numbers = ", ".join(str(campaign.id) for campaign in others)
            self._display.say(f"the store has unfinished campaigns, which go on too: {numbers}")
        return await self._watch(imported.campaign_id, report_path)

    async def resume(self, campaign_id: int | None, report_path: Path | None) -> int:
        """``sender resume``."""
        chosen = None if campaign_id is None else await self._writer.call(pick, self._store, campaign_id)
        unfinished = await self._unfinished()
        if chosen is not None:
            unfinished = [campaign for campaign in unfinished if campaign.id == chosen.id]
        await self._start()
        if not unfinished:
            click.echo("Nothing to resume." if chosen is None else f"Campaign {chosen.id} is finished.")
            return 0
        empty: list[BadInput] = []
        for campaign in unfinished:
            if campaign.state is CampaignState.IMPORTING:
                self._display.say(f"campaign {campaign.id}: reading {campaign.recipients} again")
                imported = await self._sender.finish_import(campaign, self._reading)
                self._display.say(import_text(imported))
                try:
                    check_any(Path(campaign.recipients), imported.rows, imported.messages, imported.rejects)
                except BadInput as error:
                    empty.append(error)
        code = max([await self._watch(campaign.id, report_path) for campaign in unfinished])
        if empty:
            raise empty[0]
        return code

    async def serve(self, listening: socket.socket) -> int:
        """``sender serve``."""
        serving = Serving(
            self._config,
            self._sender,
            store=self._store,
            writer=self._writer,
            live=self._live,
            reactor=self._reactor,
            epoch=self._epoch,
            listening=listening,
        )
        over: Deferred[None] = Deferred()
        self._on_interrupt = lambda: _fire(over)
        self._sender.ended().addCallback(lambda _: _fire(over))
        try:
            await self._start()
            serving.start()
            scheme = "http" if self._config.serve.tls is None else "https"
            click.echo(f"sender: ready on {address_url(serving.address.host, serving.address.port, scheme)}")
            await over
        finally:
            await serving.stop()
        return 1 if self._sender.figures().failure is not None else 0

    def _reading(self, rows: int) -> None:
        if self._signal is not None:
            raise Interrupted
        self._display.reading(rows)

    async def _start(self) -> None:
        recovery = await self._sender.start()
        await self._live.start()
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
            click.echo(f"{self._sender.incoming_messages} messages of subscribers came: sender inbox", err=True)
        if self._sender.gave_up is not None:
            click.echo(f"Given up: {self._sender.gave_up}", err=True)
        return exit_code(figures)


def check_any(recipients: Path, rows: int, messages: int, rejects: Path | None) -> None:
    """BadInput when every row of a file was bad: it is the file that is wrong then, or another one was meant."""
    if rows and not messages:
        see = f"; {rejects} says why" if rejects is not None else ""
        raise BadInput(f"{recipients}: no message can be made of any of its {rows:,} rows{see}")


def exit_code(report: CampaignReport) -> int:
    """0 when every message was taken by its operator, 1 otherwise."""
    troubled = (State.QUEUED, State.CLAIMED, State.SUBMITTING, State.IN_DOUBT, State.REJECTED)
    return 1 if any(report.states[state.label] for state in troubled) else 0


def _fire(waiting: Deferred[None]) -> None:
    if not waiting.called:
        waiting.callback(None)


def poster(config: SenderConfig, reactor: Any) -> AgentPost | None:
    """What makes the requests of webhooks; None where there are none, for it takes long to import."""
    if not config.webhooks:
        return None
    from sender.pipeline.webhooks.http import AgentPost

    return AgentPost(reactor)


class _DisplayHandler(logging.Handler):
    """Log lines beside a progress bar, not across it."""

    def __init__(self, display: Display) -> None:
        super().__init__()
        self._display = display
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record."""
        self._display.say(self.format(record))
