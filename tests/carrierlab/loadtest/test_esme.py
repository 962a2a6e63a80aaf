"""An ESME under load against the SMSC's side of a session, in memory and on literal times."""

from __future__ import annotations

import pytest

from carrierlab.loadtest.esme import BindRequest, Esme, Job, Outcome
from carrierlab.loadtest.receipts import ReceiptBook
from carrierlab.loadtest.tally import Receipts
from smppkit.events import Request
from smppkit.message_state import MessageState
from smppkit.pdus import BindReceiver, BindTransceiver, BindTransmitter, DeliverSm, Pdu, SubmitSm, SubmitSmResp
from smppkit.receipts import Receipt, format_receipt
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role
from smppkit.status import CommandStatus


class Line:
    """An ESME and an SMSC with nothing between them."""

    def __init__(
        self,
        *,
        window: int = 3,
        bind_status: int = 0,
        book: ReceiptBook | None = None,
        request: type[BindRequest] = BindTransceiver,
    ) -> None:
        self.outcomes: list[Outcome] = []
        self.book = book or ReceiptBook(Receipts(), 30.0)
        self.esme = Esme(
            "load", "x", self.book, self.outcomes.append, 0.0, window=window, timeout=10.0, request=request
        )
        self.smsc = Session(Role.SMSC, SessionConfig(), 0.0)
        self.asked: list[Pdu] = []
        self.carry(0.01)
        self.smsc.respond(self.asked.pop().response(bind_status), 0.01)
        self.carry(0.02)

    def carry(self, now: float) -> None:
        self.smsc.receive_bytes(self.esme.session.bytes_to_send(), now)
        self.asked += [event.pdu for event in self.smsc.events() if isinstance(event, Request)]
        if octets := self.smsc.bytes_to_send():
            self.esme.receive(octets, now)

    def submit(self, now: float, due: float | None = None, registered: int = 1) -> None:
        since = now if due is None else due
        self.esme.submit(Job(SubmitSm(destination_addr="7705", registered_delivery=registered), since, since, 1), now)

    def answer(self, now: float, status: int = 0, message_id: str = "17") -> None:
        self.carry(now)
        pdu = self.asked.pop(0)
        self.smsc.respond(SubmitSmResp(status, pdu.sequence_number, message_id=message_id), now)
        self.carry(now)

    def receipt(self, now: float, message_id: str = "17", state: MessageState = MessageState.DELIVERED) -> None:
        text = format_receipt(Receipt(message_id, state, state.stat)).encode()
        self.smsc.send(DeliverSm(esm_class=4, source_addr="7705", short_message=text), now)
        self.carry(now)

    def told(self, name: str) -> list[tuple[float | None, str | None]]:
        found = [each for each in self.outcomes if each.name == name]
        return [(None if each.seconds is None else round(each.seconds, 6), each.error) for each in found]


def test_it_binds_and_says_how_long_that_took() -> None:
    line = Line()
    assert line.esme.bound
    assert line.told("bind") == [(0.02, None)]


def test_a_refused_bind_is_told_by_its_status() -> None:
    line = Line(bind_status=CommandStatus.ESME_RINVPASWD)
    assert line.esme.failed == "ESME_RINVPASWD (0x0E)"
    line.esme.lost(1.0)
    assert line.told("bind") == [(0.02, "ESME_RINVPASWD (0x0E)")]


def test_latency_counts_from_when_it_was_due_and_service_from_when_it_was_written() -> None:
    line = Line()
    line.submit(now=5.0, due=3.0)
    line.answer(now=5.25)
    assert line.told("submit_sm") == [(2.25, None)]
    assert line.outcomes[-1].service == 0.25
    line.receipt(now=9.0)
    assert line.told("receipt") == [(6.0, None)]


def test_errors_are_classes_by_status() -> None:
    line = Line()
    line.submit(now=1.0)
    line.answer(now=1.5, status=CommandStatus.ESME_RTHROTTLED)
    assert line.told("submit_sm") == [(0.5, "ESME_RTHROTTLED (0x58)")]
    assert line.book.awaited == 0


