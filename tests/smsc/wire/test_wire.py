"""The wire: faults between two real ends, in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.error import ConnectionLost
from twisted.internet.protocol import Factory

from carrierlab.clock import SimClock
from carrierlab.links import SimNetwork
from carrierlab.wires import CAPACITY, Conditions
from smppkit.events import Event, NoResponse, Request, Response
from smppkit.pdus import BindTransceiver, SubmitSm
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role
from smppkit.transport import Link
from smsc.faults.active import ActiveFaults
from smsc.wire.wire import HIGH_WATER, MOST_WAITING, FaultyWire
from tests.smsc.faults.bench import (
    BIND,
    BIND_RESP,
    ENQUIRE,
    RECEIPT,
    RECEIPT_RESP,
    RESP,
    RESP2,
    SUBMIT,
    Bench,
    entry,
)

TRANSPARENT = [
    "{fault: slice, direction: both, size: SIZE}",
    "{fault: coalesce, direction: both, pdus: 3, wait: 700ms}",
    "{fault: delay, direction: both, by: uniform 0ms 900ms}",
    "{fault: bandwidth, direction: both, rate: 200/s}",
    "{fault: dribble, direction: both, size: SIZE, gap: 10ms}",
    "{fault: stall, direction: both, lasts: 2s, probability: 20%}",
]
FRAMES = [BIND, BIND_RESP, SUBMIT, RESP, RESP2, RECEIPT, RECEIPT_RESP, ENQUIRE]
frames = st.lists(st.sampled_from(FRAMES), max_size=20)
sizes = st.integers(1, 40).map(str)
chosen = st.builds(lambda fault, size: fault.replace("SIZE", size), st.sampled_from(TRANSPARENT), sizes)
several = st.lists(chosen, min_size=1, max_size=3)


@settings(max_examples=150, deadline=None)
@given(several, frames, st.lists(st.integers(1, 60), max_size=40), st.integers(0, 3))
def test_no_octet_is_lost_or_reordered(wanted: list[str], sent: list[bytes], cuts: list[int], seed: int) -> None:
    bench = Bench(*wanted, seed=seed)
    stream, at = b"".join(sent), 0
    for index, frame in enumerate(sent):
        bench.say(frame)
        size = cuts[index] if index < len(cuts) else 7
        bench.hear(stream[at : at + size]) if at < len(stream) else None
        at += size
        bench.run(0.05 * (index % 3))
        if index == len(sent) // 2 and len(bench.running) > 1:
            bench.faults.end(bench.running.pop())
    bench.hear(stream[at:])
    bench.run(600)
    assert bench.octets_out == stream
    assert bench.octets_in == stream
    bench.lose()
    assert bench.upper.lost == "ConnectionDone"
    assert bench.clock.getDelayedCalls() == []


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80), frames, st.lists(st.tuples(st.integers(1, 50), st.booleans()), max_size=30))
def test_a_fault_that_comes_and_goes_at_any_octet_changes_none(
    tail: bytes, sent: list[bytes], steps: list[tuple[int, bool]]
) -> None:
    stream, at, running = b"".join(sent) + tail, 0, None
    bench = Bench(system_id=None)
    for size, on in [*steps, (len(stream), False)]:
        if on and running is None:
            running = bench.faults.begin(entry("{fault: slice, direction: in, size: 3}"))
        elif not on and running is not None:
            bench.faults.end(running)
            running = None
        bench.hear(stream[at : at + size])
        at += size
    bench.run(10).lose()
    assert bench.octets_in == stream


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=30), frames, st.lists(st.tuples(st.integers(1, 50), st.booleans()), max_size=30))
def test_a_wire_that_asks_where_a_pdu_begins_does_what_one_does_that_follows(
    tail: bytes, sent: list[bytes], steps: list[tuple[int, bool]]
) -> None:
    stream, heard = b"".join(sent) + tail, []
    for follows in (True, False):
        bench, at, running = Bench(follows=follows), 0, None
        for size, on in [*steps, (len(stream), False)]:
            if on and running is None:
                running = bench.faults.begin(entry("{fault: delay, direction: in, by: 10ms}"))
            elif not on and running is not None:
                bench.faults.end(running)
                running = None
            bench.hear(stream[at : at + size]).run(0.02)
            at += size
        heard.append(bench.heard)
    assert heard[0] == heard[1]


# --- what comes when ----------------------------------------------------------------------------------


def test_without_a_fault_octets_pass_as_they_are() -> None:
    bench = Bench().say(RESP + RESP2).hear(SUBMIT[:7], SUBMIT[7:] + ENQUIRE)
    assert bench.said == [RESP + RESP2]
    assert [what for _, what in bench.heard] == [SUBMIT[:7], SUBMIT[7:] + ENQUIRE]


def test_a_fault_holds_from_its_beginning_to_its_end() -> None:
    bench = Bench().say(RESP)
    running = bench.faults.begin(entry("{fault: no-response}"))
    bench.say(RESP2)
    bench.faults.end(running)
    bench.faults.end(running)
    assert bench.say(RESP).said == [RESP, RESP]
    assert bench.faults.counts == {"no-response": 1}


def test_a_stall_ends_with_its_fault_and_then_all_comes_at_once() -> None:
    bench = Bench("{fault: stall, direction: both}").say(RESP, RESP2).hear(SUBMIT)
    assert not bench.transport.reading
    bench.run(5)
    assert (bench.told, bench.heard) == ([], [])
    bench.faults.end(bench.running[0])
    bench.run(0)
    assert (bench.told, bench.heard) == ([(5, RESP + RESP2)], [(5, SUBMIT)])
    assert bench.transport.reading


def test_what_never_comes_comes_when_the_fault_is_over() -> None:
    bench = Bench("{fault: delay, by: never}").say(RESP, RESP2).run(9)
    assert bench.told == []
    bench.faults.end(bench.running[0])
    assert bench.run(0).told == [(9, RESP + RESP2)]


def test_what_is_late_delays_what_comes_after_it() -> None:
    bench = Bench("{fault: delay, by: 1s, stage: response}").say(RESP)
    bench.faults.end(bench.running[0])
    assert bench.say(RECEIPT).told == []
    assert bench.run().told == [(1, RESP + RECEIPT)]


def test_probability_is_a_share_drawn_by_seed_and_connection() -> None:
    def struck(seed: int, key: str) -> list[bool]:
        bench = Bench("{fault: no-response, probability: 30%}", seed=seed, key=key)
        before: list[bool] = []
        for _ in range(400):
            count = len(bench.said)
            before.append(len(bench.say(RESP).said) == count)
        return before

    first = struck(1, "1")
    assert 80 < sum(first) < 160
    assert struck(1, "1") == first
    assert struck(2, "1") != first
    assert struck(1, "2") != first


def test_skip_and_times_count_on_each_connection() -> None:
    bench = Bench("{fault: no-response, skip: 1, times: 2}")
    assert bench.say(RESP, RESP2, RESP2, RESP).said == [RESP, RESP]


def test_a_fault_is_for_the_accounts_that_it_names() -> None:
    assert Bench("{fault: no-response, account: sh*}").say(RESP).said == []
    assert Bench("{fault: no-response, account: other}").say(RESP).said == [RESP]


@pytest.mark.parametrize("cut", range(1, len(BIND)))
def test_a_wire_that_is_not_told_reads_the_bind_for_the_name(cut: int) -> None:
    bench = Bench(system_id=None).hear(BIND[:cut], BIND[cut:] + SUBMIT[:9])
    bench.faults.begin(entry("{fault: no-response, account: shop}"))
    assert bench.say(RESP).said == []
    assert bench.hear(SUBMIT[9:]).octets_in == BIND + SUBMIT


def test_of_faults_that_lie_the_first_that_strikes_is_the_only_one() -> None:
    bench = Bench("{fault: generic-nack, times: 1}", "{fault: no-response, times: 1}", "{fault: slice, size: 8}")
    bench.say(RESP, RESP, RESP).run()
    nack = bytes.fromhex("00000010 80000000 00000002 00000002")
    assert bench.octets_out == nack + RESP
    assert [len(what) for what in bench.said] == [8, 8, 8, 8, 5]


# --- ends ---------------------------------------------------------------------------------------------


def test_a_close_waits_for_what_was_written() -> None:
    bench = Bench("{fault: delay, by: 1s}").say(RESP)
    bench.wire.loseConnection()
    bench.say(RESP2)
    assert bench.run().told == [(1, RESP), (1, "FIN")]


def test_a_response_kept_back_leaves_before_the_close() -> None:
    bench = Bench("{fault: swapped-responses}").say(RESP)
    bench.wire.loseConnection()
    assert bench.said == [RESP, "FIN"]


def test_a_reset_takes_what_waits_with_it() -> None:
    bench = Bench("{fault: delay, by: 1s}").say(RESP)
    bench.wire.abortConnection()
    assert bench.run().said == ["RST"]
    bench.reset_by_peer()
    assert bench.upper.lost == "ConnectionAborted"
    assert bench.clock.getDelayedCalls() == []


def test_the_end_of_the_stream_comes_behind_what_is_late() -> None:
    bench = Bench("{fault: delay, direction: in, by: 1s}").hear(SUBMIT, ENQUIRE[:3]).lose()
    assert bench.upper.lost is None
    bench.run()
    assert (bench.octets_in, bench.upper.lost) == (SUBMIT + ENQUIRE[:3], "ConnectionDone")


def test_a_reset_by_the_peer_waits_for_nothing() -> None:
    bench = Bench("{fault: delay, direction: in, by: 1s}").hear(SUBMIT)
    bench.lose(ConnectionLost())
    assert (bench.octets_in, bench.upper.lost) == (b"", "ConnectionLost")
    assert bench.clock.getDelayedCalls() == []


def test_half_open_tells_nobody_and_the_peer_only_when_it_is_over() -> None:
    bench = Bench("{fault: half-open}").say(RESP).hear(SUBMIT)
    bench.wire.abortConnection()
    bench.run(1)
    assert (bench.said, bench.upper.lost) == ([], "ConnectionAborted")
    bench.hear(ENQUIRE)
    bench.faults.end(bench.running[0])
    assert (bench.said, bench.octets_in) == (["RST"], b"")
    bench.reset_by_peer()


def test_half_open_hides_the_end_of_the_peer_until_it_is_over() -> None:
    bench = Bench("{fault: half-open}").say(RESP).reset_by_peer()
    bench.run(5)
    assert bench.upper.lost is None
    bench.faults.end(bench.running[0])
    bench.run(0)
    assert bench.upper.lost == "ConnectionAborted"


# --- back-pressure -------------------------------------------------------------------------------------


class Producer:
    def __init__(self) -> None:
        self.log: list[str] = []

    def pauseProducing(self) -> None:  # noqa: N802
        self.log.append("pause")

    def resumeProducing(self) -> None:  # noqa: N802
        self.log.append("resume")

    def stopProducing(self) -> None:  # noqa: N802
        self.log.append("stop")


def test_a_full_lane_pauses_the_producer_as_a_full_socket_does() -> None:
    bench, producer = Bench("{fault: stall, direction: out}"), Producer()
    bench.wire.registerProducer(producer, True)
    while not producer.log:
        bench.say(RESP)
    bench.transport.producer.pauseProducing()
    bench.faults.end(bench.running[0])
    bench.run(0)
    assert producer.log == ["pause"]
    bench.transport.producer.resumeProducing()
    assert producer.log == ["pause", "resume"]
    assert HIGH_WATER < len(bench.octets_out) < HIGH_WATER + 2 * len(RESP)
    bench.lose()
    assert producer.log == ["pause", "resume", "stop"]


def test_a_lane_that_is_full_inwards_stops_reading() -> None:
    bench = Bench("{fault: delay, direction: in, by: 1s}")
    while bench.transport.reading:
        bench.hear(SUBMIT)
    assert bench.run().transport.reading


def test_a_protocol_that_does_not_read_is_given_nothing() -> None:
    bench = Bench("{fault: delay, direction: in, by: 1s}").hear(SUBMIT)
    bench.wire.pauseProducing()
    assert bench.run().heard == []
    bench.wire.resumeProducing()
    assert bench.heard == []
    assert bench.run(0).octets_in == SUBMIT


def test_a_writer_that_does_not_stop_is_cut_off() -> None:
    bench = Bench("{fault: stall, direction: out}").say(RESP)
    for _ in range(MOST_WAITING // 60_000 + 1):
        bench.say(b"\0" * 60_000)
    assert bench.said == ["RST"]
    assert bench.faults.counts["overflow"] == 1


def test_a_fault_closes_a_transport_that_has_a_producer() -> None:
    bench, producer = Bench("{fault: close-after, octets: 5}"), Producer()
    bench.wire.registerProducer(producer, True)
    assert bench.say(RESP).said == [RESP[:5], "FIN"]
    bench.lose()


# --- two real ends --------------------------------------------------------------------------------------


class Esme:
    """A client: binds, submits, keeps what it hears."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.gone: str | None = None

    def connected(self, link: Link) -> None:
        link.send(BindTransceiver(system_id="shop", password="secret"))

    def received(self, link: Link, events: list[Event]) -> None:
        self.events += events

    def disconnected(self, link: Link, reason: str) -> None:
        self.gone = reason


