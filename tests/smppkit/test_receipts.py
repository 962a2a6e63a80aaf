import re
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.codec import decode, encode
from smppkit.message_state import MessageState
from smppkit.pdus import DataSm, DeliverSm
from smppkit.receipts import Receipt, form_of, format_receipt, parse_receipt, receipt_tlvs
from smppkit.text import Alphabet, encode_text
from smppkit.tlvs import MESSAGE_PAYLOAD, MESSAGE_STATE, RECEIPTED_MESSAGE_ID, Tlv

CANONICAL = (
    "id:0123456789 sub:001 dlvrd:001 submit date:2601021530 done date:2601021531 stat:DELIVRD err:000 "
    "Text:Dear Aigerim, your o"
)
SUBMITTED = datetime(2026, 1, 2, 15, 30, tzinfo=UTC)
DONE = datetime(2026, 1, 2, 15, 31, tzinfo=UTC)
UUID = "3b08ca73-4244-4717-9e88-082414ff3d2e"

DELIVERED, EXPIRED, UNDELIVERABLE = MessageState.DELIVERED, MessageState.EXPIRED, MessageState.UNDELIVERABLE
UNKNOWN, ENROUTE = MessageState.UNKNOWN, MessageState.ENROUTE


def deliver(
    text: str | bytes = b"", *tlvs: tuple[int, bytes], esm_class: int = 0x04, data_coding: int = 0
) -> DeliverSm:
    octets = text if isinstance(text, bytes) else text.encode("latin-1")
    return DeliverSm(
        esm_class=esm_class,
        data_coding=data_coding,
        short_message=octets,
        tlvs=tuple(Tlv(*tlv) for tlv in tlvs),
    )


def read(pdu: DeliverSm | DataSm) -> Receipt:
    receipt = parse_receipt(pdu)
    assert receipt is not None
    return receipt


def test_the_canonical_text_of_appendix_b_is_read():
    assert read(deliver(CANONICAL)) == Receipt(
        message_id="0123456789",
        state=DELIVERED,
        stat="DELIVRD",
        err="000",
        sub=1,
        dlvrd=1,
        submit_date=SUBMITTED,
        done_date=DONE,
        text="Dear Aigerim, your o",
    )


def test_the_canonical_text_is_written():
    assert format_receipt(read(deliver(CANONICAL))) == CANONICAL


