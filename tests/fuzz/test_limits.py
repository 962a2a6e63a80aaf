"""What fuzzing found to cost too much is bounded: TLVs without number, receipts of 64 KiB, packed text of 64 KiB."""

from __future__ import annotations

from random import Random

import pytest

from smppkit.codec import MOST_TLVS, SMPP_34, SMPP_50, Codec
from smppkit.errors import EncodeError, PduError
from smppkit.gsm0338 import decode_gsm7, unpack_septets
from smppkit.pdus import DeliverSm, EnquireLink, SubmitSm, SubmitSmResp
from smppkit.receipts import parse_receipt
from smppkit.status import CommandStatus
from smppkit.tlvs import MESSAGE_PAYLOAD, Tlv

EMPTY = Tlv(0x1400, b"")


def with_tlvs(octets: bytes, count: int) -> bytes:
    whole = octets + b"\x14\0\0\0" * count
    return len(whole).to_bytes(4, "big") + whole[4:]


@pytest.mark.parametrize("codec", [SMPP_34, SMPP_50])
def test_a_request_has_so_many_tlvs_and_no_more(codec: Codec) -> None:
    request = codec.encode(SubmitSm(sequence_number=7, destination_addr="1"))
    assert codec.decode(with_tlvs(request, MOST_TLVS)).tlvs == (EMPTY,) * MOST_TLVS
    with pytest.raises(PduError, match=f"the last 4 octets stand behind {MOST_TLVS} TLVs") as caught:
        codec.decode(with_tlvs(request, MOST_TLVS + 1))
    assert caught.value.status == CommandStatus.ESME_RINVOPTPARSTREAM


def test_a_response_keeps_the_first_of_too_many_tlvs() -> None:
    response = SMPP_34.encode(SubmitSmResp(sequence_number=7, message_id="1"))
    assert SMPP_34.decode(with_tlvs(response, 17_000)).tlvs == (EMPTY,) * MOST_TLVS


def test_more_tlvs_than_are_read_are_not_written() -> None:
    assert SMPP_34.decode(SMPP_34.encode(EnquireLink(tlvs=(EMPTY,) * MOST_TLVS))).tlvs == (EMPTY,) * MOST_TLVS
    with pytest.raises(EncodeError, match=f"there are {MOST_TLVS + 1}, at most {MOST_TLVS} are read"):
        SMPP_34.encode(EnquireLink(tlvs=(EMPTY,) * (MOST_TLVS + 1)))


def test_a_receipt_is_looked_for_at_the_beginning_of_a_long_payload() -> None:
    words = b"id:1 stat:DELIVRD " + b"x" * 60_000
    receipt = parse_receipt(DeliverSm(esm_class=4, tlvs=(MESSAGE_PAYLOAD.of(words),)))
    assert receipt is not None
    assert (receipt.message_id, receipt.stat) == ("1", "DELIVRD")
    late = parse_receipt(DeliverSm(tlvs=(MESSAGE_PAYLOAD.of(b"x" * 60_000 + b"id:1 stat:DELIVRD"),)))
    assert late is None


def test_packed_text_of_any_length_is_unpacked_septet_by_septet() -> None:
    rng = Random(1)
    for size in (0, 1, 6, 7, 8, 63, 1000):
        for fill_bits in range(7):
            octets = rng.randbytes(size)
            bits = int.from_bytes(octets, "little") >> fill_bits
            count = max(0, (8 * size - fill_bits) // 7)
            assert unpack_septets(octets, count, fill_bits) == bytes(bits >> 7 * n & 0x7F for n in range(count))


def test_escapes_are_read_from_left_to_right() -> None:
    assert decode_gsm7(b"\x1b\x1b\x1be") == " €"
    assert decode_gsm7(b"\x1be\x1b\x1b\x1b") == "€  "
    assert decode_gsm7(b"\x1bA\x1b\x3c\x1b") == "A[ "
    assert decode_gsm7(b"\xff\x1b\xff") == "��"