class Centre(Esme):
    """A server that takes everything."""

    def connected(self, link: Link) -> None:
        pass

    def received(self, link: Link, events: list[Event]) -> None:
        super().received(link, events)
        for event in events:
            if isinstance(event, Request):
                fields = {"message_id": f"{event.pdu.sequence_number}"} if isinstance(event.pdu, SubmitSm) else {}
                link.respond(event.pdu.response(**fields))


class Pair:
    """An ESME and a message centre, bound, with a wire at the message centre's end."""

    def __init__(self, conditions: Conditions, fault: str | None = None, seed: int = 1) -> None:
        self.clock = SimClock()
        self.network = SimNetwork(self.clock, seed, conditions)
        self.faults = ActiveFaults(seed, "one")
        self.esme, self.centre = Esme(), Centre()
        self.wire: FaultyWire
        config = SessionConfig(window=1000, response_timeout=10)
        self.served = Link(lambda now: Session(Role.SMSC, config, now), self.centre, self.clock)
        self.link = Link(lambda now: Session(Role.ESME, config, now), self.esme, self.clock)

        def wired() -> Any:
            self.wire = FaultyWire(self.served, self.clock, self.faults, key="1")
            return self.wire

        self.network.server("", 2775).listen(factory(wired))  # type: ignore[arg-type]
        self.network.client("localhost", 2775, 5).connect(factory(lambda: self.link))  # type: ignore[arg-type]
        self.clock.advance(1)
        assert self.link.session.bound
        self.esme.events.clear()
        if fault is not None:
            self.faults.begin(entry(fault))

    def submit(self, count: int) -> Pair:
        for _ in range(count):
            self.link.send(SubmitSm(source_addr="SHOP", destination_addr="77051234567", short_message=b"x" * 100))
        return self

    def answers(self) -> list[str]:
        return [event.response.message_id for event in self.esme.events if isinstance(event, Response)]  # type: ignore[attr-defined]


