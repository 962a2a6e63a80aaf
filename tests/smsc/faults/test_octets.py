"""Each fault: the octets before it, and the octets after it."""

from __future__ import annotations

import pytest

from smppkit.codec import decode
from smppkit.commands import CommandId
from smsc.faults.chance import Draw
from smsc.faults.passing import HEADER, pdu
from smsc.faults.registry import FAULTS
from tests.smsc.faults.bench import (
    BIND,
    BIND_RESP,
    ENQUIRE,
    RECEIPT,
    RECEIPT_RESP,
    REFUSAL,
    RESP,
    RESP2,
    SUBMIT,
    Bench,
)

HTTP = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html\r\nContent-Length: 59\r\nConnection: close\r\n\r\n"
    b"<html><body><h1>503 Service Unavailable</h1></body></html>\n"
)
GONE = bytes.fromhex("00000011 80000004 00000000 00000002 00")  # a response with an empty message_id

# What is said and heard (-> to the ESME, <- from it), and what comes of it.
OUT: list[tuple[str, list[bytes], list[tuple[float, bytes | str]]]] = [
    ("{fault: slice, size: 10}", [RESP], [(0.0001, RESP[:10]), (0.0002, RESP[10:20]), (0.0003, RESP[20:])]),
    ("{fault: slice, size: 10, gap: 1s, stage: receipt}", [RESP], [(0, RESP)]),
    (
        "{fault: dribble, size: 20}",
        [RESP, RESP2],
        [(0.1, RESP[:20]), (0.2, RESP[20:]), (0.3, RESP2[:20]), (0.4, RESP2[20:])],
    ),
    ("{fault: coalesce, pdus: 2}", [RESP, RESP2, RECEIPT], [(0, RESP + RESP2), (0.2, RECEIPT)]),
    ("{fault: delay, by: 2s}", [RESP, RESP2], [(2, RESP + RESP2)]),
    ("{fault: delay, by: 2s, stage: response}", [RESP, RECEIPT], [(2, RESP + RECEIPT)]),
    ("{fault: bandwidth, rate: 105/s}", [RESP], [(0.095238, RESP[:10]), (0.190476, RESP[10:20]), (0.2, RESP[20:])]),
    ("{fault: stall, direction: out, lasts: 5s}", [RESP, RESP2], [(5, RESP + RESP2)]),
    ("{fault: half-open}", [RESP, RECEIPT], []),
    ("{fault: reset, stage: response}", [ENQUIRE, RESP, RESP2], [(0, ENQUIRE), (0, "RST")]),
    ("{fault: reset, stage: response, delay: 1s}", [RESP, RESP2], [(1, "RST")]),
    ("{fault: reset-in-pdu, octets: 10}", [RESP, RESP2], [(0, RESP[:10]), (0.05, "RST")]),
    ("{fault: reset-in-pdu, octets: 500}", [RESP], [(0, RESP[:-1]), (0.05, "RST")]),
    ("{fault: close-after, octets: 30}", [RESP, RESP2], [(0, RESP), (0, RESP2[:9]), (0, "FIN")]),
    ("{fault: close-after, octets: 0}", [RESP, RESP2], [(0, "FIN")]),
    ("{fault: crlf, lines: 2}", [RESP], [(0, b"\r\n\r\n"), (0, RESP)]),
    ("{fault: wrong-length, length: short}", [GONE], [(0, b"\0\0\0\x0f" + GONE[4:])]),
    ("{fault: wrong-length}", [GONE], [(0, b"\0\0\0\x51" + GONE[4:])]),
    ("{fault: wrong-length, length: 4GiB}", [GONE], [(0, b"\xff\xff\xff\xff" + GONE[4:])]),
    (
        "{fault: wrong-length, length: 18, stage: receipt}",
        [GONE, RECEIPT],
        [(0, GONE), (0, b"\0\0\0\x12" + RECEIPT[4:])],
    ),
    ("{fault: duplicate-response}", [RESP, RECEIPT], [(0, RESP), (0, RESP), (0, RECEIPT)]),
    (
        "{fault: duplicate-response, copies: 3, delay: 1s}",
        [RESP, RECEIPT],
        [(0, RESP), (0, RECEIPT), (1, RESP), (2, RESP)],
    ),
    ("{fault: swapped-responses}", [RESP, ENQUIRE, RESP2], [(0, ENQUIRE), (0, RESP2), (0, RESP)]),
    ("{fault: swapped-responses, within: 3s}", [RESP], [(3, RESP)]),
    ("{fault: no-response}", [BIND_RESP, RESP, RECEIPT, ENQUIRE], [(0, BIND_RESP), (0, RECEIPT), (0, ENQUIRE)]),
    ("{fault: no-response, stage: bind}", [BIND_RESP, RESP], [(0, RESP)]),
    ("{fault: generic-nack}", [RESP], [(0, bytes.fromhex("00000010 80000000 00000002 00000002"))]),
    (
        "{fault: generic-nack, sequence: none, status: ESME_RINVCMDID}",
        [RESP],
        [(0, bytes.fromhex("00000010 80000000 00000003 00000000"))],
    ),
    ("{fault: bad-sequence}", [RESP], [(0, RESP[:12] + b"\0\0\0\0" + RESP[16:])]),
    ("{fault: bad-sequence, sequence: 0x80000000}", [RESP], [(0, RESP[:12] + b"\x80\0\0\0" + RESP[16:])]),
    ("{fault: error-body}", [RESP, REFUSAL], [(0, RESP), (0, pdu(0x80000004, 0x58, 2, b"00000002\0"))]),
    ("{fault: error-body, body: nul}", [REFUSAL], [(0, pdu(0x80000004, 0x58, 2, b"\0"))]),
    (
        "{fault: error-body, body: tlvs, status: ESME_RSYSERR}",
        [RESP],
        [(0, pdu(0x80000004, 8, 2, bytes.fromhex("001d0008") + b"refused\0"))],
    ),
]

