"""One operator account against a scripted operator, in memory."""

import random
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, repeat

import msgspec
import pytest

from carrierlab.clock import SimClock
from carrierlab.links import SimNetwork
from carrierlab.wires import Conditions
from sender.channels.account import Account, BindKind
from sender.channels.channel import SmppChannel
from sender.channels.outlet import Outlet
from sender.channels.results import (
    Answered,
    Delivered,
    Hold,
    One,
    Postponed,
    Receipts,
    Result,
    Submit,
    Taken,
    Unanswered,
    Unwritten,
)
from sender.domain.message import DoubtCause, MessageClass
from smppkit.codec import HEADER_SIZE, encode
from smppkit.pdus import AlertNotification, SubmitSm, SubmitSmResp, Unbind
from smppkit.status import CommandStatus
from smppkit.tlvs import CONGESTION_STATE
from tests.sender.peer import PORT, Answer, ScriptedSmsc, message_from_subscriber, most_in_a_second, receipt_for


class Feed:
    """A listener that feeds what it is given, and keeps what comes back."""

    def __init__(self) -> None:
        self.channel: SmppChannel
        self.backlog: list[Submit] = []
        self.got: list[One] = []
        self.delivered: list[Delivered] = []
        self.log: list[str] = []
        self.acknowledge: int | None = 0
        self.epochs = 0

    def opened(self, outlet: Outlet) -> None:
        self.epochs += 1
        outlet.epoch = self.epochs
        self.room()

    def results(self, results: list[Result]) -> None:
        self.log.append("results")
        for result in results:
            if isinstance(result, Taken):
                self.got += map(Answered, result.submits, repeat(0), result.smsc_ids)
            else:
                self.got.append(result)

    def deliveries(self, deliveries: list[Delivered]) -> None:
        self.log.append("deliveries")
        self.delivered += deliveries
        if self.acknowledge is not None:
            self.channel.acknowledge(deliveries, self.acknowledge)

    def hold(self, submits: Sequence[Submit]) -> Mapping[int, Hold]:
        return {}

    def room(self) -> None:
        for outlet in list(self.channel.outlets):
            submits = self.backlog[: self.channel.room(outlet)]
            del self.backlog[: len(submits)]
            if submits:
                outlet.promise(submits)
                self.channel.write(outlet, submits)

    def of(self, kind: type[Result]) -> list[Result]:
        return [result for result in self.got if isinstance(result, kind)]


class World:
    def __init__(self, *, latency: float = 0.001, **settings: object) -> None:
        self.clock = SimClock()
        self.network = SimNetwork(self.clock, 1, Conditions.perfect(latency))
        self.smsc = ScriptedSmsc(self.clock, self.network)
        self.feed = Feed()
        defaults = {"name": "op", "host": "127.0.0.1", "port": PORT, "system_id": "shop", "password": "secret"}
        self.account = Account(**{**defaults, **settings})  # type: ignore[arg-type]
        self.channel = self.feed.channel = SmppChannel(
            self.account, self.feed, clock=self.clock, network=self.network, rng=random.Random(1)
        )

    def queue(self, count: int, text: bytes = b"hello") -> None:
        self.feed.backlog += [submit(number, text) for number in range(count)]
        self.feed.room()

    def reset_links(self) -> None:
        for link in list(self.smsc.links):
            link.reset()


def submit(number: int, text: bytes = b"hello", sender: str = "SHOP") -> Submit:
    to = f"7705{number:07d}"
    body = encode(SubmitSm(source_addr=sender, destination_addr=to, short_message=text))[HEADER_SIZE:]
    return Submit(number, 1, 1, 1, sender, to, body, 0, MessageClass.SERVICE, 0, 0, None)


def ids(results: Iterable[One]) -> list[int]:
    return [result.submit.message_id for result in results]


def test_submits_are_answered() -> None:
    world = World()
    world.channel.start()
    world.queue(25)
    world.clock.advance(5)
    answers = world.feed.of(Answered)
    assert sorted(ids(answers)) == list(range(25))
    assert len({answer.smsc_id for answer in answers if isinstance(answer, Answered)}) == 25


