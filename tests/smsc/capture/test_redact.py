"""What a recording does not show."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smppkit.codec import decode, encode
from smppkit.pdus import (
    BindTransceiver,
    BindTransceiverResp,
    DataSm,
    DeliverSm,
    SmeAddress,
    SubmitMulti,
    SubmitSm,
)
from smppkit.receipts import parse_receipt
from smppkit.segments import segment
from smppkit.status import CommandStatus
from smppkit.text import decode_text
from smppkit.tlvs import MESSAGE_PAYLOAD, RECEIPTED_MESSAGE_ID, Tlv
from smsc.capture.pseudonyms import Pseudonyms
from smsc.capture.redact import RawRedactor, Redact, Redactor

KEY = b"0123456789abcdef"
BIND = encode(BindTransceiver(system_id="shop", password="hunter2", system_type="SMPP", sequence_number=7))


def redactor(*what: Redact) -> Redactor:
    return Redactor(frozenset(what), key=KEY)


# --- passwords ------------------------------------------------------------------------------------------


def test_passwords_are_hidden_and_nothing_else() -> None:
    bind = decode(Redactor().frame(BIND))
    assert bind == BindTransceiver(system_id="shop", password="*******", system_type="SMPP", sequence_number=7)


def test_passwords_are_kept_when_asked() -> None:
    assert Redactor(keep_passwords=True).frame(BIND) == BIND


def test_a_password_that_is_too_long_is_hidden_too() -> None:
    body = b"shop\0" + b"p" * 30 + b"\0SMPP\0\x34\0\0\0"
    octets = (16 + len(body)).to_bytes(4) + BIND[4:16] + body
    hidden = Redactor().frame(octets)
    assert b"ppp" not in hidden
    assert len(hidden) == len(octets)


def test_a_bind_that_cannot_be_read_is_hidden_whole() -> None:
    body = b"shop\0hunter2"
    octets = (16 + len(body)).to_bytes(4) + BIND[4:16] + body
    redact = Redactor()
    assert redact.frame(octets) == octets[:16] + b"*" * len(body)
    assert redact.hidden_whole == 1


@settings(deadline=None)
@given(st.integers(1, 50), st.binary(max_size=10))
def test_a_password_in_octets_that_are_no_smpp_is_hidden_however_they_come(size: int, before: bytes) -> None:
    raw = RawRedactor(Redactor())
    stream = b"\r\n" + before + BIND + b"\r\nafter"
    pieces = [raw.feed(stream[at : at + size]) for at in range(0, len(stream), size)]
    told = b"".join(pieces) + raw.feed(b"", last=True)
    assert len(told) == len(stream)
    assert b"hunter2" not in told


def test_octets_that_are_no_smpp_are_kept_as_they_are() -> None:
    raw = RawRedactor(Redactor())
    assert raw.feed(b"HTTP/1.1 400 Bad") + raw.feed(b" Request", last=True) == b"HTTP/1.1 400 Bad Request"


def test_octets_that_are_no_smpp_are_hidden_with_texts() -> None:
    assert RawRedactor(redactor(Redact.TEXTS)).feed(b"call 77051234567") == b"*" * 16


# --- addresses ------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.sets(st.from_regex(r"77[0-9]{9}", fullmatch=True), min_size=2, max_size=20))
def test_pseudonyms_are_one_to_one_of_the_same_length_and_country(numbers: set[str]) -> None:
    pseudonyms = Pseudonyms(KEY)
    hidden = {pseudonyms.of(number) for number in numbers}
    assert len(hidden) == len(numbers)
    assert all(len(number) == 11 and number.startswith("7") and number.isdigit() for number in hidden)


@pytest.mark.parametrize(
    ("number", "kept"),
    [("+447700900123", "+44"), ("00447700900123", "0044"), ("998901234567", "998"), ("15551234567", "1")],
)
def test_the_country_stays(number: str, kept: str) -> None:
    hidden = Pseudonyms(KEY).of(number)
    assert hidden.startswith(kept)
    assert len(hidden) == len(number)
    assert hidden != number


@pytest.mark.parametrize("service", ["SHOP", "1234", "", "VIVACOM"])
def test_names_and_short_codes_stay(service: str) -> None:
    assert Pseudonyms(KEY).of(service) == service


def test_another_key_gives_other_pseudonyms() -> None:
    assert Pseudonyms(KEY).of("77051234567") != Pseudonyms(b"another").of("77051234567")


def test_a_number_is_the_same_pseudonym_in_message_and_receipt() -> None:
    redact = redactor(Redact.ADDRESSES)
    submit = decode(redact.frame(encode(SubmitSm(source_addr="SHOP", destination_addr="77051234567"))))
    receipt = decode(redact.frame(encode(DeliverSm(source_addr="77051234567", destination_addr="SHOP"))))
    assert submit.destination_addr == receipt.source_addr != "77051234567"
    assert submit.source_addr == "SHOP"


def test_addresses_are_hidden_in_lists_and_tlvs() -> None:
    multi = SubmitMulti(
        dest_addresses=(SmeAddress(1, 1, "77051234567"), SmeAddress(1, 1, "77051234568")),
        short_message=b"hi",
        tlvs=(Tlv(0x0381, b"\x01\x01\x0177051234567"), Tlv(0x1502, b"77051234567")),
    )
    octets = redactor(Redact.ADDRESSES).frame(encode(multi))
    assert b"7705123456" not in octets
    assert decode(octets).short_message == b"hi"
    first, second = decode(octets).dest_addresses
    assert first != second


def test_pseudonyms_need_a_key() -> None:
    with pytest.raises(ValueError, match="key"):
        Redactor(frozenset({Redact.ADDRESSES}))


# --- texts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Your code is 1234!", "Xxxx xxxx xx 0000!"),
        ("Ваш код 1234 {да}", "ххх ххх 0000 {хх}"),
        ("Привет 😎, ага", "хххххх 😀, ххх"),
        ("Preis: 5€ [äß]", "Xxxxx: 0€ [xx]"),
    ],
)
def test_texts_keep_their_shape(text: str, hidden: str) -> None:
    made = segment(text, reference=1)
    (part,) = made.segments
    pdu = SubmitSm(destination_addr="7705", data_coding=made.data_coding, short_message=part.short_message)
    redacted = decode(redactor(Redact.TEXTS).frame(encode(pdu)))
    assert decode_text(redacted.short_message, made.data_coding) == hidden
    assert redacted.destination_addr == "7705"


def test_a_header_in_the_user_data_stays() -> None:
    made = segment("слово " * 40, reference=9)
    for part in made.segments:
        pdu = SubmitSm(destination_addr="7", esm_class=0x40, data_coding=8, short_message=part.short_message)
        redacted = decode(redactor(Redact.TEXTS).frame(encode(pdu)))
        assert redacted.short_message[:6] == part.short_message[:6]
        assert len(redacted.short_message) == len(part.short_message)
        assert "слово" not in decode_text(redacted.short_message[6:], 8)


def test_a_payload_is_hidden() -> None:
    pdu = DataSm(destination_addr="7705", tlvs=(MESSAGE_PAYLOAD.of(b"secret word"),))
    assert decode(redactor(Redact.TEXTS).frame(encode(pdu))).tlv(MESSAGE_PAYLOAD) == b"xxxxxx xxxx"


def test_a_receipt_keeps_all_but_the_words() -> None:
    text = b"id:0A1F sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:UNDELIV err:069 Text:secret 123"
    pdu = DeliverSm(esm_class=4, short_message=text, tlvs=(RECEIPTED_MESSAGE_ID.of("0A1F"),))
    redacted = decode(redactor(Redact.TEXTS).frame(encode(pdu)))
    assert redacted.short_message == text.replace(b"secret 123", b"xxxxxx 000")
    before, after = parse_receipt(pdu), parse_receipt(redacted)
    assert before is not None
    assert after is not None
    assert (after.message_id, after.stat, after.err) == (before.message_id, before.stat, before.err)


def test_a_receipt_in_ucs2_keeps_all_but_the_words() -> None:
    text = "id:7 stat:DELIVRD err:000 text:тайна"
    pdu = DeliverSm(esm_class=4, data_coding=8, short_message=text.encode("utf-16-be"))
    redacted = decode(redactor(Redact.TEXTS).frame(encode(pdu)))
    assert redacted.short_message.decode("utf-16-be") == "id:7 stat:DELIVRD err:000 text:ххххх"


# --- accounts, and PDUs nobody knows ---------------------------------------------------------------------


def test_accounts_are_pseudonyms_that_fit_each_other() -> None:
    redact = redactor(Redact.SECRETS)
    bind = decode(redact.frame(BIND))
    assert len(bind.system_id) == 4
    assert bind.system_id == redact.account("shop") != "shop"
    assert decode(redact.frame(encode(BindTransceiverResp(system_id="shop")))).system_id == bind.system_id


def test_a_command_nobody_knows_is_hidden_whole_once_something_is_to_be_hidden() -> None:
    octets = (24).to_bytes(4) + (0x00010203).to_bytes(4) + bytes(8) + b"7705texts"[:8]
    assert Redactor().frame(octets) == octets
    assert redactor(Redact.TEXTS).frame(octets) == octets[:16] + b"*" * 8


@settings(deadline=None)
@given(st.binary(min_size=0, max_size=60), st.sampled_from([0x1, 0x4, 0x5, 0x21, 0x103, 0x80000004, 0x80000021]))
def test_any_octets_keep_their_length_and_header(body: bytes, command: int) -> None:
    octets = (16 + len(body)).to_bytes(4) + command.to_bytes(4) + bytes(8) + body
    hidden = redactor(*Redact).frame(octets)
    assert len(hidden) == len(octets)
    assert hidden[:16] == octets[:16]


def test_an_error_response_with_a_body_stays() -> None:
    octets = (17).to_bytes(4) + (0x80000004).to_bytes(4) + int(CommandStatus.ESME_RTHROTTLED).to_bytes(4) + bytes(5)
    assert redactor(*Redact).frame(octets) == octets
