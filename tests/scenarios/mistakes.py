"""Mistakes of clients and of message centres, made by ours for the length of a test.

Each changes one of the programs, as other gateways are known to be, and leaves the scenario alone or nearly so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest

import sender.domain.dialect
import sender.domain.retry
import sender.pipeline.incoming
import sender.store.matching
import sender.store.outcomes
import smppkit.receipts
import smppkit.segments
from carrierlab.evidence import Evidence
from carrierlab.metrics import METRICS
from carrierlab.scenario import LabScenario
from sender.channels.account import Account
from sender.channels.backoff import Backoff
from sender.channels.bind import Bind
from sender.channels.channel import SmppChannel
from sender.channels.pace import Pace
from sender.domain.retry import RetryClass
from sender.pipeline.verdict import Judge
from sender.store.matching import Matching
from sender.store.records import InDoubt, Outcome, Retry
from sender.store.settling import PartRow
from smppkit.events import Event, Request, Response
from smppkit.outstanding import Outstanding, Sent
from smppkit.pdus import DataSm, DeliverSm, SubmitSmResp
from smppkit.receipts import Receipt, parse_receipt
from smppkit.segments import InformationElement, LongMessage, PartInfo, Segment
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role
from smppkit.status import CommandStatus
from smppkit.text import Alphabet
from smppkit.transport import Link
from smsc.centre.mailbox import Mailbox
from smsc.scenario.latency import Latency
from tests.scenarios.playing import with_campaign, with_receipts
from yamlmodel.scalars import Duration


def _one_by_one(patch: pytest.MonkeyPatch) -> None:
    """Every PDU is an event of its own, which a mistake can be made with."""
    patch.setattr(Session, "read_runs", lambda self, readers, **_: None)


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


def early_receipts_are_forgotten(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    patch.setattr(Matching, "take_parked", lambda matching, rows: None)
    return scenario


def ids_are_compared_as_text(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    patch.setattr(sender.domain.dialect, "candidate_keys", lambda message_id: (message_id.casefold(),))
    return scenario


def texts_are_cut_anywhere(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    def bodies(text: str, octets: bytes, alphabet: Alphabet, method: object) -> list[bytes]:
        return [octets[start : start + 134] for start in range(0, len(octets), 134)]

    patch.setattr(smppkit.segments, "_bodies", bodies)
    return scenario


def leading_zeros_count(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    for module in (sender.store.matching, sender.store.outcomes):
        patch.setattr(module, "key", lambda message_id: message_id.casefold())
    return ids_are_compared_as_text(scenario, patch)


def the_case_counts(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    for module in (sender.store.matching, sender.store.outcomes):
        patch.setattr(module, "key", str)
    patch.setattr(sender.domain.dialect, "candidate_keys", lambda message_id: (message_id,))
    return scenario


def each_connection_knows_its_own(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    """A receipt on another connection than its response is one of an unknown message."""
    _one_by_one(patch)
    received, connection_of = SmppChannel.received, dict[str, Link]()

    def own(event: Event, link: Link) -> Event:
        if isinstance(event, Response) and isinstance(event.response, SubmitSmResp):
            connection_of[event.response.message_id] = link
        if isinstance(event, Request) and isinstance(event.pdu, DeliverSm):
            receipt = parse_receipt(event.pdu)
            if receipt is not None and connection_of.get(receipt.message_id) is not link:
                unknown = msgspec.structs.replace(event.pdu, short_message=b"id:unknown stat:DELIVRD", tlvs=())
                return msgspec.structs.replace(event, pdu=unknown)
        return event

    def wrapper(self: SmppChannel, bind: Bind, link: Link, events: list[Event]) -> None:
        received(self, bind, link, [own(event, link) for event in events])

    patch.setattr(SmppChannel, "received", wrapper)
    return scenario


def only_the_last_part_is_waited_for(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    agreeing = Matching._agreeing

    def last_part(self: Matching, receipt: Any, rows: Sequence[PartRow] | None) -> PartRow | None:
        row = agreeing(self, receipt, rows)
        return row if row is not None and row.part == row.parts else None

    patch.setattr(Matching, "_agreeing", last_part)
    return scenario


def the_first_receipt_is_the_only_one(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    agreeing = Matching._agreeing

    def unheard(self: Matching, receipt: Any, rows: Sequence[PartRow] | None) -> PartRow | None:
        row = agreeing(self, receipt, rows)
        return row if row is not None and not row.receipts else None

    patch.setattr(Matching, "_agreeing", unheard)
    patch.setattr(Matching, "_choose_contrary", lambda self, heard, chosen, missing: None)
    return scenario


def a_full_queue_is_taken_for_refusal(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    patch.setitem(sender.domain.retry.RETRY_CLASSES, CommandStatus.ESME_RMSGQFUL, RetryClass.PERMANENT)
    return scenario


def an_error_of_the_system_is_taken_for_refusal(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    patch.setitem(sender.domain.retry.RETRY_CLASSES, CommandStatus.ESME_RSYSERR, RetryClass.PERMANENT)
    return scenario


def the_sender_knocks_without_pause(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    patch.setattr(Backoff, "next", lambda self: 0.5)
    return scenario


def a_refusal_breaks_the_connection(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    received = SmppChannel.received

    def wrapper(self: SmppChannel, bind: Bind, link: Link, events: list[Event]) -> None:
        received(self, bind, link, events)
        if any(isinstance(event, Response) and event.response.command_status for event in events):
            link.reset()

    _one_by_one(patch)
    patch.setattr(SmppChannel, "received", wrapper)
    return scenario


def the_window_is_ignored(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    return with_campaign(scenario, window=20)


def one_read_is_one_pdu(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    received = Link.dataReceived

    def first_only(self: Link, data: bytes) -> None:
        received(self, data[: int.from_bytes(data[:4], "big")] if self.session.role is Role.ESME else data)

    patch.setattr(Link, "dataReceived", first_only)
    return with_campaign(scenario, limit=60)  # each of them may cost a connection, and minutes


def receipts_have_a_text(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    patch.setattr(smppkit.receipts, "_read_tlvs", lambda tlvs: ("", None, None))
    return scenario


def receipts_are_as_in_the_appendix(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    canonical = re.compile(
        rb"id:\S+ sub:\d{3} dlvrd:\d{3} submit date:\d{10} done date:\d{10} stat:(DELIVRD|EXPIRED|UNDELIV) err:\d{3} "
    )

    def strict(pdu: DeliverSm | DataSm) -> Receipt | None:
        plain = isinstance(pdu, DeliverSm) and canonical.match(pdu.short_message)
        return parse_receipt(pdu) if plain else None

    _one_by_one(patch)
    patch.setattr(sender.pipeline.incoming, "parse_receipt", strict)
    return scenario


def responses_come_in_order(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    _one_by_one(patch)
    take = Outstanding.take

    def oldest(self: Outstanding, sequence: int, command_id: int) -> Sent | None:
        return take(self, next(iter(self), sequence), command_id)

    patch.setattr(Outstanding, "take", oldest)
    return scenario


def dates_decide(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    """A receipt is for a message of the last hours, and delivered after it was sent."""
    _one_by_one(patch)

    def believed(pdu: DeliverSm | DataSm) -> Receipt | None:
        receipt = parse_receipt(pdu)
        if receipt is None or receipt.submit_date is None or receipt.done_date is None:
            return None
        return receipt if timedelta(0) <= receipt.done_date - receipt.submit_date < timedelta(hours=12) else None

    patch.setattr(sender.pipeline.incoming, "parse_receipt", believed)
    # Nobody waits for the receipts of tomorrow, whose dates are good.
    return with_campaign(with_receipts(scenario, delay=Latency.parse("1s")), receipt_wait=Duration(60))


def a_length_is_one_octet(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    patch.setattr(smppkit.segments, "_within_payload", lambda octets: octets[: len(octets) & 0xFF])
    return scenario


def nothing_is_asked_in_silence(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    config = Account.session_config

    def never(self: Account) -> SessionConfig:
        return msgspec.structs.replace(config(self), enquire_link_interval=None)

    patch.setattr(Account, "session_config", never)
    patch.setattr(Session, "enquire", lambda self, now: None)
    return scenario


def an_unbind_is_answered_at_once(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    patch.setattr(Session, "_go_on_unbinding", Session._finish_unbinding)
    return scenario


def parts_have_references_of_their_own(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    part = smppkit.segments._part

    def numbered(body: bytes, info: PartInfo, method: LongMessage) -> Segment:
        return part(body, msgspec.structs.replace(info, reference=info.reference * 7 + info.number), method)

    patch.setattr(smppkit.segments, "_part", numbered)
    return scenario


def the_centre_knows_no_sar(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    patch.setattr(smppkit.segments, "_sar", lambda tlvs: None)
    return scenario


def the_centre_knows_short_references_only(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    concatenation = smppkit.segments._concatenation

    def short(elements: tuple[InformationElement, ...]) -> PartInfo | None:
        return concatenation(tuple(element for element in elements if element.identifier == 0))

    patch.setattr(smppkit.segments, "_concatenation", short)
    return scenario


def time_counts_from_when_it_was_written(scenario: LabScenario, patch: pytest.MonkeyPatch) -> LabScenario:
    """What a client reports that waits for its turn and starts its watch then."""

    def from_writing(evidence: Evidence) -> list[float]:
        return [m.answered_at - m.written_at for m in evidence.messages if m.answered_at is not None]

    measured = msgspec.structs.replace(METRICS["response_time"], values=from_writing)
    patch.setitem(METRICS, "response_time", measured)
    return scenario
