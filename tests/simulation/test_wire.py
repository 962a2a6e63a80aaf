"""The small parser of the ledgers against the library's encoder."""

from smppkit.codec import encode
from smppkit.pdus import DeliverSm, SubmitSm, SubmitSmResp
from smppkit.tlvs import Tlv
from tests.simulation import wire


def _body(pdu: object) -> bytes:
    [raw] = wire.Reader().read(encode(pdu))  # type: ignore[type-var]
    return raw.body


def test_a_submit_of_one_part() -> None:
    pdu = SubmitSm(source_addr="SHOP", destination_addr="77051000001", short_message=b"#0017# hello")
    assert wire.submitted(_body(pdu)) == wire.Submitted("SHOP", "77051000001", "0017", 1, 1)


def test_a_part_with_a_header_and_one_with_tlvs() -> None:
    content = b"\x05\x00\x03\x2a\x03\x02" + "#0017# hello".encode("utf-16-be")
    headed = SubmitSm(destination_addr="7705", esm_class=0x40, data_coding=8, short_message=content)
    assert wire.submitted(_body(headed))[2:] == ("0017", 2, 3)
    tlvs = (Tlv(0x020C, b"\0\1"), Tlv(0x020E, b"\3"), Tlv(0x020F, b"\2"), Tlv(0x0424, b"#0018#"))
    assert wire.submitted(_body(SubmitSm(destination_addr="7705", tlvs=tlvs)))[2:] == ("0018", 2, 3)


def test_receipts_in_text_and_in_tlvs() -> None:
    text = DeliverSm(source_addr="7705", short_message=b"id:AB12 sub:001 stat:DELIVRD err:000")
    assert wire.delivered(_body(text)) == wire.Delivered("AB12", "DELIVRD", "7705")
    tlvs = DeliverSm(source_addr="7705", tlvs=(Tlv(0x001E, b"AB12\0"), Tlv(0x0427, b"\5")))
    assert wire.delivered(_body(tlvs)) == wire.Delivered("AB12", "UNDELIV", "7705")


def test_octets_come_in_any_pieces() -> None:
    octets = encode(SubmitSmResp(sequence_number=7, message_id="x1")) * 2
    reader = wire.Reader()
    found = [pdu for at in range(len(octets)) for pdu in reader.read(octets[at : at + 1])]
    assert [(pdu.command, pdu.sequence, wire.message_id(pdu.body)) for pdu in found] == [(0x80000004, 7, "x1")] * 2