# Each row: what it is, the PDU, and the fields that must come out of it.
VARIANTS: list[tuple[str, DeliverSm | DataSm, dict[str, Any]]] = [
    # date shapes
    ("10 digits", deliver("id:1 done date:2601021531 stat:DELIVRD"), {"done_date": DONE}),
    (
        "12 digits with seconds",
        deliver("id:1 submit date:260102153007 done date:260102153142 stat:DELIVRD"),
        {"submit_date": SUBMITTED.replace(second=7), "done_date": DONE.replace(second=42)},
    ),
    (
        "12 digits with the century",
        deliver("id:1 submit date:202601021530 done date:202601021531 stat:DELIVRD"),
        {"submit_date": SUBMITTED, "done_date": DONE},
    ),
    (
        "12 digits of 2020 with seconds",
        deliver("id:1 done date:201231235958 stat:DELIVRD"),
        {"done_date": datetime(2020, 12, 31, 23, 59, 58, tzinfo=UTC)},
    ),
    ("14 digits", deliver("id:1 done date:20260102153100 stat:DELIVRD"), {"done_date": DONE}),
    ("punctuated date", deliver("id:1 done date:2026-01-02 15:31:00 stat:DELIVRD"), {"done_date": DONE}),
    ("date of another century", deliver("id:1 done date:19990102153100 stat:DELIVRD"), {"done_date": None}),
    ("zero date", deliver("id:1 done date:0000000000 stat:DELIVRD"), {"done_date": None}),
    ("impossible date", deliver("id:1 done date:2602301531 stat:DELIVRD"), {"done_date": None}),
    ("date of 11 digits", deliver("id:1 done date:26010215310 stat:DELIVRD"), {"done_date": None}),
    ("null date", deliver("id:1 done date:null stat:DELIVRD"), {"done_date": None}),
    # missing or odd fields
    (
        "no sub, no dlvrd",
        deliver(f"id:{UUID} submit date:202601021530 done date:202601021531 stat:DELIVRD err:000"),
        {"message_id": UUID, "sub": None, "dlvrd": None, "state": DELIVERED, "text": ""},
    ),
    (
        "no stat",
        deliver("id:1 sub:001 dlvrd:001 submit date:2601021530 done date:2601021531 err:000 text:x"),
        {"message_id": "1", "state": UNKNOWN, "stat": "UNKNOWN", "err": "000"},
    ),
    ("empty stat", deliver("id:1 stat: err:000"), {"state": UNKNOWN, "err": "000"}),
    ("sub:null", deliver("id:1 sub:null dlvrd:null stat:DELIVRD"), {"sub": None, "dlvrd": None}),
    ("sub:...", deliver("id:1 sub:... dlvrd:... stat:DELIVRD"), {"sub": None, "dlvrd": None}),
    ("empty sub", deliver("id:1 sub: dlvrd:001 stat:DELIVRD"), {"sub": None, "dlvrd": 1}),
    ("err:null", deliver("id:1 stat:DELIVRD err:null text:null"), {"err": None, "text": "null"}),
    ("text foo", deliver("foo"), {"message_id": "", "state": UNKNOWN, "text": "foo"}),
    ("empty body", deliver(""), {"message_id": "", "state": UNKNOWN, "text": ""}),
    ("id:null", deliver("id:null stat:DELIVRD"), {"message_id": "", "state": DELIVERED}),
    (
        "mixed-case keys",
        deliver("Id:aB1 Sub:001 Dlvrd:001 Submit Date:2601021530 DONE DATE:2601021531 Stat:delivrd Err:0 TEXT:Hi"),
        {"message_id": "aB1", "submit_date": SUBMITTED, "done_date": DONE, "state": DELIVERED, "text": "Hi"},
    ),
    (
        "underscores in keys",
        deliver("id:1 submit_date:2601021530 done_date:2601021531 stat:DELIVRD"),
        {"submit_date": SUBMITTED, "done_date": DONE},
    ),
    ("blanks after colons", deliver("id: 17 sub: 001 stat: DELIVRD err: 000"), {"message_id": "17", "err": "000"}),
    ("commas between fields", deliver("id:17, sub:001, stat:DELIVRD, err:000"), {"message_id": "17", "sub": 1}),
    ("one field a line", deliver("id:17\r\nsub:001\r\nstat:DELIVRD"), {"message_id": "17", "state": DELIVERED}),
    ("missing Text:", deliver("id:17 stat:DELIVRD err:000"), {"err": "000", "text": ""}),
    ("NUL at the end", deliver("id:17 stat:DELIVRD\0"), {"stat": "DELIVRD"}),
    (
        "fields inside the message's own words",
        deliver("id:17 stat:DELIVRD err:000 Text:id:5 stat:EXPIRED err:9"),
        {"message_id": "17", "state": DELIVERED, "err": "000", "text": "id:5 stat:EXPIRED err:9"},
    ),
    ("a number without end", deliver("id:1 sub:" + "9" * 200 + " stat:DELIVRD"), {"sub": None}),
    # err
    ("err:0", deliver("id:1 stat:DELIVRD err:0"), {"err": "0"}),
    ("err:000", deliver("id:1 stat:DELIVRD err:000"), {"err": "000"}),
    ("err:0000", deliver("id:1 stat:DELIVRD err:0000"), {"err": "0000"}),
    ("hex err", deliver("id:1 stat:UNDELIV err:45A"), {"err": "45A"}),
    ("alphanumeric err", deliver("id:1 stat:UNDELIV err:ABS-1"), {"err": "ABS-1"}),
    (
        "the code inside Text",
        deliver("id:1 stat:DELIVRD err:000 Text:450A DLVRD TO SMSC"),
        {"err": "450A", "text": "450A DLVRD TO SMSC"},
    ),
    (
        "digits of the message are no code",
        deliver("id:1 stat:DELIVRD err:000 Text:4501 is your code"),
        {"err": "000"},
    ),
    ("an err beside a code in Text", deliver("id:1 stat:UNDELIV err:021 Text:450A DLVRD TO SMSC"), {"err": "021"}),
    # stat
    *(
        (f"stat {word}", deliver(f"id:1 stat:{word} err:000"), {"stat": word, "state": state})
        for word, state in {
            "DELIVRD": DELIVERED,
            "EXPIRED": EXPIRED,
            "DELETED": MessageState.DELETED,
            "UNDELIV": UNDELIVERABLE,
            "ACCEPTD": MessageState.ACCEPTED,
            "UNKNOWN": UNKNOWN,
            "REJECTD": MessageState.REJECTED,
            "ENROUTE": ENROUTE,
            "FAILED": UNDELIVERABLE,
            "ABSENT-SUB": UNDELIVERABLE,
            "MOB-OFF": UNDELIVERABLE,
            "SKIPPED": MessageState.SKIPPED,
            "WHATEVER": UNKNOWN,
        }.items()
    ),
    # ids
    ("hex id", deliver("id:7F00AB stat:DELIVRD"), {"message_id": "7F00AB"}),
    ("UUID id", deliver(f"id:{UUID} stat:DELIVRD"), {"message_id": UUID}),
    ("padded id", deliver("id:0000000017 stat:DELIVRD"), {"message_id": "0000000017"}),
    ("id beyond 64 bits", deliver(f"id:{2**70} stat:DELIVRD"), {"message_id": str(2**70)}),
    ("id of a part", deliver("id:SAR-17-2-1 stat:DELIVRD"), {"message_id": "SAR-17-2-1"}),
    ("underscore in ASCII", deliver("id:a_1 stat:DELIVRD"), {"message_id": "a_1"}),
    (
        "underscore in GSM 03.38",
        deliver(encode_text("id:a_1@x stat:DELIVRD", Alphabet.GSM7)),
        {"message_id": "a_1@x"},
    ),
    # TLVs
    (
        "TLV only",
        deliver(b"", (0x001E, b"7F00AB\0"), (0x0427, b"\x02"), (0x0423, b"\x03\x00\x21")),
        {"message_id": "7F00AB", "state": DELIVERED, "stat": "DELIVRD", "network_error_code": b"\x03\x00\x21"},
    ),
    (
        "text and TLVs in conflict",
        deliver("id:17 stat:DELIVRD err:000", (0x001E, b"18\0"), (0x0427, b"\x05")),
        {"message_id": "18", "state": UNDELIVERABLE, "stat": "DELIVRD", "text_message_id": "17"},
    ),
    (
        "id truncated in the text",
        deliver("id:3b08ca73-4 stat:DELIVRD", (0x001E, UUID.encode() + b"\0")),
        {"message_id": UUID, "text_message_id": "3b08ca73-4", "state": DELIVERED},
    ),
    (
        "the same id in text and TLV but for zeros and case",
        deliver("id:000abc stat:DELIVRD", (0x001E, b"ABC\0")),
        {"message_id": "ABC", "text_message_id": None},
    ),
    ("no NUL in the TLV's id", deliver(b"", (0x001E, b"17")), {"message_id": "17"}),
    ("an empty TLV id", deliver("id:17 stat:DELIVRD", (0x001E, b"\0")), {"message_id": "17"}),
    ("a state nobody defined", deliver("id:17 stat:DELIVRD", (0x0427, b"\x4d")), {"state": DELIVERED}),
    ("a state of two octets", deliver("id:17 stat:DELIVRD", (0x0427, b"\x00\x05")), {"state": DELIVERED}),
    (
        "a network error code of two octets",
        deliver("id:17 stat:DELIVRD", (0x0423, b"\x03\x21")),
        {"network_error_code": None},
    ),
    # esm_class
    (
        "intermediate notification",
        deliver("id:17 stat:ENROUTE", esm_class=0x20),
        {"message_id": "17", "state": ENROUTE},
    ),
    ("intermediate without stat", deliver("id:17", esm_class=0x20), {"state": ENROUTE}),
    ("both type bits", deliver("id:17 stat:EXPIRED", esm_class=0x24), {"state": EXPIRED}),
    ("esm_class 0 with receipt text", deliver(CANONICAL, esm_class=0), {"message_id": "0123456789"}),
    ("esm_class 0, short", deliver("id:17 stat:FAILED", esm_class=0), {"state": UNDELIVERABLE}),
    (
        "esm_class 0, a word nobody explained",
        deliver("id:17 sub:001 dlvrd:000 stat:WHATEVER err:9 text:x", esm_class=0),
        {"state": UNKNOWN, "stat": "WHATEVER"},
    ),
    (
        "esm_class 0, dates only",
        deliver("id:17 submit date:2601021530 done date:2601021531", esm_class=0),
        {"done_date": DONE},
    ),
    (
        "esm_class 0, TLV only",
        deliver(b"", (0x001E, b"17\0"), (0x0427, b"\x03"), esm_class=0),
        {"message_id": "17", "state": EXPIRED},
    ),
    ("reply path set too", deliver("id:17 stat:DELIVRD", esm_class=0x84), {"message_id": "17"}),
    (
        "UDHI copied from the submit",
        deliver(CANONICAL, esm_class=0x44),
        {"message_id": "0123456789", "text": "Dear Aigerim, your o"},
    ),
    (
        "behind a real header",
        deliver(bytes.fromhex("050003070201") + CANONICAL.encode(), esm_class=0x44),
        {"message_id": "0123456789", "text": "Dear Aigerim, your o"},
    ),
    # carriers and codings
    (
        "data_sm",
        DataSm(esm_class=0x04, tlvs=(MESSAGE_PAYLOAD.of(CANONICAL.encode()),)),
        {"message_id": "0123456789", "state": DELIVERED},
    ),
    (
        "data_sm, TLV only",
        DataSm(esm_class=0x04, tlvs=(Tlv(0x001E, b"17\0"), Tlv(0x0427, b"\x02"))),
        {"message_id": "17", "state": DELIVERED},
    ),
    (
        "text in message_payload",
        deliver(b"", (0x0424, CANONICAL.encode())),
        {"message_id": "0123456789", "text": "Dear Aigerim, your o"},
    ),
    (
        "all in UCS-2",
        deliver((CANONICAL[:-20] + "Сәлем").encode("utf-16-be"), data_coding=8),
        {"message_id": "0123456789", "done_date": DONE, "text": "Сәлем"},
    ),
    (
        "ASCII fields, words in UCS-2",
        deliver(b"id:17 stat:DELIVRD text:" + "Сәлем Ѐ".encode("utf-16-be"), data_coding=8),
        {"message_id": "17", "text": "Сәлем Ѐ"},
    ),
    (
        "data_coding 8 copied onto ASCII",
        deliver("id:17 stat:DELIVRD text:Hello", data_coding=8),
        {"message_id": "17", "text": "Hello"},
    ),
    ("words in GSM 03.38", deliver(b"id:17 stat:DELIVRD text:\x00 \x1be"), {"text": "@ €"}),
    ("words in Latin-1", deliver("id:17 stat:DELIVRD text:ça", data_coding=3), {"text": "ça"}),
]


