"""The session state machine: both roles joined in memory, literal times."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smppkit.codec import decode, encode
from smppkit.commands import CommandId
from smppkit.errors import LocalProtocolError, WindowFull
from smppkit.events import (
    BadPduReceived,
    Bound,
    Closing,
    Event,
    LateResponse,
    NoResponse,
    NoResponseCause,
    Request,
    Response,
    Unbound,
)
from smppkit.pdus import (
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    DeliverSm,
    EnquireLink,
    GenericNack,
    Outbind,
    Pdu,
    SubmitSm,
    Unbind,
)
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import BindState, Role
from smppkit.status import CommandStatus


def esme(**config: Any) -> Session:
    return Session(Role.ESME, SessionConfig(**config), 0.0)


def smsc(**config: Any) -> Session:
    return Session(Role.SMSC, SessionConfig(**config), 0.0)


def bound_smsc(bind: type[Pdu] = BindTransceiver, **config: Any) -> Session:
    session = smsc(**config)
    session.receive_bytes(encode(bind(sequence_number=1, system_id="shop", interface_version=0x34)), 0.0)
    [request] = session.events()
    assert isinstance(request, Request)
    session.respond(request.pdu.response(system_id="op"), 0.0)
    session.events()
    session.bytes_to_send()
    return session


def bound_esme(bind: type[Pdu] = BindTransceiver, **config: Any) -> Session:
    session = esme(**config)
    request = bind(system_id="shop", interface_version=0x34)
    session.send(request, 0.0)
    session.bytes_to_send()
    session.receive_bytes(encode(request.response(system_id="op")), 0.0)
    session.events()
    return session


def sent(session: Session) -> list[Pdu]:
    """What the session wants written, decoded."""
    octets, pdus = session.bytes_to_send(), []
    while octets:
        (length,) = struct.unpack_from(">I", octets)
        pdus.append(decode(octets[:length]))
        octets = octets[length:]
    return pdus


def kinds(events: list[Event]) -> list[type]:
    return [type(event) for event in events]


@pytest.mark.parametrize(
    ("bind", "state"),
    [
        (BindTransmitter, BindState.BOUND_TX),
        (BindReceiver, BindState.BOUND_RX),
        (BindTransceiver, BindState.BOUND_TRX),
    ],
)
def test_both_ends_reach_the_same_bound_state(bind: type[Pdu], state: BindState) -> None:
    client, server = esme(), smsc()
    client.send(bind(system_id="shop", password="pw", interface_version=0x34), 0.0)
    server.receive_bytes(client.bytes_to_send(), 0.1)
    [request] = server.events()
    assert isinstance(request, Request)
    server.respond(request.pdu.response(system_id="op"), 0.1)
    assert kinds(server.events()) == [Bound]
    client.receive_bytes(server.bytes_to_send(), 0.2)
    assert kinds(client.events()) == [Response, Bound]
    assert client.state is server.state is state
    assert client.bound
    assert client.outstanding == 0


def test_a_refused_bind_leaves_the_session_open() -> None:
    client = esme()
    request = BindTransceiver(system_id="shop")
    client.send(request, 0.0, "the bind")
    client.receive_bytes(encode(request.response(CommandStatus.ESME_RINVPASWD)), 0.1)
    [response] = client.events()
    assert isinstance(response, Response)
    assert response.context == "the bind"
    assert response.response.command_status == CommandStatus.ESME_RINVPASWD
    assert client.state is BindState.OPEN
    client.send(BindTransceiver(system_id="shop"), 1.0)


def test_a_second_bind_cannot_be_sent_while_one_waits() -> None:
    client = esme()
    client.send(BindTransceiver(), 0.0)
    with pytest.raises(LocalProtocolError, match="already waiting"):
        client.send(BindReceiver(), 0.0)


@pytest.mark.parametrize("session", [smsc(), bound_smsc(BindReceiver)], ids=["open", "receiver"])
def test_c15_c16_submit_where_it_is_illegal_is_answered_04(session: Session) -> None:
    session.receive_bytes(encode(SubmitSm(sequence_number=7, destination_addr="1")), 0.0)
    [response] = sent(session)
    assert response.command_id == CommandId.SUBMIT_SM_RESP
    assert (response.command_status, response.sequence_number) == (CommandStatus.ESME_RINVBNDSTS, 7)
    assert session.events() == []
    assert session.counters.illegal_requests == 1


def test_c17_a_second_bind_is_answered_05() -> None:
    session = bound_smsc()
    session.receive_bytes(encode(BindTransmitter(sequence_number=9)), 1.0)
    [response] = sent(session)
    assert response.command_status == CommandStatus.ESME_RALYBND
    assert session.state is BindState.BOUND_TRX


def test_c03_unknown_command_is_nacked_with_its_sequence_and_the_session_lives() -> None:
    session = bound_smsc()
    session.receive_bytes(struct.pack(">IIII", 16, 0x0000FFFF, 0, 5), 1.0)
    [nack] = sent(session)
    assert nack == GenericNack(CommandStatus.ESME_RINVCMDID, 5)
    assert kinds(session.events()) == [BadPduReceived]
    assert session.bound


def test_c01_a_broken_length_is_nacked_without_sequence_and_closes() -> None:
    session = bound_smsc()
    session.receive_bytes(struct.pack(">IIII", 8, 4, 0, 5), 1.0)
    assert sent(session) == [GenericNack(CommandStatus.ESME_RINVCMDLEN, 0)]
    assert kinds(session.events()) == [Closing]
    assert session.state is BindState.CLOSED
    session.receive_bytes(encode(EnquireLink(sequence_number=1)), 2.0)
    assert sent(session) == []


def test_c02_the_cap_is_small_before_the_bind_and_wide_after() -> None:
    long_submit = encode(SubmitSm(sequence_number=2, destination_addr="1")) + b"\x04\x24\x10\x00" + b"x" * 4096
    long_submit = struct.pack(">I", len(long_submit)) + long_submit[4:]
    unbound, bound = smsc(), bound_smsc()
    unbound.receive_bytes(long_submit, 0.0)
    assert unbound.state is BindState.CLOSED
    bound.receive_bytes(long_submit, 0.0)
    assert kinds(bound.events()) == [Request]


def test_c05_a_nack_is_never_answered() -> None:
    session = bound_smsc()
    session.receive_bytes(encode(GenericNack(3, 77)) + encode(GenericNack(3, 0)), 1.0)
    assert sent(session) == []
    assert session.counters.unknown_responses == 2


def test_c11_a_response_to_an_unknown_sequence_is_counted_and_the_session_kept() -> None:
    session = bound_esme()
    session.receive_bytes(encode(SubmitSm(sequence_number=99).response(message_id="x")), 1.0)
    assert session.events() == []
    assert session.counters.unknown_responses == 1
    assert session.bound


def test_a_response_of_the_wrong_kind_does_not_answer() -> None:
    session = bound_esme()
    sequence = session.send(SubmitSm(destination_addr="1"), 1.0)
    session.receive_bytes(encode(DeliverSm(sequence_number=sequence).response()), 1.0)
    assert session.outstanding == 1
    assert session.counters.unknown_responses == 1


def test_c10_responses_come_in_any_order_with_their_contexts() -> None:
    session = bound_esme()
    requests = [SubmitSm(destination_addr=str(n)) for n in range(3)]
    for n, request in enumerate(requests):
        session.send(request, 1.0, n)
    for n in (2, 0, 1):
        session.receive_bytes(encode(requests[n].response(message_id=f"id{n}")), 2.0)
    answers = [(e.context, e.response.message_id) for e in session.events()]  # type: ignore[union-attr]
    assert answers == [(2, "id2"), (0, "id0"), (1, "id1")]


def test_a_generic_nack_answers_the_request_it_names() -> None:
    session = bound_esme()
    sequence = session.send(SubmitSm(destination_addr="1"), 1.0, "ctx")
    session.receive_bytes(encode(GenericNack(CommandStatus.ESME_RINVCMDID, sequence)), 1.1)
    [event] = session.events()
    assert isinstance(event, Response)
    assert event.context == "ctx"
    assert isinstance(event.response, GenericNack)


def test_c09_sequence_spaces_are_per_direction() -> None:
    session = bound_smsc()
    mine = session.send(DeliverSm(), 1.0, "mine")
    session.receive_bytes(encode(SubmitSm(sequence_number=mine, destination_addr="1")), 1.0)
    [request] = session.events()
    assert isinstance(request, Request)
    session.respond(request.pdu.response(message_id="1"), 1.0)
    session.receive_bytes(encode(DeliverSm(sequence_number=mine).response()), 1.1)
    [response] = session.events()
    assert isinstance(response, Response)
    assert response.context == "mine"


def test_the_window_is_never_exceeded() -> None:
    session = bound_esme(window=2)
    session.send(SubmitSm(destination_addr="1"), 1.0)
    last = SubmitSm(destination_addr="2")
    session.send(last, 1.0)
    assert session.window_free == 0
    with pytest.raises(WindowFull):
        session.send(SubmitSm(destination_addr="3"), 1.0)
    session.bytes_to_send()
    session.receive_bytes(encode(last.response(message_id="2")), 2.0)
    assert session.window_free == 1
    session.send(SubmitSm(destination_addr="3"), 2.0)
    assert len(sent(session)) == 1


def test_c35_requests_over_the_peer_window_are_answered_throttled() -> None:
    session = bound_smsc(peer_window=1)
    for n in (5, 6):
        session.receive_bytes(encode(SubmitSm(sequence_number=n, destination_addr="1")), 1.0)
    [request] = session.events()
    [refusal] = sent(session)
    assert (refusal.command_status, refusal.sequence_number) == (CommandStatus.ESME_RTHROTTLED, 6)
    assert isinstance(request, Request)
    session.respond(request.pdu.response(message_id="1"), 1.0)
    assert session.unanswered == 0
    assert session.counters.window_overruns == 1


def test_i6_a_request_is_answered_once() -> None:
    session = bound_smsc()
    session.receive_bytes(encode(SubmitSm(sequence_number=5, destination_addr="1")), 1.0)
    [request] = session.events()
    assert isinstance(request, Request)
    session.respond(request.pdu.response(message_id="1"), 1.0)
    with pytest.raises(LocalProtocolError, match="sequence number 5"):
        session.respond(request.pdu.response(message_id="1"), 1.0)


def test_a_reused_live_sequence_number_is_owed_two_answers() -> None:
    session = bound_smsc()
    for _ in range(2):
        session.receive_bytes(encode(SubmitSm(sequence_number=5, destination_addr="1")), 1.0)
    for request in session.events():
        assert isinstance(request, Request)
        session.respond(request.pdu.response(message_id="1"), 1.0)
    assert len(sent(session)) == 2
    assert session.unanswered == 0


def test_i6_a_live_sequence_number_is_not_reused() -> None:
    session = bound_esme()
    sequence = session.send(SubmitSm(destination_addr="1"), 1.0)
    with pytest.raises(LocalProtocolError, match="still in use"):
        session.send_reserved(SubmitSm(destination_addr="1"), sequence, 1.0)


def test_reserved_numbers_are_sent_with_later() -> None:
    session = bound_esme()
    first = session.reserve(2)
    assert session.send(SubmitSm(destination_addr="1"), 1.0) == first + 2
    session.send_reserved(SubmitSm(destination_addr="1"), first, 1.0)
    assert [pdu.sequence_number for pdu in sent(session)] == [first + 2, first]


def test_c12_byte_by_byte_is_the_same_as_at_once() -> None:
    octets = b"".join(encode(SubmitSm(sequence_number=n, destination_addr="1")) for n in range(1, 4))
    session = bound_smsc()
    for n in range(len(octets)):
        session.receive_bytes(octets[n : n + 1], 1.0)
    assert [e.pdu.sequence_number for e in session.events()] == [1, 2, 3]  # type: ignore[union-attr]


def test_an_illegal_request_of_ours_raises_and_queues_nothing() -> None:
    for session in (esme(), bound_esme(BindReceiver)):
        with pytest.raises(LocalProtocolError, match="ESME may not send submit_sm"):
            session.send(SubmitSm(destination_addr="1"), 0.0)
        assert session.bytes_to_send() == b""
    with pytest.raises(LocalProtocolError, match="own business"):
        bound_esme().send(Unbind(), 0.0)


def test_c34_outbind_lets_the_esme_bind() -> None:
    client, server = esme(), smsc()
    server.send(Outbind(system_id="op", password="pw"), 0.0)
    client.receive_bytes(server.bytes_to_send(), 0.0)
    [event] = client.events()
    assert isinstance(event, Request)
    assert isinstance(event.pdu, Outbind)
    assert client.state is BindState.OUTBOUND
    assert client.bytes_to_send() == b""
    client.send(BindReceiver(system_id="shop"), 0.0)
    server.receive_bytes(client.bytes_to_send(), 0.0)
    assert kinds(server.events()) == [Request]


# --- timers -------------------------------------------------------------------------------------


def test_c28_a_connection_that_never_binds_is_closed() -> None:
    session = smsc(session_init_timeout=10)
    assert session.next_deadline() == 10
    session.on_deadline(9.9)
    assert session.events() == []
    session.on_deadline(10)
    assert kinds(session.events()) == [Closing]
    assert session.next_deadline() is None


def test_silence_is_tested_with_enquire_link_and_the_answer_keeps_the_link() -> None:
    session = bound_esme(enquire_link_interval=30, response_timeout=5)
    assert session.next_deadline() == 30
    session.on_deadline(30)
    [enquiry] = sent(session)
    assert isinstance(enquiry, EnquireLink)
    assert session.next_deadline() == 35
    session.receive_bytes(encode(enquiry.response()), 31)
    assert session.next_deadline() == 61
    assert session.events() == []


def test_c30_any_pdu_satisfies_liveness() -> None:
    session = bound_esme(enquire_link_interval=30, response_timeout=5)
    session.on_deadline(30)
    session.receive_bytes(encode(DeliverSm(sequence_number=3)), 34)
    session.on_deadline(35)
    assert kinds(session.events()) == [Request]
    assert session.bound


def test_c30_a_part_of_a_pdu_does_not_satisfy_liveness() -> None:
    session = bound_esme(enquire_link_interval=30, response_timeout=5)
    session.receive_bytes(encode(DeliverSm(sequence_number=3))[:20], 29)
    assert session.next_deadline() == 30


def test_an_unanswered_enquire_link_closes() -> None:
    session = bound_esme(enquire_link_interval=30, response_timeout=5)
    session.on_deadline(30)
    session.on_deadline(35)
    [closing] = session.events()
    assert closing == Closing("enquire_link was not answered")


def test_enquire_link_is_answered_by_the_session_itself() -> None:
    session = bound_smsc()
    session.receive_bytes(encode(EnquireLink(sequence_number=8)), 1.0)
    [answer] = sent(session)
    assert (answer.command_id, answer.sequence_number) == (CommandId.ENQUIRE_LINK_RESP, 8)
    assert session.events() == []


def test_a_request_without_response_in_time_is_given_up_once() -> None:
    session = bound_esme(response_timeout=5, enquire_link_interval=None)
    request = SubmitSm(destination_addr="1")
    session.send(request, 1.0, "a")
    session.send(SubmitSm(destination_addr="2"), 2.0, "b")
    assert session.next_deadline() == 6.0
    session.on_deadline(6.0)
    [event] = session.events()
    assert isinstance(event, NoResponse)
    assert (event.context, event.cause) == ("a", NoResponseCause.TIMEOUT)
    assert session.next_deadline() == 7.0
    session.receive_bytes(encode(request.response(message_id="late")), 6.5)
    [late] = session.events()
    assert isinstance(late, LateResponse)
    assert (late.context, late.sent_at) == ("a", 1.0)
    session.receive_bytes(encode(request.response(message_id="late")), 6.6)
    assert session.events() == []
    assert (session.counters.late_responses, session.counters.unknown_responses) == (1, 1)


def test_only_so_many_late_responses_are_recognised() -> None:
    session = bound_esme(response_timeout=5, enquire_link_interval=None, window=5000)
    requests = [SubmitSm(destination_addr="1") for _ in range(1500)]
    for request in requests:
        session.send(request, 1.0)
    session.on_deadline(6.0)
    session.events()
    for request in requests:
        session.receive_bytes(encode(request.response(message_id="late")), 7.0)
    assert len(session.events()) == session.counters.late_responses == 1000
    assert session.counters.unknown_responses == 500


def test_c31_inactivity_unbinds_and_enquire_link_does_not_count_as_activity() -> None:
    session = bound_smsc(inactivity_timeout=60, enquire_link_interval=None)
    session.receive_bytes(encode(EnquireLink(sequence_number=8)), 59)
    session.bytes_to_send()
    session.on_deadline(60)
    [unbind] = sent(session)
    assert isinstance(unbind, Unbind)


def test_silence_closes_and_any_pdu_ends_it() -> None:
    session = bound_smsc(silence_timeout=60, enquire_link_interval=None)
    session.receive_bytes(encode(EnquireLink(sequence_number=8)), 59)
    session.bytes_to_send()
    session.on_deadline(60)
    assert session.events() == []
    assert session.next_deadline() == 119
    session.on_deadline(119)
    assert session.bytes_to_send() == b""
    assert session.events() == [Closing("nothing was heard for too long")]


def test_a_lost_connection_leaves_every_outstanding_request_without_response() -> None:
    session = bound_esme()
    for n in range(3):
        session.send(SubmitSm(destination_addr="1"), 1.0, n)
    session.connection_lost(2.0)
    events = session.events()
    assert [(e.context, e.cause) for e in events] == [  # type: ignore[union-attr]
        (n, NoResponseCause.CONNECTION_LOST) for n in range(3)
    ]
    assert session.outstanding == 0
    assert session.next_deadline() is None


def test_an_unreadable_response_leaves_its_request_in_doubt() -> None:
    session = bound_esme()
    sequence = session.send(SubmitSm(destination_addr="1"), 1.0, "ctx")
    session.receive_bytes(struct.pack(">IIII", 20, 0x80000004, 0, sequence) + b"abcd", 1.1)
    bad, event = session.events()
    assert isinstance(bad, BadPduReceived)
    assert isinstance(event, NoResponse)
    assert event.cause is NoResponseCause.UNREADABLE
    assert session.outstanding == 0


# --- unbind -------------------------------------------------------------------------------------


def test_c32_our_unbind_waits_for_what_is_in_flight() -> None:
    session = bound_esme()
    request = SubmitSm(destination_addr="1")
    session.send(request, 1.0)
    session.bytes_to_send()
    session.unbind(1.0)
    assert session.bytes_to_send() == b""
    with pytest.raises(LocalProtocolError):
        session.send(SubmitSm(destination_addr="2"), 1.0)
    session.receive_bytes(encode(request.response(message_id="1")), 1.5)
    [unbind] = sent(session)
    assert isinstance(unbind, Unbind)
    session.receive_bytes(encode(unbind.response()), 1.6)
    assert kinds(session.events()) == [Response, Unbound, Closing]


def test_our_unbind_may_be_said_at_once_and_what_is_in_flight_is_still_answered() -> None:
    session = bound_smsc()
    session.receive_bytes(encode(SubmitSm(sequence_number=5, destination_addr="1")), 1.0)
    [request] = session.events()
    assert isinstance(request, Request)
    session.unbind(1.0, at_once=True)
    [unbind] = sent(session)
    assert isinstance(unbind, Unbind)
    session.respond(request.pdu.response(message_id="1"), 2.0)
    assert [pdu.command_id for pdu in sent(session)] == [CommandId.SUBMIT_SM_RESP]
    session.receive_bytes(encode(unbind.response()), 2.1)
    assert kinds(session.events()) == [Unbound, Closing]


def test_c32_the_peers_unbind_is_answered_after_what_we_owe() -> None:
    session = bound_smsc()
    session.receive_bytes(encode(SubmitSm(sequence_number=5, destination_addr="1")), 1.0)
    session.receive_bytes(encode(Unbind(sequence_number=6)), 1.0)
    request, unbound = session.events()
    assert isinstance(request, Request)
    assert unbound == Unbound(by_peer=True)
    assert session.bytes_to_send() == b""
    session.respond(request.pdu.response(message_id="1"), 2.0)
    assert [pdu.command_id for pdu in sent(session)] == [CommandId.SUBMIT_SM_RESP, CommandId.UNBIND_RESP]
    assert kinds(session.events()) == [Closing]


def test_requests_that_crossed_our_unbind_are_still_answered() -> None:
    session = bound_esme()
    session.unbind(1.0)
    session.receive_bytes(encode(DeliverSm(sequence_number=3)), 1.1)
    [request] = session.events()
    assert isinstance(request, Request)
    session.respond(request.pdu.response(), 1.1)
    assert [pdu.command_id for pdu in sent(session)] == [CommandId.UNBIND, CommandId.DELIVER_SM_RESP]


def test_requests_after_the_peers_unbind_are_refused() -> None:
    session = bound_smsc()
    session.receive_bytes(encode(SubmitSm(sequence_number=5, destination_addr="1")), 1.0)
    session.receive_bytes(encode(Unbind(sequence_number=6)), 1.0)
    session.receive_bytes(encode(SubmitSm(sequence_number=7, destination_addr="1")), 1.0)
    [refusal] = sent(session)
    assert (refusal.command_status, refusal.sequence_number) == (CommandStatus.ESME_RINVBNDSTS, 7)


def test_unbinding_is_bounded_in_time() -> None:
    session = bound_esme(unbind_timeout=5)
    session.send(SubmitSm(destination_addr="1"), 1.0)
    session.bytes_to_send()
    session.unbind(1.0)
    assert session.next_deadline() == 6.0
    session.on_deadline(6.0)
    assert [type(pdu) for pdu in sent(session)] == [Unbind]
    session.on_deadline(11.0)
    assert session.events()[-1] == Closing("unbind was not answered")


def test_an_unbind_that_waits_can_be_said_at_once_after_all() -> None:
    session = bound_esme()
    session.send(SubmitSm(destination_addr="1"), 1.0)
    session.bytes_to_send()
    session.unbind(1.0)
    assert sent(session) == []
    session.unbind(2.0, at_once=True)
    session.unbind(3.0, at_once=True)
    assert [type(pdu) for pdu in sent(session)] == [Unbind]


def test_a_peers_unbind_is_not_answered_before_its_requests() -> None:
    session = bound_smsc()
    session.receive_bytes(encode(SubmitSm(sequence_number=5, destination_addr="1")), 1.0)
    session.receive_bytes(encode(Unbind(sequence_number=6)), 1.0)
    session.unbind(1.0, at_once=True)
    assert sent(session) == []


def test_crossing_unbinds_are_both_answered() -> None:
    client, server = bound_esme(), bound_smsc()
    client.unbind(1.0)
    server.unbind(1.0)
    to_server, to_client = client.bytes_to_send(), server.bytes_to_send()
    server.receive_bytes(to_server, 1.1)
    client.receive_bytes(to_client, 1.1)
    assert client.state is server.state is BindState.CLOSED
    assert [type(p).__name__ for p in sent(client)] == ["UnbindResp"]


def test_unbind_before_bind_closes() -> None:
    session = esme()
    session.unbind(0.0)
    assert kinds(session.events()) == [Closing]


def test_c33_a_peers_unbind_before_bind_is_answered_04() -> None:
    session = smsc()
    session.receive_bytes(encode(Unbind(sequence_number=1)), 0.0)
    [answer] = sent(session)
    assert (answer.command_id, answer.command_status) == (
        CommandId.UNBIND_RESP,
        CommandStatus.ESME_RINVBNDSTS,
    )


def test_an_answer_after_the_link_died_is_counted() -> None:
    session = bound_smsc()
    session.receive_bytes(encode(SubmitSm(sequence_number=5, destination_addr="1")), 1.0)
    [request] = session.events()
    session.connection_lost(1.1)
    assert isinstance(request, Request)
    session.respond(request.pdu.response(message_id="1"), 1.2)
    assert session.counters.late_answers == 1
    assert session.bytes_to_send() == b""


def test_the_tap_sees_every_octet_both_ways() -> None:
    seen: list[tuple[str, bytes]] = []
    session = Session(Role.SMSC, SessionConfig(), 0.0, tap=lambda way, octets: seen.append((way, octets)))
    bind = encode(BindTransceiver(sequence_number=1, interface_version=0x34))
    session.receive_bytes(bind, 0.0)
    [request] = session.events()
    assert isinstance(request, Request)
    session.respond(request.pdu.response(system_id="op"), 0.0)
    assert seen == [("in", bind), ("out", session.bytes_to_send())]


@settings(max_examples=200)
@given(st.binary(max_size=400), st.booleans())
def test_no_octets_of_a_peer_raise(octets: bytes, as_smsc: bool) -> None:
    session = bound_smsc() if as_smsc else bound_esme()
    session.receive_bytes(octets, 1.0)
    session.events()
    session.bytes_to_send()
    session.on_deadline(1e6)
    session.connection_lost(1e6)


def test_it_says_whether_the_peer_has_anything_to_answer() -> None:
    """A request, an enquire_link, an unbind; nothing once it is over."""
    session = bound_smsc(enquire_link_interval=30.0)
    assert not session.waits
    session.send(DeliverSm(), 0.0)
    assert session.waits
    session.receive_bytes(encode(DeliverSm(sequence_number=1).response()), 1.0)
    assert not session.waits
    session.on_deadline(31.0)
    assert session.waits
    session.receive_bytes(encode(EnquireLink(sequence_number=2).response()), 32.0)
    assert not session.waits
    session.unbind(33.0)
    assert session.waits
    session.connection_lost(34.0)
    assert not session.waits


def test_octets_are_written_as_they_are_behind_what_is_queued() -> None:
    tapped: list[tuple[str, bytes]] = []
    session = Session(Role.SMSC, SessionConfig(), 0.0, lambda direction, octets: tapped.append((direction, octets)))
    session.write_octets(b"no SMPP at all")
    assert session.bytes_to_send() == b"no SMPP at all"
    assert tapped == [("out", b"no SMPP at all")]
    session.connection_lost(1.0)
    with pytest.raises(LocalProtocolError, match="over"):
        session.write_octets(b"x")
