"""What operators are known to do, beside receipts: each can be written, and is decided as it was written."""

import pytest

from smppkit.segments import UDHI
from smppkit.states import Version
from smppkit.tlvs import Tlv
from tests.smsc.scenario.world import fate_of, message, operator, plan_of, read, send

ROWS = {
    "throttle per bind": "submit: {throttles: [{rate: 30/s, per: bind}]}",
    "throttle per account": "submit: {throttles: [{rate: 30/s, per: account, burst: 1}]}",
    "throttle per sender": "submit: {throttles: [{rate: 30/s, per: sender, status: ESME_RTHROTTLED}]}",
    "over the window: throttled": "submit: {window_status: ESME_RTHROTTLED}",
    "over the window: queue full": "submit: {window_status: ESME_RMSGQFUL}",
    "over the window: submit failed": "submit: {window_status: ESME_RSUBMITFAIL}",
    "queue full": "submit: {queue: {capacity: 100, drain: 50/s}}",
    "queue full, sticky": "submit: {queue: {capacity: 100, drain: 50/s, sticky: 30s, status: ESME_RMSGQFUL}}",
    "window of ten": "accounts: [{system_id: shop, password: x, window: 10}]",
    "vendor statuses": "submit: {refuse: {0x22: 1%, 0xFF: 1%, 0x4A1: 1%, 0x400: 1%, 0x401: 1%, 0x40A: 1%}}",
    "wrong coding": "submit: {data_codings: [0], data_coding_status: 0x433}",
    "error body with message_id": "submit: {error_body: message_id}",
    "error body without": "submit: {error_body: none}",
    "error body of a NUL": "submit: {error_body: nul}",
    "error body of TLVs": "submit: {error_body: tlvs}",
    "congestion_state": "congestion: {capacity: 100/s}",
    "source_network_id": "submit: {tlvs: [{tag: 0x060D, text: net-1}]}",
    "unknown TLV in responses": "submit: {tlvs: [{tag: 0x3FFF, octets: 00ff}]}",
    "0x1400 as DLT id": "submit: {required_tlvs: [{tag: 0x1400, length: 19}]}",
    "0x1400 as customer reference": "submit: {tlvs: [{tag: 0x1400, text: 'customer {id}'}]}",
    "0x1502 as UUID": "submit: {tlvs: [{tag: 0x1502, text: 9b2d1f7e-0000-4000-8000-000000000000}]}",
    "0x1503 with a wrong length": "submit: {tlvs: [{tag: 0x1503, number: 1, size: 3}]}",
    "default alphabet GSM 03.38": "submit: {alphabet: gsm7}",
    "default alphabet packed": "submit: {alphabet: gsm7-packed}",
    "default alphabet Latin-1": "submit: {alphabet: latin1}",
    "default alphabet ASCII": "submit: {alphabet: ascii}",
    "names of eleven, numbers of fifteen": "submit: {senders: {alphanumeric: 11, numeric: 15, strict_ton: true}}",
    "unregistered sender rejected": "submit: {senders: {unregistered: reject, status: ESME_RINVSRCADR}}",
    "unregistered sender rewritten": "submit: {senders: {unregistered: rewrite, rewrite: INFO}}",
    "unregistered sender rejected later": "submit: {senders: {unregistered: accept-then-reject}}",
    "templates": "submit: {content: {templates: ['Your code is *'], template_status: 600}}",
    "spam words": "submit: {content: {spam: ['/casino/i'], spam_status: 0x432}}",
    "do-not-disturb list": "subscribers: [{numbers: 7701*, is: blacklisted, respond: 0x40A}]",
    "ported number": "subscribers: [{numbers: 7701*, is: ported, err: '006'}]",
    "DLT error": "rules: [{when: {text: '/offer/i'}, receipt: {stat: REJECTD, err: '612'}}]",
    "latency fixed": "submit: {latency: 40ms}",
    "latency uniform": "submit: {latency: uniform 10ms 50ms}",
    "latency normal": "submit: {latency: normal 40ms 5ms}",
    "latency lognormal": "submit: {latency: lognormal 40ms p99 400ms}",
    "latency spike": "submit: {latency: spike 40ms to 2s 5%}",
    "latency never": "submit: {latency: never}",
    "bind limits": "accounts: [{system_id: shop, password: x, binds: 2}]",
    "bind limit per address": "access: {binds_per_address: 3, too_many_binds: ESME_RBINDFAIL}",
    "bind limit by a drop": "access: {binds_per_address: 3, too_many_binds: drop}",
    "ghost sessions": "access: {ghost: 2m}",
    "wrong credentials": "access: {wrong_system_id: ESME_RINVSYSID, wrong_password: ESME_RINVPASWD}",
    "wrong credentials by an unknown command": "access: {wrong_password: ESME_RINVCMDID}",
    "address not allowed": "access: {allow: [10.0.0.0/8], address_refused: ESME_RBINDFAIL}",
    "address not allowed: dropped": "access: {allow: [10.0.0.0/8], address_refused: drop}",
    "timers": "timers: {session_init: 5s, enquire_link: 60s, inactivity: 5m, inactive: drop, response: 30s}",
    "outbind": "outbind: {addresses: {shop: 'tcp:2776'}, system_id: op}",
    "congestion constant": "congestion: {state: 95}",
    "MO plain": "mobile_originated: {traffic: [{rate: 5/s, from: '7701#######', to: '1234', texts: [STOP]}]}",
    "MO header in the text": "mobile_originated: {shape: {hide_udhi: true}}",
    "MO out of order": "mobile_originated: {shape: {order: shuffled, lose_part: 1%, repeat_part: 1%}}",
    "MO replies": "mobile_originated: {replies: [{say: {STOP: 1%, 'YES': 40%, '10': 5%}}]}",
}


