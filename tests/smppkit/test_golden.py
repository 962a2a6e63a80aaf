"""Octets of the common PDUs, written by hand from the tables of SMPP 3.4 §4."""

import pytest

from smppkit import tlvs as t
from smppkit.codec import SMPP_33, SMPP_50, decode, encode
from smppkit.pdus import (
    AlertNotification,
    BindTransceiver,
    BindTransceiverResp,
    BroadcastSm,
    BroadcastSmResp,
    CancelBroadcastSm,
    CancelBroadcastSmResp,
    CancelSm,
    DataSm,
    DeliverSm,
    DeliverSmResp,
    DistributionList,
    EnquireLink,
    GenericNack,
    MessageReference,
    ParamRetrieve,
    ParamRetrieveResp,
    QueryBroadcastSm,
    QueryBroadcastSmResp,
    QueryLastMsgs,
    QueryLastMsgsResp,
    QueryMsgDetails,
    QueryMsgDetailsResp,
    QuerySmResp,
    ReplaceSm,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
    UnsuccessSme,
)

GOLDEN = [
    (EnquireLink(0, 1), "00000010 00000015 00000000 00000001"),
    (Unbind(0, 2), "00000010 00000006 00000000 00000002"),
    (UnbindResp(0, 2), "00000010 80000006 00000000 00000002"),
    (GenericNack(3, 0), "00000010 80000000 00000003 00000000"),
    (SubmitSmResp(0x58, 5), "00000010 80000004 00000058 00000005"),
    (
        BindTransceiver(
            0, 1, system_id="SMPP3TEST", password="secret08", system_type="SUBMIT1", addr_ton=1, addr_npi=1
        ),
        (
            "0000002f 00000009 00000000 00000001"  # length, id, status, sequence
            "534d50503354455354 00"  # system_id
            "7365637265743038 00"  # password
            "5355424d495431 00"  # system_type
            "34 01 01 00"
        ),  # interface_version, addr_ton, addr_npi, address_range
    ),
    (
        BindTransceiverResp(0, 1, system_id="smsc", tlvs=(t.SC_INTERFACE_VERSION.of(0x34),)),
        (
            "0000001a 80000009 00000000 00000001"
            "736d7363 00"  # system_id
            "0210 0001 34"
        ),  # sc_interface_version
    ),
    (
        SubmitSm(
            0,
            4,
            service_type="CMT",
            source_addr_ton=5,
            source_addr="SHOP",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="77051234567",
            esm_class=0x40,
            protocol_id=0x3F,
            priority_flag=2,
            schedule_delivery_time="260101000000000+",
            validity_period="000001000000000R",
            registered_delivery=1,
            replace_if_present_flag=1,
            data_coding=8,
            sm_default_msg_id=9,
            short_message=b"\x05\x00\x03\x2a\x02\x01\x04\x22",
            tlvs=(t.USER_MESSAGE_REFERENCE.of(7),),
        ),
        (
            "00000061 00000004 00000000 00000004"
            "434d54 00"  # service_type
            "05 00 53484f50 00"  # source: ton, npi, address
            "01 01 3737303531323334353637 00"  # destination: ton, npi, address
            "40 3f 02"  # esm_class, protocol_id, priority_flag
            "3236303130313030303030303030302b 00"  # schedule_delivery_time
            "30303030303130303030303030303052 00"  # validity_period
            "01 01 08 09"  # registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id
            "08 0500032a0201 0422"  # sm_length, short_message
            "0204 0002 0007"
        ),  # user_message_reference
    ),
    (SubmitSmResp(0, 4, message_id="3039"), "00000015 80000004 00000000 00000004 33303339 00"),
    (
        DeliverSm(
            0,
            6,
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="77051234567",
            dest_addr_ton=5,
            destination_addr="SHOP",
            esm_class=4,
            short_message=b"stat:DELIVRD",
            tlvs=(
                t.RECEIPTED_MESSAGE_ID.of("3039"),
                t.MESSAGE_STATE.of(2),
                t.NETWORK_ERROR_CODE.of(b"\x03\x00\x21"),
            ),
        ),
        (
            "00000051 00000005 00000000 00000006"
            "00"  # service_type
            "01 01 3737303531323334353637 00"
            "05 00 53484f50 00"
            "04 00 00 00 00 00 00 00 00"  # esm_class … sm_default_msg_id
            "0c 737461743a44454c49565244"
            "001e 0005 3330333900"
            "0427 0001 02"
            "0423 0003 030021"
        ),
    ),
    (DeliverSmResp(0, 6), "00000011 80000005 00000000 00000006 00"),
    (
        SubmitMulti(
            0,
            7,
            source_addr="SHOP",
            source_addr_ton=5,
            dest_addresses=(SmeAddress(1, 1, "770"), DistributionList("pals")),
            short_message=b"Hi",
        ),
        (
            "00000032 00000021 00000000 00000007"
            "00 05 00 53484f50 00"
            "02"  # number_of_dests
            "01 01 01 37373000"  # an SME address
            "02 70616c73 00"  # a distribution list
            "00 00 00 00 00 00 00 00 00 02 4869"
        ),
    ),
    (
        SubmitMultiResp(0, 7, message_id="a1", unsuccess_smes=(UnsuccessSme(1, 1, "770", 0x0B), UnsuccessSme())),
        (
            "00000025 80000021 00000000 00000007"
            "6131 00"
            "02"  # no_unsuccess
            "01 01 37373000 0000000b"
            "00 00 00 00000000"
        ),
    ),
    (
        DataSm(0, 8, source_addr="1", destination_addr="2", tlvs=(t.MESSAGE_PAYLOAD.of(b"abc"),)),
        "00000023 00000103 00000000 00000008 00 0000 3100 0000 3200 00 00 00 0424 0003 616263",
    ),
    (
        QuerySmResp(0, 9, message_id="3039", final_date="260101000000000+", message_state=2, error_code=0x45),
        "00000028 80000003 00000000 00000009 33303339 00 3236303130313030303030303030302b 00 02 45",
    ),
    (
        CancelSm(0, 10, message_id="39", source_addr="1", destination_addr="2"),
        "0000001c 00000008 00000000 0000000a 00 333900 0000 3100 0000 3200",
    ),
    (
        ReplaceSm(0, 11, message_id="39", source_addr="1", registered_delivery=1, short_message=b"new"),
        "0000001f 00000007 00000000 0000000b 333900 0000 3100 00 00 01 00 03 6e6577",
    ),
    (
        AlertNotification(0, 12, source_addr="1", esme_addr="2", tlvs=(t.MS_AVAILABILITY_STATUS.of(1),)),
        "0000001d 00000102 00000000 0000000c 0000 3100 0000 3200 0422 0001 01",
    ),
]