def factory(make: Callable[[], Any]) -> Factory:
    made = Factory()
    made.noisy = False
    made.buildProtocol = lambda addr: make()  # type: ignore[method-assign]
    return made


@pytest.mark.parametrize("fault", TRANSPARENT)
@pytest.mark.parametrize("conditions", [Conditions(), Conditions.perfect()], ids=["rough", "perfect"])
def test_every_request_has_its_answer_in_order_through_a_transparent_fault(fault: str, conditions: Conditions) -> None:
    quicker = fault.replace("rate: 200", "rate: 2000").replace("10ms", "1ms").replace("SIZE", "3")
    pair = Pair(conditions, quicker).submit(20)
    pair.clock.advance(300)
    assert pair.answers() == [str(number) for number in range(2, 22)]


def test_swapped_responses_are_all_there() -> None:
    pair = Pair(Conditions.perfect(), "{fault: swapped-responses}").submit(5)
    pair.clock.advance(3)
    assert pair.answers() == ["3", "2", "5", "4", "6"]


def test_a_lost_response_is_a_submit_in_doubt() -> None:
    pair = Pair(Conditions.perfect(), "{fault: no-response, times: 1}").submit(2)
    pair.clock.advance(15)
    assert [type(event) for event in pair.esme.events] == [Response, NoResponse]
    assert pair.faults.counts == {"no-response": 1}


