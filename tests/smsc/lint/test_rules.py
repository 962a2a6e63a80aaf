"""Each rule: a conversation that breaks it once, and one that comes near and does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from smppkit.codec import encode
from smppkit.pdus import BindTransceiver, DeliverSmResp, EnquireLink, EnquireLinkResp, SmeAddress, SubmitMulti
from smppkit.segments import LongMessage, segment
from smppkit.tlvs import MESSAGE_PAYLOAD, SAR_MSG_REF_NUM, SAR_SEGMENT_SEQNUM, SAR_TOTAL_SEGMENTS, Tlv
from smsc.lint.registry import RULES
from tests.smsc.lint.talk import THROTTLED, VENDOR, Talk, bound, header, message, raw, tlv, udh

Made = Callable[[], Talk]
LONG = "Привет 👍" * 40
SAR = (SAR_MSG_REF_NUM.of(7), SAR_TOTAL_SEGMENTS.of(2), SAR_SEGMENT_SEQNUM.of(1))


def ucs2(text: str, **more: object) -> Talk:
    return bound().submit(text.encode("utf-16-be"), data_coding=8, **more).end()


def long_message(talk: Talk, text: str, method: LongMessage = LongMessage.UDH8, reference: int = 7) -> Talk:
    cut = segment(text, reference=reference, method=method)
    for part in cut.segments:
        talk.submit(part.short_message, esm_class=0x40 * part.udhi, data_coding=cut.data_coding, tlvs=part.tlvs)
    return talk


def flood(talk: Talk, submits: int, seconds: float, status: int) -> Talk:
    for _ in range(submits):
        talk.submit(status=status).wait(seconds / submits)
    return talk


def short_sessions(count: int, messages: int = 1, **settings: object) -> Talk:
    talk = Talk(**settings)
    for _ in range(count):
        talk.open().bind()
        for _ in range(messages):
            talk.submit()
        talk.wait(1).end()
    return talk


def refused_binds(count: int, pause: float) -> Talk:
    talk = Talk()
    for _ in range(count):
        talk.open().bind(status=0x0D).close().wait(pause)
    return talk


def refused_side_by_side() -> Talk:
    """Forty binds of one client at once, twice."""
    talk = Talk()
    for _ in range(2):
        began = talk.connection
        for _ in range(40):
            talk.open().bind(status=0x0D)
        for number in range(began, talk.connection):
            talk.lint.closed(number + 1, talk.at, "closed by the peer")
        talk.wait(1)
    return talk


def backing_off() -> Talk:
    talk, pause = Talk(), 0.1
    for _ in range(14):
        talk.open().bind(status=0x0D).close().wait(pause)
        pause = min(60, pause * 2)
    return talk


def asked_with(number: int, status: int = 0) -> Talk:
    talk = bound()
    talk.hear(header(encode(message()), sequence_number=number, command_status=status))
    response = header(encode(message().response(message_id="1")), sequence_number=number)
    return talk.say(response).end()


def same_number(answered: bool) -> Talk:
    talk = bound().submit(status=0 if answered else None)
    talk.sequence -= 1
    return talk.submit(b"again").end()


def multi(**fields: object) -> SubmitMulti:
    values = {
        "source_addr": "SHOP",
        "source_addr_ton": 5,
        "dest_addresses": (SmeAddress(1, 1, "77051234567"), SmeAddress(1, 1, "77051234568")),
        "registered_delivery": 1,
        "short_message": b"hi",
    }
    return SubmitMulti(**(values | fields))


CASES: dict[str, tuple[Made, Made]] = {
    # the line
    "no-enquire-link": (
        lambda: bound().submit().wait(121).submit().end(),
        lambda: bound().submit().wait(119).enquire().wait(119).submit().end(),
    ),
    "enquire-link-too-often": (
        lambda: bound().enquire().wait(4).enquire().wait(4).enquire().end(),
        lambda: bound().enquire().wait(1).enquire().wait(9.5).enquire().end(),
    ),
    "missing-enquire-link-resp": (
        lambda: bound().deliver(None, pdu=EnquireLink()).wait(61).submit().deliver().end(),
        lambda: bound().deliver(None, pdu=EnquireLink()).wait(61).close("lost"),
    ),
    "no-unbind": (
        lambda: bound().submit().close(),
        lambda: bound().submit(status=None).wait(30).close(),
    ),
    "request-after-unbind": (
        lambda: bound().unbind().submit(status=4).close("unbound"),
        lambda: bound().deliver(None).unbind().hear(encode(DeliverSmResp(0, 1))).close("unbound"),
    ),
    "request-before-bind": (
        lambda: Talk().open().submit(status=4).bind().end(),
        lambda: Talk().open().enquire().bind().submit().end(),
    ),
    "submit-on-receiver": (
        lambda: bound(kind="receiver").submit(status=4).end(),
        lambda: bound(kind="receiver").deliver().enquire().end(),
    ),
    "second-bind": (
        lambda: bound().ask(BindTransceiver(system_id="shop"), 5).end(),
        lambda: Talk().open().bind(status=0x0D).bind().end(),
    ),
    "password-in-clear": (
        lambda: Talk().open(tls_offered=True).bind().end(),
        lambda: Talk().open(tls_offered=True, tls=True).bind().end().open().bind().end(),
    ),
    "bind-per-message": (lambda: short_sessions(10), lambda: short_sessions(9).wait(60).open().bind().submit().end()),
    "reconnect-without-backoff": (lambda: refused_binds(10, 0.5), refused_side_by_side),
    # flow
    "no-backoff-after-throttle": (
        lambda: flood(flood(bound(), 100, 5, THROTTLED), 105, 5.25, THROTTLED).end(),
        lambda: flood(flood(bound(), 100, 5, THROTTLED), 84, 5.25, THROTTLED).end(),
    ),
    "window-exceeded": (
        lambda: Talk(window=2).open().bind().submit(status=None).submit(status=None).submit(status=None).end(),
        lambda: Talk(window=2).open().bind().submit(status=None).submit(status=None).enquire().end(),
    ),
    "missing-deliver-sm-resp": (
        lambda: bound().deliver(None).wait(61).submit().deliver().end(),
        lambda: bound().deliver(None).wait(9).end(),
    ),
    "late-deliver-sm-resp": (lambda: bound().deliver(11).end(), lambda: bound().deliver(9).end()),
    "wrong-response": (
        lambda: bound().deliver(0, EnquireLinkResp).end(),
        lambda: bound().deliver().deliver(0, DeliverSmResp).end(),
    ),
    "unexpected-response": (
        lambda: bound().deliver().hear(encode(DeliverSmResp(0, 1))).end(),
        lambda: bound().deliver(None).deliver().hear(encode(DeliverSmResp(0, 1))).end(),
    ),
    # headers
    "sequence-number-zero": (lambda: asked_with(0), lambda: asked_with(1)),
    "sequence-number-too-large": (lambda: asked_with(0x80000000), lambda: asked_with(0x7FFFFFFF)),
    "sequence-number-in-use": (lambda: same_number(False), lambda: same_number(True)),
    "status-in-request": (lambda: asked_with(9, 1), lambda: asked_with(9)),
    "unreadable-request": (
        lambda: bound().octets(raw().replace(b"\1\x0177", b"\1\x0277")).end(),
        lambda: bound().ask(multi()).end(),
    ),
    # addresses
    "plus-in-address": (
        lambda: bound().submit(destination_addr="+77051234567").end(),
        lambda: bound().submit(destination_addr="+77051234567", dest_addr_ton=0).end(),
    ),
    "alphanumeric-sender-ton": (
        lambda: bound().submit(source_addr_ton=0).end(),
        lambda: bound().submit(source_addr="77051234567", source_addr_ton=1).submit(source_addr="").end(),
    ),
    "sender-too-long": (
        lambda: bound().submit(source_addr="TWELVELETTER").end(),
        lambda: bound().submit(source_addr="ELEVENCHARS").submit(source_addr="770512345678", source_addr_ton=1).end(),
    ),
    # user data
    "udh-without-indicator": (
        lambda: bound().submit(udh(1) + b"first").end(),
        lambda: bound().submit(udh(1) + b"first", esm_class=0x40).submit(udh(3) + b"no such part").end(),
    ),
    "indicator-without-udh": (
        lambda: bound().submit(b"hello", esm_class=0x40).end(),
        lambda: bound().submit(bytes((6, 5, 4, 0x0B, 0x84, 0, 0)) + b"push", esm_class=0x40, data_coding=4).end(),
    ),
    "udh-and-tlvs": (
        lambda: bound().octets(raw(tlv(0x020C, b"\0\7"), text=udh(1) + b"first", esm_class=0x40)).end(),
        lambda: bound().submit(udh(1) + b"first", esm_class=0x40, tlvs=(Tlv(0x0204, b"\0\1"),)).end(),
    ),
    "incomplete-sar": (
        lambda: bound().submit(tlvs=SAR[:2]).end(),
        lambda: bound().submit(tlvs=SAR).end(),
    ),
    "two-texts": (
        lambda: bound().octets(raw(tlv(0x0424, b"and more"))).end(),
        lambda: bound().submit(b"", tlvs=(MESSAGE_PAYLOAD.of(b"all of it"),)).end(),
    ),
    "sm-length-mismatch": (
        lambda: bound().octets(raw(length=9)).end(),
        lambda: bound().submit(b"x" * 254).submit(b"").end(),
    ),
    "ucs2-byte-order": (
        lambda: ucs2("\ufeffПривет"),
        lambda: ucs2("Привет, как дела"),
    ),
    "ucs2-odd-length": (
        lambda: bound().submit("Привет".encode("utf-16-be")[:-1], data_coding=8).end(),
        lambda: bound().submit("Привет".encode("utf-16-be")[:-1], data_coding=4).end(),
    ),
    "ucs2-as-default": (
        lambda: bound().submit("Ваш код 1234".encode("utf-16-be")).end(),
        lambda: bound().submit(b"\x04\x05\x06\x07\x08\x0b\x0c\x0e and words").submit(b"@hello").end(),
    ),
    "split-surrogate-pair": (
        lambda: bound().submit(udh(1) + "hi👍".encode("utf-16-be")[:-2], esm_class=0x40, data_coding=8).end(),
        lambda: long_message(bound(), LONG).end(),
    ),
    "split-escape-pair": (
        lambda: bound().submit(udh(1) + b"costs 5 \x1b", esm_class=0x40).end(),
        lambda: long_message(bound(), "5 € " * 100).end(),
    ),
    "reference-in-use": (
        lambda: long_message(long_message(bound(), "a" * 200), "b" * 200).end(),
        lambda: long_message(long_message(bound(), "a" * 200), "a" * 200).wait(11).submit().end(),
    ),
    # TLVs and versions
    "tlv-in-33-session": (
        lambda: bound(kind="transmitter", version=0x33, states=None).submit(tlvs=SAR).end(),
        lambda: bound(kind="transmitter", version=0x33, states=None).submit().end(),
    ),
    "ignores-interface-version": (
        lambda: bound(states=None).submit(tlvs=SAR).end(),
        lambda: bound().submit(tlvs=SAR).end(),
    ),
    "reserved-tlv": (
        lambda: bound().submit(tlvs=(Tlv(0x0700, b"1"),)).end(),
        lambda: bound(version=0x50, states=0x50).submit(tlvs=(Tlv(0x060D, b"401-01\0"),)).end(),
    ),
    "vendor-tlv": (
        lambda: bound().submit(tlvs=(VENDOR,)).end(),
        lambda: Talk(vendor_tags=frozenset({0x1400})).open().bind().submit(tlvs=(VENDOR,)).end(),
    ),
    # wishes
    "registered-delivery-never": (
        lambda: [bound := Talk().open().bind(), [bound.submit(registered_delivery=0) for _ in range(100)]][0].end(),
        lambda: (
            [bound := Talk().open().bind(), [bound.submit(registered_delivery=0) for _ in range(99)]][0]
            .submit(registered_delivery=2)
            .end()
        ),
    ),
    "validity-too-short": (
        lambda: bound().submit(validity_period="000000000004000R").end(),
        lambda: bound().submit(validity_period="000000000005000R").submit(validity_period="260101000100000+").end(),
    ),
    "bad-time": (
        lambda: bound().submit(validity_period="260230000000000+").end(),
        lambda: bound().submit(schedule_delivery_time="000000010000000R", validity_period="000001000000000R").end(),
    ),
}


def test_every_rule_has_its_cases() -> None:
    assert set(CASES) == set(RULES)


@pytest.mark.parametrize("rule", CASES)
def test_a_breach_is_found_once(rule: str) -> None:
    assert CASES[rule][0]().found() == [(rule, 1)]


@pytest.mark.parametrize("rule", CASES)
def test_what_comes_near_is_not_found(rule: str) -> None:
    assert CASES[rule][1]().found() == []
