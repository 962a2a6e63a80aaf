"""Messages of one shape turned into another."""

from __future__ import annotations

import pytest

from smppkit.pdus import DataSm
from smppkit.status import CommandStatus
from smppkit.tlvs import MESSAGE_PAYLOAD
from smsc.scenario.model import MoMessage
from smsc.translate import as_submit, mo_pdus


def test_a_data_sm_is_judged_like_a_submit_sm() -> None:
    payload = MESSAGE_PAYLOAD.of(b"hello")
    request = DataSm(tlvs=(payload,), source_addr="SHOP", destination_addr="7705", data_coding=8, registered_delivery=1)
    submit = as_submit(request)
    assert not isinstance(submit, CommandStatus)
    assert (submit.tlvs, submit.source_addr, submit.destination_addr) == ((payload,), "SHOP", "7705")
    assert (submit.data_coding, submit.registered_delivery, submit.short_message) == (8, 1, b"")


@pytest.mark.parametrize(
    ("source", "destination", "status"),
    [("S" * 21, "7705", CommandStatus.ESME_RINVSRCADR), ("SHOP", "7" * 21, CommandStatus.ESME_RINVDSTADR)],
)
def test_addresses_that_no_receipt_could_carry_are_refused(source: str, destination: str, status: int) -> None:
    assert as_submit(DataSm(source_addr=source, destination_addr=destination)) == status


@pytest.mark.parametrize(
    ("written", "address"),
    [("+77051234567", (1, 1, "77051234567")), ("1414", (0, 1, "1414")), ("SHOP", (5, 0, "SHOP"))],
)
def test_addresses_get_their_type_of_number(written: str, address: tuple[int, int, str]) -> None:
    (pdu,) = mo_pdus(MoMessage(from_=written, to="1414", text="hello"), reference=1)
    assert (pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr) == address


def test_long_texts_become_numbered_segments() -> None:
    pdus = mo_pdus(MoMessage(from_="77051234567", to="1414", text="x" * 200), reference=7)
    assert [pdu.short_message[:6] for pdu in pdus] == [bytes((5, 0, 3, 7, 2, number)) for number in (1, 2)]
    assert {pdu.esm_class for pdu in pdus} == {0x40}
