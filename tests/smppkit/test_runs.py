"""Runs: what is cut out as one is what the decoder reads, and a session treats it as so many requests."""

from __future__ import annotations

from itertools import islice

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import smppkit.runs as runs_module
from smppkit.codec import CODECS, encode
from smppkit.errors import LocalProtocolError
from smppkit.events import AcceptedResponses, Closing, Request, RequestRun, Response, Unbound
from smppkit.pdus import DeliverSm, DeliverSmResp, EnquireLink, Pdu, SubmitSm, SubmitSmResp, Unbind
from smppkit.runs import ADDRESSED, AcceptedRun, Candidates, Frames, SubmitRun, run_readers
from smppkit.sequence import LAST
from smppkit.session import Session
from smppkit.states import Role, Version
from smppkit.stream import BadPdu, StreamDecoder
from smppkit.tlvs import USER_MESSAGE_REFERENCE
from tests.smppkit.generated import pdus
from tests.smppkit.test_session_answers import smsc

VERSIONS = (Version.V34, Version.V50)
ANSWER = b"\0\0\0\x10\x80\0\0\x04" + bytes(8)


def submit(number: int, **more: object) -> bytes:
    return encode(SubmitSm(0, number, destination_addr="7705", short_message=b"hello", **more))  # type: ignore[arg-type]


def accepted(*numbers: int) -> bytes:
    return b"".join(encode(DeliverSmResp(0, number)) for number in numbers)


def reading(**config: object) -> Session:
    session = smsc(**config)
    session.read_runs(run_readers(Version.V34, lambda: None))
    return session


def read(octets: bytes, version: Version = Version.V34, apart: object = None) -> list[object]:
    decoder = StreamDecoder(codec=CODECS[version])
    readers = run_readers(version, lambda: apart)  # type: ignore[arg-type, return-value]
    return list(decoder.fates(octets, readers=readers))


# what is cut out


def test_plain_submits_that_follow_each_other_are_a_run() -> None:
    octets = submit(1) + submit(2, source_addr="SHOP") + submit(3)
    run, odd, last = read(octets + submit(4, tlvs=(USER_MESSAGE_REFERENCE.of(7),)) + submit(5))
    assert isinstance(run, SubmitRun)
    assert (len(run), run.frames.octets, run.registered_delivery) == (3, octets, 0)
    assert list(run.pdus()) == StreamDecoder().feed(octets)
    assert isinstance(odd, SubmitSm)
    assert isinstance(last, SubmitRun)


def test_a_run_has_its_registered_delivery_in_common() -> None:
    runs = read(submit(1) + submit(2, registered_delivery=1) + submit(3, registered_delivery=1))
    assert [(len(run), run.registered_delivery) for run in runs if isinstance(run, SubmitRun)] == [(1, 0), (2, 1)]


def test_what_is_apart_is_in_no_run() -> None:
    octets = submit(1) + encode(SubmitSm(0, 2, destination_addr="5550008")) + submit(3)
    fates = read(octets, apart=apart)
    assert [type(fate) for fate in fates] == [SubmitRun, SubmitSm, SubmitRun]


def apart(submits: Candidates) -> int | None:
    return next((place for place, address in enumerate(submits.destinations) if address.endswith(b"8\0")), None)


@given(last=st.lists(st.sampled_from("1118"), max_size=40))
def test_what_is_apart_is_in_no_run_wherever_it_comes(last: list[str]) -> None:
    sent = [SubmitSm(0, number, destination_addr="7705" + digit) for number, digit in enumerate(last, 1)]
    fates = read(b"".join(map(encode, sent)), apart=apart)
    assert [pdu for fate in fates for pdu in (fate.pdus() if isinstance(fate, SubmitRun) else [fate])] == sent
    runs = [len(fate) for fate in fates if isinstance(fate, SubmitRun)]
    assert runs == [len(ones) for ones in "".join(last).split("8") if ones]


