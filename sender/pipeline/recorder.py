"""On the way to the store: outcomes and receipts in batches, answers of the operator before its receipts.

However many PDUs a turn of the reactor brings, they make one batch, and while one batch is being committed the next
one gathers. A receipt is acknowledged to the operator only when its commit is done (a crash before that makes the
operator send it again), and turned away while the store cannot be written; outcomes wait until it can.
"""

from __future__ import annotations

import logging
import typing
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from operator import attrgetter
from typing import Final, TypeAlias

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from sender.channels.results import Delivered
from sender.domain.message import State
from sender.store.records import Outcome, ReceiptFate, ReceiptIn, ReceiptResult, StoreUnavailable
from sender.store.sqlite import SqliteStore
from sender.store.writer import Writer
from smppkit.status import CommandStatus

log = logging.getLogger(__name__)

_TRY_LATER = CommandStatus.ESME_RX_T_APPN
"""What a receipt is answered when it could not be stored: the operator keeps it and sends it again."""


_SLICE: Final = 250
"""Outcomes or receipts of one call: a one-time code waits for the call that is running, and for no more of a batch."""


_fate: Final = attrgetter("fate")
_state: Final = attrgetter("state")

Heard: TypeAlias = tuple[Sequence[ReceiptIn], Delivered]
"""Receipts, and what they were delivered in: acknowledged together."""


class RecorderOwner(typing.Protocol):
    """Who gave the outcomes and receipts."""

    def recorded(self, outcomes: Sequence[Outcome]) -> None:
        """These are durable."""

    def queued_again(self) -> None:
        """A message is in the queue, and none of the outcomes says when it is due."""

    def acknowledge(self, deliveries: Sequence[Delivered], status: int) -> None:
        """Answer these to the operator."""

    def store_failed(self, failure: Failure) -> None:
        """A batch could not be committed. Outcomes are kept, and tried again with the next batch."""


class Recorder:
    """Records for one operator account."""

    def __init__(self, store: SqliteStore, writer: Writer, owner: RecorderOwner, clock: IReactorTime) -> None:
        self.last_activity = clock.seconds()
        """When something was last recorded, on the clock."""
        self.receipts: Counter[ReceiptFate] = Counter()
        self._store = store
        self._writer = writer
        self._owner = owner
        self._clock = clock
        self._outcomes: list[Outcome] = []
        self._receipts: list[Heard] = []
        self._soon = False
        self._committing = 0
        self._failed = False
        self._given_back = 0  # outcomes at the front that a commit refused
        self.turned_away = 0
        """Receipts that could not be stored: the operator was asked to send them again."""
        self._idle: list[Deferred[None]] = []

    def add_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Take outcomes; ``recorded`` follows."""
        self._outcomes.extend(outcomes)
        self._flush_soon()

    def add_receipts(self, receipts: Sequence[Heard]) -> None:
        """Take receipts; ``acknowledge`` follows."""
        self._receipts.extend(receipts)
        if self._writer.trouble is None:
            self._flush_soon()
        else:
            receipts, self._receipts = self._receipts, []
            self._turn_away(receipts)

    @property
    def unrecorded(self) -> int:
        """Outcomes that are known here and not yet durable."""
        return len(self._outcomes)

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is being committed."""
        return not (self._soon or self._committing or self._outcomes or self._receipts)

    def settle(self) -> Deferred[None]:
        """Fires when everything is recorded, or cannot be."""
        if not self._committing and not self._soon:
            if not self._outcomes and not self._receipts:
                return succeed(None)
            self._flush_soon()
        waiting: Deferred[None] = Deferred()
        self._idle.append(waiting)
        return waiting

    def _flush_soon(self) -> None:
        if not self._soon and not self._committing:
            self._soon = True
            self._clock.callLater(0, self._flush)

    def _flush(self) -> None:
        self._soon = False
        self._failed = False
        self._given_back = 0
        outcomes, self._outcomes = self._outcomes, []
        receipts, self._receipts = self._receipts, []
        # Given to the writer in this order, they are executed in this order.
        for start in range(0, len(outcomes), _SLICE):
            some = outcomes[start : start + _SLICE]
            self._committing += 1
            done = self._writer.call(self._store.record_outcomes, some)
            done.addCallbacks(
                self._outcomes_done, self._outcomes_failed, callbackArgs=(some,), errbackArgs=(some,)
            ).addCallback(self._batch_done)
        for heard in _calls(receipts):
            self._committing += 1
            read = list(chain.from_iterable(it for it, _ in heard))
            recorded = self._writer.attempt(self._store.record_receipts, read)
            recorded.addCallbacks(
                self._receipts_done, self._receipts_failed, callbackArgs=(heard,), errbackArgs=(heard,)
            ).addCallback(self._batch_done)

    def _outcomes_done(self, queued_again: bool, outcomes: list[Outcome]) -> None:
        self.last_activity = self._clock.seconds()
        self._owner.recorded(outcomes)
        if queued_again:
            self._owner.queued_again()

    def _outcomes_failed(self, failure: Failure, outcomes: list[Outcome]) -> None:
        self._outcomes[self._given_back : self._given_back] = outcomes
        self._given_back += len(outcomes)
        self._failed = True
        self._owner.store_failed(failure)

    def _receipts_done(self, results: list[ReceiptResult], receipts: list[Heard]) -> None:
        self.last_activity = self._clock.seconds()
        self.receipts.update(map(_fate, results))
        self._owner.acknowledge([delivery for _, delivery in receipts], CommandStatus.ESME_ROK)
        if State.QUEUED in map(_state, results):
            self._owner.queued_again()

    def _receipts_failed(self, failure: Failure, receipts: list[Heard]) -> None:
        self._turn_away(receipts)
        if not isinstance(failure.value, StoreUnavailable):
            self._owner.store_failed(failure)

    def _turn_away(self, receipts: Sequence[Heard]) -> None:
        self.turned_away += sum(len(read) for read, _ in receipts)
        self._owner.acknowledge([delivery for _, delivery in receipts], _TRY_LATER)

    def _batch_done(self, _: None) -> None:
        self._committing -= 1
        if self._committing:
            return
        if (self._outcomes and not self._failed) or self._receipts:
            self._flush_soon()
            return
        idle, self._idle = self._idle, []
        for waiting in idle:
            waiting.callback(None)


def _calls(receipts: Sequence[Heard]) -> Iterator[list[Heard]]:
    """Receipts by calls; what was delivered together is never divided."""
    some: list[Heard] = []
    count = 0
    for heard in receipts:
        if count and count + len(heard[0]) > _SLICE:
            yield some
            some, count = [], 0
        some.append(heard)
        count += len(heard[0])
    if some:
        yield some
