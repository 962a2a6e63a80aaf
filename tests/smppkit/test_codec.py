"""The codec: round trips, and the compiled form against the plain one."""

import struct
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smppkit import tlvs as t
from smppkit.codec import HEADER_SIZE, SMPP_34, Codec, decode, encode, read_plainly, read_tlvs, write_plainly
from smppkit.commands import RESPONSE_BIT
from smppkit.errors import EncodeError, PduError
from smppkit.fields import ShortMessage, Unsigned
from smppkit.pdus import (
    PDUS,
    DataSm,
    DeliverSm,
    DistributionList,
    EnquireLink,
    Pdu,
    SubmitMulti,
    SubmitSm,
    SubmitSmResp,
)
from smppkit.status import CommandStatus as S
from smppkit.tlvs import Tlv
from tests.smppkit.generated import EXAMPLES, pdus
from tests.smppkit.octets import TO, status_of, wire

KINDS = pytest.mark.parametrize("kind", PDUS.values(), ids=lambda kind: kind.name)
RESPONSES = pytest.mark.parametrize(
    "kind", [kind for kind in PDUS.values() if kind.command_id & RESPONSE_BIT], ids=lambda kind: kind.name
)


# Round trips


@KINDS
def test_what_is_encoded_decodes_to_the_same(kind):
    @settings(max_examples=50)
    @given(pdus(kind))
    def holds(pdu):
        octets = encode(pdu)
        assert decode(octets) == pdu
        assert write_plainly(pdu) == octets

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


@KINDS
def test_compiled_and_plain_decoder_say_the_same_of_damaged_pdus(kind):
    @settings(max_examples=60)
    @given(pdus(kind), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=2), st.floats(0.5, 2))
    def holds(pdu, changes, kept):
        octets = bytearray(encode(pdu))
        for where, octet in changes:
            at = HEADER_SIZE + int(where * (len(octets) - HEADER_SIZE))
            octets[at : at + 1] = (octet,)
        del octets[HEADER_SIZE + int(kept * (len(octets) - HEADER_SIZE)) :]
        arguments = (bytes(octets), 0, len(octets), 0, 1)
        assert outcome(SMPP_34.decoders[kind.command_id], *arguments) == outcome(read_plainly, kind, *arguments)

    holds()


def outcome(function: Any, *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except PduError as error:
        return error.status, error.reason


@pytest.mark.parametrize("pdu", EXAMPLES, ids=lambda pdu: pdu.name)
def test_a_sound_pdu_never_takes_the_slow_path(pdu, monkeypatch):
    octets = encode(pdu)
    decoder, encoder = SMPP_34.decoders[pdu.command_id], SMPP_34.encoders[type(pdu)]
    monkeypatch.delitem(decoder.__globals__, "read_plainly")
    monkeypatch.delitem(encoder.__globals__, "write_plainly")
    assert decode(octets) == pdu
    assert encode(pdu) == octets


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


class LongerSubmitSm(SubmitSm):
    """As another version of SMPP may declare it: one limit and one set of values are different."""

    registered_delivery: Annotated[int, Unsigned()] = 0
    short_message: Annotated[bytes, ShortMessage(255)] = b""


def test_another_version_is_another_set_of_declarations():
    other = Codec([LongerSubmitSm])
    pdu = LongerSubmitSm(0, 1, **TO, registered_delivery=3, data_coding=8, short_message=bytes(255))
    octets = other.encode(pdu)
    assert other.decode(octets) == pdu
    assert status_of(octets)[0] == S.ESME_RINVREGDLVFLG
    with pytest.raises(PduError, match="enquire_link is not a known command_id"):
        other.decode(encode(EnquireLink(0, 1)))


def test_a_class_of_another_version_is_refused():
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
