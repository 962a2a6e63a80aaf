"""The checks that have a mirror, against our sender as the ESME: an SMSC in raw octets on the other side."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from carrierlab.clock import SimClock
from carrierlab.conformance import octets as o
from carrierlab.conformance.octets import Frame
from carrierlab.links import SimNetwork
from carrierlab.wires import Conditions
from sender.channels.account import Account, BindKind
from sender.channels.channel import SmppChannel
from sender.channels.results import Answered, Unanswered
from smppkit.message_state import MessageState
from smppkit.receipts import parse_receipt
from smppkit.sequence import LAST, SequenceNumbers
from tests.conformance.raw_smsc import PORT, SAYS_34, RawSmsc
from tests.sender.channels.test_channel import Feed, ids, submit
from tests.sender.world import World

DELIVERY = {
    "source_addr_ton": 1,
    "source_addr_npi": 1,
    "source_addr": "77051234567",
    "destination_addr": "SHOP",
    "short_message": b"STOP",
}
SILENT = {o.SUBMIT_SM: lambda line, frame: None}


class Esme:
    """Our channel, bound to a raw SMSC; what the bind itself said is taken already."""

    def __init__(self, *, bind_tlvs: bytes = SAYS_34, bound: bool = True, **settings: object) -> None:
        self.clock = SimClock()
        network = SimNetwork(self.clock, 1, Conditions.perfect(0.001))
        self.smsc = RawSmsc(self.clock, network, bind_tlvs=bind_tlvs)
        self.feed = Feed()
        defaults = {"name": "op", "host": "127.0.0.1", "port": PORT, "system_id": "shop", "password": "secret"}
        account = Account(**{**defaults, **settings})  # type: ignore[arg-type]
        self.channel = self.feed.channel = SmppChannel(
            account, self.feed, clock=self.clock, network=network, rng=random.Random(1)
        )
        self.channel.start()
        self.clock.advance(0.1)
        if bound:
            assert self.channel.status().bound == 1
            self.smsc.line.take()

    def hears(self, octets: bytes) -> list[Frame]:
        """What the ESME says when it gets these octets."""
        self.smsc.line.send(octets)
        self.clock.advance(0.1)
        return self.smsc.line.take()

    def lives(self) -> bool:
        """Whether an enquiry is answered on the same connection."""
        answers = self.hears(o.pdu(o.ENQUIRE_LINK, 0x4242))
        return [(f.command_id, f.status, f.sequence) for f in answers] == [
            (o.RESPONSE | o.ENQUIRE_LINK, 0, 0x4242)
        ] and len(self.smsc.lines) == 1

    def deliver(self, sequence: int = 7, **changed: o.Value) -> list[Frame]:
        return self.hears(o.operation(o.DELIVER_SM, sequence, **DELIVERY | changed))

    def submit(self, count: int = 1) -> list[Frame]:
        """Write some submits, which the SMSC does not answer by itself."""
        self.smsc.on.update(SILENT)
        self.feed.backlog += [submit(number) for number in range(count)]
        self.feed.room()
        self.clock.advance(0.1)
        return self.smsc.line.take()


def said(frames: list[Frame]) -> list[tuple[int, int, int]]:
    return [(frame.command_id, frame.status, frame.sequence) for frame in frames]


@pytest.mark.parametrize("length", [0, 15])
def test_c01_a_length_below_16_is_nacked_without_a_sequence_and_ends_the_connection(length: int) -> None:
    esme = Esme()
    assert said(esme.hears(o.pdu(o.ENQUIRE_LINK, 9, length=length))) == [(o.GENERIC_NACK, 0x02, 0)]
    assert esme.smsc.lines[0].is_closed


@pytest.mark.parametrize("length", [0x00100000, 0xFFFFFFFF])
def test_c02_a_length_above_the_cap_is_nacked_and_nothing_is_buffered(length: int) -> None:
    esme = Esme()
    assert said(esme.hears(o.pdu(o.DELIVER_SM, 9, length=length))) == [(o.GENERIC_NACK, 0x02, 0)]
    assert esme.smsc.lines[0].is_closed


def test_c02_before_the_bind_response_the_cap_is_low() -> None:
    esme = Esme(bound=False)
    esme.smsc.on[o.BIND_TRANSCEIVER] = lambda line, frame: line.send(o.pdu(o.DELIVER_SM, 9, length=2000))
    esme.smsc.line.transport.abortConnection()  # type: ignore[union-attr]
    esme.clock.advance(3)
    assert said(esme.smsc.lines[1].take())[1:] == [(o.GENERIC_NACK, 0x02, 0)]


@pytest.mark.parametrize("command_id", [0x00000F00, 0x0000000A], ids=["c03", "c04"])
def test_c03_c04_an_unknown_command_is_nacked_with_its_sequence_and_the_session_lives(command_id: int) -> None:
    esme = Esme()
    assert said(esme.hears(o.pdu(command_id, 0x77))) == [(o.GENERIC_NACK, 0x03, 0x77)]
    assert esme.lives()


def test_c05_a_nack_is_not_answered() -> None:
    esme = Esme()
    assert esme.hears(o.pdu(o.GENERIC_NACK, 0x55, status=0x03)) == []
    assert esme.lives()


def test_c05_a_nack_of_a_submit_is_its_answer() -> None:
    esme = Esme()
    (request,) = esme.submit()
    assert esme.hears(o.pdu(o.GENERIC_NACK, request.sequence, status=0x58)) == []
    (answer,) = esme.feed.of(Answered)
    assert isinstance(answer, Answered)
    assert answer.status == 0x58


def test_c06_a_status_in_a_request_is_ignored() -> None:
    esme = Esme()
    request = bytearray(o.operation(o.DELIVER_SM, 7, **DELIVERY))
    request[8:12] = (8).to_bytes(4, "big")
    assert said(esme.hears(bytes(request))) == [(o.RESPONSE | o.DELIVER_SM, 0, 7)]


@pytest.mark.parametrize("sequence", [0, 0x80000000, 0xFFFFFFFF])
def test_c07_odd_sequence_numbers_are_tolerated_and_echoed(sequence: int) -> None:
    assert said(Esme().deliver(sequence)) == [(o.RESPONSE | o.DELIVER_SM, 0, sequence)]


def test_c08_sequence_numbers_go_on_at_1_i6() -> None:
    esme = Esme()
    esme.channel.outlets[0].link.session._sequence = SequenceNumbers(LAST - 1)
    assert [frame.sequence for frame in esme.submit(4)] == [LAST - 1, LAST, 1, 2]


def test_c09_each_direction_has_sequence_numbers_of_its_own_i6() -> None:
    esme = Esme()
    (request,) = esme.submit()
    assert said(esme.deliver(request.sequence)) == [(o.RESPONSE | o.DELIVER_SM, 0, request.sequence)]
    assert not esme.feed.of(Answered)
    esme.smsc.line.respond(request, b"1\0")
    esme.clock.advance(0.1)
    assert ids(esme.feed.of(Answered)) == [0]


def test_c10_responses_come_in_any_order() -> None:
    esme = Esme()
    for request in reversed(esme.submit(3)):
        esme.smsc.line.respond(request, b"id-%d\0" % request.sequence)
    esme.clock.advance(0.1)
    answers = [answer for answer in esme.feed.got if isinstance(answer, Answered)]
    assert [(answer.submit.message_id, answer.smsc_id) for answer in answers] == [
        (answer.submit.message_id, f"id-{answer.submit.sequence}") for answer in answers
    ]
    assert ids(answers) == [2, 1, 0]


def test_c11_a_response_to_nothing_is_counted_and_the_session_kept() -> None:
    esme = Esme()
    session = esme.channel.outlets[0].link.session
    assert esme.hears(o.pdu(o.RESPONSE | o.SUBMIT_SM, 0x6FFFFFFF, b"1\0")) == []
    assert session.counters.unknown_responses == 1
    assert esme.lives()


def test_c12_several_pdus_in_one_segment_and_one_octet_by_octet() -> None:
    esme = Esme()
    three = b"".join(o.operation(o.DELIVER_SM, sequence, **DELIVERY) for sequence in (1, 2, 3))
    assert [frame.sequence for frame in esme.hears(three)] == [1, 2, 3]
    for octet in o.operation(o.DELIVER_SM, 4, **DELIVERY):
        esme.smsc.line.send(bytes((octet,)))
        esme.clock.advance(0.002)
    esme.clock.advance(0.1)
    assert [frame.sequence for frame in esme.smsc.line.take()] == [4]


def test_c13_the_body_of_an_error_response_is_ignored_and_ours_has_none() -> None:
    esme = Esme()
    (request,) = esme.submit()
    esme.smsc.line.respond(request, b"what is this\0\xff\xff\xff", status=0x45)
    esme.clock.advance(0.1)
    (answer,) = esme.feed.of(Answered)
    assert isinstance(answer, Answered)
    assert answer.status == 0x45
    (refusal,) = esme.hears(o.pdu(o.DELIVER_SM, 8, b"\0\1\1" + b"777"))
    assert refusal.length == o.HEADER


def test_c14_a_truncated_delivery_is_answered_with_its_own_response_and_an_error() -> None:
    esme = Esme()
    (refusal,) = esme.hears(o.pdu(o.DELIVER_SM, 8, b"\0\1\1" + b"777"))
    assert refusal.command_id == o.RESPONSE | o.DELIVER_SM
    assert refusal.status != 0
    assert esme.lives()


def test_c14_an_unreadable_response_leaves_the_message_in_doubt() -> None:
    esme = Esme()
    (request,) = esme.submit()
    esme.smsc.line.respond(request, b"an id without an end")
    esme.clock.advance(0.1)
    assert ids(esme.feed.of(Unanswered)) == [0]
    assert esme.lives()


@pytest.mark.parametrize("method", ["sar", "payload"])
@pytest.mark.parametrize("bind_tlvs", [SAYS_34, b""], ids=["says 3.4", "says nothing"])
def test_c26_tlvs_go_only_to_an_smsc_that_says_its_version(tmp_path: Path, method: str, bind_tlvs: bytes) -> None:
    world = World(tmp_path, long_messages=method)
    assert world.beeline.port is not None
    world.beeline.port.stopListening()
    smsc = RawSmsc(world.clock, world.network, bind_tlvs=bind_tlvs)
    world.load(3, template="{name}, " + "long " * 50)
    world.sender.start()
    world.clock.advance(5)
    contents = [frame.content() for frame in smsc.submits]
    if bind_tlvs:
        assert contents
        assert all(content.tlvs and not content.number("esm_class") & 0x40 for content in contents)
    else:
        assert len(contents) == 6
        assert all(not content.tlvs and content.number("esm_class") & 0x40 for content in contents)
        assert {content.data("short_message")[:3] for content in contents} == {b"\x05\x00\x03"}
    world.process.kill()


def test_c30_any_pdu_of_the_smsc_shows_that_it_lives() -> None:
    esme = Esme(enquire_link=5.0, response_timeout=4.0)
    esme.smsc.on[o.ENQUIRE_LINK] = lambda line, frame: None
    for sequence in range(1, 11):
        esme.clock.advance(3.0)
        esme.deliver(sequence)
    assert len(esme.smsc.lines) == 1
    esme.clock.advance(20)
    assert esme.smsc.lines[0].is_closed


def test_c32_unbind_of_the_smsc_finishes_what_is_in_flight_first() -> None:
    esme = Esme()
    (request,) = esme.submit()
    assert esme.hears(o.pdu(o.UNBIND, 9)) == []
    esme.smsc.line.respond(request, b"1\0")
    esme.clock.advance(0.1)
    assert said(esme.smsc.lines[0].take()) == [(o.RESPONSE | o.UNBIND, 0, 9)]
    assert esme.smsc.lines[0].is_closed
    assert ids(esme.feed.of(Answered)) == [0]


def test_c32_stopping_finishes_what_is_in_flight_then_unbinds_then_closes() -> None:
    esme = Esme()
    (request,) = esme.submit()
    stopping = esme.channel.drain().addCallback(lambda _: esme.channel.stop())
    esme.clock.advance(0.1)
    assert esme.smsc.line.take() == []
    esme.smsc.line.respond(request, b"1\0")
    esme.clock.wait_for(stopping, 100.0)
    assert [frame.command_id for frame in esme.smsc.line.take()] == [o.UNBIND]
    assert esme.smsc.line.is_closed


def test_c33_unbind_before_the_bind_response() -> None:
    esme = Esme(bound=False)
    esme.smsc.on[o.BIND_TRANSCEIVER] = lambda line, frame: line.send(o.pdu(o.UNBIND, 3))
    esme.smsc.line.transport.abortConnection()  # type: ignore[union-attr]
    esme.clock.advance(3)
    assert said(esme.smsc.lines[1].take())[1:] == [(o.RESPONSE | o.UNBIND, 0x04, 3)]


@pytest.mark.parametrize("kind", [BindKind.TRANSCEIVER, BindKind.TRANSMITTER, BindKind.RECEIVER])
def test_c34_an_outbind_has_no_response_and_is_counted(kind: BindKind) -> None:
    esme = Esme(bound=False, kinds=(kind,))
    outbind = o.operation(o.OUTBIND, 3, system_id="smsc", password="x")
    asked: list[Frame] = []
    for command in o.BINDS:
        esme.smsc.on[command] = lambda line, frame: (asked.append(frame), line.send(outbind))
    esme.smsc.line.transport.abortConnection()  # type: ignore[union-attr]
    esme.clock.advance(2)
    line = esme.smsc.lines[1]
    (bind,) = esme.channel.binds()
    assert bind.outbinds == 1
    assert said(line.take()) == said(asked[:1])  # its own bind, and nothing else
    assert line.is_closed == (kind is BindKind.TRANSMITTER)


def test_c36_a_delivery_on_a_transmitter_is_refused() -> None:
    esme = Esme(kinds=(BindKind.TRANSMITTER,))
    assert said(esme.deliver()) == [(o.RESPONSE | o.DELIVER_SM, 0x04, 7)]
    assert esme.feed.delivered == []
    assert esme.lives()


def test_c36_an_alert_on_a_transmitter_has_no_response_and_is_counted() -> None:
    esme = Esme(kinds=(BindKind.TRANSMITTER,))
    session = esme.channel.outlets[0].link.session
    assert esme.hears(o.operation(o.ALERT_NOTIFICATION, 7, source_addr="77051234567", esme_addr="SHOP")) == []
    assert session.counters.illegal_requests == 1


def test_c38_a_text_that_ends_beyond_its_pdu_is_refused_and_the_session_lives() -> None:
    esme = Esme()
    (refusal,) = esme.deliver(sm_length=200)
    assert (refusal.command_id, refusal.status) == (o.RESPONSE | o.DELIVER_SM, 0x01)
    assert esme.lives()


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param({"short_message": b"x" * 255}, 0x01, id="c37"),
        pytest.param({"service_type": "sixsix"}, 0x15, id="c41"),
        pytest.param({"source_addr": "7" * 21}, 0x0A, id="c42"),
        pytest.param({"destination_addr": "7" * 21}, 0x0B, id="c43"),
    ],
)
def test_c37_c41_c42_c43_what_is_too_long_earns_its_own_status_and_the_session_lives(
    fields: dict[str, o.Value], status: int
) -> None:
    esme = Esme()
    assert said(esme.deliver(**fields)) == [(o.RESPONSE | o.DELIVER_SM, status, 7)]
    assert not esme.feed.delivered
    assert esme.lives()


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        pytest.param({"tlvs": (o.tlv(0x0424, b"payload"),)}, b"STOP", id="c39"),
        pytest.param({"short_message": b""}, b"", id="c40"),
        pytest.param({"tlvs": (o.tlv(0x0204, b"\x01"),)}, b"STOP", id="c64"),
        pytest.param({"tlvs": (o.tlv(0x0381, b"\1\1\x001"), o.tlv(0x0381, b"\1\1\x002"))}, b"STOP", id="c65"),
        pytest.param({"tlvs": (o.tlv(0x020C, b"\0\1"), o.tlv(0x020E, b"\2"))}, b"STOP", id="c67"),
    ],
)
def test_c39_c40_c64_c65_c67_what_is_odd_in_a_delivery_does_not_cost_it(
    fields: dict[str, o.Value], text: bytes
) -> None:
    esme = Esme()
    assert said(esme.deliver(**fields)) == [(o.RESPONSE | o.DELIVER_SM, 0, 7)]
    assert [delivered.pdu.short_message for delivered in esme.feed.delivered] == [text]


def test_c74_a_receipt_is_read_from_its_tlvs_and_its_text() -> None:
    esme = Esme()
    text = b"id:1001 sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:DELIVRD err:000 text:hello"
    tlvs = (o.tlv(0x001E, b"3E9\0"), o.tlv(0x0427, b"\x02"))
    assert said(esme.deliver(esm_class=4, short_message=text, tlvs=tlvs)) == [(o.RESPONSE | o.DELIVER_SM, 0, 7)]
    receipt = parse_receipt(esme.feed.delivered[0].pdu)
    assert receipt is not None
    assert (receipt.message_id, receipt.text_message_id, receipt.state) == ("3E9", "1001", MessageState.DELIVERED)


def test_c61_our_submits_leave_the_times_to_the_operator_and_deliveries_with_times_are_taken() -> None:
    esme = Esme()
    content = esme.submit()[0].content()
    assert (content.text("schedule_delivery_time"), content.text("validity_period")) == ("", "")
    taken = esme.deliver(validity_period="000001000000000R")
    assert said(taken) == [(o.RESPONSE | o.DELIVER_SM, 0, 7)]


def test_c62_unknown_tlvs_of_a_delivery_are_ignored() -> None:
    esme = Esme()
    assert said(esme.deliver(tlvs=(o.tlv(0x3FFF, b"whatever"),))) == [(o.RESPONSE | o.DELIVER_SM, 0, 7)]


def test_c63_octets_that_are_no_tlv_earn_0xc0() -> None:
    esme = Esme()
    assert said(esme.deliver(tlvs=(b"\x02\x04\x00",))) == [(o.RESPONSE | o.DELIVER_SM, 0xC0, 7)]
    assert esme.lives()


def test_c68_a_network_error_code_of_another_length_does_not_cost_the_receipt() -> None:
    esme = Esme()
    text = b"id:1001 sub:001 dlvrd:000 submit date:2601010000 done date:2601010001 stat:UNDELIV err:001 text:hello"
    tlvs = (o.tlv(o.TAG_NETWORK_ERROR_CODE, b"\x03\x00"),)
    assert said(esme.deliver(esm_class=4, short_message=text, tlvs=tlvs)) == [(o.RESPONSE | o.DELIVER_SM, 0, 7)]
    receipt = parse_receipt(esme.feed.delivered[0].pdu)
    assert receipt is not None
    assert (receipt.message_id, receipt.state, receipt.network_error_code) == (
        "1001",
        MessageState.UNDELIVERABLE,
        None,
    )


def test_c75_the_message_id_of_a_deliver_sm_resp_is_one_nul() -> None:
    (response,) = Esme().deliver()
    assert response.body == b"\0"


def test_c75_what_could_not_be_stored_is_answered_so_that_it_comes_again() -> None:
    esme = Esme()
    esme.feed.acknowledge = 0x64
    (response,) = esme.deliver()
    assert (response.status, response.body) == (0x64, b"")


def test_c76_an_alert_has_no_response() -> None:
    esme = Esme()
    assert esme.hears(o.operation(o.ALERT_NOTIFICATION, 7, source_addr="7" * 64, esme_addr="SHOP")) == []
    assert esme.lives()


@pytest.mark.parametrize("value", [b"\x00", b"\x64", b"\xc8", b"\x00\x01"])
def test_c78_a_congestion_state_of_any_kind_does_not_cost_the_answer(value: bytes) -> None:
    esme = Esme()
    (request,) = esme.submit()
    esme.smsc.line.respond(request, b"1001\0" + o.tlv(o.TAG_CONGESTION_STATE, value))
    esme.clock.advance(0.1)
    (answer,) = esme.feed.of(Answered)
    assert isinstance(answer, Answered)
    assert (answer.status, answer.smsc_id) == (0, "1001")
