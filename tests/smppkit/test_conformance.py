"""What the conformance checks ask of the codec, in octets: each test carries the numbers of its checks (c37).

The checks that need a session (bind states, sequences, timers) are tested with the session.
"""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit import tlvs as t
from smppkit.codec import HEADER_SIZE, decode, encode
from smppkit.commands import RESPONSE_BIT
from smppkit.errors import EncodeError
from smppkit.pdus import (
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    DataSm,
    DeliverSm,
    DeliverSmResp,
    DistributionList,
    EnquireLink,
    QuerySm,
    ReplaceSm,
    SmeAddress,
    SubmitMulti,
    SubmitSm,
    UnsuccessSme,
)
from smppkit.status import CommandStatus as S
from smppkit.tlvs import Tlv
from tests.smppkit.generated import EXAMPLES
from tests.smppkit.octets import TO, status_of, wire

# Commands


@pytest.mark.parametrize("command_id", [0x0000000A, 0x00000000, 0x00000200, 0x8000000B])
def test_c03_c04_an_unknown_command_earns_03(command_id):
    status, reason = status_of(struct.pack(">IIII", 16, command_id, 0, 7))
    assert (status, reason) == (S.ESME_RINVCMDID, f"0x{command_id:08x} is not a known command_id")


# Truncation


@pytest.mark.parametrize("pdu", EXAMPLES, ids=lambda pdu: pdu.name)
def test_c14_a_body_cut_in_a_mandatory_field_is_an_error(pdu):
    octets = encode(pdu)
    mandatory = len(octets) - sum(4 + len(value) for _, value in pdu.tlvs)
    for end in range(HEADER_SIZE, mandatory):
        cut = struct.pack(">I", end) + octets[4:end]
        if end == HEADER_SIZE and pdu.command_id & RESPONSE_BIT:
            continue  # a response without a body is an old custom
        assert status_of(cut)[0] in (S.ESME_RINVCMDLEN, S.ESME_RINVMSGLEN)


# Binds


@pytest.mark.parametrize("kind", [BindReceiver, BindTransmitter, BindTransceiver])
@pytest.mark.parametrize(
    ("field", "limit", "status"),
    [
        pytest.param("system_id", 15, S.ESME_RINVSYSID, id="c18"),
        pytest.param("password", 8, S.ESME_RINVPASWD, id="c19"),
        pytest.param("system_type", 12, S.ESME_RINVSYSTYP, id="c21"),
        pytest.param("address_range", 40, S.ESME_RBINDFAIL, id="c22"),
    ],
)
def test_c18_c19_c21_c22_strings_of_a_bind_have_limits(kind, field, limit, status):
    assert decode(wire(kind(), **{field: "x" * limit})) == kind(**{field: "x" * limit})
    assert status_of(wire(kind(), **{field: "x" * (limit + 1)})) == (
        status,
        f"{field} has more than {limit} characters",
    )


def test_c20_a_wrong_password_of_the_right_length_is_not_the_codecs_business():
    assert decode(wire(BindTransceiver(system_id="shop", password="8letters"))).password == "8letters"


# submit_sm


def test_c37_sm_length_255_earns_01():
    assert status_of(wire(SubmitSm(**TO), short_message=bytes(255))) == (
        S.ESME_RINVMSGLEN,
        "sm_length is 255, at most 254",
    )
    assert decode(wire(SubmitSm(**TO), short_message=bytes(254))).short_message == bytes(254)


def test_c38_sm_length_beyond_the_pdu_earns_01():
    octets = wire(SubmitSm(**TO, short_message=b"abc"))
    assert status_of(octets[:-4] + b"\x09abc") == (
        S.ESME_RINVMSGLEN,
        "sm_length is 9, but 3 octets are left in the PDU",
    )


@pytest.mark.parametrize("pdu", [SubmitSm(**TO), SubmitMulti(dest_addresses=(SmeAddress(1, 1, "77"),))])
def test_c39_short_message_and_message_payload_earn_01(pdu):
    payload = Tlv(t.MESSAGE_PAYLOAD.number, b"abc")
    pdu.tlvs = (payload,)
    assert decode(encode(pdu)).tlvs == (payload,)
    pdu.short_message = b"abc"
    with pytest.raises(EncodeError, match="short_message excludes message_payload"):
        encode(pdu)
    sound = encode(type(pdu)(**{name: getattr(pdu, name) for name in pdu.__struct_fields__ if name != "tlvs"}))
    both = struct.pack(">I", len(sound) + 7) + sound[4:] + b"\x04\x24\0\x03abc"
    assert status_of(both) == (S.ESME_RINVMSGLEN, "short_message excludes message_payload")


def test_c40_a_message_without_user_data_is_accepted():
    assert decode(wire(SubmitSm(**TO))) == SubmitSm(**TO)
    assert decode(wire(SubmitSm(**TO, tlvs=(t.MESSAGE_PAYLOAD.of(b""),)))).short_message == b""


