"""A sign of life on request: no second window into a dead link."""

import pytest

from smppkit.codec import encode
from smppkit.commands import CommandId
from smppkit.errors import LocalProtocolError
from smppkit.events import Alive, Closing
from smppkit.pdus import BindTransceiver, EnquireLinkResp, SubmitSm, SubmitSmResp
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role


def bound(**settings: object) -> Session:
    session = Session(Role.ESME, SessionConfig(**settings), 0.0)  # type: ignore[arg-type]
    sequence = session.send(BindTransceiver(system_id="x"), 0.0)
    response = BindTransceiver().response(0)
    response.sequence_number = sequence
    session.receive_bytes(encode(response), 0.0)
    session.events()
    session.bytes_to_send()
    return session


def test_an_enquiry_is_sent_once_and_any_pdu_answers_it() -> None:
    session = bound()
    session.enquire(1.0)
    session.enquire(1.1)
    octets = session.bytes_to_send()
    assert len(octets) == 16
    assert int.from_bytes(octets[4:8], "big") == CommandId.ENQUIRE_LINK
    assert session.enquiring
    sequence = session.send(SubmitSm(destination_addr="1"), 1.2)
    session.receive_bytes(encode(SubmitSmResp(sequence_number=sequence, message_id="1")), 2.0)
    assert [type(event).__name__ for event in session.events()] == ["Response", "Alive"]
    assert not session.enquiring
    assert session.heard_at == 2.0


def test_only_who_asked_is_told() -> None:
    session = bound(enquire_link_interval=10.0)
    session.on_deadline(10.0)
    assert session.enquiring
    session.receive_bytes(encode(EnquireLinkResp(sequence_number=2)), 10.1)
    assert session.events() == []
    session.on_deadline(20.2)
    session.enquire(20.3)  # asked already: it is told of the same answer
    session.receive_bytes(encode(EnquireLinkResp(sequence_number=3)), 20.4)
    assert session.events() == [Alive()]


def test_a_peer_that_gives_no_sign_has_a_time_of_its_own() -> None:
    session = bound(enquire_link_timeout=4.0, response_timeout=60.0, enquire_link_interval=None)
    session.enquire(1.0)
    assert session.next_deadline() == 5.0
    session.on_deadline(5.0)
    assert session.events() == [Closing("enquire_link was not answered")]


def test_who_is_not_bound_is_not_asked() -> None:
    with pytest.raises(LocalProtocolError, match="only a bound peer"):
        Session(Role.ESME, SessionConfig(), 0.0).enquire(0.0)


def test_a_bind_has_a_time_of_its_own() -> None:
    session = Session(Role.ESME, SessionConfig(bind_timeout=5.0), 0.0)
    session.send(BindTransceiver(system_id="x"), 1.0)
    assert session.next_deadline() == 5.0
    session.on_deadline(5.0)
    assert isinstance(session.events()[-1], Closing)