def test_the_window_is_used_and_never_exceeded_i5() -> None:
    world = World(window=7)
    world.smsc.decide = lambda _: Answer(after=0.5)
    world.channel.start()
    world.queue(100)
    world.clock.advance(60)
    assert len(world.feed.of(Answered)) == 100
    assert world.smsc.most_outstanding == 7


@pytest.mark.parametrize("rate", [1.0, 10.0, 55.5])
def test_no_sliding_second_holds_more_submits_than_the_rate_over_binds_and_reconnects_i5(rate: float) -> None:
    world = World(rate=rate, kinds=(BindKind.TRANSCEIVER,) * 3, latency=0.0, reconnect_first=0.1)
    world.smsc.decide = lambda _: Answer(after=0.01)
    world.channel.start()
    world.queue(int(rate * 8))
    for _ in range(10):
        world.clock.advance(0.7)
        world.reset_links()
    world.clock.advance(30)
    assert most_in_a_second(world.smsc.times) <= -(-rate // 1)
    assert len({submitted.number_of_link for submitted in world.smsc.submits}) > 1


def test_the_rate_is_used_up() -> None:
    world = World(rate=100.0)
    world.channel.start()
    world.queue(1000)
    world.clock.advance(10.5)
    assert len(world.smsc.submits) == 1000


def test_intents_run_ahead_of_the_wire_by_a_window_at_most() -> None:
    world = World(window=10)
    world.smsc.decide = lambda _: Answer(after=None)
    world.channel.start()
    world.queue(100)
    world.clock.advance(1)
    assert len(world.smsc.submits) == 10
    assert 0 < world.channel.outlets[0].ahead <= 10
    assert len(world.feed.backlog) >= 80  # not even numbered yet


def test_a_fast_account_keeps_a_window_ahead() -> None:
    world = World(window=10)
    world.smsc.decide = lambda _: Answer(after=0.02)
    world.channel.start()
    world.queue(1000)
    world.clock.advance(0.8)
    assert world.channel.outlets[0].ahead == 10


def test_a_slow_account_keeps_few_intents_ahead() -> None:
    world = World(window=10, rate=2.0)
    world.channel.start()
    world.queue(100)
    world.clock.advance(0.4)
    assert world.channel.outlets[0].ahead == 1


def test_what_was_outstanding_at_a_loss_is_in_doubt_and_what_was_not_written_comes_back() -> None:
    world = World(window=5)
    world.smsc.decide = lambda _: Answer(after=None)
    world.channel.start()
    world.queue(8)
    world.clock.advance(0.5)
    world.smsc.accept_connections = False
    world.reset_links()
    world.clock.advance(0.5)
    doubtful = world.feed.of(Unanswered)
    assert ids(doubtful) == [0, 1, 2, 3, 4]
    assert {result.cause for result in doubtful if isinstance(result, Unanswered)} == {DoubtCause.CONNECTION_LOST}
    assert ids(world.feed.of(Unwritten)) == [5, 6]
    assert world.channel.status().down_since is not None
    assert "next attempt" in (world.channel.status().trouble or "")


def test_an_answer_that_does_not_come_in_time_leaves_doubt() -> None:
    world = World(response_timeout=3.0)
    world.smsc.decide = lambda pdu: Answer(after=None if pdu.destination_addr.endswith("1") else 0.1)
    world.channel.start()
    world.queue(3)
    world.clock.advance(5)
    doubtful = world.feed.of(Unanswered)
    assert ids(doubtful) == [1]
    assert isinstance(doubtful[0], Unanswered)
    assert doubtful[0].cause is DoubtCause.TIMEOUT


@pytest.mark.parametrize("aside", [False, True], ids=["waits", "stands aside"])
@pytest.mark.parametrize("status", [CommandStatus.ESME_ROK, CommandStatus.ESME_RTHROTTLED])
def test_a_resend_that_is_not_written_yet_is_spared_by_a_late_yes(status: int, aside: bool) -> None:
    world = World(response_timeout=3.0, **({"sender_rates": {"SHOP": 0.1}} if aside else {}))
    world.smsc.decide = lambda _: Answer(status=status, after=4.0)
    world.channel.start()
    world.queue(1)
    world.clock.advance(3.5)
    assert ids(world.feed.of(Unanswered)) == [0]
    if not aside:
        world.channel.hold(30.0)
    world.queue(2)  # once more, and another one
    world.clock.advance(1.0)
    (answered,) = world.feed.of(Answered)
    assert isinstance(answered, Answered)
    assert (answered.status, answered.late_on) == (status, world.channel.outlets[0].epoch)
    spared = ids(world.feed.of(Unwritten))
    assert spared == ([0] if status == CommandStatus.ESME_ROK else [])
    world.clock.advance(60.0)
    assert [it.pdu.destination_addr[-1] for it in world.smsc.submits].count("0") == 2 - len(spared)
    others = [it.pdu.destination_addr[-1] for it in world.smsc.submits].count("1")
    assert others + ids(world.feed.of(Postponed)).count(1) == 1


def test_an_answer_in_time_is_not_late() -> None:
    world = World()
    world.smsc.decide = lambda _: Answer(status=CommandStatus.ESME_RSYSERR)
    world.channel.start()
    world.queue(1)
    world.clock.advance(1.0)
    (answered,) = world.feed.of(Answered)
    assert isinstance(answered, Answered)
    assert answered.late_on is None


def test_a_lost_bind_comes_back() -> None:
    world = World()
    world.channel.start()
    world.clock.advance(1)
    world.reset_links()
    world.clock.advance(3)
    assert len(world.smsc.binds) == 2
    world.queue(5)
    world.clock.advance(1)
    assert len(world.feed.of(Answered)) == 5


def test_an_operator_that_is_down_is_tried_ever_more_slowly() -> None:
    world = World(reconnect_first=1.0, reconnect_longest=60.0)
    world.smsc.accept_connections = False
    world.channel.start()
    world.clock.advance(30)
    assert 4 <= world.smsc.links_made <= 8
    made = world.smsc.links_made
    world.clock.advance(600)
    assert world.smsc.links_made - made <= 22


def test_refused_credentials_are_tried_far_more_slowly_than_a_lost_link(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.smsc.bind_status = CommandStatus.ESME_RINVPASWD
    world.channel.start()
    world.clock.advance(29)
    assert len(world.smsc.binds) == 1
    assert "refuses our credentials (ESME_RINVPASWD)" in caplog.text
    assert "secret" not in caplog.text
    world.smsc.bind_status = 0
    world.clock.advance(40)
    assert world.channel.status().bound == 1


def test_a_bind_that_is_not_answered_is_tried_again() -> None:
    world = World(response_timeout=5.0)
    world.smsc.answer_binds = False
    world.channel.start()
    world.clock.advance(5.2)
    world.smsc.answer_binds = True
    world.clock.advance(3)
    assert world.channel.status().bound == 1


def test_an_operator_that_unbinds_gets_nothing_new_and_is_bound_again() -> None:
    world = World(window=5)
    world.smsc.decide = lambda _: Answer(after=0.3)
    world.channel.start()
    world.clock.advance(0.1)
    world.queue(8)
    world.clock.advance(0.1)
    world.smsc.links[0].write_raw(encode(Unbind(sequence_number=99)))
    world.clock.advance(0.1)
    assert ids(world.feed.of(Unwritten)) == [5, 6]
    world.clock.advance(5)
    assert sorted(ids(world.feed.of(Answered))) == [0, 1, 2, 3, 4, 7]  # the last one on the new bind
    assert world.smsc.submits[-1].number_of_link == len(world.smsc.binds) == 2


def test_throttling_slows_the_account_down() -> None:
    world = World(rate=100.0)
    refusing = True
    world.smsc.decide = lambda _: Answer(CommandStatus.ESME_RTHROTTLED if refusing else 0)
    world.channel.start()
    world.queue(1000)
    world.clock.advance(3)
    assert world.channel.status().slowed
    assert len(world.smsc.submits) < 100
    refusing = False
    world.clock.advance(15)
    assert world.channel.status().rate == 100.0


def test_a_full_queue_stops_the_account_for_a_while() -> None:
    world = World(window=3)
    world.smsc.decide = lambda _: Answer(CommandStatus.ESME_RMSGQFUL)
    world.channel.start()
    world.queue(100)
    world.clock.advance(0.9)
    assert len(world.smsc.submits) == 3
    world.clock.advance(6)
    assert len(world.smsc.submits) == 5  # one more after 1 second, one after 2 more, and then one in 4


def test_a_nack_that_complains_of_nothing_leaves_doubt() -> None:
    world = World()
    world.smsc.decide = lambda _: Answer(after=None)
    world.channel.start()
    world.queue(1)
    world.clock.advance(0.1)
    sequence = world.smsc.submits[0].pdu.sequence_number
    nack = (16).to_bytes(4) + (0x80000000).to_bytes(4) + (0).to_bytes(4) + sequence.to_bytes(4)
    world.smsc.links[0].write_raw(nack)
    world.clock.advance(0.1)
    assert len(world.feed.of(Unanswered)) == 1


def test_answers_come_before_the_receipts_of_the_same_turn() -> None:
    world = World()
    world.smsc.decide = lambda _: Answer(after=None)
    world.channel.start()
    world.queue(1)
    world.clock.advance(0.1)
    pdu = world.smsc.submits[0].pdu
    link = world.smsc.links[0]
    link.send(receipt_for(pdu, "77"))
    link.respond(SubmitSmResp(sequence_number=pdu.sequence_number, message_id="77"))
    world.clock.advance(0.1)
    assert world.feed.log == ["results", "deliveries"]


def test_deliveries_are_answered_when_they_are_acknowledged() -> None:
    world = World()
    world.feed.acknowledge = None
    world.channel.start()
    world.clock.advance(0.1)
    world.smsc.deliver(world.smsc.links[0], message_from_subscriber())
    world.clock.advance(1)
    assert not world.smsc.acknowledged
    world.channel.acknowledge(world.feed.delivered, CommandStatus.ESME_RX_T_APPN)
    world.clock.advance(1)
    assert [status for _, status in world.smsc.acknowledged] == [CommandStatus.ESME_RX_T_APPN]


def test_receipts_of_one_read_are_acknowledged_together_and_draining_waits_for_them() -> None:
    world = World()
    world.feed.acknowledge = None
    world.channel.start()
    world.queue(3)
    world.clock.advance(1)
    (receipts,) = world.feed.delivered
    assert isinstance(receipts, Receipts)
    assert len(receipts.run) == 3
    drained = world.channel.drain()
    assert (drained.called, world.smsc.acknowledged) == (False, [])
    world.channel.acknowledge([receipts], CommandStatus.ESME_RX_T_APPN)
    world.clock.advance(1)
    assert [status for _, status in world.smsc.acknowledged] == [CommandStatus.ESME_RX_T_APPN] * 3
    assert drained.called


def test_a_delivery_acknowledged_after_its_link_died_hurts_nobody() -> None:
    world = World()
    world.feed.acknowledge = None
    world.channel.start()
    world.clock.advance(0.1)
    world.smsc.deliver(world.smsc.links[0], message_from_subscriber())
    world.clock.advance(0.1)
    world.reset_links()
    world.clock.advance(0.1)
    world.channel.acknowledge(world.feed.delivered)


def test_a_transmitter_and_a_receiver_work_as_a_pair() -> None:
    world = World(kinds=(BindKind.TRANSMITTER, BindKind.RECEIVER))
    world.channel.start()
    world.queue(3)
    world.clock.advance(1)
    assert [type(pdu).__name__ for pdu in world.smsc.binds] == ["BindTransmitter", "BindReceiver"]
    assert len(world.feed.of(Answered)) == 3
    world.smsc.deliver(world.smsc.links[1], message_from_subscriber())
    world.clock.advance(1)
    assert len(world.smsc.acknowledged) == 4  # three receipts and the message


def test_draining_awaits_what_is_outstanding_and_then_unbinds() -> None:
    world = World(window=5)
    world.smsc.decide = lambda _: Answer(after=2.0)
    world.channel.start()
    world.queue(8)
    world.clock.advance(0.5)
    drained = world.channel.drain()
    assert ids(world.feed.of(Unwritten)) == [5, 6]
    world.clock.advance(1)
    assert not drained.called
    world.clock.wait_for(drained, 3.0)
    assert len(world.feed.of(Answered)) == 5
    world.clock.wait_for(world.channel.stop(), 10.0)
    world.clock.advance(1)
    assert not world.smsc.links
    assert len(world.smsc.submits) == 5
    world.clock.advance(200)
    assert len(world.smsc.binds) == 1


def test_stopping_while_connecting_or_waiting_leaves_nothing_behind() -> None:
    world = World()
    world.smsc.accept_connections = False
    world.channel.start()
    world.clock.wait_for(world.channel.stop(), 5.0)
    world.clock.advance(100)
    assert not world.smsc.links
    assert not world.clock.getDelayedCalls()


def test_a_peer_that_never_answers_unbind_is_dropped() -> None:
    world = World()
    world.channel.start()
    world.clock.advance(0.1)
    for connection in world.network.connections:
        connection.stall("up")
    world.clock.wait_for(world.channel.stop(), 30.0)
    assert world.clock.seconds() < 20


def test_every_timer_is_gone_after_a_stop_i8() -> None:
    world = World(rate=5.0, kinds=(BindKind.TRANSCEIVER,) * 2)
    world.channel.start()
    world.queue(50)
    world.clock.advance(3)
    world.clock.wait_for(world.channel.drain(), 20.0)
    world.clock.wait_for(world.channel.stop(), 20.0)
    world.clock.advance(2)
    assert not world.clock.getDelayedCalls()


def test_sequence_numbers_on_the_wire_are_those_promised_i6() -> None:
    world = World(window=4)
    world.channel.start()
    world.queue(40)
    world.clock.advance(5)
    numbers = [submitted.pdu.sequence_number for submitted in world.smsc.submits]
    assert len(set(numbers)) == 40
    assert all(0 < number <= 0x7FFFFFFF for number in numbers)


def test_the_same_seed_does_the_same() -> None:
    def run() -> list[float]:
        world = World(rate=20.0, reconnect_first=0.5)
        world.channel.start()
        world.queue(60)
        for _ in range(3):
            world.clock.advance(1)
            world.reset_links()
        world.clock.advance(10)
        return world.smsc.times

    assert run() == run()


# --- several places, timers ---------------------------------------------------------------------


def test_the_next_place_is_tried_at_once_and_the_first_one_first_after_a_loss() -> None:
    world = World(fallbacks=(("127.0.0.1", 2776),))
    other = ScriptedSmsc(world.clock, world.network, port=2776)
    world.smsc.accept_connections = False
    world.channel.start()
    world.clock.advance(0.1)
    assert (len(world.smsc.binds), len(other.binds)) == (0, 1)
    assert [(view.host, view.port) for view in world.channel.binds()] == [("127.0.0.1", 2776)]
    world.smsc.accept_connections = True
    world.clock.advance(10)
    for link in list(other.links):
        link.reset()
    world.clock.advance(2)
    assert (len(world.smsc.binds), len(other.binds)) == (1, 1)


def test_when_no_place_answers_the_waits_grow_as_with_one() -> None:
    world = World(fallbacks=(("127.0.0.1", 2776), ("127.0.0.1", 2777)))
    world.smsc.accept_connections = False
    world.channel.start()
    world.clock.advance(30)
    assert 4 <= world.smsc.links_made <= 8


def test_a_bind_that_is_not_answered_ends_with_the_session_init_time() -> None:
    world = World(session_init_timeout=3.0)
    world.smsc.answer_binds = False
    world.channel.start()
    world.clock.advance(2.9)
    assert world.smsc.links
    world.clock.advance(0.2)
    assert not world.smsc.links


def test_inactivity_unbinds() -> None:
    world = World(inactivity_timeout=20.0, enquire_link=5.0)
    world.channel.start()
    world.clock.advance(19)
    assert len(world.smsc.binds) == 1
    world.clock.advance(5)
    assert len(world.smsc.binds) == 2


def test_what_the_bind_says_of_itself_is_configured() -> None:
    world = World(interface_version=0x50, address_range="7705.*", addr_ton=1, addr_npi=1, system_type="VMA")
    world.channel.start()
    world.clock.advance(0.1)
    (bind,) = world.smsc.binds
    assert (bind.interface_version, bind.address_range) == (0x50, "7705.*")  # type: ignore[attr-defined]
    assert (bind.addr_ton, bind.addr_npi, bind.system_type) == (1, 1, "VMA")  # type: ignore[attr-defined]


# --- windows ------------------------------------------------------------------------------------


def test_a_window_sizes_itself_to_rate_and_latency_within_the_cap() -> None:
    world = World(window=60, window_auto=True, rate=100.0)
    world.smsc.decide = lambda _: Answer(after=0.2)
    world.channel.start()
    world.queue(1500)
    world.clock.advance(12)
    assert 20 <= world.channel.outlets[0].window.size <= 32  # 100/s for 0.2 s, a quarter and a bucket more
    before = len(world.smsc.submits)
    world.clock.advance(1)
    assert len(world.smsc.submits) - before >= 98  # and the rate is kept
    world.smsc.decide = lambda _: Answer(after=2.0)
    world.clock.advance(20)
    assert world.channel.outlets[0].window.size == 60
    assert world.smsc.most_outstanding <= 60


def over_window(world: World, most: int, status: int = CommandStatus.ESME_RMSGQFUL) -> None:
    """The operator's own window, for the account as a whole."""
    inside = 0

    def decide(_: SubmitSm) -> Answer:
        nonlocal inside
        if inside >= most:
            return Answer(status, after=0.005)
        inside += 1
        world.clock.callLater(0.1, leave)
        return Answer(after=0.1, receipt=None)

    def leave() -> None:
        nonlocal inside
        inside -= 1

    world.smsc.decide = decide


@pytest.mark.parametrize("binds", [1, 3])
def test_an_operators_smaller_window_shrinks_ours_and_nothing_crawls(binds: int) -> None:
    world = World(window=50, kinds=(BindKind.TRANSCEIVER,) * binds)
    over_window(world, 10)
    world.channel.start()
    world.queue(4000)
    world.clock.advance(5)
    refused = len(world.smsc.submits) - len(world.smsc.accepted)
    accepted = len(world.smsc.accepted)
    world.clock.advance(20)
    assert len(world.smsc.accepted) - accepted >= 0.85 * 20 * 100  # ten every 100 ms
    assert len(world.smsc.submits) - len(world.smsc.accepted) - refused <= 60
    assert sum(outlet.window.size for outlet in world.channel.outlets) <= 14


# --- dead links ---------------------------------------------------------------------------------


def test_no_second_window_is_written_into_a_dead_link() -> None:
    world = World(window=5, response_timeout=10.0, enquire_link=60.0)
    world.channel.start()
    world.queue(40)
    world.clock.advance(3)
    assert len(world.feed.of(Answered)) == 40
    for connection in world.network.connections:
        connection.stall("up")
    world.queue(20)
    world.clock.advance(0.5)
    outstanding = world.channel.outlets[0].outstanding
    world.clock.advance(10.0)
    assert outstanding == 5
    assert len(world.feed.of(Unanswered)) == 5  # and not one more, though their time-out freed the window
    world.clock.advance(10.0)
    assert len(world.feed.of(Unanswered)) == 5


def test_a_link_that_shows_life_again_is_written_on_again() -> None:
    world = World(window=5, response_timeout=3.0, enquire_link=60.0, enquire_link_timeout=30.0)
    world.channel.start()
    world.smsc.decide = lambda pdu: Answer(after=None if pdu.destination_addr == "77050000000" else 0.1)
    world.clock.advance(0.1)
    (connection,) = world.network.connections
    connection.stall("up")
    world.queue(20)
    world.clock.advance(9.0)
    assert not world.smsc.submits
    (view,) = world.channel.binds()
    assert view.silent
    connection.unstall("up")
    world.clock.advance(1.0)
    assert not world.channel.binds()[0].silent
    world.clock.advance(3.0)
    written = {submitted.pdu.destination_addr for submitted in world.smsc.submits}
    assert len(written) >= 18  # all but what was taken back, which the pipeline sends anew


def test_what_waits_on_a_silent_link_is_given_back_for_a_sibling() -> None:
    world = World(window=5, kinds=(BindKind.TRANSCEIVER,) * 2, response_timeout=30.0)
    world.channel.start()
    world.clock.advance(0.1)
    first = world.network.connections[0]
    first.stall("up")
    world.queue(100)
    world.clock.advance(8.0)
    assert len(world.feed.of(Answered)) >= 80
    assert len(world.feed.of(Unwritten)) >= 1


def test_an_idle_link_is_not_taken_for_a_dead_one() -> None:
    world = World(enquire_link=30.0)
    world.channel.start()
    world.clock.advance(25)
    world.queue(3)
    world.clock.advance(0.1)
    assert len(world.feed.of(Answered)) == 3


# --- limits of binds and senders ----------------------------------------------------------------


def test_each_bind_keeps_its_own_limit_across_reconnects_i5() -> None:
    world = World(bind_rate=10.0, kinds=(BindKind.TRANSCEIVER,) * 2, reconnect_first=0.1, window=100)
    world.channel.start()
    world.queue(1000)
    for _ in range(6):
        world.clock.advance(0.7)
        world.reset_links()
    world.clock.advance(4)
    assert most_in_a_second(world.smsc.times) <= 20
    assert len(world.smsc.submits) >= 100
    per_bind: dict[int, list[float]] = {}
    for submitted in world.smsc.submits:
        per_bind.setdefault(submitted.number_of_link, []).append(submitted.at)
    assert max(most_in_a_second(times) for times in per_bind.values()) <= 10


def from_sender(number: int, sender: str) -> Submit:
    return submit(number, sender=sender)


def test_a_senders_limit_holds_over_all_binds_and_blocks_nobody_else_i5() -> None:
    world = World(sender_rates={"SHOP": 10.0}, kinds=(BindKind.TRANSCEIVER,) * 2, window=10)
    world.channel.start()
    world.clock.advance(0.1)
    turns: list[float] = []

    def postponed(results: list[Result]) -> None:
        turns.extend(world.clock.seconds() + it.delay for it in results if isinstance(it, Postponed))

    world.feed.results = postponed  # type: ignore[method-assign]
    world.feed.backlog += [from_sender(number, "SHOP") for number in range(100)]
    world.feed.backlog += [from_sender(100 + number, "NEWS") for number in range(300)]
    world.feed.room()
    world.clock.advance(3.0)
    news = [it for it in world.smsc.submits if it.pdu.source_addr == "NEWS"]
    shop = [it.at for it in world.smsc.submits if it.pdu.source_addr == "SHOP"]
    assert len(news) == 300
    assert most_in_a_second(shop) <= 10
    assert len(shop) + len(turns) >= 90
    assert all(later - earlier >= 0.0999 for earlier, later in pairwise(turns))
    assert turns[-1] >= 7.5


def test_what_stands_aside_goes_out_in_its_turn_or_comes_back_with_its_bind() -> None:
    world = World(sender_rates={"SHOP": 4.0})
    world.channel.start()
    world.clock.advance(0.1)
    world.feed.backlog += [from_sender(number, "SHOP") for number in range(3)]
    world.feed.room()
    world.clock.advance(0.3)
    assert len(world.smsc.submits) == 2
    world.reset_links()
    world.clock.advance(0.05)
    assert ids(world.feed.of(Unwritten)) == [2]


# --- what operators tell ------------------------------------------------------------------------


def test_congestion_state_lowers_the_rate_before_anything_is_refused() -> None:
    world = World(rate=100.0)
    world.channel.start()
    world.clock.advance(0.1)
    world.smsc.response_tlvs = (CONGESTION_STATE.of(100),)
    world.queue(100)
    world.clock.advance(1)
    assert world.channel.status().slowed
    assert world.channel.pace.congestion == 100
    assert len(world.smsc.submits) < 50


def test_alerts_are_counted() -> None:
    world = World()
    world.channel.start()
    world.clock.advance(0.1)
    world.smsc.links[0].send(AlertNotification(source_addr="77051234567", esme_addr="SHOP"))
    world.clock.advance(0.1)
    assert world.channel.alerts == 1


# --- changes while it works ---------------------------------------------------------------------


def test_limits_and_windows_change_in_place() -> None:
    world = World(rate=10.0, window=5)
    world.channel.start()
    world.queue(200)
    world.clock.advance(2)
    before = len(world.smsc.submits)
    stale = world.channel.change(msgspec.structs.replace(world.account, rate=50.0, window=20, response_timeout=3.0))
    assert not stale
    world.clock.advance(2)
    assert len(world.smsc.submits) - before >= 80
    assert len(world.smsc.binds) == 1
    assert world.smsc.links
    assert world.channel.outlets[0].link.session.config.response_timeout == 3.0


def test_binds_are_added_and_taken_away_in_order() -> None:
    world = World(kinds=(BindKind.TRANSCEIVER,) * 2)
    world.channel.start()
    world.clock.advance(0.1)
    one = (BindKind.TRANSCEIVER,)
    assert not world.channel.change(msgspec.structs.replace(world.account, kinds=one * 3))
    world.clock.advance(0.1)
    assert world.channel.status().bound == 3
    assert not world.channel.change(msgspec.structs.replace(world.account, kinds=one))
    world.clock.advance(1)
    assert [view.status for view in world.channel.binds()] == ["bound"]
    assert len(world.smsc.links) == 1
    world.clock.wait_for(world.channel.stop(), 10.0)
    assert not world.clock.getDelayedCalls() or world.clock.advance(100) is None
    assert not world.smsc.links


def test_a_bind_is_made_anew_for_other_credentials_while_its_sibling_works() -> None:
    world = World(kinds=(BindKind.TRANSCEIVER,) * 2)
    world.channel.start()
    world.clock.advance(0.1)
    stale = world.channel.change(msgspec.structs.replace(world.account, password="newer"))
    assert len(stale) == 2
    world.smsc.decide = lambda _: Answer(after=1.0)
    world.queue(10)
    world.clock.advance(0.2)
    done = world.channel.rebind(stale[0])
    assert world.channel.status().bound == 2
    assert world.clock.wait_for(done, 5.0) is None
    assert [pdu.password for pdu in world.smsc.binds] == ["secret", "secret", "newer"]  # type: ignore[attr-defined]
    world.clock.advance(3)
    assert not world.feed.of(Unanswered)
    world.smsc.bind_status = CommandStatus.ESME_RINVPASWD
    assert "refuses our credentials" in (world.clock.wait_for(world.channel.rebind(stale[1]), 5.0) or "")


def test_a_link_whose_session_has_ended_is_not_asked_for_a_sign_of_life() -> None:
    world = World(window=5, response_timeout=20.0, enquire_link_timeout=2.0)
    world.channel.start()
    world.clock.advance(0.1)
    (connection,) = world.network.connections
    connection.stall("up")
    world.queue(20)
    outlet = world.channel.outlets[0]
    while not outlet.link.session.closed:
        world.clock.advance(0.1)
        world.feed.room()
    world.clock.advance(30.0)
    assert len(world.feed.of(Unanswered)) == 5
    assert len(world.feed.of(Answered)) >= 10  # on the new bind
