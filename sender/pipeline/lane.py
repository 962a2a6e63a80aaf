"""One operator account at work: claim, compose, commit the intents, write, record.

The steps of a message, and where they happen::

    claim ─► ready ─► compose ─► promise to a bind ─► commit intents ─► channel writes ─► verdict ─► record
    (store)  (here)   (here)     (sequence numbers)   (store)           (window, pace)    (pure)     (store)

The first four are of `feed.py`. A message that is only claimed goes back to the queue if we die; one whose intent is
committed is in doubt. So claims run well ahead of the wire, and intents only as far as the channel asks for.
"""

from __future__ import annotations

import logging
import random
import typing
from collections.abc import Mapping, Sequence
from itertools import chain

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from sender.channels.account import Account
from sender.channels.channel import SmppChannel
from sender.channels.outlet import Outlet
from sender.channels.results import Delivered, Delivery, Hold, Receipts, Result, Submit
from sender.pipeline.feed import Feed
from sender.pipeline.incoming import ReceiptReader
from sender.pipeline.recorder import Heard, Recorder
from sender.pipeline.shared import Shared
from sender.pipeline.tally import Tally
from sender.pipeline.verdict import Judge
from sender.store.records import Accepted, InDoubt, NotSent, Outcome, Retry

log = logging.getLogger(__name__)


class Lane:
    """Feeds one operator account from the store and records what comes back."""

    def __init__(self, account: Account, judge: Judge, shared: Shared, rng: random.Random) -> None:
        self.account = account
        self.channel = SmppChannel(account, self, clock=shared.clock, network=shared.network, rng=rng)
        self.recorder = Recorder(shared.store, shared.writer, self, shared.clock)
        self.tally = Tally()
        self._receipts = ReceiptReader(account.name)
        self.incoming_messages = 0
        """Messages of subscribers that came, parts and repetitions included."""
        self._judge = judge
        self._shared = shared
        # Codes first, in every turn.
        self._feeds = [Feed(self.channel, shared, urgent=urgent, start=self._start) for urgent in (True, False)]
        self._running = False
        self._working = 0  # coroutines of this lane that are under way
        self._quiet: list[Deferred[None]] = []

    # --- for the program ----------------------------------------------------------------------

    def start(self) -> None:
        """Connect and begin to send."""
        self._running = True
        for feed in self._feeds:
            feed.begin()
        self.channel.start()

    def poke(self, *, urgent: bool | None = None) -> None:
        """There may be new messages in the store: one-time codes, or others, or both."""
        for feed in self._feeds:
            if urgent is None or feed.urgent is urgent:
                feed.poke()

    def judge_by(self, judge: Judge) -> None:
        """Decide what refusals mean by other rules from now on."""
        self._judge = judge

    @property
    def at_rest(self) -> bool:
        """Whether nothing is going on here: all that is left waits for a due time, a bind or a receipt."""
        return (
            not self._working
            and all(feed.at_rest for feed in self._feeds)
            and not any(outlet.ahead or outlet.outstanding for outlet in self.channel.outlets)
            and self.recorder.idle
        )

    @property
    def exhausted(self) -> bool:
        """Whether there is nothing left to send here, now or at a known later time."""
        return self.at_rest and all(feed.exhausted for feed in self._feeds)

    @property
    def unsendable(self) -> int:
        """Messages that were routed here and cannot go this way; they are rejected."""
        return sum(feed.unsendable for feed in self._feeds)

    def cease(self) -> None:
        """Claim and write nothing more."""
        self._running = False
        for feed in self._feeds:
            feed.cease()

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
        for feed in self._feeds:
            # If that fails they stay claimed, which the next start puts right.
            await feed.release().addErrback(self._shared.on_failure)

    def give_back(self) -> None:
        """Let the store have what waits here for a bind: another account may send it."""
        for feed in self._feeds:
            if feed.waiting:
                self._start(feed.give_back())

    # --- ChannelListener ----------------------------------------------------------------------

    def opened(self, outlet: Outlet) -> None:
        """A bind stands: number it, then use it."""
        self._start(self._number(outlet))

    async def _number(self, outlet: Outlet) -> None:
        outlet.epoch = await self._shared.writer.call(self._shared.store.new_epoch)
        self.room()

    def results(self, results: list[Result]) -> None:
        """Decide what each result means, and have it recorded."""
        at = self._shared.now()
        self.tally.add(results)
        outcomes = self._judge.outcomes(results, at)
        self._shared.health.outcomes(self.account.name, outcomes, self._shared.clock.seconds())
        self.recorder.add_outcomes(outcomes)

    def deliveries(self, deliveries: list[Delivered]) -> None:
        """Have receipts recorded, and messages of subscribers stored."""
        at = self._shared.now()
        receipts: list[Heard] = []
        others: list[Delivery] = []
        for delivery in deliveries:
            if isinstance(delivery, Receipts):
                receipts.append((self._receipts.read_run(delivery.run, at), delivery))
                continue
            receipt = self._receipts.read(delivery.pdu, at)
            if receipt is not None:
                receipts.append(([receipt], delivery))
                continue
            others.append(delivery)
        if others:
            self.incoming_messages += len(others)
            self._shared.mobile_originated.take(self.account.name, others, self.channel.acknowledge)
        if receipts:
            read = chain.from_iterable(some for some, _ in receipts)
            self._shared.health.receipts(self.account.name, read, self._shared.clock.seconds())
            self.recorder.add_receipts(receipts)

    def room(self) -> None:
        """The channel can take more."""
        for feed in self._feeds:
            feed.soon()

    def hold(self, submits: Sequence[Submit]) -> Mapping[int, Hold]:
        """What the gate says."""
        return self._shared.gate.hold(submits, self._shared.now())

    # --- RecorderOwner ------------------------------------------------------------------------

    def recorded(self, outcomes: Sequence[Outcome]) -> None:
        """What is to be sent again is in the queue now: be awake when it is due."""
        others = [outcome for outcome in outcomes if type(outcome) is not Accepted]
        again = [due for outcome in others if (due := _due(outcome)) is not None]
        if again:
            for feed in self._feeds:
                feed.due(min(again))

    def queued_again(self) -> None:
        """A message whose parts had to wait for one another may be due: look."""
        self.poke()

    def acknowledge(self, deliveries: Sequence[Delivered], status: int) -> None:
        """Answer receipts."""
        self.channel.acknowledge(deliveries, status)

    def store_failed(self, failure: Failure) -> None:
        """A batch was not committed."""
        self._shared.on_failure(failure)

    # --- small things -------------------------------------------------------------------------

    def _start(self, work: typing.Coroutine[Deferred[typing.Any], typing.Any, None]) -> None:
        """Run one step of feeding. A failure of it stops the program in order; that is the owner's business."""
        self._working += 1
        Deferred.fromCoroutine(work).addErrback(self._shared.on_failure).addCallback(self._worked)

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