def test_a_reset_at_the_response_loses_it_and_the_submit_was_taken() -> None:
    pair = Pair(Conditions.perfect(), "{fault: reset, stage: response, skip: 1}").submit(1)
    pair.clock.advance(1)
    pair.submit(1).clock.advance(1)
    assert len(pair.centre.events) >= 3  # the bind and two submits
    assert [type(event) for event in pair.esme.events if isinstance(event, NoResponse)] == [NoResponse]
    assert pair.esme.gone is not None


def test_a_half_open_connection_is_found_by_the_timers_of_both_sides() -> None:
    pair = Pair(Conditions.perfect(), "{fault: half-open}").submit(1)
    pair.clock.advance(5)
    assert (pair.esme.gone, pair.centre.gone) == (None, None)
    pair.clock.advance(120)
    assert pair.esme.gone is not None
    assert pair.centre.gone is not None


def test_what_cannot_be_read_ends_the_session_of_the_esme() -> None:
    pair = Pair(Conditions.perfect(), "{fault: http-banner, stage: accept}")
    assert pair.esme.gone is None  # its time is over: the connection had been made
    pair.faults.begin(entry("{fault: wrong-length, length: 4GiB}"))
    pair.submit(1).clock.advance(1)
    assert pair.esme.gone is not None


def test_the_same_seed_gives_the_same_octets_at_the_same_times() -> None:
    def trace(seed: int) -> str:
        pair = Pair(Conditions(), "{fault: reset-in-pdu, probability: 5%}", seed)
        pair.faults.begin(entry("{fault: delay, by: lognormal 20ms p99 200ms}"))
        pair.submit(40).clock.advance(60)
        return pair.network.trace.digest()

    assert trace(1) == trace(1)
    assert trace(1) != trace(2)