# SMPP 5.0 §4.4.1.1, §4.4.1.2, §4.6.1, §4.6.2
GOLDEN_50 = [
    (
        BroadcastSm(
            0,
            20,
            service_type="CBS",
            source_addr_ton=5,
            source_addr="SHOP",
            priority_flag=2,
            data_coding=8,
            tlvs=(
                t.BROADCAST_AREA_IDENTIFIER.of(b"\0ALA"),
                t.BROADCAST_CONTENT_TYPE.of(b"\x01\x00\x10"),
                t.BROADCAST_REP_NUM.of(3),
                t.BROADCAST_FREQUENCY_INTERVAL.of(b"\x09\x00\x05"),
                t.MESSAGE_PAYLOAD.of(b"\x04\x22"),
            ),
        ),
        (
            "00000044 00000111 00000000 00000014"
            "434253 00"  # service_type
            "05 00 53484f50 00"  # source: ton, npi, address
            "00 02"  # message_id, priority_flag
            "00 00"  # schedule_delivery_time, validity_period
            "00 08 00"  # replace_if_present_flag, data_coding, sm_default_msg_id
            "0606 0004 00414c41"
            "0601 0003 010010"
            "0604 0002 0003"
            "0605 0003 090005"
            "0424 0002 0422"
        ),
    ),
    (
        BroadcastSmResp(0, 20, message_id="b1", tlvs=(t.BROADCAST_ERROR_STATUS.of(0x109),)),
        "0000001b 80000111 00000000 00000014 6231 00 0607 0004 00000109",
    ),
    (
        QueryBroadcastSm(0, 21, message_id="b1", source_addr="1", tlvs=(t.USER_MESSAGE_REFERENCE.of(7),)),
        "0000001d 00000112 00000000 00000015 6231 00 00 00 31 00 0204 0002 0007",
    ),
    (
        QueryBroadcastSmResp(0, 21, message_id="b1", tlvs=(t.MESSAGE_STATE.of(0), t.BROADCAST_AREA_SUCCESS.of(100))),
        "0000001d 80000112 00000000 00000015 6231 00 0427 0001 00 0608 0001 64",
    ),
    (
        CancelBroadcastSm(0, 22, service_type="CBS", message_id="b1", source_addr="1"),
        "0000001b 00000113 00000000 00000016 434253 00 6231 00 00 00 31 00",
    ),
    (CancelBroadcastSmResp(0, 22), "00000010 80000113 00000000 00000016"),
]

