"""PDUs as people ask for them: by the names of SMPP, or octet for octet."""

from __future__ import annotations

from typing import Any

import pytest

from smppkit.pdus import DeliverSm, DistributionList, SmeAddress, SubmitMulti, SubmitSmResp
from smppkit.tlvs import MESSAGE_PAYLOAD, MESSAGE_STATE, RECEIPTED_MESSAGE_ID
from smsc.control.pdu_order import COMMANDS, BadPduOrder, octets_of, pdu_of


def test_fields_have_the_names_of_smpp() -> None:
    pdu = pdu_of(
        {
            "command": "deliver_sm",
            "source_addr": "7701",
            "source_addr_ton": 1,
            "destination_addr": "SHOP",
            "esm_class": "0x04",
            "short_message": "hello",
            "tlvs": {"message_state": 2, "receipted_message_id": "abc", "0x1400": {"hex": "00 ff"}},
        },
        "gsm7",
    )
    assert pdu == DeliverSm(
        source_addr="7701",
        source_addr_ton=1,
        destination_addr="SHOP",
        esm_class=4,
        short_message=b"hello",
        tlvs=(MESSAGE_STATE.of(2), RECEIPTED_MESSAGE_ID.of("abc"), (0x1400, b"\0\xff")),
    )


@pytest.mark.parametrize(
    ("fields", "coding", "octets"),
    [
        ({"short_message": "hi @"}, 0, b"hi \0"),
        ({"short_message": "привет"}, 8, "привет".encode("utf-16-be")),
        ({"short_message": "é", "data_coding": 3}, 3, b"\xe9"),
        ({"short_message": "hi", "data_coding": 8}, 8, b"\0h\0i"),
        ({"short_message": {"hex": "c0ffee"}, "data_coding": 4}, 4, b"\xc0\xff\xee"),
        ({"short_message": {"hex": ""}}, 0, b""),
    ],
)
def test_a_text_is_written_as_data_coding_says(fields: dict[str, Any], coding: int, octets: bytes) -> None:
    pdu = pdu_of({"command": "deliver_sm", **fields}, "gsm7")
    assert isinstance(pdu, DeliverSm)
    assert (pdu.data_coding, pdu.short_message) == (coding, octets)


def test_a_payload_is_written_as_a_text_too() -> None:
    pdu = pdu_of({"command": "data_sm", "data_coding": 8, "tlvs": {"message_payload": "hi"}}, "gsm7")
    assert pdu.tlv(MESSAGE_PAYLOAD) == b"\0h\0i"


def test_responses_and_lists_can_be_written_too() -> None:
    body = {"command": "submit_sm_resp", "command_status": "0x58", "sequence_number": 7, "message_id": "x"}
    assert pdu_of(body, "gsm7") == SubmitSmResp(0x58, 7, message_id="x")
    multi = pdu_of(
        {"command": "submit_multi", "dest_addresses": [{"destination_addr": "7701"}, {"dl_name": "all"}]}, "gsm7"
    )
    assert multi == SubmitMulti(dest_addresses=(SmeAddress(destination_addr="7701"), DistributionList("all")))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_can_be_asked_for(command: str) -> None:
    assert pdu_of({"command": command}, "gsm7").name == command


@pytest.mark.parametrize(
    ("body", "key", "text"),
    [
        ({}, "command", "found null; expected a command such as deliver_sm"),
        ({"command": "deliver_ms"}, "command", 'did you mean "deliver_sm"?'),
        ({"command": "deliver_sm", "source_adr": "1"}, "source_adr", 'did you mean "source_addr"?'),
        ({"command": "deliver_sm", "esm_class": "four"}, "esm_class", 'found "four"; expected a number'),
        ({"command": "deliver_sm", "esm_class": True}, "esm_class", "found true; expected a number"),
        ({"command": "deliver_sm", "source_addr": 7}, "source_addr", "found 7"),
        ({"command": "deliver_sm", "short_message": 7}, "short_message", "expected a text, or octets"),
        ({"command": "deliver_sm", "short_message": {"hex": "abc"}}, "short_message.hex", "expected hex digits"),
        ({"command": "deliver_sm", "short_message": "привет", "data_coding": 3}, "short_message", "does not fit"),
        ({"command": "deliver_sm", "tlvs": []}, "tlvs", "expected an object"),
        ({"command": "deliver_sm", "tlvs": {"mesage_state": 1}}, "tlvs.mesage_state", 'did you mean "message_state"?'),
        ({"command": "deliver_sm", "tlvs": {"message_state": 300}}, "tlvs.message_state", "does not fit"),
        ({"command": "deliver_sm", "tlvs": {"0x10000": {"hex": "00"}}}, "tlvs.0x10000", "a tag 0x0000 to 0xffff"),
        ({"command": "deliver_sm", "tlvs": {"0x1400": 5}}, "tlvs.0x1400", "octets such as"),
        ({"command": "deliver_sm", "tlvs": {"receipted_message_id": 5}}, "tlvs.receipted_message_id", "expected"),
    ],
)
def test_what_is_no_pdu_is_refused_by_its_key(body: dict[str, Any], key: str, text: str) -> None:
    with pytest.raises(BadPduOrder) as caught:
        pdu_of(body, "gsm7")
    assert caught.value.key == key
    assert text in str(caught.value)


@pytest.mark.parametrize("text", ["0", "xyz", 7, None, "00" * 80_000])
def test_octets_are_hex(text: Any) -> None:
    with pytest.raises(BadPduOrder, match="hex"):
        octets_of(text)
    assert octets_of("00 0a\n ff") == b"\0\n\xff"
