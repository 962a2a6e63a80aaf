"""What is written octet by octet is what the codec reads, and what cannot be read says why."""

from __future__ import annotations

import pytest

from carrierlab.conformance import octets as o
from carrierlab.conformance.octets import Frame, Unreadable
from smppkit.codec import decode
from smppkit.pdus import BindTransceiver, DistributionList, SmeAddress, SubmitMulti, SubmitSm

FIELDS: dict[str, o.Value] = {"source_addr": "SHOP", "destination_addr": "77051234567", "short_message": b"hello"}


def test_a_pdu_that_is_right_is_what_the_codec_reads() -> None:
    octets = o.operation(o.SUBMIT_SM, 7, tlvs=(o.tlv(0x0204, b"\0\1"),), **FIELDS)
    assert decode(octets) == SubmitSm(
        sequence_number=7,
        source_addr="SHOP",
        destination_addr="77051234567",
        short_message=b"hello",
        tlvs=((0x0204, b"\0\1"),),  # type: ignore[arg-type]
    )
    bind = o.operation(o.BIND_TRANSCEIVER, 1, system_id="shop", password="secret")
    assert decode(bind) == BindTransceiver(sequence_number=1, system_id="shop", password="secret")


def test_destinations_of_both_kinds() -> None:
    destinations = o.sme("77051234567") + o.distribution_list("FRIENDS")
    octets = o.operation(o.SUBMIT_MULTI, 7, number_of_dests=2, dest_addresses=destinations, short_message=b"hello")
    pdu = decode(octets)
    assert isinstance(pdu, SubmitMulti)
    assert pdu.dest_addresses == (SmeAddress(1, 1, "77051234567"), DistributionList("FRIENDS"))
    assert Frame(octets, 0.0).content().data("dest_addresses") == destinations


def test_what_was_written_is_read_again() -> None:
    content = Frame(o.operation(o.SUBMIT_SM, 7, tlvs=(o.tlv(1, b"a"), o.tlv(1, b"b")), **FIELDS), 0.0).content()
    assert (content.text("source_addr"), content.data("short_message"), content.number("sm_length")) == (
        "SHOP",
        b"hello",
        5,
    )
    assert content.tlvs == ((1, b"a"), (1, b"b"))
    assert (content.tlv(1), content.tlv(2)) == (b"a", None)


def test_a_field_that_an_operation_does_not_have_is_a_mistake_of_the_check() -> None:
    with pytest.raises(TypeError, match="has no nonsense"):
        o.operation(o.SUBMIT_SM, 1, nonsense=1)


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (o.pdu(o.RESPONSE | o.SUBMIT_SM, 1, b"no end"), "message_id has no end"),
        (o.pdu(o.RESPONSE | o.SUBMIT_SM, 1, b"1\0\1\2"), "2 octets behind the last TLV"),
        (o.pdu(o.RESPONSE | o.SUBMIT_SM, 1, b"1\0" + o.tlv(1, b"ab", length=9)), "TLV 0x0001 claims 9 octets"),
        (o.pdu(o.RESPONSE | o.QUERY_SM, 1, b"1\0\0"), "message_state is missing"),
        (o.operation(o.DELIVER_SM, 1, sm_length=9), "sm_length is 9, and 0 octets are left"),
        (o.operation(o.SUBMIT_MULTI, 1, number_of_dests=1, dest_addresses=b"\3x\0"), "number_of_dests is 1"),
        (o.pdu(o.RESPONSE | o.SUBMIT_MULTI, 1, b"1\0\2\1\0017\0\0\0\0\x0b"), "no_unsuccess is 2"),
    ],
)
def test_what_cannot_be_read_says_why(octets: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        Frame(octets, 0.0).content()


def test_the_failed_destinations_of_a_submit_multi() -> None:
    body = b"1\0\2" + b"\1\0017705\0\0\0\0\x0b" + b"\1\0017701\0\0\0\0\x58"
    listed = Frame(o.pdu(o.RESPONSE | o.SUBMIT_MULTI, 1, body), 0.0).content().data("unsuccess_smes")
    assert o.unsuccessful(listed) == [("7705", 0x0B), ("7701", 0x58)]


def test_a_stream_is_cut_into_frames_and_what_is_no_pdu_ends_it() -> None:
    enquiry = o.pdu(o.ENQUIRE_LINK, 1)
    frames, rest = o.split(enquiry * 2 + enquiry[:7], 1000, 0.0)
    assert ([frame.readable for frame in frames], rest) == ([True, True], enquiry[:7])
    frames, rest = o.split(enquiry + b"HTTP/1.1 400 Bad Request\r\n", 1000, 0.0)
    assert ([frame.readable for frame in frames], rest) == ([True, False], b"")
