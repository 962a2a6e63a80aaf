"""Accidents that no file asks for: connections reset, cut in silence and stalled, and then everything must drain."""

from __future__ import annotations

import pytest

from carrierlab.run import Job, run_virtual
from carrierlab.storm import Storm
from sender.domain.message import MessageClass
from tests.scenarios.playing import complaint, load, with_campaign
from yamlmodel.scalars import Duration

STORM = Storm(every=4, begins=1, ends=90)


def weathered(seed: int, message_class: MessageClass) -> Job:
    scenario = with_campaign(load("hex-ids"), limit=600, class_=message_class, receipt_wait=Duration(600), rate=None)
    return Job(scenario, "hex-ids.yaml").seeded(seed)


@pytest.mark.parametrize("message_class", list(MessageClass), ids=lambda message_class: message_class.value)
@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_and_every_repetition_is_counted(seed: int, message_class: MessageClass) -> None:
    outcome = run_virtual(weathered(seed, message_class), storm=STORM)
    metrics = outcome.metrics
    assert outcome.trouble == ()
    assert metrics["reconnects"] > 0
    for metric in ("lost", "mismatched", "garbled", "awaiting_receipt"):
        assert metrics[metric] == 0, complaint(outcome)
    assert metrics["duplicates"] <= metrics["resends"]
    if message_class is MessageClass.ADVERTISING:
        assert metrics["resends"] == metrics["duplicates"] == 0


def test_the_same_storm_twice_is_the_same_run() -> None:
    job = weathered(3, MessageClass.CODE)
    assert run_virtual(job, storm=STORM).trace == run_virtual(job, storm=STORM).trace
