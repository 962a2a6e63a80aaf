from datetime import UTC, datetime
from typing import Any

import pytest

from smppkit.codec import decode, encode
from smppkit.gsm0338 import pack_septets
from smppkit.message_state import MessageState, state_of
from smppkit.pdus import DataSm, DeliverSm, SubmitSm
from smppkit.receipts import parse_receipt
from smppkit.segments import segment
from smppkit.states import Version
from smppkit.tlvs import MESSAGE_PAYLOAD, MESSAGE_STATE, NETWORK_ERROR_CODE
from smsc.scenario.decisions import Fate, Plan
from smsc.scenario.dialect import receipt_pdu
from smsc.scenario.model import Operator, Scenario
from yamlmodel.loader import loads

SUBMITTED = datetime(2026, 1, 1, 10, 0, tzinfo=UTC)
DONE = datetime(2026, 1, 1, 10, 5, tzinfo=UTC)
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


def operator(receipts: str = "{}", more: str = "") -> Operator:
    return loads(f"operators: {{x: {{receipts: {receipts} {more}}}}}", Scenario).operators["x"]


def built(
    receipts: str = "{}",
    *,
    submit: SubmitSm = SUBMIT,
    stat: str = "DELIVRD",
    err: str = "000",
    message_id: str = "1A2B",
    version: Version = Version.V34,
    esm_class: int | None = None,
) -> DeliverSm | DataSm:
    fate = Fate(stat, err, state_of(stat) or MessageState.UNKNOWN)
    plan = Plan(fate, 3.0, receipt_id=message_id)
    return receipt_pdu(operator(receipts), plan, fate, submit, SUBMITTED, DONE, version, esm_class)


def receipt(receipts: str = "{}", **changes: Any) -> DeliverSm:
    pdu = built(receipts, **changes)
    assert isinstance(pdu, DeliverSm)
    return pdu


def text(receipts: str, **changes: Any) -> str:
    return receipt(receipts, **changes).short_message.decode("latin-1")


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


@pytest.mark.parametrize(("form", "words", "tlvs"), [("both", True, True), ("text", True, False), ("tlv", False, True)])
def test_the_form_says_where_the_content_is(form: str, words: bool, tlvs: bool) -> None:
    pdu = receipt(f"{{form: {form}}}")
    assert bool(pdu.short_message) is words
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


@pytest.mark.parametrize("said", ["Сәлем, тапсырысыңыз", "price: $5 @home_", "emoji 😀 here", "líne\nbreak"])
def test_the_quote_reads_the_same_whatever_a_client_takes_data_coding_0_for(said: str) -> None:
    parts = segment(said, reference=1)
    submit = SubmitSm(short_message=parts.segments[0].short_message, data_coding=parts.data_coding)
    quote = receipt(submit=submit).short_message.partition(b"Text:")[2]
    assert len(quote) == min(20, len(said))
    assert not set(quote) & set(b"$@_[]{}\\^~|`\n\0")
    assert max(quote) < 0x80


def test_the_quote_is_without_the_header_of_a_part() -> None:
    part = segment("b" * 200, reference=1).segments[0]
    quote = receipt(submit=SubmitSm(short_message=part.short_message, esm_class=0x40)).short_message
    assert quote.endswith(b"Text:" + b"b" * 20)


@pytest.mark.parametrize("form", ["text", "tlv", "both"])
@pytest.mark.parametrize("carrier", ["deliver_sm", "data_sm"])
def test_a_receipt_survives_the_wire(form: str, carrier: str) -> None:
    pdu = built(f"{{form: {form}, carrier: {carrier}}}")
    pdu.sequence_number = 7
    assert decode(encode(pdu)) == pdu
    read = parse_receipt(pdu)
    assert read is not None
    assert (read.message_id, read.stat) == ("1A2B", "DELIVRD")


def test_data_sm_carries_its_text_as_a_payload() -> None:
    pdu = built("{carrier: data_sm, form: text}")
    assert isinstance(pdu, DataSm)
    assert pdu.esm_class == 0x04
    payload = pdu.tlv(MESSAGE_PAYLOAD)
    assert payload is not None
    assert payload.startswith(b"id:1A2B sub:001")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("id:{id} done date:{done:YYYYMMDDhhmmss}", "id:1A2B done date:20260101100500"),
        ("{submit:YYMMDDhhmm} {submit:YYMMDDhhmmss} {submit:YYYYMMDDhhmm}", "2601011000 260101100000 202601011000"),
        ("{done:YYYY-MM-DD hh:mm:ss}", "2026-01-01 10:05:00"),
        ("Id:{id:2} Sub:null Dlvrd:{dlvrd:1} Stat:{stat} Err:null", "Id:1A Sub:null Dlvrd:1 Stat:DELIVRD Err:null"),
        ("{err} {err:1} {err:4} {err:x}", "069 69 0069 45"),
        ("err:000 Text:{err:4} DLVRD TO SMSC", "err:000 Text:0069 DLVRD TO SMSC"),
        ("{text:5}|{text:40}", "Your |Your order is ready for pick-up"),
        ("foo", "foo"),
        ("", ""),
        ("{ {} { 1}", "{ {} { 1}"),
    ],
)
def test_the_text_is_what_the_scenario_writes(template: str, expected: str) -> None:
    assert text(f"{{text: '{template}'}}", err="069") == expected