@pytest.mark.parametrize(
    ("field", "limit", "status"),
    [
        pytest.param("service_type", 5, S.ESME_RINVSERTYP, id="c41"),
        pytest.param("source_addr", 20, S.ESME_RINVSRCADR, id="c42"),
        pytest.param("destination_addr", 20, S.ESME_RINVDSTADR, id="c43"),
    ],
)
def test_c41_c42_c43_strings_of_a_submit_have_limits(field, limit, status):
    assert getattr(decode(wire(SubmitSm(**TO), **{field: "x" * limit})), field) == "x" * limit
    assert status_of(wire(SubmitSm(**TO), **{field: "x" * (limit + 1)}))[0] == status


def test_c43_an_empty_destination_earns_0b():
    assert status_of(wire(SubmitSm(), destination_addr="")) == (S.ESME_RINVDSTADR, "destination_addr is empty")


@pytest.mark.parametrize(
    ("field", "status", "defined"),
    [
        ("source_addr_ton", S.ESME_RINVSRCTON, range(7)),
        ("dest_addr_ton", S.ESME_RINVDSTTON, range(7)),
        ("source_addr_npi", S.ESME_RINVSRCNPI, [0, 1, 3, 4, 6, 8, 9, 10, 14, 18]),
        ("dest_addr_npi", S.ESME_RINVDSTNPI, [0, 1, 3, 4, 6, 8, 9, 10, 14, 18]),
        pytest.param("priority_flag", S.ESME_RINVPRTFLG, range(4), id="c45"),
        pytest.param(
            "esm_class",
            S.ESME_RINVESMCLASS,
            [octet for octet in range(256) if octet >> 2 & 0b1111 in (0b0000, 0b0010, 0b0100)],
            id="c46",
        ),
        pytest.param(
            "registered_delivery", S.ESME_RINVREGDLVFLG, [octet for octet in range(256) if octet % 4 != 3], id="c48"
        ),
        pytest.param("replace_if_present_flag", S.ESME_RINVREPFLAG, range(2), id="c51"),
        ("sm_default_msg_id", S.ESME_RINVDFTMSGID, range(255)),
        ("protocol_id", None, range(256)),
        ("data_coding", None, range(256)),
    ],
)
def test_c44_c45_c46_c48_c51_reserved_values_earn_their_status(field, status, defined):
    for value in range(256):
        octets = wire(SubmitSm(**TO), **{field: value})
        if value in defined:
            assert getattr(decode(octets), field) == value
        else:
            assert status_of(octets) == (status, f"{field} is {value}, which is reserved")


@pytest.mark.parametrize(
    "tag", [t.SAR_MSG_REF_NUM, t.SAR_TOTAL_SEGMENTS, t.SAR_SEGMENT_SEQNUM, t.SOURCE_PORT, t.DESTINATION_PORT]
)
def test_c47_a_header_in_the_user_data_excludes_sar_and_port_tlvs(tag):
    assert status_of(wire(SubmitSm(**TO, esm_class=0x40, tlvs=(tag.of(1),)))) == (
        S.ESME_RINVESMCLASS,
        f"esm_class excludes {tag.name}",
    )
    assert decode(wire(SubmitSm(**TO, esm_class=0x80, tlvs=(tag.of(1),)))).tlv(tag) == 1


@pytest.mark.parametrize(
    ("field", "status"),
    [("schedule_delivery_time", S.ESME_RINVSCHED), ("validity_period", S.ESME_RINVEXPIRY)],
)
@pytest.mark.parametrize("length", [1, 15, 17])
def test_c55_a_time_is_empty_or_sixteen_characters(field, status, length):
    assert status_of(wire(SubmitSm(**TO), **{field: "0" * length}))[0] == status


# TLVs


@pytest.mark.parametrize(
    "unexpected",
    [
        Tlv(0x1400, b"1107161234567890123"),
        Tlv(0x0501 + 1, b""),
        Tlv(0xFFFF, bytes(300)),
        t.SC_INTERFACE_VERSION.of(0x34),
        Tlv(t.DPF_RESULT.number, b"known, but not here, and wrong"),
    ],
)
def test_c62_what_is_unknown_or_unexpected_passes_raw(unexpected):
    pdu = SubmitSm(**TO, tlvs=(unexpected,))
    assert decode(encode(pdu)) == pdu


@pytest.mark.parametrize("tail", [b"\0", b"\0\0", b"\0\0\0", b"\x02\x04\0\x03\0\0", b"\x14\0\xff\xff"])
@pytest.mark.parametrize("pdu", [SubmitSm(**TO), DeliverSm(), QuerySm(message_id="1"), EnquireLink()])
def test_c63_octets_that_are_no_tlv_earn_c0(pdu, tail):
    assert status_of(wire(pdu, trailing=tail))[0] == S.ESME_RINVOPTPARSTREAM


def test_c64_wrong_length_bad_value_and_missing_payload():
    short = wire(SubmitSm(**TO, tlvs=(Tlv(t.USER_MESSAGE_REFERENCE.number, b"\x07"),)))
    assert status_of(short) == (S.ESME_RINVPARLEN, "user_message_reference: 1 octets instead of 2")
    bad = wire(SubmitSm(**TO, tlvs=(Tlv(t.PRIVACY_INDICATOR.number, b"\x09"),)))
    assert status_of(bad) == (S.ESME_RINVOPTPARAMVAL, "privacy_indicator: 9 is not a defined value")
    missing = wire(DataSm(**TO))
    assert status_of(missing) == (
        S.ESME_RMISSINGOPTPARAM,
        "message_payload or receipted_message_id is missing",
    )


