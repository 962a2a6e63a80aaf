"""The codec: round trips, and the compiled form against the plain one."""

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smppkit import tlvs as t
from smppkit.codec import (
    CODECS,
    HEADER_SIZE,
    SMPP_33,
    SMPP_34,
    SMPP_50,
    Codec,
    decode,
    encode,
    read_plainly,
    read_tlvs,
    write_plainly,
)
from smppkit.errors import EncodeError, PduError
from smppkit.pdus import (
    PDUS,
    BindTransceiver,
    BroadcastSm,
    DataSm,
    DeliverSm,
    DistributionList,
    EnquireLink,
    Pdu,
    QuerySm,
    ReplaceSm,
    SubmitMulti,
    SubmitSm,
    SubmitSmResp,
)
from smppkit.states import Version
from smppkit.status import CommandStatus as S
from smppkit.tlvs import Tlv
from tests.smppkit.generated import EXAMPLES_OF, pdus
from tests.smppkit.octets import TO, status_of, wire

LAYOUTS = pytest.mark.parametrize(
    ("version", "layout"),
    [
        pytest.param(version, layout, id=f"{version.name}-{layout.kind.name}")
        for version, codec in CODECS.items()
        for layout in codec.layouts.values()
    ],
)
RESPONSES = pytest.mark.parametrize(
    "kind", [layout.kind for layout in SMPP_34.layouts.values() if layout.is_response], ids=lambda kind: kind.name
)
EXAMPLES_BY_VERSION = pytest.mark.parametrize(
    ("codec", "pdu"),
    [
        pytest.param(CODECS[version], pdu, id=f"{version.name}-{pdu.name}")
        for version, examples in EXAMPLES_OF.items()
        for pdu in examples
    ],
)


def examples(version: Version, most: int) -> settings:
    """Most of the search for 3.4: the others differ from it in few things."""
    return settings(max_examples=most if version is Version.V34 else most // 4)


# Round trips


@LAYOUTS
def test_what_is_encoded_decodes_to_the_same(version, layout):
    codec = CODECS[version]

    @examples(version, 50)
    @given(pdus(layout.kind, codec=codec))
    def holds(pdu):
        octets = codec.encode(pdu)
        assert codec.decode(octets) == pdu
        assert write_plainly(layout, pdu) == octets

    holds()


@RESPONSES
def test_c13_an_error_response_is_its_header_and_a_body_in_one_is_ignored(kind):
    @settings(max_examples=20)
    @given(status=st.integers(1, 0xFFFFFFFF), sequence=st.integers(0, 0xFFFFFFFF), body=st.binary(max_size=20))
    def holds(status, sequence, body):
        pdu = kind(status, sequence)
        octets = encode(pdu)
        assert octets == struct.pack(">IIII", 16, kind.command_id, status, sequence)
        with_body = struct.pack(">I", 16 + len(body)) + octets[4:] + body
        assert decode(with_body) == pdu

    holds()


def test_c13_fields_of_an_error_response_stay_at_home():
    assert len(encode(SubmitSmResp(8, 1, message_id="3039", tlvs=(Tlv(0x1400, b"x"),)))) == 16


@RESPONSES
def test_a_response_without_its_body_has_the_defaults(kind):
    assert decode(struct.pack(">IIII", 16, kind.command_id, 0, 9)) == kind(0, 9)


@pytest.mark.parametrize("tail", [b"\0", b"\0\0\0", b"\x14\0\0\x09ab"], ids=["one", "three", "overrun"])
def test_a_response_keeps_what_can_be_read_before_a_tail_that_cannot(tail):
    response = SubmitSmResp(0, 4, message_id="3039", tlvs=(t.USER_MESSAGE_REFERENCE.of(7),))
    assert decode(wire(response, trailing=tail)) == response


# The compiled form and the plain one


@LAYOUTS
def test_compiled_and_plain_decoder_say_the_same_of_damaged_pdus(version, layout):
    codec = CODECS[version]

    @examples(version, 60)
    @given(
        pdus(layout.kind, codec=codec),
        st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=2),
        st.floats(0.5, 2),
    )
    def holds(pdu, changes, kept):
        octets = bytearray(codec.encode(pdu))
        for where, octet in changes:
            at = HEADER_SIZE + int(where * (len(octets) - HEADER_SIZE))
            octets[at : at + 1] = (octet,)
        del octets[HEADER_SIZE + int(kept * (len(octets) - HEADER_SIZE)) :]
        arguments = (bytes(octets), 0, len(octets), 0, 1)
        compiled = codec.decoders[layout.kind.command_id]
        assert outcome(compiled, *arguments) == outcome(read_plainly, layout, *arguments)

    holds()


