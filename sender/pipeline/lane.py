"""One operator account at work: claim, compose, commit the intents, write, record.

The steps of a message, and where they happen::

    claim ─► ready ─► compose ─► promise to a bind ─► commit intents ─► channel writes ─► verdict ─► record
    (store)  (here)   (here)     (sequence numbers)   (store)           (window, pace)    (pure)     (store)

A message that is only claimed goes back to the queue if we die; one whose intent is committed is in doubt. So claims
run well ahead of the wire, and intents only as far as the channel asks for.
"""

from __future__ import annotations

import logging
import math
import random
import typing
from collections import deque
from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from sender.channels.account import Account
from sender.channels.channel import SmppChannel
from sender.channels.outlet import Outlet
from sender.channels.results import Delivery, Hold, Result, Submit
from sender.pipeline.campaigns import Composers
from sender.pipeline.gate import Gate
from sender.pipeline.incoming import receipt_of
from sender.pipeline.mo import MobileOriginated
from sender.pipeline.recorder import Recorder
from sender.pipeline.tally import Tally
from sender.pipeline.verdict import Judge
from sender.store.records import Claimed, InDoubt, Intent, NotSent, Outcome, ReceiptIn, Retry
from sender.store.sqlite import SqliteStore
from sender.store.writer import Writer
from smppkit.transport import Network

log = logging.getLogger(__name__)

_CLAIM_TIME = 1.0
"""Seconds of the account's rate that are claimed ahead."""
_CLAIM_LEAST = 20
_CLAIM_MOST = 500

Batch = list[tuple[Outlet, list[Submit]]]