def test_c64_a_receipt_by_data_sm_needs_no_payload():
    receipt = DataSm(**TO, esm_class=0x04, tlvs=(t.MESSAGE_STATE.of(2),))
    assert decode(encode(receipt)) == receipt
    untyped = DataSm(**TO, tlvs=(t.RECEIPTED_MESSAGE_ID.of("3039"),))
    assert decode(encode(untyped)) == untyped


@given(st.permutations([t.CALLBACK_NUM.of(b"\x01\x01\x011"), t.CALLBACK_NUM.of(b"\x01\x01\x012"), Tlv(0x1400, b"v")]))
def test_c65_tlvs_keep_their_order_and_repetitions(tlvs):
    pdu = SubmitSm(**TO, tlvs=tuple(tlvs))
    assert decode(encode(pdu)).tlvs == tuple(tlvs)


def test_c66_a_tlv_of_no_length():
    pdu = SubmitSm(**TO, tlvs=(t.ALERT_ON_MESSAGE_DELIVERY.of(b""),))
    assert encode(pdu)[-4:] == b"\x13\x0c\0\0"
    assert decode(encode(pdu)) == pdu


def test_c68_network_error_code_of_another_length_earns_c2_where_an_esme_asks():
    payload = t.MESSAGE_PAYLOAD.of(b"")
    wrong = Tlv(t.NETWORK_ERROR_CODE.number, b"\x03\0")
    assert status_of(wire(DataSm(**TO, tlvs=(payload, wrong))))[0] == S.ESME_RINVPARLEN


def test_a_delivery_is_taken_as_it_comes():
    strange = DeliverSm(
        source_addr_ton=9, dest_addr_npi=99, esm_class=0x3C, priority_flag=7, tlvs=(Tlv(t.MESSAGE_STATE.number, b""),)
    )
    assert decode(encode(strange)) == strange


# Other operations


@pytest.mark.parametrize("count", [0, 255])
def test_c73_the_number_of_destinations_is_1_to_254(count):
    destinations = bytes((count,)) + b"\x02a\0" * count
    pdu = SubmitMulti(short_message=b"abc")
    assert status_of(wire(pdu, dest_addresses=destinations))[0] == S.ESME_RINVNUMDESTS
    with pytest.raises(EncodeError, match=f"dest_addresses: {count} entries, not 1 to 254"):
        encode(SubmitMulti(dest_addresses=(DistributionList("a"),) * count))


@pytest.mark.parametrize(
    ("destination", "status"),
    [
        (b"\0\x01\x0177\0", S.ESME_RINVDESTFLAG),
        (b"\x03\x01\x0177\0", S.ESME_RINVDESTFLAG),
        (b"\x02\0", S.ESME_RINVDLNAME),
        (b"\x02" + b"x" * 21 + b"\0", S.ESME_RINVDLNAME),
        (b"\x01\x07\x0177\0", S.ESME_RINVDSTTON),
        (b"\x01\x01\x0277\0", S.ESME_RINVDSTNPI),
        (b"\x01\x01\x01\0", S.ESME_RINVDSTADR),
    ],
)
def test_c73_each_destination_is_judged(destination, status):
    assert status_of(wire(SubmitMulti(), dest_addresses=b"\x02\x02a\0" + destination))[0] == status


def test_c73_254_destinations_and_255_failures_come_back():
    destinations = (*[SmeAddress(1, 1, str(number)) for number in range(253)], DistributionList("pals"))
    multi = SubmitMulti(dest_addresses=destinations)
    assert decode(encode(multi)) == multi
    failed = tuple(UnsuccessSme(1, 1, str(number), 0xFFFFFFFF - number) for number in range(255))
    response = multi.response(message_id="1", unsuccess_smes=failed)
    assert encode(response)[18] == 255
    assert decode(encode(response)) == response


def test_c51_submit_multi_may_not_replace():
    pdu = SubmitMulti(dest_addresses=(DistributionList("a"),))
    octets = bytearray(encode(pdu))
    octets[-4] = 1
    assert status_of(bytes(octets)) == (S.ESME_RINVREPFLAG, "replace_if_present_flag is 1, which is reserved")


def test_message_id_of_a_query_has_64_characters_at_most():
    assert status_of(wire(QuerySm(), message_id="x" * 65))[0] == S.ESME_RINVMSGID
    assert decode(wire(QuerySm(), message_id="x" * 64)).message_id == "x" * 64


def test_c75_the_message_id_of_a_delivery_response_is_one_nul():
    assert encode(DeliverSmResp(0, 1))[16:] == b"\0"


def test_replace_sm_carries_user_data_by_sm_length():
    assert status_of(wire(ReplaceSm(), short_message=bytes(255)))[0] == S.ESME_RINVMSGLEN