@pytest.mark.parametrize(
    ("err", "code"), [("000", 0), ("069", 69), ("00B", 11), ("1043", 1043), ("ABSENT", 0), ("", 0)]
)
def test_a_network_error_code_has_its_type_and_the_code(err: str, code: int) -> None:
    assert receipt("{network_type: 3}", err=err).tlv(NETWORK_ERROR_CODE) == bytes([3]) + code.to_bytes(2, "big")


def test_the_tlvs_may_say_other_than_the_text() -> None:
    pdu = receipt("{conflict: {state: UNDELIV}}")
    assert pdu.tlv(MESSAGE_STATE) == MessageState.UNDELIVERABLE
    assert b"stat:DELIVRD" in pdu.short_message


def test_an_operators_own_tlvs_come_last() -> None:
    text_and_number = "{tag: 0x1400, text: 'dlt-{id}'}, {tag: 0x1401, number: 258, size: 2}"
    octets_and_none = "{tag: 0x1402, octets: 00ff}, {tag: 5122}"
    tlvs = receipt(f"{{tlvs: [{text_and_number}, {octets_and_none}], form: text}}").tlvs
    assert tlvs == ((0x1400, b"dlt-1A2B\0"), (0x1401, b"\x01\x02"), (0x1402, b"\x00\xff"), (5122, b""))


def test_c24_an_esme_of_3_3_gets_neither_tlvs_nor_data_sm_but_always_the_text() -> None:
    pdu = receipt("{form: tlv, carrier: data_sm, tlvs: [{tag: 1, number: 1}], network_type: 1}", version=Version.V33)
    assert pdu.tlvs == ()
    assert pdu.short_message.startswith(b"id:1A2B")


def test_a_text_too_long_for_short_message_travels_as_a_payload() -> None:
    pdu = receipt("{form: text, text: 'id:{id} " + "x" * 300 + "'}")
    assert pdu.short_message == b""
    payload = pdu.tlv(MESSAGE_PAYLOAD)
    assert payload is not None
    assert len(payload) == 308
    short = receipt("{form: text, text: 'id:{id} " + "x" * 300 + "'}", version=Version.V33)
    assert len(short.short_message) == 254


def test_a_notice_has_an_esm_class_of_its_own() -> None:
    assert receipt("{esm_class: 0x00}").esm_class == 0
    assert receipt("{esm_class: 0x00}", esm_class=0x20).esm_class == 0x20


def test_ucs2_receipts_are_written_in_ucs2_and_quote_what_was_said() -> None:
    submit = SubmitSm(short_message="Сәлем".encode("utf-16-be"), data_coding=8)
    pdu = receipt("{data_coding: 8}", submit=submit)
    assert pdu.short_message.decode("utf-16-be").endswith("Text:Сәлем")


def test_a_predefined_message_is_quoted_instead_of_the_submitted_text() -> None:
    fate = Fate("DELIVRD", "000", MessageState.DELIVERED)
    plan = Plan(fate, 1.0, receipt_id="1", text="Your bill is ready")
    pdu = receipt_pdu(operator(), plan, fate, SUBMIT, SUBMITTED, DONE)
    assert isinstance(pdu, DeliverSm)
    assert pdu.short_message.endswith(b"Text:Your bill is ready")


@pytest.mark.parametrize(
    ("alphabet", "octets", "said"),
    [
        ("gsm7", b"caf\x05", "caf?"),
        ("latin1", b"price \x24", "price ?"),
        ("ascii", b"plain", "plain"),
        ("gsm7-packed", pack_septets(b"packed"), "packed"),
    ],
)
def test_data_coding_0_is_what_the_operator_says_it_is(alphabet: str, octets: bytes, said: str) -> None:
    owner = operator(more=f", submit: {{alphabet: {alphabet}}}")
    fate = Fate("DELIVRD", "000", MessageState.DELIVERED)
    pdu = receipt_pdu(owner, Plan(fate, 1.0), fate, SubmitSm(short_message=octets), SUBMITTED, DONE)
    assert isinstance(pdu, DeliverSm)
    assert pdu.short_message.endswith(f"Text:{said}".encode())