@pytest.mark.parametrize("row", ROWS)
def test_every_habit_can_be_written(row: str) -> None:
    assert read(ROWS[row]) == read(ROWS[row])
    pdu = message(source_addr_ton=5)
    assert send(operator(ROWS[row]), pdu).status in {0, 0xC3, 0x258, 0x22, 0xFF, 0x4A1, 0x400, 0x401, 0x40A}


def test_chance_refuses_in_its_shares() -> None:
    state = operator("submit: {latency: 1s, refuse: {0x22: 20%, 0x4A1: 10%}}")
    decisions = [send(state, message(str(n))) for n in range(3000)]
    statuses = [decision.status for decision in decisions]
    assert statuses.count(0x22) / 3000 == pytest.approx(0.2, abs=0.03)
    assert statuses.count(0x4A1) / 3000 == pytest.approx(0.1, abs=0.03)
    assert {decision.respond_after for decision in decisions} == {1.0}


@pytest.mark.parametrize(
    ("body", "octets"),
    [
        ("none", b""),
        ("nul", b"\0"),
        ("message_id", b"10000001\0"),
        ("tlvs", b"\x00\x1d\x00\x11refused with 0x8\0"),
        ("tlvs, tlvs: [{tag: 0x1400, number: 7}]", b"\x14\x00\x00\x01\x07"),
    ],
)
def test_c13_an_error_response_is_a_header_unless_the_operator_knows_better(body: str, octets: bytes) -> None:
    state = operator(f"{{submit: {{error_body: {body}}}, rules: [{{respond: ESME_RSYSERR}}]}}")
    decision = send(state)
    assert (decision.status, decision.body) == (8, octets)


def test_an_error_body_of_tlvs_is_not_for_3_3() -> None:
    state = operator("{submit: {error_body: tlvs}, rules: [{respond: ESME_RSYSERR}]}")
    assert send(state, version=Version.V33).body == b""


def test_responses_carry_the_operators_tlvs_but_not_to_3_3() -> None:
    state = operator("{submit: {tlvs: [{tag: 0x060D, text: 'net-{id}'}]}, congestion: {state: 90}}")
    assert send(state).tlvs == (Tlv(0x060D, b"net-10000001\0"),)
    assert send(state, version=Version.V33).tlvs == ()
    assert [tag for tag, _ in send(state, version=Version.V50).tlvs] == [0x060D, 0x0428]
    assert send(state, message(sm_default_msg_id=9)).tlvs == ()


def test_a_dlt_error_is_told_in_the_receipt() -> None:
    assert fate_of(send(operator(ROWS["DLT error"]), message(text=b"Special OFFER"))) == ("REJECTD", "612", 1.0)


def test_do_not_disturb_is_a_status_and_porting_a_receipt() -> None:
    assert send(operator(ROWS["do-not-disturb list"]), message("77010")).status == 0x40A
    assert fate_of(send(operator(ROWS["ported number"]), message("77010")))[:2] == ("UNDELIV", "006")


def test_a_header_in_the_text_makes_a_part() -> None:
    part = message(text=b"\x05\x00\x03\x01\x02\x01hello", esm_class=UDHI)
    assert plan_of(send(operator("receipts: {parts: last}"), part)).wanted == 0
