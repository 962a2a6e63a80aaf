from datetime import UTC, datetime

import pytest

from smppkit.codec import decode, encode
from smppkit.message_state import MessageState
from smppkit.pdus import DeliverSm, SubmitSm
from smppkit.receipts import parse_receipt
from smppkit.segments import segment
from smsc.scenario.decisions import ReceiptPlan
from smsc.scenario.dialect import receipt_pdu
from smsc.scenario.model import ReceiptForm

SUBMITTED = datetime(2026, 1, 1, 10, 0, tzinfo=UTC)
DONE = datetime(2026, 1, 1, 10, 5, tzinfo=UTC)
PLAN = ReceiptPlan(3.0, "DELIVRD", "000", "1A2B")
SUBMIT = SubmitSm(
    service_type="CMT",
    source_addr_ton=5,
    source_addr_npi=0,
    source_addr="SHOP",
    dest_addr_ton=1,
    dest_addr_npi=1,
    destination_addr="77051234567",
    registered_delivery=1,
    short_message=b"Your order is ready for pick-up",
)


def receipt(form: ReceiptForm = ReceiptForm.BOTH, submit: SubmitSm = SUBMIT, stat: str = "DELIVRD") -> DeliverSm:
    return receipt_pdu(ReceiptPlan(3.0, stat, "000", "1A2B", form), submit, SUBMITTED, DONE)


def test_c74_addresses_are_swapped_and_the_esm_class_says_receipt() -> None:
    pdu = receipt()
    assert (pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr) == (1, 1, "77051234567")
    assert (pdu.dest_addr_ton, pdu.dest_addr_npi, pdu.destination_addr) == (5, 0, "SHOP")
    assert (pdu.esm_class, pdu.service_type, pdu.data_coding, pdu.registered_delivery) == (0x04, "CMT", 0, 0)


def test_c74_the_text_is_that_of_appendix_b() -> None:
    assert receipt().short_message == (
        b"id:1A2B sub:001 dlvrd:001 submit date:2601011000 done date:2601011005 stat:DELIVRD err:000 "
        b"Text:Your order is ready "
    )


def test_c74_the_tlvs_name_id_and_state() -> None:
    assert receipt().tlvs == ((0x001E, b"1A2B\0"), (0x0427, b"\x02"))


@pytest.mark.parametrize(
    ("form", "text", "tlvs"),
    [(ReceiptForm.BOTH, True, True), (ReceiptForm.TEXT, True, False), (ReceiptForm.TLV, False, True)],
)
def test_the_form_says_where_the_content_is(form: ReceiptForm, text: bool, tlvs: bool) -> None:
    pdu = receipt(form)
    assert bool(pdu.short_message) is text
    assert bool(pdu.tlvs) is tlvs
    read = parse_receipt(pdu)
    assert read is not None
    assert (read.message_id, read.state) == ("1A2B", MessageState.DELIVERED)


def test_c61_time_fields_are_empty() -> None:
    assert (receipt().schedule_delivery_time, receipt().validity_period) == ("", "")


def test_a_failed_message_counts_as_not_delivered_and_keeps_the_vendors_word() -> None:
    pdu = receipt(stat="ABSENT-SUB")
    assert b"dlvrd:000" in pdu.short_message
    assert b"stat:ABSENT-SUB" in pdu.short_message
    read = parse_receipt(pdu)
    assert read is not None
    assert read.state is MessageState.UNDELIVERABLE


@pytest.mark.parametrize("text", ["Сәлем, тапсырысыңыз", "price: $5 @home_", "emoji 😀 here", "líne\nbreak"])
def test_the_quote_reads_the_same_whatever_a_client_takes_data_coding_0_for(text: str) -> None:
    parts = segment(text, reference=1)
    submit = SubmitSm(short_message=parts.segments[0].short_message, data_coding=parts.data_coding)
    quote = receipt(submit=submit).short_message.partition(b"Text:")[2]
    assert len(quote) == min(20, len(text))
    assert not set(quote) & set(b"$@_[]{}\\^~|`\n\0")
    assert max(quote) < 0x80


def test_the_quote_is_without_the_header_of_a_part() -> None:
    part = segment("b" * 200, reference=1).segments[0]
    quote = receipt(submit=SubmitSm(short_message=part.short_message, esm_class=0x40)).short_message
    assert quote.endswith(b"Text:" + b"b" * 20)


@pytest.mark.parametrize("form", list(ReceiptForm))
def test_a_receipt_survives_the_wire(form: ReceiptForm) -> None:
    pdu = receipt(form)
    pdu.sequence_number = 7
    assert decode(encode(pdu)) == pdu