IN: list[tuple[str, list[bytes], list[tuple[float, bytes]], list[tuple[float, bytes | str]]]] = [
    ("{fault: slice, direction: in, size: 20}", [RECEIPT_RESP], [(0.0001, RECEIPT_RESP)], []),
    ("{fault: delay, direction: both, by: 1s}", [SUBMIT[:5], SUBMIT[5:]], [(1, SUBMIT)], []),
    ("{fault: stall, lasts: 2s}", [SUBMIT, ENQUIRE], [(2, SUBMIT + ENQUIRE)], []),
    ("{fault: half-open}", [SUBMIT], [], []),
    ("{fault: reset, stage: submit}", [ENQUIRE, SUBMIT], [(0, ENQUIRE)], [(0, "RST")]),
    ("{fault: reset, stage: bind}", [BIND], [], [(0, "RST")]),
    ("{fault: close-after, direction: in, octets: 20}", [SUBMIT], [(0, SUBMIT[:20])], [(0, "FIN")]),
    ('{fault: http-banner, says: "503 Service Unavailable"}', [BIND], [], [(0, HTTP), (0, "FIN")]),
    ("{fault: crlf, stage: submit}", [SUBMIT], [(0, SUBMIT)], [(0, b"\r\n")]),
    ("{fault: no-response, stage: receipt}", [RECEIPT_RESP, SUBMIT], [(0, SUBMIT)], []),
]


@pytest.mark.parametrize(("fault", "written", "expected"), OUT, ids=[row[0] for row in OUT])
def test_what_is_written(fault: str, written: list[bytes], expected: list[tuple[float, bytes | str]]) -> None:
    assert Bench(fault).say(*written).run().told == expected


@pytest.mark.parametrize(("fault", "sent", "heard", "told"), IN, ids=[row[0] for row in IN])
def test_what_is_heard(
    fault: str, sent: list[bytes], heard: list[tuple[float, bytes]], told: list[tuple[float, bytes | str]]
) -> None:
    bench = Bench(fault).hear(*sent).run()
    assert (bench.heard, bench.told) == (heard, told)


def test_garbage_is_drawn_by_the_seed() -> None:
    first, other = (Bench("{fault: garbage, octets: 20}", seed=seed).say(RESP).told for seed in (1, 2))
    assert first == Bench("{fault: garbage, octets: 20}", seed=1).say(RESP).told
    assert first[0] != other[0]
    assert [len(what) for _, what in first] == [20, len(RESP)]
    assert first[1] == (0, RESP)


def test_an_unknown_command_comes_before_the_pdu_and_is_whole() -> None:
    lie, real = Bench("{fault: unknown-command, body: 0a0b}").say(RESP).said
    assert real == RESP
    assert isinstance(lie, bytes)
    length, command, status, sequence = HEADER.unpack_from(lie)
    assert (length, command, status, lie[16:]) == (len(lie), 0x00010200, 0, b"\x0a\x0b")
    assert 0x70000000 <= sequence <= 0x7FFFFFFF


def test_an_unknown_response_answers_nothing_that_was_asked() -> None:
    lie, real = Bench("{fault: unknown-response}").say(RESP).said
    assert real == RESP
    assert isinstance(lie, bytes)
    response = decode(lie)
    assert response.command_id == CommandId.SUBMIT_SM_RESP
    assert response.sequence_number >= 0x70000000


def test_a_reset_in_a_pdu_leaves_at_least_one_octet_out_and_lets_one_in() -> None:
    sizes = set()
    for key in range(300):
        part, end = Bench("{fault: reset-in-pdu}", key=str(key)).say(RESP).run().said
        assert isinstance(part, bytes)
        assert RESP.startswith(part)
        assert end == "RST"
        sizes.add(len(part))
    assert sizes == set(range(1, len(RESP)))


def test_a_slow_close_comes_late() -> None:
    bench = Bench("{fault: slow-close, delay: 3s}").say(RESP)
    bench.wire.loseConnection()
    assert bench.run().told == [(0, RESP), (3, "FIN")]


def test_a_close_may_be_a_reset_or_nothing() -> None:
    bench = Bench("{fault: reset, stage: close}").say(RESP)
    bench.wire.loseConnection()
    assert bench.said == [RESP, "RST"]
    silent = Bench("{fault: half-open, stage: close}").say(RESP)
    silent.wire.loseConnection()
    assert silent.run(0).said == [RESP]
    assert silent.upper.lost == "ConnectionDone"


def test_a_banner_may_come_unasked() -> None:
    assert [type(what) for what in Bench("{fault: http-banner, stage: accept}").said] == [bytes, str]


def test_draws_differ_by_slot_and_lie_within_their_bounds() -> None:
    draw = Draw("1/one/slice/1/1/0")
    assert draw.uniform(1) != draw.uniform(2)
    assert {draw.below(4, slot) for slot in range(100)} == {0, 1, 2, 3}
    assert len(draw.octets(100)) == 100


def test_the_table_has_every_fault_of_connections_that_is_not_tested_alone() -> None:
    alone = {"garbage", "unknown-command", "unknown-response", "slow-close", "unbind", "outbind", "restart"}
    tabled = {row[0].split("fault: ")[1].split(",")[0].rstrip("}") for row in (*OUT, *IN)}
    assert tabled | alone == set(FAULTS)
