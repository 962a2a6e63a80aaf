"""The other ways to ask and to answer: octets that were encoded before, lies, and silence."""

from __future__ import annotations

from typing import Any

import pytest

from smppkit.codec import decode, encode
from smppkit.commands import CommandId
from smppkit.errors import LocalProtocolError, WindowFull
from smppkit.events import Closing, LateResponse, NoResponse, NoResponseCause, Request, Response, Unbound
from smppkit.pdus import (
    BindTransceiver,
    DeliverSm,
    EnquireLink,
    GenericNack,
    Outbind,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import BindState, Role
from smppkit.status import CommandStatus as S

SUBMIT = encode(SubmitSm(0, 7, destination_addr="1"))


def smsc(**config: Any) -> Session:
    session = Session(Role.SMSC, SessionConfig(**config), 0.0)
    session.receive_bytes(encode(BindTransceiver(0, 1, system_id="shop")), 0.0)
    (request,) = session.events()
    assert isinstance(request, Request)
    session.respond(request.pdu.response(), 0.0)
    session.events()
    session.bytes_to_send()
    return session


def asked(**config: Any) -> Session:
    """An SMSC that owes the answer to submit_sm number 7."""
    session = smsc(**config)
    session.receive_bytes(SUBMIT, 1.0)
    session.events()
    return session


# respond_octets


def test_i6_octets_answer_a_request_as_a_pdu_does() -> None:
    session = asked(peer_window=1)
    session.receive_bytes(encode(SubmitSm(0, 8, destination_addr="1")), 1.0)
    assert session.counters.window_overruns == 1
    session.bytes_to_send()
    lie = b"\0\0\0\x10" + bytes(12)
    session.respond_octets(7, lie, 1.0)
    assert session.bytes_to_send() == lie
    assert session.unanswered == 0
    session.receive_bytes(SUBMIT, 1.0)
    assert [type(event) for event in session.events()] == [Request]


@pytest.mark.parametrize("answer", ["respond_octets", "forget"])
def test_i6_nothing_is_answered_twice(answer: str) -> None:
    session = asked()
    arguments = (7, b"", 1.0) if answer == "respond_octets" else (7, 1.0)
    getattr(session, answer)(*arguments)
    for again in (lambda: session.forget(7, 1.0), lambda: session.respond_octets(7, b"", 1.0)):
        with pytest.raises(LocalProtocolError, match="no request with sequence number 7 waits"):
            again()


def test_octets_after_the_peer_has_gone_are_counted_like_any_answer() -> None:
    session = asked()
    session.connection_lost(2.0)
    session.respond_octets(7, b"anything", 2.0)
    assert (session.counters.late_answers, session.counters.unanswered_at_end) == (1, 1)
    assert session.bytes_to_send() == b""


def test_a_bind_is_not_answered_with_octets() -> None:
    session = Session(Role.SMSC, SessionConfig(), 0.0)
    session.receive_bytes(encode(BindTransceiver(0, 1, system_id="shop")), 0.0)
    with pytest.raises(LocalProtocolError, match="a bind is not answered with octets"):
        session.respond_octets(1, b"", 0.0)
    assert session.unanswered == 1


def test_octets_let_unbinding_go_on() -> None:
    session = asked()
    session.receive_bytes(encode(Unbind(0, 8)), 1.0)
    session.respond_octets(7, encode(SubmitSm(0, 7).response(message_id="1")), 1.0)
    assert session.bytes_to_send().endswith(encode(Unbind(0, 8).response()))
    assert session.state is BindState.CLOSED


def test_a_bind_that_is_answered_too_late_binds_nobody() -> None:
    session = Session(Role.SMSC, SessionConfig(session_init_timeout=5), 0.0)
    session.receive_bytes(encode(BindTransceiver(0, 1, system_id="shop")), 0.0)
    (request,) = session.events()
    assert isinstance(request, Request)
    session.on_deadline(5.0)
    assert [type(event) for event in session.events()] == [Closing]
    session.respond(request.pdu.response(), 6.0)
    assert session.state is BindState.CLOSED
    assert (session.events(), session.bytes_to_send()) == ([], b"")
    assert (session.unanswered, session.counters.late_answers) == (0, 1)


# forget


def test_a_forgotten_request_frees_its_place_and_is_counted() -> None:
    session = asked(peer_window=1)
    session.forget(7, 1.0)
    assert (session.unanswered, session.counters.left_unanswered) == (0, 1)
    assert session.bytes_to_send() == b""
    session.receive_bytes(SUBMIT, 1.0)
    assert [type(event) for event in session.events()] == [Request]


def test_a_forgotten_request_does_not_hold_up_unbinding() -> None:
    session = asked()
    session.unbind(1.0)
    assert session.bytes_to_send() == b""
    session.forget(7, 1.0)
    assert isinstance(decode(session.bytes_to_send()), Unbind)


def test_a_forgotten_bind_may_be_asked_again() -> None:
    session = Session(Role.SMSC, SessionConfig(), 0.0)
    session.receive_bytes(encode(BindTransceiver(0, 1, system_id="shop")), 0.0)
    session.events()
    session.forget(1, 0.0)
    session.receive_bytes(encode(BindTransceiver(0, 2, system_id="shop")), 0.0)
    (request,) = session.events()
    assert isinstance(request, Request)
    session.respond(request.pdu.response(), 0.0)
    assert session.bound


# send_encoded


def test_stored_octets_are_sent_with_a_number_of_their_own() -> None:
    session = smsc()
    stored = encode(DeliverSm(0, 999, destination_addr="SHOP", short_message=b"id:1"))
    sequence = session.send_encoded(stored, CommandId.DELIVER_SM, 1.0, "owed")
    sent = session.bytes_to_send()
    assert decode(sent) == DeliverSm(0, sequence, destination_addr="SHOP", short_message=b"id:1")
    assert (session.outstanding, session.next_deadline()) == (1, 30.0)
    session.receive_bytes(encode(DeliverSm(0, sequence).response()), 2.0)
    (answer,) = session.events()
    assert answer == Response(None, DeliverSm(0, sequence).response(), "owed", 1.0)


def test_i6_stored_octets_get_one_end() -> None:
    session = smsc(response_timeout=5, enquire_link_interval=None)
    stored = encode(DeliverSm())
    sequence = session.send_encoded(stored, CommandId.DELIVER_SM, 1.0, "owed")
    session.on_deadline(6.0)
    assert session.events() == [NoResponse(None, "owed", NoResponseCause.TIMEOUT, 1.0)]
    session.receive_bytes(encode(DeliverSm(0, sequence).response()), 7.0)
    assert session.events() == [LateResponse(None, DeliverSm(0, sequence).response(), "owed", 1.0)]
    session.send_encoded(stored, CommandId.DELIVER_SM, 8.0, "owed")
    session.connection_lost(9.0)
    assert session.events() == [NoResponse(None, "owed", NoResponseCause.CONNECTION_LOST, 8.0)]


def test_stored_octets_keep_to_the_window_and_the_state() -> None:
    session = smsc(window=1)
    stored = encode(DeliverSm())
    session.send_encoded(stored, CommandId.DELIVER_SM, 1.0)
    with pytest.raises(WindowFull):
        session.send_encoded(stored, CommandId.DELIVER_SM, 1.0)
    with pytest.raises(LocalProtocolError, match="SMSC may not send submit_sm"):
        session.send_encoded(SUBMIT, CommandId.SUBMIT_SM, 1.0)
    with pytest.raises(LocalProtocolError, match="own business"):
        session.send_encoded(encode(Unbind()), CommandId.UNBIND, 1.0)
    for early, pdu in ((Role.ESME, BindTransceiver()), (Role.SMSC, Outbind())):
        with pytest.raises(LocalProtocolError, match="is not sent as octets"):
            Session(early, SessionConfig(), 0.0).send_encoded(encode(pdu), pdu.command_id, 0.0)


# What is dropped is counted


def test_what_comes_after_the_end_is_counted() -> None:
    session = smsc()
    enquiry = encode(EnquireLink(0, 9))
    session.receive_bytes(encode(Unbind(0, 8)) + enquiry + enquiry, 1.0)
    assert [type(event) for event in session.events()] == [Unbound, Closing]
    session.receive_bytes(enquiry, 1.0)
    assert (session.counters.pdus_after_close, session.counters.octets_after_close) == (2, 16)
    assert session.bytes_to_send() == encode(Unbind(0, 8).response())


def test_what_was_never_written_is_counted() -> None:
    session = smsc()
    session.send(DeliverSm(), 1.0)
    session.connection_lost(1.0)
    assert session.counters.octets_unsent == len(encode(DeliverSm()))


def test_an_answer_to_an_enquiry_is_counted_and_no_event() -> None:
    session = smsc(enquire_link_interval=10)
    session.on_deadline(10.0)
    session.receive_bytes(encode(EnquireLink(0, 1).response()), 11.0)
    assert session.events() == []
    assert (session.counters.enquire_link_resps, session.counters.unknown_responses) == (1, 0)


def test_an_unknown_kind_of_response_is_nacked_and_ends_no_request() -> None:
    session = smsc()
    sequence = session.send(DeliverSm(), 1.0, "owed")
    session.bytes_to_send()
    unknown = bytearray(encode(GenericNack(0, sequence)))
    unknown[6:8] = b"\x09\x99"
    session.receive_bytes(bytes(unknown), 1.0)
    assert session.outstanding == 1
    assert decode(session.bytes_to_send()) == GenericNack(S.ESME_RINVCMDID, sequence)


def test_c31_an_operator_may_close_without_unbind() -> None:
    session = smsc(inactivity_timeout=60, inactivity_closes=True, enquire_link_interval=None)
    session.on_deadline(60.0)
    assert session.events() == [Closing("nothing was done for too long")]
    assert session.bytes_to_send() == b""


def test_only_an_unbind_resp_or_a_nack_answers_our_unbind() -> None:
    for answer, ends in ((SubmitSmResp, False), (UnbindResp, True), (GenericNack, True)):
        session = smsc()
        session.unbind(1.0)
        sequence = decode(session.bytes_to_send()).sequence_number
        session.receive_bytes(encode(answer(0, sequence)), 2.0)
        assert session.closed is ends
        assert session.counters.unknown_responses == (not ends)