@pytest.mark.parametrize(
    "more",
    [
        {"esm_class": 0x40, "short_message": b"\0"},
        {"esm_class": 0x02},
        {"validity_period": "000000000500000R"},
        {"schedule_delivery_time": "000000000500000R"},
        {"replace_if_present_flag": 1},
        {"sm_default_msg_id": 1},
    ],
    ids=lambda more: next(iter(more)),
)
def test_what_needs_a_closer_look_is_in_no_run(more: dict[str, object]) -> None:
    (fate,) = read(encode(SubmitSm(0, 1, destination_addr="7705", **more)))  # type: ignore[arg-type]
    assert isinstance(fate, SubmitSm)


@settings(max_examples=50)
@given(version=st.sampled_from(VERSIONS), sent=st.lists(pdus(SubmitSm), max_size=4), changes=st.data())
def test_a_run_is_what_the_decoder_reads(version: Version, sent: list[Pdu], changes: st.DataObject) -> None:
    octets = bytearray(b"".join(map(CODECS[Version.V34].encode, sent)))
    for _ in range(changes.draw(st.integers(0, 3)) if octets else 0):
        octets[changes.draw(st.integers(0, len(octets) - 1))] = changes.draw(st.integers(0, 255))
    plain = StreamDecoder(codec=CODECS[version]).feed(bytes(octets))
    found: list[object] = []
    for fate in read(bytes(octets), version):
        found += fate.pdus() if isinstance(fate, SubmitRun) else [fate]
        if isinstance(fate, SubmitRun):
            assert [int.from_bytes(number, "big") for number in fate.sequences] == [
                pdu.sequence_number for pdu in fate.pdus()
            ]
            for index, pdu in enumerate(fate.pdus()):
                assert_addressed(fate.frames, index, pdu)
    assert found == plain


@settings(max_examples=100)
@given(
    shapes=st.lists(st.tuples(st.integers(1, 12), st.sampled_from(["SHOP", "1000", ""]), st.booleans()), max_size=4),
    apart_from=st.sampled_from(["", "8", "17"]),
    changes=st.lists(st.tuples(st.integers(0, 1 << 12), st.integers(0, 255)), max_size=2),
    cut=st.integers(0, 60),
)
def test_submits_that_are_alike_are_read_as_each_by_itself(
    shapes: list[tuple[int, str, bool]], apart_from: str, changes: list[tuple[int, int]], cut: int
) -> None:
    """In runs that end where these do, whatever octet of them is another one."""
    numbers = iter(range(1, 1 << 10))
    octets = bytearray()
    for count, source, long in shapes:
        for number in islice(numbers, count):
            text = b"text %02d" % (number % 7) + bytes(10 * long)
            octets += encode(
                SubmitSm(
                    0,
                    number,
                    source_addr=source,
                    destination_addr=f"77{number:04}",
                    data_coding=8 * (source == "1000"),
                    short_message=text,
                )
            )
    for place, octet in changes:
        if octets:
            octets[place % len(octets)] = octet
    data = bytes(octets[: max(0, len(octets) - cut)])
    suffix = apart_from.encode() + b"\0"

    def first_apart(submits: Candidates) -> int | None:
        sources = [source for count, source in submits.sources() for _ in range(count)]
        texts = [(coding, text) for coding, some in submits.texts() for text in some]
        ends = [*submits.starts[1:], submits.end - submits.first]
        for start, end, *said in zip(submits.starts, ends, submits.destinations, sources, texts, strict=True):
            (pdu,) = StreamDecoder().feed(submits.octets[submits.first + start : submits.first + end])
            assert isinstance(pdu, SubmitSm)
            addresses = [f"{address}\0".encode("latin-1") for address in (pdu.destination_addr, pdu.source_addr)]
            assert said == [*addresses, (pdu.data_coding, pdu.short_message)]
        return next((place for place, one in enumerate(submits.destinations) if one.endswith(suffix)), None)

    def one_by_one() -> list[object]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(runs_module, "_submits_alike", lambda *_: 1)
            return read(data, apart=first_apart if apart_from else None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs_module, "_WORTHWHILE", 2)
        together = read(data, apart=first_apart if apart_from else None)
    each = one_by_one()
    assert [shape_of(fate) for fate in together] == [shape_of(fate) for fate in each]


