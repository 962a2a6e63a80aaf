"""The sender, wired together: one object per program, made of parts that do not know each other.

::

    store = SqliteStore.open(path)
    writer = ThreadWriter(store, reactor)
    sender = Sender(config, clock=reactor, network=TcpNetwork(reactor), writer=writer, store=store,
                    epoch=time.time() - reactor.seconds(), seed=0)
    await sender.start()
    imported = await sender.import_campaign(plan)
    report = await sender.run(imported.campaign_id)
    await sender.stop()

Everything that waits, waits on `clock`; everything random is drawn from `seed`.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Container, Mapping, Sequence

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from sender.config.file import SenderConfig
from sender.config.operator import AccountConfig
from sender.config.reload import Change, compare, document
from sender.domain.message import MessageClass
from sender.domain.report import CampaignReport
from sender.pipeline import figures
from sender.pipeline.campaigns import Composers
from sender.pipeline.compose import Wording
from sender.pipeline.dialects import receipt_settings
from sender.pipeline.expanding import Expander
from sender.pipeline.failover import Failover
from sender.pipeline.gate import Gate
from sender.pipeline.health import HealthBook
from sender.pipeline.importing import ImportResult
from sender.pipeline.intake import Screen
from sender.pipeline.lanes import Lanes
from sender.pipeline.live import Figures
from sender.pipeline.mo import MobileOriginated
from sender.pipeline.plans import CampaignPlan, Imports
from sender.pipeline.progress import Progress
from sender.pipeline.quiet import Quiet
from sender.pipeline.reloading import Reloading, ReloadRefused
from sender.pipeline.routing import make_numbering, make_router, needs_numbering
from sender.pipeline.runs import RunFailed, Runs
from sender.pipeline.shared import Shared
from sender.pipeline.standing import StandingCheck
from sender.pipeline.suppressing import Suppressing
from sender.pipeline.upkeep import Upkeep
from sender.pipeline.webhooks.dispatcher import Dispatcher
from sender.pipeline.webhooks.posting import Post
from sender.store.applied import AppliedRow
from sender.store.records import Campaign, NewCampaign, Recovery, StoreError
from sender.store.sqlite import SqliteStore
from sender.store.writer import Writer
from smppkit.transport import Network

log = logging.getLogger(__name__)

_FORSAKEN_EVERY = 60
"""Looks (of a second) between two at what waits for accounts that are no longer configured."""


class Sender:
    """One sending program: its operator accounts over one store.

    `epoch` is the unix time at which `clock` reads 0. `writer` writes `store`; both are the caller's to close, after
    ``stop``. `post` makes the requests of webhooks; without it their events wait in the store.
    """

    def __init__(
        self,
        config: SenderConfig,
        *,
        clock: IReactorTime,
        network: Network,
        writer: Writer,
        store: SqliteStore,
        epoch: float,
        seed: int = 0,
        post: Post | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._writer = writer
        self._store = store
        self._epoch = epoch
        self._accounts = config.accounts()
        self.health = HealthBook(config.health, self._accounts, clock.seconds())
        self._router = make_router(config, store, self.health.standings)
        self._plans = store.numbering.version()
        self._wordings = {name: Wording.of(account) for name, account in self._accounts.items()}
        self.quiet = Quiet.of(config.quiet, exempt=lambda: self.suppressing.exemptions)
        self._composers = Composers(store, writer, self._wordings, self.quiet.hear_of)
        self.suppressing = Suppressing(store, writer)
        self._standing = StandingCheck(store, writer)
        self._expander = Expander(
            store,
            writer,
            clock,
            epoch=epoch,
            accounts=self._accounts,
            route=self._route,
            due=self.quiet.dues,
            on_messages=lambda accounts, urgent: self._lanes.poke(accounts, urgent=urgent),
            on_failure=self._failed,
        )
        self._upkeep = Upkeep(
            store,
            writer,
            clock,
            epoch=epoch,
            retention=config.retention,
            idle=lambda: self._lanes.at_rest,
            on_outside_change=self.on_outside_change,
            on_look=self._look_after,
            on_failure=self._failed,
        )
        self._failover = Failover(self._router, self._composers, store=store, writer=writer, on_messages=self.poke)
        self._forsaken = Failover(
            self._router, self._composers, store=store, writer=writer, on_messages=self.poke, forsaken=True
        )
        self._looks = 0
        self._gate = Gate([self._standing, self.suppressing, self.quiet])
        self._mobile_originated = MobileOriginated(
            config.incoming.rules(config.accounts()),
            self.suppressing,
            store=store,
            writer=writer,
            clock=clock,
            epoch=epoch,
            on_answers=self.poke,
            on_failure=self._failed,
        )
        self._started = False
        self._screens: list[Screen] = []  # those that a change of the configuration concerns
        shared = Shared(
            composers=self._composers,
            gate=self._gate,
            mobile_originated=self._mobile_originated,
            health=self.health,
            store=store,
            writer=writer,
            clock=clock,
            network=network,
            epoch=epoch,
            on_failure=self._failed,
        )
        self._lanes = Lanes(shared, seed=seed, on_trouble=self._note_failure, on_left=self._route_anew)
        for name, account in self._accounts.items():
            self._lanes.add(self._lanes.make(name, account, account.retry.over(config.retry)))
        self._imports = Imports(self._composers, self._router, self.suppressing, store=store, writer=writer)
        self._runs = Runs(
            self._lanes,
            self._standing,
            busy=lambda: self._forsaken.working or not self._expander.idle,
            store=store,
            writer=writer,
            clock=clock,
            epoch=epoch,
        )
        self._reloading = Reloading(
            self._lanes,
            store=store,
            salt=random.Random(f"{seed}/salt").randbytes(16),  # noqa: S311 - of digests that lie beside what they are of
            router=self._router,
            health=self.health.standings,
            wordings=self._wordings,
            composers=self._composers,
            accounts=self._accounts,
        )
        self.webhooks = Dispatcher(
            config.webhooks, post, store=store, writer=writer, clock=clock, epoch=epoch, seed=seed
        )
        self._failure: Failure | None = None
        self._stopping = False
        self._stopped = False
        self._when_stopped: list[Deferred[None]] = []

    # --- life ---------------------------------------------------------------------------------

    def start(self) -> Deferred[Recovery]:
        """Put in order what the last process left, connect to every operator, and begin to send what is due."""
        return Deferred.fromCoroutine(self._start())

    async def _start(self) -> Recovery:
        await self._writer.call(self._store.configure_receipts, receipt_settings(self._config))
        recovery = await self._writer.call(self._store.recover, self._now())
        await self._bring_back()
        await self.suppressing.load()
        await self.webhooks.start()
        await self._standing.refresh()
        binds_before = await self._writer.call(self._store.new_epoch) - 1
        await self._note_applied()
        self._started = True
        self._lanes.start(rest=binds_before > 0)
        self._mobile_originated.start()
        if not self._stopping:
            self._expander.start()
            self._upkeep.start()
            self._route_anew()
        return recovery

    async def _bring_back(self) -> None:
        """What waits for another try waits no longer than a refusal, or a doubt, may make it wait."""
        waits = [it.retry.over(self._config.retry).longest for it in self._accounts.values()]
        longest = max(*waits, *(it.resend_wait for it in MessageClass), 0.0)
        brought = await self._writer.call(self._store.bring_back, self._now() + longest)
        if brought:
            log.warning(
                "%d messages to be sent again were due more than %.0f s from now: the clock has gone back, or retries"
                " are quicker now; they are due in %.0f s",
                brought,
                longest,
                longest,
            )

    async def on_outside_change(self) -> None:
        """The store was changed behind our back, or by a verb that this process called: look at everything anew."""
        await self._standing.refresh()
        await self._renumber()
        self._expander.poke()
        await self.suppressing.refresh()
        self.webhooks.poke()
        self._lanes.poke()

    async def _renumber(self) -> None:
        """Take over numbering plans that were imported while we run."""
        plans = await self._writer.call(self._store.numbering.version)
        if plans != self._plans and needs_numbering(self._config):
            numbering = await self._writer.call(make_numbering, self._config, self._store)
            self._router.renumber(numbering.network)
        self._plans = plans

    def _look_after(self) -> None:
        """Once a second: chunks to expand, the health of the accounts, and what has to leave one of them."""
        self._expander.look()
        now = self._clock.seconds()
        down = self._lanes.down()
        self.health.look(down, now)
        leaving = self.health.to_leave(now)
        if leaving:
            self._lanes.give_back(down.intersection(leaving))
            Deferred.fromCoroutine(self._failover.leave(leaving)).addErrback(self._failed)

        self._looks += 1
        if self._looks % _FORSAKEN_EVERY == 0:
            self._route_anew()

    def _route_anew(self) -> None:
        """Messages of accounts that are no longer configured go to others, where a route leads to one."""
        if not self._stopping:
            Deferred.fromCoroutine(self._leave_forsaken()).addErrback(self._failed)

    async def _leave_forsaken(self) -> None:
        accounts = await self._writer.call(self._store.forsaken, tuple(self._accounts))
        if accounts:
            await self._forsaken.leave(accounts)

    @property
    def moved(self) -> int:
        """Messages that went to another account because theirs was passed over."""
        return self._failover.moved + self._forsaken.moved

    def stop(self) -> Deferred[None]:
        """Stop in order: claim nothing more, await what is on the wire, give back the rest, unbind."""
        waiting: Deferred[None] = Deferred()
        if self._stopped:
            waiting.callback(None)
            return waiting
        self._when_stopped.append(waiting)
        if not self._stopping:
            self._stopping = True
            self._writer.hurry()
            self._expander.stop()
            self._upkeep.stop()
            self._failover.stop()
            self._forsaken.stop()
            self._lanes.close()
            Deferred.fromCoroutine(self._stop())
            self._runs.end()
        return waiting

    async def _stop(self) -> None:
        await self._lanes.stop()
        await self._mobile_originated.settle()
        await self.webhooks.stop()
        self._stopped = True
        waiting, self._when_stopped = self._when_stopped, []
        for deferred in waiting:
            deferred.callback(None)

    def ended(self) -> Deferred[None]:
        """Fires when it has stopped, whoever asked for that."""
        waiting: Deferred[None] = Deferred()
        if self._stopped:
            waiting.callback(None)
        else:
            self._when_stopped.append(waiting)
        return waiting

    def abort(self) -> None:
        """Drop every connection now. What was on the wire is in doubt."""
        self._expander.stop()
        self._upkeep.stop()
        self._failover.stop()
        self._forsaken.stop()
        self._lanes.abort()
        self._mobile_originated.settle()
        self.webhooks.abort()

    @property
    def trouble(self) -> str | None:
        """Why the store cannot be written, and sending therefore waits; None when all is well."""
        return self._writer.trouble

    @property
    def incoming_messages(self) -> int:
        """Messages of subscribers that operators delivered, parts and repetitions included."""
        return sum(lane.incoming_messages for lane in self._lanes)

    @property
    def configuration(self) -> SenderConfig:
        """What holds now: it may be another one after every `reload`."""
        return self._config

    @property
    def country(self) -> str:
        """Where numbers without a plus belong."""
        return self._config.country

    def figures(self) -> Figures:
        """How every account stands, and what it has done since the start."""
        failure = None if self._failure is None else self._failure.getErrorMessage()
        return Figures(accounts=figures.accounts(self._lanes, self._epoch), failure=failure)

    @property
    def accounts(self) -> Mapping[str, AccountConfig]:
        """Operator accounts by name."""
        return self._config.accounts()

    def account_for(self, number: str, sender: str, message_class: MessageClass) -> str | None:
        """The account that E.164 digits go through now; None without a route."""
        choice = self._router.route(number, sender=sender, message_class=message_class)
        return None if choice is None else choice.account

    def screen(self, prices: Mapping[str, int]) -> Screen:
        """What messages of programs have to pass; `prices` of a segment by account or operator, in millionths."""
        of_operators = {
            it: prices.get(name, 0) for name in self._config.operators for it in self._config.accounts_of(name)
        }
        prices = {**of_operators, **prices}
        screen = Screen(self._router, self._wordings, self._config.country, self.suppressing.scope_against, prices)
        self._screens.append(screen)
        return screen

    def poke(self, accounts: Container[str]) -> None:
        """There are new messages of these accounts in the store."""
        self._lanes.poke(accounts)

    # --- the configuration --------------------------------------------------------------------

    def reload(self, config: SenderConfig) -> Deferred[list[Change]]:
        """Make another configuration hold, all of it or nothing; fires with what has changed.

        ReloadRefused says why the old one is still at work; TlsFileError names a file that cannot be used.
        """
        return Deferred.fromCoroutine(self._reload(config))

    def changes(self, config: SenderConfig) -> list[Change]:
        """What `reload` would change."""
        salt = self._reloading.salt
        return compare(document(self._config, salt), document(config, salt))

    async def _reload(self, config: SenderConfig) -> list[Change]:
        if self._stopping or not self._started:
            raise ReloadRefused("the sender does not run")
        changes = await self._reloading.apply(self._config, config)
        self._config = config
        self._mobile_originated.rules = config.incoming.rules(config.accounts())
        for screen in self._screens:
            screen.forget()
        await self._writer.call(self._store.configure_receipts, receipt_settings(config))
        await self._note_applied()
        self._expander.poke()
        self._lanes.poke()
        return changes

    async def _note_applied(self) -> None:
        salt = self._reloading.salt
        text = msgspec.json.encode(document(self._config, salt)).decode()
        await self._writer.call(self._store.applied.write, AppliedRow(self._now(), salt, text))

    # --- campaigns ----------------------------------------------------------------------------

    def import_campaign(
        self, plan: CampaignPlan, on_rows: Callable[[int], None] | None = None
    ) -> Deferred[ImportResult]:
        """Store a campaign; its sending begins with the last row.

        TemplateError, SenderError, HeaderError, OSError (the recipients or rejects file), StoreError.
        """
        return Deferred.fromCoroutine(self._import(plan, on_rows))

    async def _import(self, plan: CampaignPlan, on_rows: Callable[[int], None] | None) -> ImportResult:
        result = await self._imports.begin(self.new_campaign(plan), plan.weight, self.country, on_rows)
        await self.on_outside_change()
        return result

    def new_campaign(self, plan: CampaignPlan) -> NewCampaign:
        """The campaign of a plan; errors as for `CampaignPlan.campaign`."""
        return plan.campaign(self.country, self._now())

    def finish_import(self, campaign: Campaign, on_rows: Callable[[int], None] | None = None) -> Deferred[ImportResult]:
        """Begin the import of a campaign again that was cut before its end. Errors as for `import_campaign`."""
        return Deferred.fromCoroutine(self._import_again(campaign, on_rows))

    async def _import_again(self, campaign: Campaign, on_rows: Callable[[int], None] | None) -> ImportResult:
        result = await self._imports.again(campaign, self.country, on_rows)
        await self.on_outside_change()
        return result

    def run(
        self,
        campaign_id: int,
        on_progress: Callable[[Progress], None] | None = None,
        *,
        receipt_wait: float = 30.0,
        give_up: float | None = None,
    ) -> Deferred[CampaignReport]:
        """Watch a campaign to its end; fires with its report.

        It ends when every message is final, or when everything is sent and no receipt has come for `receipt_wait`
        seconds, or when ``stop`` is called, or, with `give_up`, when an operator could not be reached for so many
        seconds and nothing else is left to do. ``gave_up`` then says why messages were left. RunFailed when sending
        had to stop.
        """
        return Deferred.fromCoroutine(self._run(campaign_id, on_progress, receipt_wait, give_up))

    async def _run(
        self,
        campaign_id: int,
        on_progress: Callable[[Progress], None] | None,
        receipt_wait: float,
        give_up: float | None,
    ) -> CampaignReport:
        try:
            await self._runs.watch(campaign_id, on_progress, receipt_wait, give_up)
        except StoreError:
            self._failed(Failure())  # type: ignore[no-untyped-call]
        if self._stopping:
            await self.stop()
        if self._failure is not None:
            raise RunFailed(self._failure.getErrorMessage()) from self._failure.value
        return await self._writer.call(self._store.report, campaign_id)

    @property
    def gave_up(self) -> str | None:
        """Why the last run ended with messages unsent, when it did."""
        return self._runs.gave_up

    # --- small things -------------------------------------------------------------------------

    def _route(self, campaign: Campaign, numbers: Sequence[str]) -> list[str | None]:
        return self._router.accounts(numbers, sender=campaign.sender, message_class=campaign.message_class)

    def _failed(self, failure: Failure) -> None:
        """Something below cannot go on: stop in order, and tell whoever waits for a run."""
        self._note_failure(failure)
        self.stop()

    def _note_failure(self, failure: Failure) -> None:
        if self._failure is None:
            self._failure = failure
            log.error("sending stops: %s", failure.getErrorMessage())

    def _now(self) -> float:
        return self._epoch + self._clock.seconds()
