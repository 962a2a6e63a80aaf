"""A small trace, written by hand: one message that is throttled, taken, and not delivered."""

from __future__ import annotations

from carrierlab.traces.format import (
    End,
    FaultMark,
    Header,
    Judged,
    Line,
    Link,
    Octets,
    OperatorState,
    Remark,
    SenderState,
    TraceFile,
)
from smppkit.codec import encode
from smppkit.pdus import BindTransceiver, DeliverSm, DeliverSmResp, Pdu, SubmitSm, SubmitSmResp

TO = "77050000001"
HEADER = Header(
    scenario="Small",
    file="small.yaml",
    seed=7,
    epoch=1_767_225_600.0,
    started_at=0.02,
    operators={"49152": "alpha"},
)
RECEIPT = b"id:A1 sub:001 dlvrd:000 submit date:2601010000 done date:2601010000 stat:UNDELIV err:069 text:"


def octets(at: float, link: str, pdu: Pdu) -> Octets:
    return Octets(at, link, encode(pdu))


def submit(sequence: int, to: str = TO) -> SubmitSm:
    return SubmitSm(sequence_number=sequence, source_addr="SHOP", destination_addr=to, short_message=b"Hello")


SUBMIT = encode(submit(2))
LINES: tuple[Line, ...] = (
    SenderState(0.005, 1, TO, 0, "queued"),
    Link(0.02, "1>", "open 49152"),
    octets(0.03, "1>", BindTransceiver(sequence_number=1, system_id="shop", password="secret")),
    FaultMark(0.04, "begins", "throttle", "alpha", "throttled to 5/s"),
    SenderState(0.05, 1, TO, 1, "submitting"),
    Octets(0.06, "1>", SUBMIT[:9]),
    Octets(0.07, "1>", SUBMIT[9:] + encode(submit(3, "77050000009"))),
    octets(0.08, "1<", SubmitSmResp(sequence_number=2, command_status=0x58)),
    octets(0.09, "1<", SubmitSmResp(sequence_number=3, message_id="B1")),
    octets(1.0, "1>", submit(4)),
    OperatorState(1.0, "alpha", "A1", TO, "ENROUTE"),
    octets(1.1, "1<", SubmitSmResp(sequence_number=4, message_id="A1")),
    SenderState(1.2, 1, TO, 1, "accepted", "A1"),
    SenderState(1.2, 1, TO, 0, "accepted"),
    Remark(1.5, "warning", "sender.channels.bind", "alpha/1: late"),
    octets(2.0, "1<", DeliverSm(sequence_number=1, source_addr=TO, esm_class=4, short_message=RECEIPT)),
    SenderState(2.1, 1, TO, 1, "undelivered", "A1"),
    SenderState(2.1, 1, TO, 0, "undelivered"),
    octets(2.2, "1>", DeliverSmResp(sequence_number=1)),
    Link(3.0, "1<", "close"),
)
END = End(at=3.0, digest="ab" * 32, passed=False, verdicts=(Judged("delivered equals 1", "0", False),))
TRACE = TraceFile(HEADER, LINES, END)