def test_a_peer_that_does_not_read_is_felt_through_the_wire() -> None:
    pair, producer = Pair(Conditions.perfect(), "{fault: slice, size: 500, gap: 0s}"), Producer()
    pair.wire.registerProducer(producer, True)
    pair.link.pause_reading()
    pair.served.write_raw(b"\0" * 40_000)
    while not producer.log:
        pair.served.write_raw(RECEIPT * 100)
        pair.clock.advance(0.1)
    assert sum(end.under_way for end in pair.network.connections[0]._wires.values()) > CAPACITY - 10_000
    pair.link.reset()
    pair.clock.advance(1)


def test_a_wire_can_be_stalled_by_itself_and_goes_on() -> None:
    bench = Bench()
    bench.wire.stall()
    assert not bench.transport.reading
    bench.say(RESP, RESP2).hear(SUBMIT).run(5)
    assert (bench.told, bench.heard, bench.wire.stalled) == ([], [], True)
    bench.wire.unstall()
    bench.run(0)
    assert (bench.told, bench.heard) == ([(5, RESP + RESP2)], [(5, SUBMIT)])
    assert bench.transport.reading
    assert bench.say(RESP).hear(ENQUIRE).said[-1] == RESP


def test_a_fault_can_be_for_one_system_id_alone() -> None:
    shop, shoe = Bench(system_id="shop"), Bench(system_id="shoe")
    for bench in (shop, shoe):
        running = bench.faults.begin(entry("{fault: no-response, account: sh*}"), only="shop")
        bench.say(RESP)
        assert running.strikes == (1 if bench is shop else 0)
    assert (shop.said, shoe.said) == ([], [RESP])