class Lane:
    """Feeds one operator account from the store and records what comes back."""

    def __init__(
        self,
        account: Account,
        composers: Composers,
        judge: Judge,
        gate: Gate,
        mobile_originated: MobileOriginated,
        *,
        store: SqliteStore,
        writer: Writer,
        clock: IReactorTime,
        network: Network,
        epoch: float,
        rng: random.Random,
        on_failure: Callable[[Failure], None],
    ) -> None:
        self.account = account
        self.channel = SmppChannel(account, self, clock=clock, network=network, rng=rng)
        self.recorder = Recorder(store, writer, self, clock)
        self.tally = Tally()
        self.incoming_messages = 0
        """Messages of subscribers that came, parts and repetitions included."""
        self._composers = composers
        self._judge = judge
        self._gate = gate
        self._mobile_originated = mobile_originated
        self._store = store
        self._writer = writer
        self._clock = clock
        self._epoch = epoch
        self._on_failure = on_failure
        self._ready: deque[Claimed] = deque()
        self._running = False
        self._claiming = False
        self._committing = False
        self._dry = False  # the last claim found fewer messages than it asked for
        self._feed_call: IDelayedCall | None = None
        self._wake_call: IDelayedCall | None = None
        self._wake_due = math.inf  # unix time
        self._working = 0  # coroutines of this lane that are under way
        self._quiet: list[Deferred[None]] = []

    # --- for the program ----------------------------------------------------------------------

    def start(self) -> None:
        """Connect and begin to send."""
        self._running = True
        self.channel.start()

    def poke(self) -> None:
        """There may be new messages in the store."""
        self._dry = False
        self._feed_soon()

    def judge_by(self, judge: Judge) -> None:
        """Decide what refusals mean by other rules from now on."""
        self._judge = judge

    @property
    def at_rest(self) -> bool:
        """Whether nothing is going on here: all that is left waits for a due time, a bind or a receipt."""
        return not (
            self._working
            or self._feed_call
            or self._ready
            or any(outlet.ahead or outlet.outstanding for outlet in self.channel.outlets)
            or not self.recorder.idle
        )

    @property
    def exhausted(self) -> bool:
        """Whether there is nothing left to send here, now or at a known later time."""
        return self.at_rest and self._dry and self._wake_call is None

    def cease(self) -> None:
        """Claim and write nothing more."""
        self._running = False
        for call in (self._feed_call, self._wake_call):
            if call is not None:
                call.cancel()
        self._feed_call = self._wake_call = None

    async def stop(self) -> None:
        """Let what is on the wire be answered, give the rest back to the store, unbind."""
        self.cease()
        drained = self.channel.drain()
        if self._working:
            quiet: Deferred[None] = Deferred()
            self._quiet.append(quiet)
            await quiet
        await self._release()
        await drained
        await self.recorder.settle()
        await self.channel.stop()
        await self.recorder.settle()
        if self.recorder.unrecorded:
            log.error(
                "%s: %d answers of the operator could not be stored; these messages will be in doubt",
                self.account.name,
                self.recorder.unrecorded,
            )

    async def _release(self) -> None:
        ready, self._ready = self._ready, deque()
        if ready:
            released = self._writer.call(self._store.release, [claimed.message_id for claimed in ready])
            # If that fails they stay claimed, which the next start puts right.
            await released.addErrback(self._on_failure)

    # --- feeding ------------------------------------------------------------------------------

    def _feed_soon(self) -> None:
        # Once a turn, whatever asked for it; and after the turn, so that what is due on the wire goes first.
        if self._running and self._feed_call is None:
            self._feed_call = self._clock.callLater(0, self._feed)

    def _feed(self) -> None:
        self._feed_call = None
        if not self._running:
            return
        if self._ready and not self._committing:
            self._start(self._commit())
        if not (self._claiming or self._dry) and self._has_bind() and len(self._ready) < self._claim_size() / 2:
            self._start(self._claim())

    def _has_bind(self) -> bool:
        return any(outlet.epoch is not None for outlet in self.channel.outlets)

    def _claim_size(self) -> int:
        rate = self.channel.pace.rate(self._clock.seconds())
        if rate is None:
            return _CLAIM_MOST
        return max(_CLAIM_LEAST, min(_CLAIM_MOST, math.ceil(rate * _CLAIM_TIME)))

    async def _claim(self) -> None:
        self._claiming = True
        try:
            limit = self._claim_size() - len(self._ready)
            claimed = await self._writer.call(self._store.claim, self.account.name, limit, self._now())
            for campaign_id in {message.campaign_id for message in claimed}:
                await self._composers.load(campaign_id)
            self._ready.extend(claimed)
            if len(claimed) < limit:
                self._dry = True
                due = await self._writer.call(self._store.next_due, self.account.name)
                if due is not None:
                    self._wake_at(due)
        finally:
            self._claiming = False
        self._feed_soon()

    async def _commit(self) -> None:
        """Promise messages to the binds that have room, commit their intents, have them written."""
        batch = self._promise()
        if not batch:
            return
        self._committing = True
        try:
            stale = await self._writer.call(self._store.mark_submitting, self._intents(batch))
        except BaseException:
            for outlet, submits in batch:
                outlet.withdraw(submits)
            raise
        finally:
            self._committing = False
        forbidden = {(intent.message_id, intent.part) for intent in stale}
        for outlet, submits in batch:
            outlet.withdraw([submit for submit in submits if (submit.message_id, submit.part) in forbidden])
            self.channel.write(
                outlet, [submit for submit in submits if (submit.message_id, submit.part) not in forbidden]
            )
        self._feed_soon()

    def _promise(self) -> Batch:
        """Compose as many messages as the binds have room for, and number their submits."""
        batch: dict[Outlet, list[Submit]] = {}
        room = {outlet: self.channel.room(outlet) for outlet in self.channel.outlets}
        while self._ready and room:
            outlet = max(room, key=room.__getitem__)
            if room[outlet] <= 0:
                break
            claimed = self._ready[0]
            composer = self._composers.of(claimed.campaign_id)
            submits = composer.submits(claimed, self.account.name, tlvs=outlet.takes_tlvs)
            if not submits:
                raise RuntimeError(f"message {claimed.message_id} was claimed and has no part left to send")
            self._ready.popleft()
            batch.setdefault(outlet, []).extend(submits)
            room[outlet] -= len(submits)
        for outlet, submits in batch.items():
            outlet.promise(submits)
        return list(batch.items())

    def _intents(self, batch: Batch) -> list[Intent]:
        at = self._now()
        intents = []
        for outlet, submits in batch:
            epoch = outlet.epoch
            assert epoch is not None  # noqa: S101 - an outlet without one has no room
            intents += [self._intent(submit, epoch, at) for submit in submits]
        return intents

    def _intent(self, submit: Submit, epoch: int, at: float) -> Intent:
        return Intent(submit.message_id, submit.part, submit.parts, self.account.name, epoch, submit.sequence, at)

    def _wake_at(self, due: float) -> None:
        """Look into the queue again at unix time `due`."""
        if not self._running or due >= self._wake_due:
            return
        if self._wake_call is not None:
            self._wake_call.cancel()
        self._wake_due = due
        self._wake_call = self._clock.callLater(max(0.0, due - self._now()), self._wake)

    def _wake(self) -> None:
        self._wake_call = None
        self._wake_due = math.inf
        self.poke()

    # --- ChannelListener ----------------------------------------------------------------------

    def opened(self, outlet: Outlet) -> None:
        """A bind stands: number it, then use it."""
        self._start(self._number(outlet))

    async def _number(self, outlet: Outlet) -> None:
        outlet.epoch = await self._writer.call(self._store.new_epoch)
        self._feed_soon()

    def results(self, results: list[Result]) -> None:
        """Decide what each result means, and have it recorded."""
        at = self._now()
        self.tally.add(results)
        self.recorder.add_outcomes([self._judge.outcome(result, at) for result in results])

    def deliveries(self, deliveries: list[Delivery]) -> None:
        """Have receipts recorded, and messages of subscribers stored."""
        at = self._now()
        receipts: list[tuple[ReceiptIn, Delivery]] = []
        others: list[Delivery] = []
        for delivery in deliveries:
            receipt = receipt_of(delivery.pdu, self.account.name, at)
            if receipt is not None:
                receipts.append((receipt, delivery))
                continue
            others.append(delivery)
        if others:
            self.incoming_messages += len(others)
            self._mobile_originated.take(self.account.name, others, self.channel.acknowledge)
        if receipts:
            self.recorder.add_receipts(receipts)

    def room(self) -> None:
        """The channel can take more."""
        self._feed_soon()

    def hold(self, submit: Submit) -> Hold | None:
        """What the gate says."""
        return self._gate.hold(submit, self._now())

    # --- RecorderOwner ------------------------------------------------------------------------

    def recorded(self, outcomes: Sequence[Outcome]) -> None:
        """What is to be sent again is in the queue now: be awake when it is due."""
        again = [due for outcome in outcomes if (due := _due(outcome)) is not None]
        if again:
            self._wake_at(min(again))

    def acknowledge(self, deliveries: list[Delivery], status: int) -> None:
        """Answer receipts."""
        self.channel.acknowledge(deliveries, status)

    def store_failed(self, failure: Failure) -> None:
        """A batch was not committed."""
        self._on_failure(failure)

    # --- small things -------------------------------------------------------------------------

    def _now(self) -> float:
        return self._epoch + self._clock.seconds()

    def _start(self, work: typing.Coroutine[Deferred[typing.Any], typing.Any, None]) -> None:
        """Run one step of feeding. A failure of it stops the program in order; that is the owner's business."""
        self._working += 1
        Deferred.fromCoroutine(work).addErrback(self._on_failure).addCallback(self._worked)

    def _worked(self, _: None) -> None:
        self._working -= 1
        if not self._working:
            quiet, self._quiet = self._quiet, []
            for waiting in quiet:
                waiting.callback(None)


def _due(outcome: Outcome) -> float | None:
    if isinstance(outcome, Retry | NotSent):
        return outcome.due
    return outcome.resend_due if isinstance(outcome, InDoubt) else None
