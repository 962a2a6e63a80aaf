"""PDU classes: names, responses, TLVs by tag, how they print."""

import pytest

from smppkit import tlvs as t
from smppkit.commands import RESPONSE_BIT, CommandId
from smppkit.compiler import declared
from smppkit.errors import LocalProtocolError, PduError
from smppkit.pdus import (
    PDUS,
    AlertNotification,
    DeliverSm,
    Outbind,
    SubmitMulti,
    SubmitSm,
    SubmitSmResp,
)


def test_every_operation_has_its_class():
    assert set(PDUS) == {command.value for command in CommandId}
    assert all(kind.command_id == command_id for command_id, kind in PDUS.items())


def test_names_are_those_of_the_specification():
    assert SubmitSm.name == "submit_sm"
    assert {kind.name for kind in PDUS.values()} == {command.name.lower() for command in CommandId}


def test_fields_have_the_names_and_the_order_of_the_specification():
    assert [name for name, _ in declared(SubmitMulti)] == [
        "service_type",
        "source_addr_ton",
        "source_addr_npi",
        "source_addr",
        "dest_addresses",
        "esm_class",
        "protocol_id",
        "priority_flag",
        "schedule_delivery_time",
        "validity_period",
        "registered_delivery",
        "replace_if_present_flag",
        "data_coding",
        "sm_default_msg_id",
        "short_message",
    ]


@pytest.mark.parametrize("kind", PDUS.values(), ids=lambda kind: kind.name)
def test_a_request_makes_its_own_response(kind):
    if kind.command_id & RESPONSE_BIT or kind in (Outbind, AlertNotification):
        with pytest.raises(LocalProtocolError, match=f"{kind.name} has no response"):
            kind(0, 7).response()
        return
    response = kind(0, 7).response(8)
    assert response.command_id == kind.command_id | RESPONSE_BIT
    assert (response.command_status, response.sequence_number) == (8, 7)


def test_a_response_takes_its_fields_by_name():
    assert SubmitSm(0, 7).response(message_id="3039") == SubmitSmResp(0, 7, message_id="3039")


def test_a_tlv_is_read_by_its_tag_and_the_first_one_counts():
    pdu = DeliverSm(tlvs=(t.MESSAGE_STATE.of(2), t.RECEIPTED_MESSAGE_ID.of("a"), t.MESSAGE_STATE.of(5)))
    assert pdu.tlv(t.MESSAGE_STATE) == 2
    assert pdu.tlv(t.RECEIPTED_MESSAGE_ID) == "a"
    assert pdu.tlv(t.NETWORK_ERROR_CODE) is None


def test_c68_a_malformed_tlv_of_a_delivery_is_found_where_it_is_read():
    pdu = DeliverSm(tlvs=(t.Tlv(t.NETWORK_ERROR_CODE.number, b"\x03\0"),))
    with pytest.raises(PduError, match="network_error_code: 2 octets, not 3 to 3"):
        pdu.tlv(t.NETWORK_ERROR_CODE)


def test_a_pdu_prints_what_is_set():
    assert repr(SubmitSm(0, 7, source_addr="SHOP")) == "SubmitSm(sequence_number=7, source_addr='SHOP')"


def test_pdus_are_invisible_to_the_garbage_collector():
    assert not any(kind.__struct_config__.gc for kind in PDUS.values())
