"""What is sent by hand: it is on the wire, in the journal and in the counters."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from smppkit.codec import encode
from smppkit.pdus import DeliverSm, DeliverSmResp, GenericNack, QuerySm
from smppkit.receipts import parse_receipt
from smsc.control.declined import Declined, Why
from smsc.control.orders import read_order
from smsc.control.sending import MoOrder, Part, ReceiptOrder, Sending, Sent
from smsc.scenario.scalars import Stat
from tests.smsc.conftest import Esme, Lab

ONE = """
operators:
  op:
    listen: tcp:2775
    timers: {enquire_link: null}
    accounts:
      - {system_id: shop, password: secret, deliver_window: 2}
      - {system_id: bank, password: secret}
    submit: {latency: 0s}
    receipts: {delay: 100s}
"""
TWO = 'operators: {one: {listen: "tcp:2775"}, other: {listen: "tcp:2776"}}'


@pytest.fixture
def sending(lab: Lab) -> Sending:
    lab.start(ONE, steered=True)
    return Sending(lab.emulator.operators)


def order(**body: Any) -> MoOrder:
    return read_order(msgspec.json.encode(body), MoOrder)


def declined(found: object) -> tuple[Why, str]:
    assert isinstance(found, Declined)
    return found.why, found.key


# --- a subscriber writes -------------------------------------------------------------------------------


def test_a_subscriber_writes_to_the_account_of_a_number_or_to_the_one_that_is_named(lab: Lab, sending: Sending) -> None:
    shop, bank = lab.bound(), lab.bound("bank")
    (row,) = sending.mobile_originated(order(**{"from": "7701", "to": "1234", "text": "hi"}))  # type: ignore[misc]
    sending.mobile_originated(order(**{"from": "7701", "to": "1234", "text": "for the bank"}, system_id="bank"))
    lab.run(0.1)
    assert [pdu.short_message for pdu in shop.deliveries] == [b"hi"]
    assert [pdu.short_message for pdu in bank.deliveries] == [b"for the bank"]
    first, second = lab.inbox().messages()
    assert (first.row, first.state, second.system_id) == (row, "DELIVRD", "bank")


def test_a_long_message_has_a_row_for_each_part(lab: Lab, sending: Sending) -> None:
    shop = lab.bound()
    body = {"from": "7701", "to": "1234", "text": "x" * 300, "shape": {"long_message": "payload"}}
    assert len(sending.mobile_originated(order(**body))) == 1  # type: ignore[arg-type]
    assert len(sending.mobile_originated(order(**{**body, "shape": None}))) == 2  # type: ignore[arg-type]
    lab.run(0.1)
    assert len(shop.deliveries) == 3


def test_where_there_are_several_operators_one_is_named_or_follows_from_who_is_bound(lab: Lab) -> None:
    lab.start(TWO, steered=True)
    sending = Sending(lab.emulator.operators)
    body = {"from": "7701", "to": "1234", "text": "hi"}
    assert declined(sending.mobile_originated(order(**body))) == (Why.IMPOSSIBLE, "operator")
    assert declined(sending.mobile_originated(order(**body, operator="onee"))) == (Why.UNKNOWN, "operator")
    assert declined(sending.mobile_originated(order(**body, system_id="shop"))) == (Why.IMPOSSIBLE, "operator")
    shop = lab.bound(port=2776)
    assert isinstance(sending.mobile_originated(order(**body, system_id="shop")), list)
    assert isinstance(sending.mobile_originated(order(**body, operator="one")), list)
    lab.run(0.1)
    assert len(shop.deliveries) == 1


def test_an_mo_that_cannot_be_delivered_says_why(lab: Lab, sending: Sending) -> None:
    body = {"from": "7701", "to": "1234", "text": "hi"}
    assert declined(sending.mobile_originated(order(**body, system_id="shoo"))) == (Why.UNKNOWN, "system_id")
    endless = {**body, "text": "x" * 50_000, "shape": {"long_message": "udh8"}}
    assert declined(sending.mobile_originated(order(**endless))) == (Why.IMPOSSIBLE, "text")
    assert lab.stats.mo.withdrawn == 1


# --- any PDU -------------------------------------------------------------------------------------------


def test_octets_are_sent_as_they_are_and_are_in_the_journal(lab: Lab, sending: Sending) -> None:
    esme = lab.bound()
    octets = encode(DeliverSm(sequence_number=77, source_addr="7701", short_message=b"hi"))
    sent = sending.pdu(1, {"hex": octets.hex(" ")})
    assert sent == Sent(1, octets, expects_answer=False)
    lab.run(0.1)
    (delivery,) = esme.deliveries
    assert (delivery.sequence_number, delivery.short_message) == (77, b"hi")
    recorded = [pdu for pdu in lab.inbox().pdus() if pdu.octets == octets]
    assert [pdu.direction for pdu in recorded] == ["out"]
    # Its answer is nobody's, and does no harm.
    esme.submit()
    lab.run(0.1)
    assert len(esme.responses) == 1


def test_what_is_no_smpp_at_all_can_be_sent(lab: Lab, sending: Sending) -> None:
    lab.bound()
    sending.pdu(1, {"hex": "47 45 54"})
    assert lab.esmes[0].wire.unread == b"GET"
    assert lab.inbox().pdus()[-1].octets == b"GET"


def test_a_request_by_fields_is_one_of_the_session(lab: Lab, sending: Sending) -> None:
    esme = lab.bound()
    esme.acknowledge = lambda pdu: None
    body = {"command": "deliver_sm", "source_addr": "7701", "destination_addr": "SHOP", "short_message": "hi"}
    sent = sending.pdu(1, body)
    assert isinstance(sent, Sent)
    assert sent.expects_answer
    lab.run(0.1)
    (delivery,) = esme.deliveries
    assert encode(delivery) == sent.octets
    session = lab.emulator.operators["op"].connections[1].link.session
    assert session.outstanding == 1
    esme.session.respond(DeliverSmResp(0, delivery.sequence_number), lab.now)
    lab.run(0.1)
    assert session.outstanding == 0


def test_a_request_for_which_the_window_has_no_room_is_sent_all_the_same(lab: Lab, sending: Sending) -> None:
    esme = lab.bound()
    esme.acknowledge = lambda pdu: None
    sent = [sending.pdu(1, {"command": "deliver_sm", "short_message": "hi"}) for _ in range(3)]
    assert [one.expects_answer for one in sent if isinstance(one, Sent)] == [True, True, False]
    lab.run(0.1)
    assert len({pdu.sequence_number for pdu in esme.deliveries}) == 3


def test_what_an_smsc_never_says_can_be_said(lab: Lab, sending: Sending) -> None:
    """A query_sm of an SMSC, a response that nobody waits for, a number of one's own."""
    esme = lab.bound()
    for body in (
        {"command": "query_sm", "message_id": "1"},
        {"command": "submit_sm_resp", "sequence_number": 5, "message_id": "x"},
        {"command": "unbind", "sequence_number": 9},
        {"command": "generic_nack", "command_status": 3},
    ):
        sent = sending.pdu(1, body)
        assert isinstance(sent, Sent)
        assert not sent.expects_answer
    said = [pdu.command_id for pdu in lab.inbox().pdus() if pdu.direction == "out"]
    assert said[1:] == [QuerySm.command_id, 0x80000004, 6, GenericNack.command_id]
    assert esme.open


