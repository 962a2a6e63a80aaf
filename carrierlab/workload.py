"""The workload that is a campaign: our sender, configured from the scenario file and where the operators listen."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from carrierlab.ledgers import OperatorLedger, Reject, SenderLedger
from carrierlab.reading import read_store
from carrierlab.scenario import Campaign, LabScenario, account_of
from carrierlab.stage import Addresses, OnProgress, Stage
from sender.app import Sender
from sender.config.binds import BindMode
from sender.config.file import SenderConfig
from sender.config.operator import OperatorConfig
from sender.config.timers import TimersConfig, Waits
from sender.pipeline.plans import CampaignPlan
from smsc.scenario.model import Operator

DEFAULT_WINDOW = 10


class CampaignPlayer:
    """Our sender, its campaign, and its store as the book."""

    def __init__(self, scenario: LabScenario, stage: Stage, on_progress: OnProgress | None = None) -> None:
        self._scenario = scenario
        self._stage = stage
        self._on_progress = on_progress
        self._plan = campaign_plan(scenario, stage.scratch)
        self._sender: Sender | None = None
        self._campaign_id: int | None = None

    @property
    def binds(self) -> dict[str, int]:
        """How many binds the sender keeps up with each operator."""
        return configured_binds(self._scenario)

    async def prepare(self, addresses: Addresses) -> None:
        """Import the recipients."""
        stage = self._stage
        self._sender = Sender(
            sender_config(self._scenario, addresses),
            clock=stage.clock,
            network=stage.network,
            writer=stage.writer,
            store=stage.store,
            epoch=stage.epoch,
            seed=self._scenario.seed,
        )
        imported = await self._sender.import_campaign(self._plan)
        self._campaign_id = imported.campaign_id

    async def play(self) -> None:
        """Send the campaign; RunFailed when the sender gives up."""
        if self._sender is None or self._campaign_id is None:
            raise RuntimeError("the campaign is not prepared")
        await self._sender.start()
        wait = float(campaign_of(self._scenario).receipt_wait)
        await self._sender.run(self._campaign_id, self._on_progress, receipt_wait=wait)

    async def stop(self) -> None:
        """Stop the sender in order."""
        if self._sender is not None:
            await self._sender.stop()

    def ledger(self) -> SenderLedger:
        """What the store says."""
        if self._campaign_id is None:
            return SenderLedger(())
        read = read_store(self._stage.store.database.conn, self._campaign_id, read_rejects(self._plan.rejects))
        accounts = {name: account_of(each).system_id for name, each in self._scenario.operators.items()}
        messages = tuple(replace(message, account=accounts[message.operator]) for message in read.messages)
        return replace(read, messages=messages)

    def read(self, received: OperatorLedger, sent: SenderLedger) -> OperatorLedger:
        """As it is: a campaign has each recipient once."""
        return received


def campaign_of(scenario: LabScenario) -> Campaign:
    """The campaign of a scenario that has one."""
    if scenario.workload.campaign is None:
        raise LookupError("the workload is no campaign")
    return scenario.workload.campaign


def sender_config(scenario: LabScenario, addresses: Mapping[str, tuple[str, int]]) -> SenderConfig:
    """Configure the sender for the operators that the campaign's routes lead to."""
    campaign = campaign_of(scenario)
    return SenderConfig(
        country=campaign.country,
        operators={
            name: _operator_config(campaign, scenario.operators[name], *addresses[name])
            for name in scenario.used_operators()
        },
        routes=scenario.routes(),
        retry=campaign.retry,
    )


def configured_binds(scenario: LabScenario) -> dict[str, int]:
    """How many binds the sender keeps up with each operator; a transmitter and a receiver are two."""
    campaign = campaign_of(scenario)
    each = campaign.binds * (2 if campaign.bind is BindMode.PAIR else 1)
    return dict.fromkeys(scenario.used_operators(), each)


def _operator_config(campaign: Campaign, operator: Operator, host: str, port: int) -> OperatorConfig:
    account = account_of(operator)
    return OperatorConfig(
        host=host,
        port=port,
        system_id=account.system_id,
        password=account.password,
        bind=campaign.bind,
        binds=campaign.binds,
        window=campaign.window or account.window or DEFAULT_WINDOW,
        rate=None if campaign.rate == "unlimited" else campaign.rate or account.rate,
        alphabets=campaign.alphabets,
        long_messages=campaign.long_messages,
        response_timeout=campaign.response_timeout,
        timers=TimersConfig(reconnect=Waits(first=campaign.retry.first, longest=campaign.retry.longest)),
    )


def campaign_plan(scenario: LabScenario, scratch: Path) -> CampaignPlan:
    """Plan the campaign; the rejects file, and the shortened recipients file if any, go into ``scratch``."""
    campaign = campaign_of(scenario)
    return CampaignPlan(
        template=campaign.template,
        sender=campaign.sender,
        recipients=_shortened(campaign.recipients, campaign.limit, scratch),
        message_class=campaign.class_,
        rejects=scratch / "rejects.csv",
        name=scenario.scenario,
    )


def _shortened(recipients: Path, limit: int | None, scratch: Path) -> Path:
    """Copy the header and the first ``limit`` lines as they are, broken ones included."""
    if limit is None:
        return recipients
    copy = scratch / recipients.name
    with recipients.open("rb") as source, copy.open("wb") as target:
        target.writelines(itertools.islice(source, limit + 1))
    return copy


def read_rejects(path: Path | None) -> list[Reject]:
    """Read the sender's rejects file; none when it wrote none."""
    if path is None or not path.exists():
        return []
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        return [Reject(int(row["line"]), row["reason"]) for row in csv.DictReader(file)]
