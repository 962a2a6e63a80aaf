"""The workload: our sender, configured from the scenario file and the addresses that the operators listen on."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Mapping
from pathlib import Path

from carrierlab.ledgers import Reject
from carrierlab.scenario import Campaign, LabScenario, account_of
from sender.app import CampaignPlan
from sender.config import BindMode, OperatorConfig, SenderConfig
from smsc.scenario.model import Operator

DEFAULT_WINDOW = 10


def sender_config(scenario: LabScenario, addresses: Mapping[str, tuple[str, int]]) -> SenderConfig:
    """Configure the sender for the operators that the campaign's routes lead to."""
    campaign = scenario.workload.campaign
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
    campaign = scenario.workload.campaign
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
    )


def campaign_plan(scenario: LabScenario, scratch: Path) -> CampaignPlan:
    """Plan the campaign; the rejects file, and the shortened recipients file if any, go into ``scratch``."""
    campaign = scenario.workload.campaign
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