# What only 3.3 has
GOLDEN_33 = [
    (ParamRetrieve(0, 1, param_name="name"), "00000015 00000022 00000000 00000001 6e616d65 00"),
    (ParamRetrieveResp(0, 1, param_value="op"), "00000013 80000022 00000000 00000001 6f70 00"),
    (
        QueryLastMsgs(0, 2, source_addr_ton=5, source_addr="SHOP", num_of_messages=10),
        "00000018 00000023 00000000 00000002 05 00 53484f50 00 0a",
    ),
    (
        QueryLastMsgsResp(0, 2, messages=(MessageReference("2a"), MessageReference("2b"))),
        "00000017 80000023 00000000 00000002 02 3261 00 3262 00",
    ),
    (
        QueryMsgDetails(0, 3, message_id="2a", source_addr="1", sm_length=160),
        "00000018 00000024 00000000 00000003 3261 00 00 00 31 00 a0",
    ),
    (
        QueryMsgDetailsResp(
            0,
            3,
            source_addr="1",
            dest_addresses=(SmeAddress(1, 1, "770"),),
            registered_delivery=1,
            short_message=b"Hi\xff",
            message_id="2a",
            message_state=2,
        ),
        (
            "0000002d 80000024 00000000 00000003"
            "00"  # service_type
            "00 00 31 00"  # source: ton, npi, address
            "01 01 01 01 373730 00"  # number_of_dests, dest_flag, ton, npi, address
            "00 00"  # protocol_id, priority_flag
            "00 00"  # schedule_delivery_time, validity_period
            "01 00"  # registered_delivery, data_coding
            "03 4869ff"  # sm_length, short_message
            "3261 00"  # message_id
            "00 02 00"  # final_date, message_state, error_code
        ),
    ),
]


@pytest.mark.parametrize(("pdu", "octets"), GOLDEN_50, ids=[pdu.name for pdu, _ in GOLDEN_50])
def test_golden_octets_of_5_0(pdu, octets):
    assert SMPP_50.encode(pdu).hex() == octets.replace(" ", "")
    assert SMPP_50.decode(bytes.fromhex(octets)) == pdu


@pytest.mark.parametrize(("pdu", "octets"), GOLDEN_33, ids=[pdu.name for pdu, _ in GOLDEN_33])
def test_golden_octets_of_3_3(pdu, octets):
    assert SMPP_33.encode(pdu).hex() == octets.replace(" ", "")
    assert SMPP_33.decode(bytes.fromhex(octets)) == pdu


@pytest.mark.parametrize(("pdu", "octets"), GOLDEN, ids=[pdu.name for pdu, _ in GOLDEN])
def test_golden_octets(pdu, octets):
    assert encode(pdu).hex() == octets.replace(" ", "")
    assert decode(bytes.fromhex(octets)) == pdu
