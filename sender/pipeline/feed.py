"""From the queue of one operator account to its binds: claim, compose, promise, commit the intents, have them written.

An account has two: one for one-time codes, one for all the rest. They share its binds and nothing else, so that a code
never waits behind what was claimed, or is being committed, for a campaign.
"""

from __future__ import annotations

import logging
import math
import typing
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall

from sender.channels.channel import SmppChannel
from sender.channels.outlet import Outlet
from sender.channels.results import Submit
from sender.pipeline.press import UNCOMPOSABLE, Press
from sender.pipeline.shared import Shared
from sender.store.records import Claimed, Intent

log = logging.getLogger(__name__)

_CLAIM_TIME = 1.0
"""Seconds of the account's rate that are claimed ahead."""
_CLAIM_LEAST = 20
_CLAIM_MOST = 500
_RUN = 16
"""So many for each bind and more are a run: binds take turns by commits, since a write, a read and a call of the store
cost as much for few as for many."""
_COMMIT_MOST = 250
"""Messages whose intents are committed in one call, and that are claimed in one: a one-time code that comes meanwhile
waits for that call, and for no other."""

_TOGETHER: Final = 8
"""Messages of a campaign from which on it is cheaper to compose them in columns."""

Batch = list[tuple[Outlet, list[Submit]]]
Work = typing.Coroutine[Deferred[typing.Any], typing.Any, None]