@pytest.mark.parametrize(
    ("pdu", "expected"), [pytest.param(pdu, expected, id=name) for name, pdu, expected in VARIANTS]
)
def test_receipts_of_all_vendors_are_read(pdu, expected):
    receipt = read(pdu)
    assert {field: getattr(receipt, field) for field in expected} == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hello",
        "id: 5",
        "id:5",
        "ID:5 stat:ok",
        "id:5 err:none text:please call",
        "My id:5 stat:DELIVRD, is that right?",
        "id: stat:DELIVRD",
        "STOP",
        "submit date:2601021530 done date:2601021531 stat:DELIVRD",
        "uid:17 stat:DELIVRD err:000 sub:001",
        "text: id:17 stat:DELIVRD",
        "Сәлем",
    ],
)
@pytest.mark.parametrize("esm_class", [0x00, 0x08, 0x10, 0x18, 0x40])
def test_a_subscribers_message_is_no_receipt(text, esm_class):
    alphabet = Alphabet.UCS2 if text == "Сәлем" else Alphabet.GSM7
    pdu = deliver(encode_text(text, alphabet), esm_class=esm_class, data_coding=alphabet.data_coding)
    assert parse_receipt(pdu) is None


def test_other_tlvs_do_not_make_a_receipt():
    assert parse_receipt(deliver("Hi", (0x0427, b"\x02"), (0x001E, b"\0"), esm_class=0)) is None