def test_a_pdu_that_cannot_be_sent_says_why(lab: Lab, sending: Sending) -> None:
    esme = lab.bound()
    assert declined(sending.pdu(9, {"command": "deliver_sm"})) == (Why.UNKNOWN, "connection")
    assert declined(sending.pdu(1, {"hex": "00", "command": "deliver_sm"})) == (Why.IMPOSSIBLE, "command")
    assert declined(sending.pdu(1, {"hex": ""})) == (Why.IMPOSSIBLE, "hex")
    assert declined(sending.pdu(1, {"command": "deliver_sm", "source_addr": "x" * 40})) == (
        Why.IMPOSSIBLE,
        "source_addr",
    )
    assert declined(sending.pdu(1, {"command": "deliver"})) == (Why.IMPOSSIBLE, "command")
    lab.emulator.operators["op"].connections[1].link.close()
    sending.pdu(1, {"command": "deliver_sm"})
    assert esme.deliveries == []


# --- receipts before their time ------------------------------------------------------------------------


def accepted(lab: Lab, esme: Esme, **more: Any) -> Part:
    """A message that was accepted, as the journal has it."""
    esme.submit(**more)
    lab.run(0.1)
    row = lab.inbox().messages()[-1]
    return Part(row.row, "op", row.system_id, row.command, row.part, row.status, row.message_id, row.state)


