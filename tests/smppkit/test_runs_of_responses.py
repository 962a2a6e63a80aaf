"""Runs of submit_sm_resp: what is cut out as one is what the decoder reads, and an ESME's session tells as much."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smppkit.codec import CODECS, HEADER_SIZE, encode
from smppkit.errors import LocalProtocolError, WindowFull
from smppkit.events import LateResponse, Response, SubmitsTaken
from smppkit.pdus import (
    AlertNotification,
    BindTransceiver,
    DeliverSm,
    DeliverSmResp,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Unbind,
)
from smppkit.runs import TakenRun, esme_readers
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role, Version
from smppkit.stream import StreamDecoder
from tests.smppkit.generated import pdus
from tests.smppkit.test_session import bound_esme


def reading(submits: int, **config: object) -> Session:
    """An ESME that waits for the answers to submits "a", "b" … with the numbers 2, 3 …, the first sent at 1.0."""
    session = bound_esme(window=100, **config)
    session.read_runs(esme_readers(session.version))
    for index in range(submits):
        session.send(SubmitSm(destination_addr="7705", short_message=b"hello"), 1.0 + (index > 0), "abcdefgh"[index])
    session.bytes_to_send()
    return session


def taken(*numbers: int) -> bytes:
    return b"".join(encode(SubmitSmResp(0, number, message_id=f"id{number}")) for number in numbers)


alike = st.integers(2, 60).map(
    lambda count: [SubmitSmResp(0, place, message_id=f"{place:08x}") for place in range(count)]
)


@settings(max_examples=100)
@given(version=st.sampled_from(list(Version)), sent=st.lists(pdus(SubmitSmResp), max_size=4) | alike, changes=st.data())
def test_a_run_is_what_the_decoder_reads(version: Version, sent: list[Pdu], changes: st.DataObject) -> None:
    octets = bytearray(b"".join(map(CODECS[Version.V34].encode, sent)))
    for _ in range(changes.draw(st.integers(0, 3)) if octets else 0):
        octets[changes.draw(st.integers(0, len(octets) - 1))] = changes.draw(st.integers(0, 255))
    plain = StreamDecoder(codec=CODECS[version]).feed(bytes(octets))
    found: list[object] = []
    for fate in StreamDecoder(codec=CODECS[version]).fates(bytes(octets), readers=esme_readers(version)):
        found += fate.pdus() if isinstance(fate, TakenRun) else [fate]
    assert found == plain


def test_submits_of_one_time_are_told_of_together() -> None:
    session = reading(4)
    session.receive_bytes(taken(2, 4, 9, 3) + encode(SubmitSmResp(0x58, 5)), 3.0)
    first, second, third, refused = session.events()
    assert first == SubmitsTaken(["a"], ["id2"], 1.0)
    assert second == SubmitsTaken(["c"], ["id4"], 2.0)
    assert third == SubmitsTaken(["b"], ["id3"], 2.0)  # what answers nothing stands between
    assert isinstance(refused, Response)
    assert (session.outstanding, session.counters.unknown_responses, session.counters.pdus_in) == (0, 1, 6)


def test_submits_of_several_times_are_told_of_by_times() -> None:
    session = reading(4)
    session.receive_bytes(taken(2, 3, 5), 3.0)
    assert session.events() == [SubmitsTaken(["a"], ["id2"], 1.0), SubmitsTaken(["b", "d"], ["id3", "id5"], 2.0)]
    session.receive_bytes(taken(4, 4), 3.0)
    first, *others = session.events()
    assert first == SubmitsTaken(["c"], ["id4"], 2.0)
    assert (others, session.outstanding, session.counters.unknown_responses) == ([], 0, 1)


def test_an_answer_that_comes_late_is_an_event_of_its_own() -> None:
    session = reading(2, response_timeout=5.0)
    session.on_deadline(6.0)
    session.events()
    session.receive_bytes(taken(2, 3), 6.5)
    late, in_time = session.events()
    assert isinstance(late, LateResponse)
    assert (late.context, in_time) == ("a", SubmitsTaken(["b"], ["id3"], 2.0))


def test_the_last_answer_lets_unbinding_go_on() -> None:
    session = reading(2)
    session.unbind(3.0)
    assert session.bytes_to_send() == b""
    session.receive_bytes(taken(2, 3), 4.0)
    assert [type(event) for event in session.events()] == [Response, Response]
    assert session.bytes_to_send() == encode(Unbind(0, 4))


@pytest.mark.parametrize(
    "odd", [encode(SubmitSmResp(0x58, 2)), encode(SubmitSmResp(0, 2))[:16], b"\0\0\0\x10\x80\0\0\4" + bytes(8)]
)
def test_what_says_less_or_more_is_in_no_run(odd: bytes) -> None:
    fates = list(
        StreamDecoder().fates(odd[:3] + len(odd).to_bytes(1, "big") + odd[4:], readers=esme_readers(Version.V34))
    )
    assert not any(isinstance(fate, TakenRun) for fate in fates)


# what an ESME sends in runs


def send(session: Session, *submits: SubmitSm, numbers: Sequence[int] = ()) -> None:
    bodies = [encode(pdu)[HEADER_SIZE:] for pdu in submits]
    numbers = numbers or [session.reserve(1) for _ in submits]
    session.send_run(SubmitSm.command_id, bodies, numbers, list(range(len(submits))), 1.0)


def test_a_run_of_requests_is_sent_as_one_after_the_other() -> None:
    one, all_at_once = reading(0), reading(0)
    submits = [SubmitSm(destination_addr="7705", short_message=text) for text in (b"a", b"b" * 254)]
    send(all_at_once, *submits)
    first, second = (one.send(pdu, 1.0, place) for place, pdu in enumerate(submits))
    assert all_at_once.bytes_to_send() == one.bytes_to_send()
    all_at_once.receive_bytes(taken(first, second), 2.0)
    assert all_at_once.events() == [SubmitsTaken([0, 1], [f"id{first}", f"id{second}"], 1.0)]


@pytest.mark.parametrize(
    ("window", "numbers", "queued", "error"),
    [(2, [8, 9, 10], 2, WindowFull), (9, [8, 9, 8, 10], 2, LocalProtocolError), (9, [8, 7, 9], 1, LocalProtocolError)],
)
def test_a_run_ends_where_it_cannot_go_on_and_what_is_before_that_is_sent_i6(
    window: int, numbers: list[int], queued: int, error: type[Exception]
) -> None:
    session = reading(0)
    if 7 in numbers:
        send(session, SubmitSm(destination_addr="7705"), numbers=[7])
        session.bytes_to_send()
    session.window = window
    with pytest.raises(error):
        send(session, *[SubmitSm(destination_addr="7705")] * len(numbers), numbers=numbers)
    sent = [encode(SubmitSm(0, number, destination_addr="7705")) for number in numbers[:queued]]
    assert (session.outstanding, session.bytes_to_send()) == (queued + (7 in numbers), b"".join(sent))


@pytest.mark.parametrize("kind", [SubmitSm, BindTransceiver, AlertNotification])
def test_what_is_no_common_request_is_sent_in_no_run(kind: type[Pdu]) -> None:
    session = Session(Role.ESME, SessionConfig(), 0.0)
    with pytest.raises(LocalProtocolError):
        session.send_run(kind.command_id, [b""], [1], [None], 0.0)


def test_many_are_answered_as_one_after_the_other_i6() -> None:
    session = reading(0)
    session.receive_bytes(b"".join(encode(DeliverSm(0, number)) for number in (7, 8, 7)), 1.0)
    session.respond_all([DeliverSmResp(0, 7), DeliverSmResp(0x64, 8), DeliverSmResp(0, 7)], 2.0)
    assert session.bytes_to_send() == b"".join(encode(DeliverSmResp(*of)) for of in ((0, 7), (0x64, 8), (0, 7)))
    assert session.unanswered == 0
    with pytest.raises(LocalProtocolError):
        session.respond_all([DeliverSmResp(0, 7)], 2.0)
    session.connection_lost(3.0)
    session.respond_all([DeliverSmResp(0, 9)], 3.0)
    assert session.counters.late_answers == 1