def test_fields_that_are_none_are_not_written():
    assert format_receipt(Receipt("17", UNKNOWN, "UNKNOWN")) == "id:17 stat:UNKNOWN Text:"


def test_dates_are_written_in_the_format_asked_for():
    receipt = Receipt("17", DELIVERED, "DELIVRD", submit_date=SUBMITTED, done_date=DONE)
    assert format_receipt(receipt, date_format="%Y%m%d%H%M%S") == (
        "id:17 submit date:20260102153000 done date:20260102153100 stat:DELIVRD Text:"
    )


def test_the_message_is_cut_to_twenty_characters():
    assert format_receipt(Receipt("17", DELIVERED, "DELIVRD", text="x" * 21)).endswith(" Text:" + "x" * 20)


def test_receipt_tlvs_are_id_state_and_network_error_code():
    receipt = Receipt("7F00AB", UNDELIVERABLE, "UNDELIV", network_error_code=b"\x03\x00\x21")
    assert receipt_tlvs(receipt) == (
        Tlv(0x001E, b"7F00AB\0"),
        Tlv(0x0427, b"\x05"),
        Tlv(0x0423, b"\x03\x00\x21"),
    )
    assert len(receipt_tlvs(Receipt("1", DELIVERED, "DELIVRD"))) == 2


