from __future__ import annotations

import msgspec
import pytest

from sender.domain.dialect import Form
from sender.pipeline.incoming import ReceiptReader, receipt_of
from smppkit.codec import encode
from smppkit.message_state import MessageState
from smppkit.pdus import SubmitSm
from smppkit.runs import ReceiptRun, esme_readers
from smppkit.states import Version
from smppkit.stream import StreamDecoder
from smppkit.tlvs import USER_MESSAGE_REFERENCE
from tests.sender.peer import message_from_subscriber, receipt_for

SUBMIT = SubmitSm(source_addr="SHOP", destination_addr="77051112233")


def test_a_receipt_names_the_handset_and_the_account_it_came_through() -> None:
    receipt = receipt_of(receipt_for(SUBMIT, "AB12", "UNDELIV"), "beeline", 5.0)
    assert receipt is not None
    assert (receipt.account, receipt.message_id, receipt.number, receipt.at) == ("beeline", "AB12", "77051112233", 5.0)
    assert (receipt.state, receipt.stat, receipt.err) == (MessageState.UNDELIVERABLE, "UNDELIV", "000")
    assert (receipt.sender, receipt.reference, receipt.form) == ("SHOP", None, None)


def test_a_message_of_a_subscriber_is_no_receipt() -> None:
    assert receipt_of(message_from_subscriber(), "beeline", 5.0) is None


def test_the_reference_and_the_words_of_a_message_come_along() -> None:
    pdu = receipt_for(SUBMIT, "AB12")
    pdu = msgspec.structs.replace(
        pdu,
        short_message=b"id:AB12 stat:DELIVRD text:Dear Aigerim, your o",
        tlvs=(*pdu.tlvs, USER_MESSAGE_REFERENCE.of(4711)),
    )
    receipt = receipt_of(pdu, "beeline", 5.0)
    assert receipt is not None
    assert (receipt.reference, receipt.text) == (4711, "Dear Aigerim, your o")


@pytest.mark.parametrize("octets", [b"", b"\x01", b"\x01\x02\x03"])
def test_a_reference_of_the_wrong_length_is_none(octets: bytes) -> None:
    pdu = receipt_for(SUBMIT, "AB12")
    pdu = msgspec.structs.replace(pdu, tlvs=(*pdu.tlvs, (USER_MESSAGE_REFERENCE.number, octets)))
    receipt = receipt_of(pdu, "beeline", 5.0)
    assert receipt is not None
    assert receipt.reference is None


@pytest.mark.parametrize(
    ("esm_class", "stat", "state"),
    [
        (0x20, "DELIVRD", MessageState.ENROUTE),
        (0x20, "ENROUTE", MessageState.ENROUTE),
        (0x20, "ACCEPTD", MessageState.ACCEPTED),
        (0x24, "DELIVRD", MessageState.DELIVERED),
        (0x04, "DELIVRD", MessageState.DELIVERED),
    ],
)
def test_an_intermediate_notification_is_never_the_last_word(esm_class: int, stat: str, state: MessageState) -> None:
    pdu = msgspec.structs.replace(receipt_for(SUBMIT, "AB12", stat), esm_class=esm_class)
    receipt = receipt_of(pdu, "beeline", 5.0)
    assert receipt is not None
    assert (receipt.state, receipt.stat) == (state, stat)


def test_the_first_receipts_are_looked_at_closely_and_then_some() -> None:
    reader = ReceiptReader("beeline")
    read = [reader.read(receipt_for(SUBMIT, str(number)), float(number)) for number in range(1000)]
    reader.read(message_from_subscriber(), 5.0)
    forms = [receipt.form for receipt in read if receipt is not None]
    assert forms[0] == Form("YYMMDDhhmm", "both", "deliver_sm", 0x04)
    assert all(form is not None for form in forms[:100])
    assert sum(form is not None for form in forms[100:]) == 3


def test_in_a_second_one_receipt_is_looked_at_closely_however_many_there_are() -> None:
    reader = ReceiptReader("beeline")
    read = [reader.read(receipt_for(SUBMIT, str(number)), 5.0) for number in range(1000)]
    assert sum(receipt is not None and receipt.form is not None for receipt in read[100:]) == 1


def test_a_run_is_read_as_each_of_it() -> None:
    one_by_one, together = ReceiptReader("beeline"), ReceiptReader("beeline")
    made = [receipt_for(SUBMIT, f"{number:04X}", "UNDELIV" if number % 3 else "DELIVRD") for number in range(1000)]
    read = [one_by_one.read(pdu, 5.0) for pdu in made]
    runs = StreamDecoder().fates(b"".join(map(encode, made)), readers=esme_readers(Version.V34))
    assert [it for run in runs if isinstance(run, ReceiptRun) for it in together.read_run(run, 5.0)] == read