def test_the_window_is_kept() -> None:
    line = Line(window=2)
    line.submit(now=1.0)
    line.submit(now=1.0)
    assert not line.esme.room
    line.answer(now=1.1)
    assert line.esme.room
    assert line.esme.outstanding == 1


def test_no_answer_is_a_failure_without_latency_and_a_late_one_still_has_its_receipt() -> None:
    line = Line()
    line.submit(now=1.0)
    line.esme.on_deadline(11.0)
    assert line.told("submit_sm") == [(None, "response timeout")]
    line.answer(now=12.0)
    line.receipt(now=13.0)
    assert len(line.told("submit_sm")) == 1
    assert line.told("receipt") == [(12.0, None)]


def test_a_lost_link_fails_what_was_under_way() -> None:
    line = Line()
    line.submit(now=1.0)
    line.esme.lost(2.0)
    assert line.told("submit_sm") == [(None, "connection lost")]
    assert line.told("connection") == [(None, "the connection is lost")]


def test_leaving_is_no_failure() -> None:
    line = Line()
    line.esme.unbind(1.0)
    line.carry(1.0)
    line.carry(1.1)
    assert line.esme.over is not None
    assert line.told("connection") == []


def test_a_receipt_may_come_to_another_bind_of_the_account() -> None:
    book = ReceiptBook(Receipts(), 30.0)
    one, two = Line(book=book), Line(book=book)
    one.submit(now=1.0)
    one.answer(now=1.1)
    two.receipt(now=2.0)
    assert two.told("receipt") == [(1.0, None)]


def test_deliveries_are_answered_and_intermediate_ones_and_messages_of_subscribers_are_no_receipts() -> None:
    line = Line()
    line.submit(now=1.0)
    line.answer(now=1.1)
    line.receipt(now=2.0, state=MessageState.ENROUTE)
    line.smsc.send(DeliverSm(source_addr="7705", short_message=b"STOP"), 3.0)
    line.carry(3.0)
    line.carry(3.0)
    assert line.smsc.outstanding == 0
    assert line.told("receipt") == []
    assert line.told("deliver_sm") == [(None, None)]
    assert line.book.awaited == 1


@pytest.mark.parametrize("registered", [0, 1])
def test_only_what_asked_for_a_receipt_waits_for_one(registered: int) -> None:
    line = Line()
    line.submit(now=1.0, registered=registered)
    line.answer(now=1.1)
    assert line.book.awaited == registered


def test_enquire_link_is_answered_and_kept() -> None:
    line = Line()
    line.smsc.enquire(1.0)
    line.carry(1.0)
    line.carry(1.0)
    assert not line.smsc.enquiring
    line.esme.on_deadline(40.0)
    line.carry(40.0)
    assert not line.esme.session.enquiring


def test_a_receiver_takes_the_receipts_of_what_another_link_has_sent() -> None:
    transmitter = Line()
    receiver = Line(book=transmitter.book, request=BindReceiver)
    transmitter.submit(1.0)
    transmitter.answer(1.1)
    receiver.receipt(1.3)
    assert receiver.told("receipt") == [(0.3, None)]
    assert transmitter.told("receipt") == []
    assert not transmitter.book.awaited


def test_the_bind_says_what_the_operator_wants_to_hear() -> None:
    outcomes: list[Outcome] = []
    esme = Esme(
        "load", "x", ReceiptBook(Receipts(), 30.0), outcomes.append, 0.0,
        window=1, timeout=10.0, request=BindTransmitter, system_type="VMA",
    )  # fmt: skip
    smsc = Session(Role.SMSC, SessionConfig(), 0.0)
    smsc.receive_bytes(esme.session.bytes_to_send(), 0.0)
    (asked,) = [event.pdu for event in smsc.events() if isinstance(event, Request)]
    assert isinstance(asked, BindTransmitter)
    assert asked.system_type == "VMA"