class Feed:
    """Feeds a channel with messages that are `urgent`, or with those that are not.

    `start` runs a coroutine whose failure stops the program in order.
    """

    def __init__(
        self,
        channel: SmppChannel,
        shared: Shared,
        *,
        urgent: bool,
        start: Callable[[Work], None],
    ) -> None:
        self.urgent = urgent
        self.unsendable = 0
        """Messages whose text this account cannot carry; the program that routed them here believed it could."""
        self._channel = channel
        self._account = channel.account.name
        self._composers = shared.composers
        self._store = shared.store
        self._call = shared.writer.urgent if urgent else shared.writer.call
        self._clock = shared.clock
        self._now = shared.now
        self._start = start
        self._ready: deque[Claimed] = deque()
        self._running = False
        self._claiming = False
        self._committing = False
        self._dry = False  # the last claim found fewer messages than it asked for
        self._poked = False  # since that claim began
        self._feed_call: IDelayedCall | None = None
        self._wake_call: IDelayedCall | None = None
        self._wake_due = math.inf  # unix time

    def begin(self) -> None:
        """Begin to feed."""
        self._running = True

    def poke(self) -> None:
        """There may be new messages in the store."""
        self._dry = False
        self._poked = True
        self.soon()

    def soon(self) -> None:
        """Feed once this turn is over, whatever asked for it: what is due on the wire goes first."""
        if self._running and self._feed_call is None and (self._may_commit or self._may_claim):
            self._feed_call = self._clock.callLater(0, self._feed)

    def due(self, at: float) -> None:
        """Look into the queue again at unix time `at`."""
        if not self._running or at >= self._wake_due:
            return
        if self._wake_call is not None:
            self._wake_call.cancel()
        self._wake_due = at
        self._wake_call = self._clock.callLater(max(0.0, at - self._now()), self._wake)

    @property
    def at_rest(self) -> bool:
        """Whether it holds no message and is about to do nothing."""
        return not (self._feed_call or self._ready or self._claiming or self._committing)

    @property
    def exhausted(self) -> bool:
        """Whether there is nothing left to send, now or at a known later time."""
        return self.at_rest and self._dry and self._wake_call is None

    def cease(self) -> None:
        """Claim and promise nothing more."""
        self._running = False
        for call in (self._feed_call, self._wake_call):
            if call is not None:
                call.cancel()
        self._feed_call = self._wake_call = None

    def release(self) -> Deferred[None]:
        """Give back what was claimed and is not promised to a bind."""
        ready, self._ready = self._ready, deque()
        if not ready:
            return succeed(None)
        return self._call(self._store.release, [claimed.message_id for claimed in ready])

    @property
    def waiting(self) -> int:
        """Messages that are claimed and not promised to a bind."""
        return len(self._ready)

    async def give_back(self) -> None:
        """Release, because nothing here can be sent for a while; it is claimed again when there is a bind."""
        await self.release()
        self._dry = False

    # --- steps --------------------------------------------------------------------------------

    def _feed(self) -> None:
        self._feed_call = None
        if not self._running:
            return
        if self._may_commit:
            self._start(self._commit())
        if self._may_claim and self._has_bind() and len(self._ready) < self._claim_size() / 2:
            self._start(self._claim())

    @property
    def _may_commit(self) -> bool:
        return bool(self._ready) and not self._committing

    @property
    def _may_claim(self) -> bool:
        return not (self._claiming or self._dry)

    def _has_bind(self) -> bool:
        return any(outlet.epoch is not None for outlet in self._channel.outlets)

    def _claim_size(self) -> int:
        rate = self._channel.pace.rate(self._clock.seconds())
        if rate is None:
            return _CLAIM_MOST
        return max(_CLAIM_LEAST, min(_CLAIM_MOST, math.ceil(rate * _CLAIM_TIME)))

    async def _claim(self) -> None:
        self._claiming = True
        self._poked = False
        try:
            limit = min(_COMMIT_MOST, self._claim_size() - len(self._ready))
            claimed = await self._call(self._store.claim, self._account, limit, self._now(), self.urgent)
            for campaign_id in {message.campaign_id for message in claimed}:
                await self._composers.load(campaign_id)
            self._ready.extend(claimed)
            if claimed:
                self.soon()
                if self.urgent:
                    self._channel.reserve.code(self._clock.seconds())
            if len(claimed) < limit and not self._poked:
                self._dry = True
                due = await self._call(self._store.next_due, self._account, self.urgent)
                if due is not None:
                    self.due(due)
        finally:
            self._claiming = False
        self.soon()

    async def _commit(self) -> None:
        """Promise messages to the binds that have room, commit their intents, have them written."""
        batch, unsendable = self._promise()
        if unsendable:
            self.unsendable += len(unsendable)
            await self._call(self._store.refuse, unsendable)
        if not batch:
            return
        self._committing = True
        try:
            stale = await self._call(self._store.mark_submitting, self._intents(batch))
        except BaseException:
            for outlet, submits in batch:
                outlet.withdraw(submits)
            raise
        finally:
            self._committing = False
        forbidden = {(intent.message_id, intent.part) for intent in stale}
        for outlet, submits in batch:
            if forbidden:
                outlet.withdraw([submit for submit in submits if (submit.message_id, submit.part) in forbidden])
                submits = [it for it in submits if (it.message_id, it.part) not in forbidden]  # noqa: PLW2901
            self._channel.write(outlet, submits)
        self.soon()

    def _promise(self) -> tuple[Batch, list[int]]:
        """Compose as many messages as the binds have room for, and number their submits.

        Messages that this account cannot carry come beside them; they went to another one when they were imported.
        """
        batch: dict[Outlet, list[Submit]] = {}
        unsendable: list[int] = []
        left = _COMMIT_MOST
        room = {outlet: self._channel.room(outlet, urgent=self.urgent) for outlet in self._channel.outlets}
        even = math.ceil(min(left, len(self._ready)) / max(1, len(room)))
        few = even <= _RUN  # those are for all binds, and many for as few as have the room
        while self._ready and room and left > 0:
            outlet = max(room, key=room.__getitem__)
            if room[outlet] <= 0:
                break
            share = min(even, room[outlet]) if few else room[outlet]
            submits = self._compose(outlet, share, min(left, len(self._ready)), unsendable)
            if submits:
                batch.setdefault(outlet, []).extend(submits)
                left -= len(submits)
                room[outlet] -= len(submits)
                if not few and left <= _COMMIT_MOST / 2:
                    break
        for outlet, submits in batch.items():
            outlet.promise(submits)
        return list(batch.items()), unsendable

    def _compose(self, outlet: Outlet, room: int, messages: int, unsendable: list[int]) -> list[Submit]:
        """The submits of the next `messages`, until an outlet has no `room` for more."""
        presses: dict[int, Press] = {}
        submits: list[Submit] = []
        while messages > 0 and len(submits) < room:
            some = self._next(min(messages, room - len(submits)))
            campaign_id = some[0].campaign_id
            press = presses.get(campaign_id)
            if press is None:
                composer = self._composers.of(campaign_id)
                press = composer.press(self._account, outlet.version, tlvs=outlet.takes_tlvs)
                presses[campaign_id] = press
            made = press.together(some) if len(some) >= _TOGETHER else None
            if made is None:
                made = self._compose_each(press, some, room - len(submits), unsendable)
            submits += made
            messages -= len(some)
        return submits

    def _next(self, most: int) -> list[Claimed]:
        """The next messages of one campaign."""
        ready = self._ready
        some = [ready.popleft()]
        campaign_id = some[0].campaign_id
        while len(some) < most and ready[0].campaign_id == campaign_id:
            some.append(ready.popleft())
        return some

    def _compose_each(self, press: Press, some: list[Claimed], room: int, unsendable: list[int]) -> list[Submit]:
        """The same one by one: what has several parts may leave others no room."""
        submits: list[Submit] = []
        for place, claimed in enumerate(some):
            if len(submits) >= room:
                self._ready.extendleft(reversed(some[place:]))
                del some[place:]
                break
            try:
                made = press.submits(claimed)
            except UNCOMPOSABLE as error:
                log.error("%s: message %d cannot go this way: %s", self._account, claimed.message_id, error)
                unsendable.append(claimed.message_id)
                continue
            if not made:
                raise RuntimeError(f"message {claimed.message_id} was claimed and has no part left to send")
            submits += made
        return submits

    def _intents(self, batch: Batch) -> Sequence[Intent]:
        at, account = self._now(), self._account
        intents = []
        for outlet, submits in batch:
            epoch = outlet.epoch
            assert epoch is not None  # noqa: S101 - an outlet without one has no room
            intents += [Intent(it.message_id, it.part, it.parts, account, epoch, it.sequence, at) for it in submits]
        return intents

    def _wake(self) -> None:
        self._wake_call = None
        self._wake_due = math.inf
        self.poke()
