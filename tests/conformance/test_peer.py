"""The raw client: what it answers by itself, how it waits, and what it shows when something is wrong."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

import msgspec
import pytest
from twisted.internet.defer import Deferred

from carrierlab.clock import SimClock
from carrierlab.conformance import octets as o
from carrierlab.conformance.check import V33, V34, CannotJudge, Disagreement
from carrierlab.conformance.exchange import Unreachable
from carrierlab.conformance.octets import Frame
from carrierlab.conformance.peer import Peer, names
from carrierlab.conformance.target import Surroundings
from carrierlab.links import SimNetwork
from carrierlab.wires import Conditions
from smppkit.states import Version
from tests.conformance.raw_smsc import Line, RawSmsc
from tests.conformance.test_runner import TARGET

T = TypeVar("T")
RECEIPT = b"id:%s sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:DELIVRD err:000 text:hello"


class Talk:
    def __init__(self, version: Version = V34) -> None:
        self.clock = SimClock()
        network = SimNetwork(self.clock, 1, Conditions.perfect(0.001))
        self.smsc = RawSmsc(self.clock, network)
        self.peer = Peer(TARGET, version, Surroundings(self.clock, network, 1_767_225_600.0))
        self.do(self.peer.connect())
        self.clock.advance(0.01)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.clock.wait_for(Deferred.fromCoroutine(work), 1000.0)

    def fails(self, work: Coroutine[Any, Any, object]) -> Disagreement:
        with pytest.raises(Disagreement) as found:
            self.do(work)
        return found.value

    def hear(self, octets: bytes) -> list[Frame]:
        """The SMSC says this; what the peer says to it."""
        self.smsc.line.take()
        self.smsc.line.send(octets)
        self.clock.advance(0.1)
        return self.smsc.line.take()


def test_the_smscs_own_traffic_is_answered_and_kept_out_of_the_way() -> None:
    talk = Talk()
    talk.do(talk.peer.bind())
    delivery = o.operation(o.DELIVER_SM, 8, short_message=b"hello")
    answers = talk.hear(o.pdu(o.ENQUIRE_LINK, 7) + delivery + o.operation(o.ALERT_NOTIFICATION, 9))
    assert [(frame.command_id, frame.sequence, frame.body) for frame in answers] == [
        (o.RESPONSE | o.ENQUIRE_LINK, 7, b""),
        (o.RESPONSE | o.DELIVER_SM, 8, b"\0"),
    ]
    assert (len(talk.peer.enquiries), len(talk.peer.deliveries), len(talk.peer.alerts)) == (1, 1, 1)
    assert talk.peer.waits == 0
    talk.do(talk.peer.alive())


def test_a_check_may_keep_the_answers_to_itself() -> None:
    talk = Talk()
    talk.do(talk.peer.bind())
    talk.peer.acknowledges = talk.peer.keeps_alive = False
    assert talk.hear(o.pdu(o.ENQUIRE_LINK, 7) + o.operation(o.DELIVER_SM, 8)) == []
    talk.peer.acknowledge(talk.peer.deliveries[0], 0x66)
    talk.clock.advance(0.1)
    assert [(frame.status, frame.body) for frame in talk.smsc.line.take()] == [(0x66, b"")]


@pytest.mark.parametrize(("version", "kind"), [(V33, o.BIND_TRANSMITTER), (V34, o.BIND_TRANSCEIVER)])
def test_what_submits_is_a_transmitter_in_3_3_and_receipts_come_on_a_second_bind(version: Version, kind: int) -> None:
    talk = Talk(version)
    talk.do(talk.peer.bind())
    assert talk.smsc.line.frames[0].command_id == kind
    receiver = talk.do(talk.peer.receiver())
    assert (receiver is talk.peer) == (version == V34)
    talk.do(talk.peer.leave())
    talk.clock.advance(0.1)
    assert all(line.is_closed for line in talk.smsc.lines)
    assert talk.clock.getDelayedCalls() == []


def test_leaving_unbinds_what_is_bound() -> None:
    talk = Talk()
    talk.do(talk.peer.bind())
    talk.do(talk.peer.leave())
    assert talk.smsc.line.frames[-1].command_id == o.UNBIND


def test_leaving_one_that_does_not_answer_ends_anyway() -> None:
    talk = Talk()
    talk.do(talk.peer.bind())
    talk.smsc.on[o.UNBIND] = lambda line, frame: None
    talk.do(talk.peer.leave())
    assert talk.clock.seconds() < 2


def test_who_is_not_there_is_unreachable() -> None:
    talk = Talk()
    nowhere = Peer(msgspec.structs.replace(TARGET, port=1), V34, talk.peer._world)
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1"):
        talk.do(nowhere.connect())


def test_waiting_ends_in_time_and_says_so() -> None:
    talk = Talk()
    talk.do(talk.peer.bind())
    began = talk.clock.seconds()
    failure = talk.fails(talk.peer.ask(o.pdu(0xF00, 1)))
    assert failure.verdict.reason == "no answer within 0.5 s"
    assert (failure.verdict.sent, failure.verdict.seen) == (o.pdu(0xF00, 1), b"")
    assert talk.clock.seconds() - began == pytest.approx(0.5)
    assert talk.fails(talk.peer.closed(0.2)).verdict.reason == "the connection was not closed within 0.2 s"
    talk.smsc.line.transport.abortConnection()  # type: ignore[union-attr]
    talk.do(talk.peer.closed())
    assert talk.fails(talk.peer.answer()).verdict.reason == "the connection was closed without an answer"


def test_silence_is_broken_by_an_answer_and_by_the_end() -> None:
    talk = Talk()
    talk.do(talk.peer.silence(1.0))
    talk.smsc.line.send(o.pdu(o.UNBIND, 1))
    assert talk.fails(talk.peer.silence(1.0)).verdict.reason == "expected nothing, found unbind"
    talk.do(talk.peer.answer())
    talk.smsc.line.transport.abortConnection()  # type: ignore[union-attr]
    assert talk.fails(talk.peer.silence(1.0)).verdict.reason == "the connection was closed"


def test_octets_are_sent_one_by_one() -> None:
    talk = Talk()
    talk.do(talk.peer.send_slowly(o.pdu(o.ENQUIRE_LINK, 5)))
    assert talk.clock.seconds() > 15 * 0.002
    assert talk.do(talk.peer.expect(o.RESPONSE | o.ENQUIRE_LINK)).sequence == 5


def test_a_failure_shows_the_question_that_the_answer_was_to() -> None:
    talk = Talk()
    talk.do(talk.peer.bind())
    first, second = o.pdu(o.RESPONSE | o.DELIVER_SM, 4, status=0x66), o.pdu(o.ENQUIRE_LINK, 5)
    nack = o.pdu(o.GENERIC_NACK, 0, status=1)
    talk.peer.send(first)
    talk.hear(nack)
    failure = talk.fails(talk.peer.responded(second))
    assert (failure.verdict.sent, failure.verdict.seen[:16]) == (first, nack)


def test_a_failure_after_an_enquiry_shows_what_the_check_had_sent() -> None:
    talk = Talk()
    talk.do(talk.peer.bind())
    question = o.pdu(0xF00, 4)
    talk.smsc.on[0xF00] = lambda line, frame: line.send(o.pdu(o.GENERIC_NACK, 4, status=3))
    talk.peer.send(question)
    assert talk.fails(talk.peer.alive()).verdict.sent == question


def test_what_comes_in_pieces_is_one_frame_and_garbage_is_none() -> None:
    talk = Talk()
    octets = o.pdu(o.UNBIND, 1)
    for octet in octets:
        talk.smsc.line.send(bytes((octet,)))
        talk.clock.advance(0.01)
    assert talk.do(talk.peer.answer()).octets == octets
    talk.smsc.line.send(b"\r\n\r\nHTTP/1.1 400 Bad Request")
    assert talk.fails(talk.peer.expect(o.UNBIND)).verdict.reason == "expected unbind, found 28 octets that are no PDU"


def test_an_outcome_is_a_word() -> None:
    def nack(line: Line, frame: Frame) -> None:
        line.send(o.pdu(o.GENERIC_NACK, frame.sequence, status=3))

    talk = Talk()
    for answer, does in (
        (lambda line, frame: line.respond(frame), "accepted"),
        (lambda line, frame: line.respond(frame, status=0x58), "0x58"),
        (nack, "generic_nack 0x03"),
        (lambda line, frame: None, "no answer"),
        (lambda line, frame: line.transport.abortConnection(), "closed"),
    ):
        talk.smsc.on[o.QUERY_SM] = answer
        assert talk.do(talk.peer.outcome(o.operation(o.QUERY_SM, 1))) == does


@pytest.mark.parametrize(
    ("given", "carried", "same"),
    [("255", b"255", True), ("FF", b"255", True), ("255", b"FF", True), ("0255", b"255", True), ("255", b"256", False)],
)
def test_receipts_are_known_by_their_id_in_any_base(given: str, carried: bytes, same: bool) -> None:
    text = Frame(o.operation(o.DELIVER_SM, 1, short_message=RECEIPT % carried), 0.0)
    tlv = Frame(o.operation(o.DELIVER_SM, 1, tlvs=(o.tlv(o.TAG_RECEIPTED_MESSAGE_ID, carried + b"\0"),)), 0.0)
    assert names(text, given) is same
    assert names(tlv, given) is same


def test_a_receipt_that_does_not_come_judges_nothing() -> None:
    talk = Talk()
    talk.do(talk.peer.bind())
    with pytest.raises(CannotJudge, match="no receipt"):
        talk.do(talk.peer.receipt("1"))
    assert talk.hear(o.operation(o.DELIVER_SM, 1, short_message=RECEIPT % b"1"))
    assert talk.do(talk.peer.receipt("1")).sequence == 1