def outcome(function: Any, *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except PduError as error:
        return error.status, error.reason


@EXAMPLES_BY_VERSION
def test_a_sound_pdu_never_takes_the_slow_path(codec, pdu, monkeypatch):
    octets = codec.encode(pdu)
    decoder, encoder = codec.decoders[pdu.command_id], codec.encoders[type(pdu)]
    monkeypatch.delitem(decoder.__globals__, "read_plainly")
    monkeypatch.delitem(encoder.__globals__, "write_plainly")
    assert codec.decode(octets) == pdu
    assert codec.encode(pdu) == octets


def test_a_pdu_is_read_from_the_middle_of_a_buffer_and_no_further():
    first, second = encode(SubmitSm(0, 1, **TO, short_message=b"abc")), encode(EnquireLink(0, 2))
    buffer = b"...." + first + second
    assert decode(buffer, 4, 4 + len(first)) == SubmitSm(0, 1, **TO, short_message=b"abc")
    assert decode(memoryview(buffer), 4 + len(first)) == EnquireLink(0, 2)
    lying = bytearray(first)
    lying[-4] = 20  # sm_length reaches into the next PDU
    assert status_of_part(b"...." + lying + second, 4, 4 + len(lying)) == S.ESME_RINVMSGLEN


def status_of_part(octets: bytes, start: int, end: int) -> int:
    with pytest.raises(PduError) as error:
        decode(octets, start, end)
    return error.value.status


# Header


@pytest.mark.parametrize("octets", [b"", b"\0\0\0\x10", struct.pack(">III", 12, 0x15, 0)])
def test_less_than_a_header_is_a_wrong_length(octets):
    assert status_of(octets)[0] == S.ESME_RINVCMDLEN


def test_a_length_that_is_not_that_of_the_octets_is_wrong():
    assert status_of(encode(EnquireLink(0, 1)) + b"\0")[0] == S.ESME_RINVCMDLEN


@pytest.mark.parametrize("sequence", [0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_any_sequence_and_any_status_of_a_request_is_tolerated(sequence):
    assert decode(encode(EnquireLink(0x58, sequence))) == EnquireLink(0x58, sequence)


@pytest.mark.parametrize("name", ["command_status", "sequence_number"])
@pytest.mark.parametrize("value", [-1, 1 << 32, "7", None])
def test_what_does_not_fit_in_the_header_is_refused(name, value):
    with pytest.raises(EncodeError, match=rf"enquire_link\.{name}: expected an integer of four octets"):
        encode(EnquireLink(**{name: value}))


# Versions


def test_c37_255_octets_of_short_message_are_for_5_0_only():
    pdu = SubmitSm(0, 1, **TO, short_message=bytes(255))
    octets = SMPP_50.encode(pdu)
    assert SMPP_50.decode(octets) == pdu
    assert status_of(octets) == (S.ESME_RINVMSGLEN, "sm_length is 255, at most 254")
    with pytest.raises(EncodeError, match="255 octets, at most 254"):
        encode(pdu)


def test_c48_success_only_is_for_5_0_only():
    pdu = SubmitSm(0, 1, **TO, registered_delivery=3)
    octets = SMPP_50.encode(pdu)
    assert SMPP_50.decode(octets) == pdu
    assert status_of(octets)[0] == S.ESME_RINVREGDLVFLG


@pytest.mark.parametrize("data_coding", [0x0B, 0x0C, 0x0F, 0xBF, 0xE0, 0xEF])
def test_c54_reserved_data_codings_earn_104_in_5_0(data_coding):
    octets = encode(SubmitSm(0, 1, **TO, data_coding=data_coding))
    assert status_of(octets, SMPP_50) == (S.ESME_RINVDCS, f"data_coding is {data_coding}, which is reserved")


def test_c46_message_types_of_5_0_are_the_same_in_all_pdus():
    octets = SMPP_50.encode(SubmitSm(0, 1, **TO, esm_class=0x18))
    assert status_of(octets)[0] == S.ESME_RINVESMCLASS
    assert status_of(wire(SubmitSm(**TO), esm_class=0x3C), SMPP_50)[0] == S.ESME_RINVESMCLASS


def test_c24_ids_of_3_3_have_eight_characters_at_most():
    assert SMPP_33.encode(SubmitSmResp(0, 1, message_id="12345678"))[16:] == b"12345678\0"
    with pytest.raises(EncodeError, match=r"submit_sm_resp\.message_id: has 9 characters, at most 8"):
        SMPP_33.encode(SubmitSmResp(0, 1, message_id="123456789"))
    assert status_of(encode(QuerySm(0, 1, message_id="123456789")), SMPP_33)[0] == S.ESME_RINVMSGID


def test_a_longer_id_of_a_peer_of_3_3_is_not_lost():
    response = SubmitSmResp(0, 1, message_id="2f7d1c3e-8a55-4a51-9d2c-0c6f1b1f1a11")
    assert SMPP_33.decode(encode(response)) == response


def test_c24_3_3_writes_no_tlvs_and_reads_them_unjudged():
    wrong = Tlv(t.USER_MESSAGE_REFERENCE.number, b"\x07")
    octets = wire(SubmitSm(0, 1, **TO, tlvs=(wrong,)), trailing=b"\0")
    assert SMPP_33.decode(octets) == SubmitSm(0, 1, **TO, tlvs=(wrong,))
    receipt = DeliverSm(0, 1, esm_class=4, short_message=b"id:1", tlvs=(t.RECEIPTED_MESSAGE_ID.of("1"),))
    assert decode(SMPP_33.encode(receipt)) == DeliverSm(0, 1, esm_class=4, short_message=b"id:1")


@pytest.mark.parametrize("tlv", [t.MESSAGE_PAYLOAD.of(b"text"), t.SAR_SEGMENT_SEQNUM.of(2)])
def test_3_3_refuses_to_leave_out_what_a_message_needs(tlv):
    with pytest.raises(EncodeError, match=r"deliver_sm\.tlvs: .* cannot be left out"):
        SMPP_33.encode(DeliverSm(0, 1, tlvs=(tlv,)))


def test_3_3_refuses_tlvs_that_are_none():
    with pytest.raises(EncodeError, match=r"deliver_sm\.tlvs: expected pairs"):
        SMPP_33.encode(DeliverSm(0, 1, tlvs=((5, "text"),)))


@pytest.mark.parametrize(
    ("codec", "without"),
    [
        (SMPP_33, ["outbind", "data_sm", "alert_notification", "broadcast_sm"]),
        (SMPP_34, ["param_retrieve", "query_last_msgs", "query_msg_details", "broadcast_sm", "query_broadcast_sm"]),
        (SMPP_50, ["param_retrieve", "query_last_msgs", "query_msg_details"]),
    ],
    ids=["33", "34", "50"],
)
def test_what_a_version_does_not_have_is_unknown_to_it(codec, without):
    for kind in (kind for kind in PDUS.values() if kind.name.removesuffix("_resp") in without):
        assert status_of(struct.pack(">IIII", 16, kind.command_id, 0, 1), codec)[0] == S.ESME_RINVCMDID
        with pytest.raises(EncodeError, match=f"{kind.__name__}: is not a PDU of this version of SMPP"):
            codec.encode(kind())


def test_c23_every_version_can_read_every_bind():
    for codec in CODECS.values():
        assert codec.decode(encode(BindTransceiver(0, 1))) == BindTransceiver(0, 1)


def test_5_0_expects_tlvs_that_pass_raw_in_3_4():
    wrong = SubmitSm(0, 1, **TO, tlvs=(Tlv(t.DEST_NODE_ID.number, b"12345"),))
    octets = encode(wrong)
    assert decode(octets) == wrong
    assert status_of(octets, SMPP_50) == (S.ESME_RINVPARLEN, "dest_node_id: 5 octets, not 6 to 6")


def test_c39_replace_sm_of_5_0_may_have_its_text_in_a_tlv_but_not_twice():
    replacement = ReplaceSm(0, 1, message_id="1", tlvs=(t.MESSAGE_PAYLOAD.of(b"new"),))
    assert SMPP_50.decode(SMPP_50.encode(replacement)) == replacement
    replacement.short_message = b"new"
    with pytest.raises(EncodeError, match="short_message excludes message_payload"):
        SMPP_50.encode(replacement)


@pytest.mark.parametrize("left_out", range(4))
def test_c79_a_broadcast_without_a_tlv_that_it_needs_earns_c3(left_out):
    tlvs = (
        t.BROADCAST_AREA_IDENTIFIER.of(b"\0Almaty"),
        t.BROADCAST_CONTENT_TYPE.of(b"\x01\0\x10"),
        t.BROADCAST_REP_NUM.of(3),
        t.BROADCAST_FREQUENCY_INTERVAL.of(b"\x09\0\x05"),
    )
    whole = BroadcastSm(0, 1, tlvs=tlvs)
    assert SMPP_50.decode(SMPP_50.encode(whole)) == whole
    lacking = wire(BroadcastSm(0, 1, tlvs=tlvs[:left_out] + tlvs[left_out + 1 :]))
    assert status_of(lacking, SMPP_50)[0] == S.ESME_RMISSINGOPTPARAM


def test_a_codec_compiles_what_is_asked_of_it_and_no_more():
    codec = Codec.of(Version.V50)
    assert not codec.decoders
    codec.decode(encode(EnquireLink(0, 1)))
    assert set(codec.decoders) == {EnquireLink.command_id}
    assert not codec.encoders


def test_a_class_that_is_no_pdu_of_any_version_is_refused():
    class Strange(Pdu):
        pass

    with pytest.raises(EncodeError, match="Strange: is not a PDU of this version of SMPP"):
        encode(Strange())


# Local mistakes


@pytest.mark.parametrize(
    ("pdu", "said"),
    [
        (SubmitSm(), "submit_sm.destination_addr: is empty"),
        (SubmitSm(**TO, source_addr=None), "submit_sm.source_addr: expected a string, found None"),
        (SubmitSm(**TO, source_addr=0), "submit_sm.source_addr: expected a string, found 0"),
        (SubmitSm(**TO, source_addr=b"SHOP"), "submit_sm.source_addr: expected a string, found b'SHOP'"),
        (SubmitSm(**TO, source_addr=b""), "submit_sm.source_addr: expected a string, found b''"),
        (SubmitSm(**TO, source_addr="МАГАЗИН"), "submit_sm.source_addr: holds 'МАГАЗИН', which is not in Latin-1"),
        (SubmitSm(**TO, source_addr="a\0"), "submit_sm.source_addr: holds a NUL"),
        (SubmitSm(**TO, source_addr_ton=7), "submit_sm.source_addr_ton: 7 is a reserved value"),
        (SubmitSm(**TO, data_coding=256), "submit_sm.data_coding: 256 does not fit in one octet"),
        (SubmitSm(**TO, data_coding=[]), "submit_sm.data_coding: expected an integer, found []"),
        (SubmitSm(**TO, validity_period="1h"), "submit_sm.validity_period: has 2 characters, not 16"),
        (SubmitSm(**TO, short_message=bytes(255)), "submit_sm.short_message: 255 octets, at most 254"),
        (SubmitSm(**TO, short_message="text"), "submit_sm.short_message: expected bytes, found 'text'"),
        (DataSm(**TO), "data_sm: message_payload or receipted_message_id is missing"),
        (
            SubmitMulti(dest_addresses=(DistributionList(""),)),
            "submit_multi.dest_addresses[0].dl_name: is empty",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(pdu, said):
    with pytest.raises(EncodeError) as error:
        encode(pdu)
    assert str(error.value).startswith(said)


@pytest.mark.parametrize(
    "tlvs", [(Tlv(0x10000, b""),), (Tlv(-1, b""),), (Tlv(5, bytes(65536)),), ((5, "text"),), ((5,),), (5,), 5]
)
def test_tlvs_that_do_not_fit_are_refused(tlvs):
    with pytest.raises(EncodeError, match=r"deliver_sm\.tlvs: "):
        encode(DeliverSm(tlvs=tlvs))


def test_no_octets_are_no_tlvs():
    assert read_tlvs(b"abc", 3, 3) == ()