minutes = st.datetimes(datetime(2013, 1, 1), datetime(2099, 12, 31)).map(  # noqa: DTZ001
    lambda moment: moment.replace(second=0, microsecond=0, tzinfo=UTC)
)
receipts = st.builds(
    lambda state, **fields: Receipt(state=state, stat=state.stat, **fields),
    message_id=st.from_regex(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}", fullmatch=True).filter(lambda i: i.lower() != "null"),
    state=st.sampled_from(MessageState),
    err=st.none() | st.from_regex(r"[0-9A-F]{1,4}", fullmatch=True),
    sub=st.none() | st.integers(0, 999),
    dlvrd=st.none() | st.integers(0, 999),
    submit_date=st.none() | minutes,
    done_date=st.none() | minutes,
    # A final "@" would be a NUL in GSM 03.38, and that reads as a terminator.
    text=st.text(st.sampled_from("Hello @€{}:idtextstat"), max_size=20).map(lambda text: text.strip(" @")),
)


@given(
    receipts.filter(lambda receipt: receipt.err is None or receipt.err.strip("0")),
    st.sampled_from(["%y%m%d%H%M", "%y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d%H%M%S"]),
    st.sampled_from([0x00, 0x04]),
)
def test_what_is_written_is_read_back(receipt, date_format, esm_class):
    text = format_receipt(receipt, date_format=date_format)
    assert parse_receipt(deliver(encode_text(text, Alphabet.GSM7), esm_class=esm_class)) == receipt


@given(receipts, st.binary(min_size=3, max_size=3))
def test_tlvs_alone_name_the_message_and_its_state(receipt, network_error_code):
    sent = Receipt(receipt.message_id, receipt.state, receipt.stat, network_error_code=network_error_code)
    assert parse_receipt(DataSm(esm_class=0x04, tlvs=receipt_tlvs(sent))) == sent


snippets = st.sampled_from([
    b"id:", b"stat:", b"err:", b"sub:", b"dlvrd:", b"submit date:", b"done date:", b"Text:", b"2601021530",
    b"260102153000", b"99999999999999", b"DELIVRD", b" ", b"\0", b"null", b"\x1b", b"\xff", b"\0i\0d\0:", b"9" * 5000,
])  # fmt: skip
octets = st.binary(max_size=80) | st.lists(snippets | st.binary(max_size=4), max_size=20).map(b"".join)


