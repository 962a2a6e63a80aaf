"""Batches on their way to the store, with a writer whose commits the test decides."""

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from carrierlab.clock import SimClock
from sender.channels.results import Delivered
from sender.domain.message import State
from sender.pipeline.recorder import Recorder
from sender.store.records import Accepted, Outcome, ReceiptFate, ReceiptIn, ReceiptResult, StoreError, StoreUnavailable
from smppkit.message_state import MessageState
from smppkit.status import CommandStatus


class Store:
    def record_outcomes(self, outcomes: Sequence[Outcome]) -> bool: ...

    def record_receipts(self, receipts: Sequence[ReceiptIn]) -> list[ReceiptResult]: ...


class Writer:
    def __init__(self) -> None:
        self.trouble: str | None = None
        self.calls: list[tuple[str, int, Deferred[Any]]] = []

    def call(self, verb: Callable[..., Any], *args: Any) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        self.calls.append((verb.__name__, len(args[0]), done))
        return done

    attempt = call


class Bench:
    def __init__(self) -> None:
        self.clock = SimClock()
        self.writer = Writer()
        self.recorder = Recorder(Store(), self.writer, self, self.clock)  # type: ignore[arg-type]
        self.durable = self.queued = 0
        self.acknowledged: list[int] = []
        self.failures: list[Failure] = []

    def queued_again(self) -> None:
        self.queued += 1

    def recorded(self, outcomes: Sequence[Outcome]) -> None:
        self.durable += len(outcomes)

    def acknowledge(self, deliveries: Sequence[Delivered], status: int) -> None:
        self.acknowledged += [status] * len(deliveries)

    def store_failed(self, failure: Failure) -> None:
        self.failures.append(failure)

    def outcome(self, message_id: int = 1) -> None:
        self.recorder.add_outcomes([Accepted(message_id, 1, "id", 0.0)])

    def receipt(self, together: int = 1) -> None:
        receipt = ReceiptIn("op", "id", MessageState.DELIVERED, "DELIVRD", None, "7705", 0.0)
        self.recorder.add_receipts([([receipt] * together, None)])  # type: ignore[list-item]

    def turn(self) -> None:
        self.clock.advance(0)

    @property
    def asked(self) -> list[tuple[str, int]]:
        return [(name, size) for name, size, _ in self.writer.calls]


MATCHED = ReceiptResult(ReceiptFate.MATCHED)


def test_the_owner_hears_of_messages_that_are_queued_with_no_due_time_in_the_batch() -> None:
    bench = Bench()
    for done, queued in ((False, 0), (True, 1)):
        bench.outcome()
        bench.turn()
        bench.writer.calls[-1][2].callback(done)
        assert bench.queued == queued
    for state in (State.DELIVERED, State.QUEUED):
        bench.receipt()
        bench.turn()
        bench.writer.calls[-1][2].callback([ReceiptResult(ReceiptFate.MATCHED, 1, 1, state)])
    assert bench.queued == 2


def test_what_one_turn_brings_is_one_batch_of_each_and_answers_go_first() -> None:
    bench = Bench()
    bench.receipt()
    bench.outcome(1)
    bench.outcome(2)
    bench.receipt()
    bench.turn()
    assert bench.asked == [("record_outcomes", 2), ("record_receipts", 2)]


def test_while_a_batch_is_committed_the_next_one_gathers() -> None:
    bench = Bench()
    bench.outcome(1)
    bench.turn()
    bench.outcome(2)
    bench.outcome(3)
    bench.turn()
    assert bench.asked == [("record_outcomes", 1)]
    bench.writer.calls[0][2].callback(None)
    bench.turn()
    assert bench.asked == [("record_outcomes", 1), ("record_outcomes", 2)]


def test_a_receipt_is_acknowledged_after_its_commit_only() -> None:
    bench = Bench()
    bench.receipt()
    bench.turn()
    assert bench.acknowledged == []
    bench.writer.calls[0][2].callback([MATCHED])
    assert bench.acknowledged == [CommandStatus.ESME_ROK]
    assert bench.recorder.receipts[ReceiptFate.MATCHED] == 1


def test_receipts_that_came_together_are_never_divided() -> None:
    bench = Bench()
    for together in (200, 50, 1, 300, 7):
        bench.receipt(together)
    bench.turn()
    assert [size for _, size in bench.asked] == [250, 1, 300, 7]
    assert bench.acknowledged == []
    bench.writer.calls[2][2].errback(StoreError("full"))
    assert (bench.acknowledged, bench.recorder.turned_away) == ([CommandStatus.ESME_RX_T_APPN], 300)


def test_a_receipt_that_cannot_be_stored_is_turned_away_for_now() -> None:
    bench = Bench()
    bench.receipt()
    bench.turn()
    bench.writer.calls[0][2].errback(StoreError("full"))
    assert bench.acknowledged == [CommandStatus.ESME_RX_T_APPN]
    assert (len(bench.failures), bench.recorder.turned_away) == (1, 1)


def test_a_store_that_is_unwell_for_a_while_is_no_failure_and_receipts_wait_at_the_operator() -> None:
    bench = Bench()
    bench.receipt()
    bench.turn()
    bench.writer.trouble = "the disk is full"
    bench.writer.calls[0][2].errback(StoreUnavailable("the disk is full"))
    bench.receipt()
    bench.turn()
    assert bench.acknowledged == [CommandStatus.ESME_RX_T_APPN] * 2
    assert (bench.failures, bench.recorder.turned_away, len(bench.writer.calls)) == ([], 2, 1)
    bench.writer.trouble = None
    bench.receipt()
    bench.turn()
    bench.writer.calls[1][2].callback([MATCHED])
    assert bench.acknowledged[2:] == [CommandStatus.ESME_ROK]


def test_outcomes_that_cannot_be_stored_are_kept_and_tried_again_when_settling() -> None:
    bench = Bench()
    bench.outcome(1)
    bench.turn()
    bench.writer.calls[0][2].errback(StoreError("full"))
    assert (bench.recorder.unrecorded, len(bench.failures)) == (1, 1)
    settled = bench.recorder.settle()
    bench.turn()
    bench.writer.calls[1][2].callback(None)
    assert settled.called
    assert (bench.recorder.unrecorded, bench.durable) == (0, 1)


def test_settling_ends_even_when_the_store_never_recovers() -> None:
    bench = Bench()
    bench.outcome(1)
    settled = bench.recorder.settle()
    bench.turn()
    bench.writer.calls[0][2].errback(StoreError("full"))
    assert settled.called
    assert bench.recorder.unrecorded == 1
    assert not bench.clock.getDelayedCalls()


def test_with_nothing_to_do_it_is_settled() -> None:
    bench = Bench()
    assert bench.recorder.idle
    assert bench.recorder.settle().called
