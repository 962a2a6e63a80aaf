"""One operator account against a scripted operator, in memory."""

import random
from collections.abc import Iterable

import pytest

from carrierlab.clock import SimClock
from carrierlab.links import SimNetwork
from carrierlab.wires import Conditions
from sender.channels.account import Account, BindKind
from sender.channels.channel import SmppChannel
from sender.channels.outlet import Outlet
from sender.channels.results import Answered, Delivery, Result, Submit, Unanswered, Unsendable, Unwritten
from sender.domain.message import DoubtCause, MessageClass
from smppkit.codec import encode
from smppkit.pdus import SubmitSm, SubmitSmResp, Unbind
from smppkit.status import CommandStatus
from tests.sender.peer import PORT, Answer, ScriptedSmsc, message_from_subscriber, most_in_a_second, receipt_for


class Feed:
    """A listener that feeds what it is given, and keeps what comes back."""

    def __init__(self) -> None:
        self.channel: SmppChannel
        self.backlog: list[Submit] = []
        self.got: list[Result] = []
        self.delivered: list[Delivery] = []
        self.log: list[str] = []
        self.acknowledge: int | None = 0
        self.epochs = 0

    def opened(self, outlet: Outlet) -> None:
        self.epochs += 1
        outlet.epoch = self.epochs
        self.room()

    def results(self, results: list[Result]) -> None:
        self.log.append("results")
        self.got += results

    def deliveries(self, deliveries: list[Delivery]) -> None:
        self.log.append("deliveries")
        self.delivered += deliveries
        if self.acknowledge is not None:
            self.channel.acknowledge(deliveries, self.acknowledge)

    def hold(self, submit: Submit) -> None:
        return None

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


def submit(number: int, text: bytes = b"hello") -> Submit:
    pdu = SubmitSm(source_addr="SHOP", destination_addr=f"7705{number:07d}", short_message=text)
    return Submit(number, 1, 1, 1, pdu, 0, MessageClass.SERVICE, 0, 0, None)


def ids(results: Iterable[Result]) -> list[int]:
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
    assert len(world.smsc.submits) == 9  # after 1, 2 and 4 seconds


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


def test_a_submit_that_cannot_be_encoded_is_told_apart() -> None:
    world = World()
    world.channel.start()
    world.queue(1, text=b"x" * 255)
    world.clock.advance(0.1)
    assert len(world.feed.of(Unsendable)) == 1
    assert not world.smsc.submits


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