@given(
    octets,
    st.integers(0, 255),
    st.integers(0, 255),
    st.lists(st.tuples(st.sampled_from([0x001E, 0x0423, 0x0424, 0x0427]), st.binary(max_size=70)), max_size=4),
)
def test_reading_any_octets_never_raises(octets, esm_class, data_coding, tlvs):
    receipt = parse_receipt(deliver(octets, *tlvs, esm_class=esm_class, data_coding=data_coding))
    if esm_class & 0x3C in (0x04, 0x20):
        assert receipt is not None


@given(
    pdu=st.builds(
        deliver,
        st.builds(
            b"id:%b sub:%b dlvrd:001 submit date:%b done date:%b stat:%b err:%b %bext:%b".__mod__,
            st.tuples(
                st.sampled_from([b"1", b"00ff", b"0aF-1", b"null", b"", b"x"]),
                st.sampled_from([b"1", b"001", b"1234567890"]),
                st.sampled_from([b"2601021530", b"260102153007", b"20260102153007", b"2613021530", b"9" * 13]),
                st.sampled_from([b"2601021530", b"0000000000", b"-"]),
                st.sampled_from([b"DELIVRD", b"UNDELIV", b"BUFFRED", b"NULL", b"delivrd", b""]),
                st.sampled_from([b"000", b"69", b"0A1", b"null", b""]),
                st.sampled_from([b"T", b"t", b"TT"]),
                st.sampled_from([b"", b"Dear\0", b" 450A DLVRD TO SMSC", b"stat:EXPIRED", b"\x04\x1f", b"\n" * 2100]),
            ),
        ),
        st.sampled_from([(RECEIPTED_MESSAGE_ID.number, b"1\0"), (MESSAGE_STATE.number, b"\5"), (0x1400, b"?")]),
        esm_class=st.sampled_from([0x00, 0x04, 0x20, 0x44]),
        data_coding=st.sampled_from([0, 3, 8]),
    )
)
def test_the_short_way_of_canonical_texts_reads_what_the_long_one_does(pdu: DeliverSm) -> None:
    with mock.patch("smppkit.receipts._CANONICAL", re.compile(rb"(?!)")):
        long_way = parse_receipt(pdu)
    assert parse_receipt(pdu) == long_way


def test_a_receipt_in_a_data_sm_is_taken_whatever_its_type_of_number() -> None:
    pdu = DataSm(source_addr_ton=7, dest_addr_npi=5, source_addr="7705", destination_addr="SHOP", esm_class=4)
    pdu.tlvs = (RECEIPTED_MESSAGE_ID.of("17"), MESSAGE_STATE.of(2))
    receipt = parse_receipt(decode(encode(pdu)))
    assert receipt is not None
    assert (receipt.message_id, receipt.stat) == ("17", "DELIVRD")


@pytest.mark.parametrize(
    ("date", "form"),
    [
        ("2601311200", "YYMMDDhhmm"),
        ("260131120005", "YYMMDDhhmmss"),
        ("202601311200", "YYYYMMDDhhmm"),
        ("20260131120005", "YYYYMMDDhhmmss"),
        ("soon", ""),
    ],
)
def test_the_form_of_a_receipt_names_its_dates(date: str, form: str) -> None:
    assert form_of(deliver(f"id:17 done date:{date} stat:DELIVRD text:")) == (form, "text")


@pytest.mark.parametrize(
    ("text", "tlv_id", "where"),
    [
        ("id:0a17 stat:DELIVRD", "", "text"),
        ("", "A17", "tlv"),
        ("id:0a17 stat:DELIVRD", "A17", "both"),
        ("id:17 stat:DELIVRD", "11", "contradicting"),
        ("stat:DELIVRD", "", "none"),
    ],
)
def test_the_form_of_a_receipt_names_where_its_id_stands(text: str, tlv_id: str, where: str) -> None:
    tlvs = (RECEIPTED_MESSAGE_ID.of(tlv_id),) if tlv_id else ()
    assert form_of(deliver(text, *tlvs))[1] == where
