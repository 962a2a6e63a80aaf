"""Each scenario fails when what it rehearses is taken away: an expectation that cannot fail expects nothing.

Two sorts of mutation: the operators behave after all (then the scenario no longer rehearses anything, and must say
so), or one of the programs lacks what the scenario is about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

import sender.domain.retry
import sender.store.matching
import sender.store.outcomes
import smppkit.segments
from carrierlab.scenario import LabScenario
from sender.channels.pace import Pace
from sender.domain.retry import RetryClass
from sender.pipeline.verdict import Judge
from sender.store.records import InDoubt, Outcome, Retry
from smppkit.status import CommandStatus
from smppkit.text import Alphabet
from smsc.centre.mailbox import Mailbox
from smsc.scenario.id_style import IdStyle
from tests.scenarios.playing import NAMES, complaint, load, play, with_campaign, with_receipts

Change = Callable[[LabScenario, pytest.MonkeyPatch], LabScenario]


def nothing_happens(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return msgspec.structs.replace(scenario, timeline=[])


def all_rows_are_good(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    rows = scenario.workload.campaign.recipients.with_name("texts.csv")
    return with_campaign(scenario, recipients=rows, template="Hello")


def sender_never_slows_down(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    patch.setattr(Pace, "throttled", lambda self, sent_at, now: None)
    return scenario


def throttling_is_taken_for_refusal(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    patch.setitem(sender.domain.retry.RETRY_CLASSES, CommandStatus.ESME_RTHROTTLED, RetryClass.PERMANENT)
    return scenario


def doubts_are_sent_again_uncounted(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    decide = Judge.outcome

    def outcome(self: Judge, result: Any, at: float) -> Outcome:
        decided = decide(self, result, at)
        if isinstance(decided, InDoubt):
            return Retry(decided.message_id, decided.part, CommandStatus.ESME_RSYSERR, at, at)
        return decided

    patch.setattr(Judge, "outcome", outcome)
    return scenario


def receipts_die_with_the_connection(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    pump = Mailbox.pump

    def forget(self: Mailbox, now: float) -> None:
        if not self.receivers:
            self.queue.clear()
        pump(self, now)

    patch.setattr(Mailbox, "pump", forget)
    return scenario


def receipts_come_in_time(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_receipts(scenario, before_response=False)


def early_receipts_are_forgotten(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    patch.setattr(sender.store.matching, "match_parked", lambda db, touched: list(touched))
    return scenario


def ids_keep_their_base(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    operators = {
        name: msgspec.structs.replace(
            operator, ids=IdStyle(), receipts=msgspec.structs.replace(operator.receipts, ids=IdStyle())
        )
        for name, operator in scenario.operators.items()
    }
    return msgspec.structs.replace(scenario, operators=operators)


def ids_are_compared_as_text(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    patch.setattr(sender.store.matching, "candidate_keys", lambda message_id: (message_id.casefold(),))
    return scenario


def every_text_is_short_and_plain(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_campaign(scenario, template="Your order is ready")


def every_text_is_ucs2(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_campaign(scenario, alphabets=[Alphabet.UCS2])


def no_text_is_ucs2(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_campaign(scenario, alphabets=[Alphabet.GSM7])


def texts_are_cut_anywhere(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    def bodies(text: str, octets: bytes, alphabet: Alphabet, method: object) -> list[bytes]:
        return [octets[start : start + 134] for start in range(0, len(octets), 134)]

    patch.setattr(smppkit.segments, "_bodies", bodies)
    return scenario


MUTATIONS: dict[str, list[tuple[Change, set[str]]]] = {
    "quickstart": [
        (nothing_happens, {"throttled", "reconnects", "mo_received"}),
        (all_rows_are_good, {"rejected_rows"}),
        (ids_are_compared_as_text, {"awaiting_receipt"}),
        (doubts_are_sent_again_uncounted, {"duplicates"}),
    ],
    "throttled-evening": [
        (nothing_happens, {"throttled", "duration"}),
        (sender_never_slows_down, {"throttled"}),
        (throttling_is_taken_for_refusal, {"refused"}),
    ],
    "operator-restart": [
        (nothing_happens, {"reconnects", "unanswered"}),
        (doubts_are_sent_again_uncounted, {"duplicates"}),
        (receipts_die_with_the_connection, {"awaiting_receipt"}),
    ],
    "receipts-before-responses": [
        (receipts_come_in_time, {"receipts_before_response"}),
        (early_receipts_are_forgotten, {"awaiting_receipt"}),
    ],
    "hex-ids": [
        (ids_keep_their_base, {"rewritten_ids"}),
        (ids_are_compared_as_text, {"awaiting_receipt"}),
    ],
    "mixed-scripts": [
        (every_text_is_short_and_plain, {"segments"}),
        (every_text_is_ucs2, {"segments"}),
        (no_text_is_ucs2, {"recipients"}),
        (texts_are_cut_anywhere, {"garbled"}),
    ],
    "receipt-gauntlet": [
        (ids_are_compared_as_text, {"awaiting_receipt", "unmatched_receipts"}),
        (early_receipts_are_forgotten, {"awaiting_receipt", "unmatched_receipts"}),
    ],
}
"""For each scenario: what is taken away, and the expectations that must notice, at least."""


def test_every_scenario_has_its_mutations() -> None:
    assert set(MUTATIONS) == set(NAMES)


@pytest.mark.parametrize(
    ("name", "change", "noticed_by"),
    [
        pytest.param(name, change, noticed_by, id=f"{name}-{change.__name__}")
        for name, mutations in MUTATIONS.items()
        for change, noticed_by in mutations
    ],
)
def test_the_scenario_fails_when(
    name: str, change: Change, noticed_by: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = play(change(load(name), monkeypatch), name)
    assert not outcome.passed
    unmet = {verdict.metric for verdict in outcome.verdicts if not verdict.met}
    assert noticed_by <= unmet, complaint(outcome)
