"""Other ways to break a rule, in other PDUs and versions; and what only looks like one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from smppkit.codec import encode
from smppkit.commands import CommandId
from smppkit.pdus import DataSm, DataSmResp, GenericNack, SmeAddress, SubmitMulti
from smppkit.tlvs import MESSAGE_PAYLOAD, SAR_MSG_REF_NUM, SAR_SEGMENT_SEQNUM, SAR_TOTAL_SEGMENTS, Tlv
from tests.smsc.lint.talk import Talk, bound, header, raw, tlv, udh

HIGH = "👍".encode("utf-16-be")[:2]
WAP = bytes((6, 5, 4, 0x0B, 0x84, 0x23, 0xF0))


def data(**fields: object) -> DataSm:
    values = {
        "source_addr": "SHOP",
        "source_addr_ton": 5,
        "destination_addr": "77051234567",
        "dest_addr_ton": 1,
        "dest_addr_npi": 1,
        "registered_delivery": 1,
        "tlvs": (MESSAGE_PAYLOAD.of(b"hello"),),
    }
    return DataSm(**(values | fields))  # type: ignore[arg-type]


def multi(**fields: object) -> SubmitMulti:
    values = {
        "source_addr": "SHOP",
        "source_addr_ton": 5,
        "dest_addresses": (SmeAddress(1, 1, "77051234567"), SmeAddress(1, 1, "77051234568")),
        "registered_delivery": 1,
        "short_message": b"hi",
    }
    return SubmitMulti(**(values | fields))  # type: ignore[arg-type]


def sar(number: int, total: int = 2) -> tuple[Tlv, ...]:
    return SAR_MSG_REF_NUM.of(7), SAR_TOTAL_SEGMENTS.of(total), SAR_SEGMENT_SEQNUM.of(number)


def broadcast() -> Talk:
    """An operation of 5.0 at an operator of 3.4."""
    return bound().octets(header(b"\0" * 16 + b"whatever it says", command_id=CommandId.BROADCAST_SM))


def storm() -> Talk:
    """A refused message sent again at once, over and over."""
    talk = bound()
    for _ in range(300):
        talk.submit(status=0x14).wait(0.05)
    return talk


BREACHES: list[tuple[str, Callable[[], Talk]]] = [
    ("plus-in-address", lambda: bound().ask(data(destination_addr="+77051234567"))),
    ("plus-in-address", lambda: bound().ask(multi(dest_addresses=(SmeAddress(1, 1, "+77051234567"),)))),
    ("plus-in-address", lambda: bound().submit(source_addr="+77051234567", source_addr_ton=1)),
    ("alphanumeric-sender-ton", lambda: bound().submit(source_addr="Mein Café"[:8] + "\xe9", source_addr_ton=1)),
    ("udh-without-indicator", lambda: bound().submit(bytes((6, 8, 4, 1, 2, 3, 1)) + b"one")),
    ("udh-without-indicator", lambda: bound().submit(WAP + b"push", data_coding=4)),
    ("udh-without-indicator", lambda: bound().ask(data(tlvs=(MESSAGE_PAYLOAD.of(udh(1) + b"one"),)))),
    ("indicator-without-udh", lambda: bound().submit(b"", esm_class=0x40)),
    ("indicator-without-udh", lambda: bound().submit(b"\0hello", esm_class=0x40)),
    ("indicator-without-udh", lambda: bound().submit(b"\x05\0\x04\1\2\1hello", esm_class=0x40)),
    ("udh-and-tlvs", lambda: bound().octets(raw(tlv(0x020B, b"\0\7"), text=WAP + b"push", esm_class=0x40))),
    ("incomplete-sar", lambda: bound().submit(tlvs=(*sar(1)[:2], Tlv(0x020F, b"\3")))),
    ("split-surrogate-pair", lambda: bound().submit(b"\0h" + HIGH, data_coding=8, tlvs=sar(1))),
    ("split-escape-pair", lambda: bound().submit(b"\x1b", tlvs=sar(1))),
    ("ucs2-byte-order", lambda: bound().submit("\ufeffhello".encode("utf-16-le"), data_coding=8)),
    ("ucs2-byte-order", lambda: bound().submit("flash".encode("utf-16-le"), data_coding=0x18)),
    ("two-texts", lambda: bound().ask(multi(), None).octets(raw(tlv(0x0424, b"x")))),
    ("sm-length-mismatch", lambda: bound().octets(raw(text=b"hello world", length=5))),
    ("unreadable-request", lambda: bound().octets(raw(b"\x02\x0c\0\x09\0"))),
    ("unreadable-request", lambda: bound().octets(raw(tlv(0x0204, b"\1")))),
    ("unreadable-request", lambda: bound().octets(header(b"\0" * 16 + b"no fields at all", command_id=4))),
    ("unreadable-request", lambda: bound().octets(header(encode(multi())[:-9]))),
    ("ignores-interface-version", lambda: bound().submit(tlvs=(Tlv(0x060D, b"401\0"),))),
    ("ignores-interface-version", broadcast),
    ("tlv-in-33-session", lambda: bound(kind="transmitter", version=0, states=None).submit(tlvs=sar(1))),
    ("missing-deliver-sm-resp", lambda: bound().deliver(None, pdu=data()).wait(61).submit().deliver()),
    ("wrong-response", lambda: bound().deliver(0, DataSmResp)),
    ("request-before-bind", lambda: Talk().open().bind(status=0x0D).submit(status=4)),
    ("validity-too-short", lambda: bound().submit(validity_period="251231235959000+")),
    ("validity-too-short", lambda: bound().submit(after=30).submit(validity_period="000000000020000R")),
    (
        "bad-time",
        lambda: bound().octets(raw().replace(b"\0\0\0\1\0\0\0\5", b"\0" + b"260101000000000X\0" + b"\0\1\0\0\0\5")),
    ),
    ("no-backoff-after-throttle", storm),
]

NEAR: list[Callable[[], Talk]] = [
    lambda: bound().ask(data()).ask(multi()),
    lambda: bound().deliver(0, GenericNack),
    lambda: bound().deliver(None, pdu=data()).hear(encode(DataSmResp(0, 1))),
    lambda: bound().submit(b"h\x1b\x1b", tlvs=sar(1)),
    lambda: bound().submit(b"last \x1b", tlvs=sar(2)),
    lambda: bound().submit(HIGH, data_coding=8),
    lambda: bound().submit(b"", esm_class=0x40, tlvs=(MESSAGE_PAYLOAD.of(udh(1) + b"one"),)),
    lambda: bound(version=0x50, states=0x50).submit(b"x" * 254, tlvs=(Tlv(0x060D, b"401\0"),)),
    lambda: bound(version=0x50, states=0x50).octets(raw(registered_delivery=0).replace(b"\0\0\0\0\5h", b"\3\0\0\0\5h")),
    lambda: bound().submit(b"\xff\xfe in Latin-1", data_coding=3),
    lambda: bound().submit(source_addr="*100#", source_addr_ton=0).submit(source_addr="7705 123", source_addr_ton=0),
    lambda: Talk(window=1).open().bind().submit(status=None).wait(6).submit(),
]


@pytest.mark.parametrize(("rule", "made"), BREACHES)
def test_a_breach_is_found(rule: str, made: Callable[[], Talk]) -> None:
    assert made().end().found() == [(rule, 1)]


@pytest.mark.parametrize("made", NEAR)
def test_what_only_looks_like_a_breach_is_not_found(made: Callable[[], Talk]) -> None:
    assert made().end().found() == []


def test_a_client_to_whom_we_lied_is_judged_no_more() -> None:
    talk = bound().submit()
    talk.lint.disturbed(1)
    assert talk.submit(source_addr_ton=0).close().found() == []