def receipts(esme: Esme) -> list[tuple[str, str]]:
    found = [parse_receipt(pdu) for pdu in esme.deliveries]
    return [(receipt.stat or "", receipt.err or "") for receipt in found if receipt is not None]


def test_a_receipt_is_forced_and_cuts_the_planned_one_short(lab: Lab, sending: Sending) -> None:
    esme = lab.bound()
    part = accepted(lab, esme)
    assert sending.receipt([part], ReceiptOrder(Stat("UNDELIV"), "069")) == [part.row]
    lab.run(0.1)
    assert receipts(esme) == [("UNDELIV", "069")]
    lab.run(200, step=10)
    assert len(esme.deliveries) == 1
    (message,) = lab.inbox().messages()
    assert (message.state, message.err) == ("UNDELIV", "069")


def test_it_comes_while_time_stands_still(lab: Lab, sending: Sending) -> None:
    esme = lab.bound()
    part = accepted(lab, esme)
    lab.steering.pause()
    sending.receipt([part], ReceiptOrder())
    lab.run(0.1)
    assert receipts(esme) == [("DELIVRD", "000")]


def test_it_may_come_a_little_later(lab: Lab, sending: Sending) -> None:
    esme = lab.bound()
    part = accepted(lab, esme)
    sending.receipt([part], read_order(b'{"stat": "EXPIRED", "delay": "5s"}', ReceiptOrder))
    lab.run(4.9)
    assert receipts(esme) == []
    lab.run(0.2)
    assert [stat for stat, _ in receipts(esme)] == ["EXPIRED"]
    lab.run(200, step=10)
    assert len(esme.deliveries) == 1


def test_a_message_that_asked_for_none_gets_one(lab: Lab, sending: Sending) -> None:
    esme = lab.bound()
    sending.receipt([accepted(lab, esme, registered=0)], ReceiptOrder())
    lab.run(0.1)
    assert receipts(esme) == [("DELIVRD", "000")]


def test_a_state_that_is_not_final_can_be_followed_by_one_that_is(lab: Lab, sending: Sending) -> None:
    esme = lab.bound()
    part = accepted(lab, esme)
    sending.receipt([part], ReceiptOrder(Stat("ACCEPTD")))
    lab.run(0.1)
    sending.receipt([part], ReceiptOrder(Stat("DELIVRD")))
    lab.run(0.1)
    assert [stat for stat, _ in receipts(esme)] == ["ACCEPTD", "DELIVRD"]


def test_one_part_of_a_long_message_or_all(lab: Lab, sending: Sending) -> None:
    esme = lab.bound()
    parts = [msgspec.structs.replace(accepted(lab, esme), part=number) for number in (1, 2, 3)]
    assert sending.receipt(parts, ReceiptOrder(part=2)) == [parts[1].row]
    assert sending.receipt(parts, ReceiptOrder(Stat("UNDELIV"))) == [parts[0].row, parts[2].row]
    lab.run(0.1)
    assert [stat for stat, _ in receipts(esme)] == ["DELIVRD", "UNDELIV", "UNDELIV"]
    assert declined(sending.receipt(parts, ReceiptOrder(part=4))) == (Why.UNKNOWN, "part")


def test_what_has_no_receipt_to_force_is_declined_and_says_why(lab: Lab, sending: Sending) -> None:
    esme = lab.bound()
    part = accepted(lab, esme)
    sending.receipt([part], ReceiptOrder())
    final = sending.receipt([part], ReceiptOrder())
    assert isinstance(final, Declined)
    assert (final.why, final.detail) == (Why.TOO_LATE, f"message {part.row} is DELIVRD for good")
    refused = msgspec.structs.replace(part, status=0x0B, message_id=None)
    assert declined(sending.receipt([refused], ReceiptOrder())) == (Why.IMPOSSIBLE, "id")
    mo = msgspec.structs.replace(part, command="deliver_sm")
    assert declined(sending.receipt([mo], ReceiptOrder())) == (Why.IMPOSSIBLE, "id")
    unknown = msgspec.structs.replace(part, message_id="nobody's")
    assert declined(sending.receipt([unknown], ReceiptOrder())) == (Why.TOO_LATE, "id")