def shape_of(fate: object) -> object:
    if not isinstance(fate, SubmitRun):
        return fate
    addressed, again = fate.addressed(), fate.frames.addressed()
    said = [
        [list(column) * (len(fate) // len(column)) for column in msgspec.structs.astuple(of)]  # some are once of all
        for of in (addressed, again)
    ]
    assert said[0] == said[1]
    return fate.octets, list(fate.frames.starts), list(fate.sequences), fate.registered_delivery


def test_most_of_a_busy_read_is_looked_at_in_columns() -> None:
    (run,) = read(b"".join(map(submit, range(1, 101))))
    assert isinstance(run, SubmitRun)
    assert [count for count, _ in run.found] == [100]
    mixture = b"".join(submit(number, source_addr="1" * (number % 2)) for number in range(1, 101))
    (run,) = read(mixture)
    assert isinstance(run, SubmitRun)
    assert len(run.found) == 100


@given(
    st.integers(0, 60),
    st.integers(0, 60),
    st.lists(st.tuples(st.integers(0, 1 << 10), st.integers(0, 255)), max_size=1),
)
def test_acknowledgements_are_the_same_in_columns(many: int, more: int, changes: list[tuple[int, int]]) -> None:
    octets = bytearray(accepted(*range(1, many + 1)) + submit(1) + accepted(*range(more)))
    for place, octet in changes:
        octets[place % len(octets)] = octet
    found: list[object] = []
    for fate in read(bytes(octets)):
        found += fate.pdus() if isinstance(fate, SubmitRun | AcceptedRun) else [fate]
    assert found == StreamDecoder().feed(bytes(octets))


def assert_addressed(frames: Frames, index: int, pdu: object) -> None:
    assert isinstance(pdu, SubmitSm)
    start, end = frames.span(index)
    match = ADDRESSED.match(frames.octets, start + 16)
    assert match is not None
    service_type, source, destination, data_coding = match.groups()
    assert service_type == pdu.service_type.encode("latin-1") + b"\0"
    assert source == bytes([pdu.source_addr_ton, pdu.source_addr_npi]) + pdu.source_addr.encode("latin-1") + b"\0"
    assert destination[2:] == pdu.destination_addr.encode("latin-1") + b"\0"
    assert (data_coding[0], frames.octets[match.end() : end]) == (pdu.data_coding, pdu.short_message)


def test_a_run_ends_where_a_pdu_is_not_whole_or_cannot_be_read() -> None:
    octets = submit(1) + submit(2)
    decoder = StreamDecoder()
    readers = run_readers(Version.V34, lambda: None)
    first = list(decoder.fates(octets[:-1], readers=readers))
    second = list(decoder.fates(octets[-1:], readers=readers))
    assert [len(run) for run in (*first, *second) if isinstance(run, SubmitRun)] == [1, 1]
    wrong = bytearray(submit(2))
    wrong[17] = 9  # a reserved type of number
    assert [type(fate) for fate in read(submit(1) + wrong)] == [SubmitRun, BadPdu]


# in a session


def test_i6_a_run_is_answered_once() -> None:
    session = reading()
    session.receive_bytes(submit(5) + submit(6), 1.0)
    (event,) = session.events()
    assert isinstance(event, RequestRun)
    assert (session.unanswered, session.counters.pdus_in) == (2, 3)
    session.respond_run(event.run, 2, ANSWER * 2, 1.0)
    assert (session.bytes_to_send(), session.unanswered, session.counters.pdus_out) == (ANSWER * 2, 0, 3)
    for again in (
        lambda: session.respond_run(event.run, 2, ANSWER, 1.0),
        lambda: session.forget_run(event.run, 2, 1.0),
        lambda: session.unroll(event.run),
    ):
        with pytest.raises(LocalProtocolError, match="2 requests of a run do not wait"):
            again()
    session.connection_lost(2.0)
    session.respond_run(event.run, 2, ANSWER, 2.0)
    assert session.counters.late_answers == 2


def test_i6_a_run_is_answered_a_few_at_a_time() -> None:
    session = reading()
    session.receive_bytes(submit(5) + submit(6) + submit(7), 1.0)
    (event,) = session.events()
    assert isinstance(event, RequestRun)
    session.respond_run(event.run, 1, ANSWER, 1.0)
    assert (session.unanswered, session.counters.pdus_out) == (2, 2)
    for too_many in (
        lambda: session.respond_run(event.run, 3, ANSWER * 3, 1.0),
        lambda: session.forget_run(event.run, 3, 1.0),
        lambda: session.unroll(event.run),
    ):
        with pytest.raises(LocalProtocolError, match="3 requests of a run do not wait"):
            too_many()
    session.forget_run(event.run, 2, 1.0)
    assert (session.unanswered, session.counters.left_unanswered) == (0, 2)


def test_a_run_can_be_taken_apart() -> None:
    session = reading()
    session.receive_bytes(submit(5) + submit(6), 1.0)
    (event,) = session.events()
    assert isinstance(event, RequestRun)
    session.unroll(event.run)
    session.forget(5, 1.0)
    session.respond(SubmitSmResp(0, 6), 1.0)
    assert session.unanswered == 0
    assert session.counters.left_unanswered == 1


def test_a_run_beyond_the_window_comes_one_by_one() -> None:
    session = reading(peer_window=3)
    session.receive_bytes(submit(5) + submit(6), 1.0)
    session.receive_bytes(submit(7) + submit(8), 1.0)
    assert [type(event) for event in session.events()] == [RequestRun, Request]
    assert (session.counters.window_overruns, session.unanswered) == (1, 3)


def test_an_unbind_waits_for_a_run() -> None:
    session = reading()
    session.receive_bytes(submit(5) + encode(Unbind(0, 6)), 1.0)
    run, unbound = session.events()
    assert isinstance(run, RequestRun)
    assert isinstance(unbound, Unbound)
    session.receive_bytes(submit(7), 1.0)
    assert session.counters.illegal_requests == 1
    session.bytes_to_send()
    session.forget_run(run.run, 1, 1.0)
    assert [type(event) for event in session.events()] == [Closing]
    assert session.counters.left_unanswered == 1


def test_a_tap_is_told_of_every_pdu() -> None:
    session, seen = reading(), []
    session.listen_in(lambda way, octets: seen.append((way, octets)))
    session.receive_bytes(submit(5) + submit(6), 1.0)
    assert [type(event) for event in session.events()] == [Request, Request]
    session.send_many([encode(DeliverSm(0, 0))], [None], 1.0)
    assert seen == [("in", submit(5)), ("in", submit(6)), ("out", encode(DeliverSm(0, 1)))]


def test_a_tap_for_many_is_told_of_all_at_once() -> None:
    """And of what is not in a run by itself, in the order on the wire. One that listens later hears of each answer."""
    session, seen = reading(), []
    session.listen_in(
        lambda way, octets: seen.append((way, octets)), lambda way, count, octets: seen.append((way, count, octets))
    )
    enquiry, delivery = encode(EnquireLink(0, 7)), encode(DeliverSm(0, 0))
    session.receive_bytes(submit(5) + submit(6) + enquiry, 1.0)
    (event, *_) = session.events()
    assert isinstance(event, RequestRun)
    session.send_many([delivery, delivery], [None, None], 1.0)
    session.receive_bytes(encode(DeliverSmResp(0, 1)) + encode(DeliverSmResp(0, 2)), 1.0)
    assert seen == [
        ("in", 2, submit(5) + submit(6)),
        ("in", enquiry),
        ("out", encode(EnquireLink(0, 7).response())),
        ("out", 2, encode(DeliverSm(0, 1)) + encode(DeliverSm(0, 2))),
        ("in", 2, encode(DeliverSmResp(0, 1)) + encode(DeliverSmResp(0, 2))),
    ]
    seen.clear()
    session.listen_in(lambda way, octets: seen.append((way, octets)))
    session.respond_run(event.run, 2, ANSWER * 2, 1.0)
    assert seen == [("out", ANSWER)] * 2


def test_deliveries_are_sent_and_accepted_together() -> None:
    session = reading(window=3)
    octets = encode(DeliverSm(0, 0, short_message=b"a"))
    session.send_many([octets] * 3, list("abc"), 1.0)
    expected = b"".join(encode(DeliverSm(0, number, short_message=b"a")) for number in (1, 2, 3))
    assert (session.bytes_to_send(), session.window_free) == (expected, 0)
    session.receive_bytes(accepted(1, 3) + accepted(9) + accepted(2) + encode(EnquireLink(0, 1)), 2.0)
    assert session.events() == [AcceptedResponses(["a", "c"]), AcceptedResponses(["b"])]
    assert (session.outstanding, session.counters.unknown_responses) == (0, 1)


def test_what_says_more_than_yes_is_an_event_of_its_own() -> None:
    session = reading()
    session.send_many([encode(DeliverSm(0, 0))] * 3, range(3), 1.0)
    session.receive_bytes(accepted(1) + encode(DeliverSmResp(0x64, 2)) + encode(DeliverSmResp(0, 3, message_id="x")), 2)
    assert [type(event) for event in session.events()] == [AcceptedResponses, Response, Response]


def test_the_last_answer_lets_unbinding_go_on() -> None:
    session = reading()
    session.send_many([encode(DeliverSm(0, 0))], [None], 1.0)
    session.unbind(1.0)
    session.bytes_to_send()
    session.receive_bytes(accepted(1), 2.0)
    assert session.bytes_to_send() == encode(Unbind(0, 2))


def test_nothing_is_sent_beyond_the_window() -> None:
    session = reading(window=2)
    octets = encode(DeliverSm(0, 0))
    with pytest.raises(LocalProtocolError):
        session.send_many([octets] * 3, range(3), 1.0)
    assert session.bytes_to_send() == encode(DeliverSm(0, 1)) + encode(DeliverSm(0, 2))
    esme = Session(Role.ESME, session.config, 0.0)
    with pytest.raises(LocalProtocolError):
        esme.send_many([octets], [None], 0.0)


def test_numbers_of_those_sent_together_go_round_and_none_in_use_is_used_again() -> None:
    session = reading(window=10)
    octets = encode(DeliverSm(0, 0))
    session.send_many([octets] * 2, list("ab"), 1.0)
    session.reserve(LAST - 4)
    session.bytes_to_send()
    with pytest.raises(LocalProtocolError):
        session.send_many([octets] * 4, list("cdef"), 1.0)
    assert session.bytes_to_send() == encode(DeliverSm(0, LAST - 1)) + encode(DeliverSm(0, LAST))
    session.receive_bytes(accepted(LAST - 1, LAST, 1, 2), 2.0)
    assert session.events() == [AcceptedResponses(list("cd")), AcceptedResponses(list("ab"))]


def test_a_delivery_is_accepted_once_however_often_that_is_said() -> None:
    session = reading()
    session.send_many([encode(DeliverSm(0, 0))] * 2, list("ab"), 1.0)
    session.receive_bytes(accepted(1, 1, 2), 2.0)
    assert session.events() == [AcceptedResponses(["a"]), AcceptedResponses(["b"])]
    assert (session.outstanding, session.counters.unknown_responses) == (0, 1)
