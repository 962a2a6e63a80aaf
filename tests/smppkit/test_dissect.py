"""PDUs taken apart: every octet belongs to one field, whatever the octets are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.codec import encode
from smppkit.commands import CommandId
from smppkit.dissect import FieldAt, dissect, masked_octets
from smppkit.pdus import (
    PDUS,
    BindTransceiver,
    DeliverSm,
    DistributionList,
    SmeAddress,
    SubmitMulti,
    SubmitSm,
    SubmitSmResp,
)
from smppkit.segments import UDHI
from smppkit.status import CommandStatus
from smppkit.tlvs import MESSAGE_PAYLOAD, MESSAGE_STATE, RECEIPTED_MESSAGE_ID, Tlv

PART = SubmitSm(
    source_addr_ton=5,
    source_addr="SHOP",
    destination_addr="77051234567",
    esm_class=UDHI,
    registered_delivery=0x11,
    data_coding=8,
    short_message=bytes.fromhex("050003070302") + "да".encode("utf-16-be"),
    sequence_number=7,
    tlvs=(Tlv(0x1400, b"x"),),
)


def by_name(octets: bytes) -> dict[str, FieldAt]:
    return {field.name: field for field in dissect(octets)}


def covers(octets: bytes) -> bool:
    at = 0
    for field in dissect(octets):
        if field.offset != at or field.length < 0:
            return False
        at += field.length
    return at == len(octets)


@given(st.sampled_from([int(command) for command in (*CommandId, 0x99)]), st.binary(max_size=300), st.integers(0, 400))
def test_every_octet_of_anything_belongs_to_exactly_one_field(command_id: int, body: bytes, length: int) -> None:
    octets = length.to_bytes(4, "big") + command_id.to_bytes(4, "big") + bytes(8) + body
    assert covers(octets)


@given(st.binary(max_size=24))
def test_also_of_what_is_shorter_than_a_header(octets: bytes) -> None:
    assert covers(octets)


@given(st.data())
def test_also_of_a_message_that_is_cut_or_damaged(data: st.DataObject) -> None:
    octets = bytearray(encode(PART))
    for _ in range(data.draw(st.integers(0, 3))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    assert covers(bytes(octets[: data.draw(st.integers(0, len(octets)))]))


@pytest.mark.parametrize("kind", PDUS.values(), ids=lambda kind: kind.name)
def test_all_kinds_of_fields_can_be_taken_apart(kind: type) -> None:
    names = [field.name for field in dissect(bytes(4) + int(kind.command_id).to_bytes(4, "big") + bytes(8) + bytes(60))]
    assert names[:4] == ["command_length", "command_id", "command_status", "sequence_number"]
    assert len(names) > 4


def test_a_part_says_which_it_is_and_what_it_says() -> None:
    octets = encode(PART)
    fields = by_name(octets)
    assert fields["udh.concatenation"].meaning == "part 2 of 3, reference 7"
    assert (fields["short_message"].meaning, fields["short_message"].length) == ("да", 4)
    assert octets[fields["short_message"].offset :][:4] == "да".encode("utf-16-be")
    assert fields["source_addr_ton"].meaning == "alphanumeric"
    assert fields["esm_class"].meaning == "default mode, default message type, UDHI: a user data header"
    assert fields["registered_delivery"].meaning == "receipt: success or failure, intermediate notification"
    assert fields["command_id"].meaning == "submit_sm"
    assert fields["0x1400"].value == "78"


def test_tlvs_have_their_names_and_values() -> None:
    tlvs = (RECEIPTED_MESSAGE_ID.of("17"), MESSAGE_STATE.of(2), MESSAGE_PAYLOAD.of(b"hello"))
    fields = by_name(encode(DeliverSm(tlvs=tlvs)))
    assert fields["receipted_message_id"].value == "17"
    assert (fields["message_state"].value, fields["message_state"].meaning) == (2, "DELIVERED")
    assert fields["message_payload"].meaning == "hello"


def test_lists_are_taken_apart() -> None:
    multi = SubmitMulti(dest_addresses=(SmeAddress(1, 1, "7705"), DistributionList("staff")))
    fields = by_name(encode(multi))
    assert fields["dest_addresses[0].destination_addr"].value == "7705"
    assert fields["dest_addresses[0].dest_addr_ton"].meaning == "international"
    assert fields["dest_addresses[1].dl_name"].value == "staff"


def test_a_refusal_has_a_header_alone() -> None:
    fields = dissect(encode(SubmitSmResp(int(CommandStatus.ESME_RTHROTTLED), 5)))
    assert [field.name for field in fields] == ["command_length", "command_id", "command_status", "sequence_number"]
    assert (fields[2].meaning or "").startswith("ESME_RTHROTTLED: ")


def test_secrets_are_not_shown() -> None:
    octets = encode(BindTransceiver(system_id="shop", password="hunter2"))
    fields = dissect(octets)
    assert by_name(octets)["password"].value == "***"
    shown = masked_octets(octets, fields)
    assert b"hunter2" not in shown
    assert len(shown) == len(octets)


def test_a_length_that_lies_is_said() -> None:
    octets = bytearray(encode(PART))
    octets[3] += 1
    assert by_name(bytes(octets))["command_length"].meaning == f"but there are {len(octets)} octets"
