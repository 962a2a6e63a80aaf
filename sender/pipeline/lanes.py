"""The lanes of a sender: one for each operator account, made, started and ended together or one by one."""

from __future__ import annotations

import random
from collections.abc import Callable, Container, Iterator

from twisted.internet.defer import Deferred, DeferredList
from twisted.python.failure import Failure

from sender.channels.account import Account
from sender.channels.status import ChannelStatus
from sender.config.operator import AccountConfig
from sender.domain.retry import RetryPolicy
from sender.pipeline.lane import Lane
from sender.pipeline.progress import LaneView
from sender.pipeline.shared import Shared
from sender.pipeline.verdict import Judge


class Lanes:
    """Every lane; iterate over them as they are now.

    `on_trouble` hears of what goes wrong while a lane ends, `on_left` that an account which is gone has given back what
    it had claimed.
    """

    def __init__(
        self,
        shared: Shared,
        *,
        seed: int,
        on_trouble: Callable[[Failure], None],
        on_left: Callable[[], None],
    ) -> None:
        self._shared = shared
        self._seed = seed
        self._on_trouble = on_trouble
        self._on_left = on_left
        self._lanes: list[Lane] = []
        self._leaving: list[Deferred[None]] = []  # that a change of the configuration ends
        self._stopping = False

    def __iter__(self) -> Iterator[Lane]:
        return iter(tuple(self._lanes))

    # --- one lane -----------------------------------------------------------------------------

    def make(self, name: str, account: AccountConfig, policy: RetryPolicy) -> Lane:
        """A lane for an account; it is not started."""
        self._shared.health.add(name, self._shared.clock.seconds())
        rng = random.Random(f"{self._seed}/{name}/reconnects")  # noqa: S311 - jitter, repeatable
        return Lane(Account.of(name, account), self._judge(name, policy), self._shared, rng)

    def _judge(self, name: str, policy: RetryPolicy) -> Judge:
        return Judge(policy, random.Random(f"{self._seed}/{name}/retries"))  # noqa: S311 - jitter, repeatable

    def change_policy(self, lane: Lane, policy: RetryPolicy) -> None:
        """Refusals on an account are judged by another policy."""
        lane.judge_by(self._judge(lane.account.name, policy))

    def add(self, lane: Lane) -> None:
        """It is one of them, and started when all are."""
        self._lanes.append(lane)

    def join(self, lane: Lane) -> None:
        """An account is new while we run: connect it.

        It may have been here before, so its limits begin with a second of rest.
        """
        if self._stopping:
            return
        self._lanes.append(lane)
        self._shared.health.know(lane.account.name, self._shared.clock.seconds())
        self._start(lane, rest=True)

    def leave(self, lane: Lane) -> None:
        """An account is gone: end it in order."""
        self._lanes.remove(lane)
        leaving = Deferred.fromCoroutine(lane.stop())
        self._leaving.append(leaving)
        leaving.addErrback(self._on_trouble).addCallback(lambda _: self._left(leaving))

    def _left(self, leaving: Deferred[None]) -> None:
        self._leaving.remove(leaving)
        self._on_left()

    # --- all of them --------------------------------------------------------------------------

    def start(self, *, rest: bool) -> None:
        """Connect all; with `rest`, nothing is written for a second."""
        for lane in self:
            if self._stopping:
                break
            self._start(lane, rest=rest)

    def _start(self, lane: Lane, *, rest: bool) -> None:
        if rest:
            # What the process before us wrote in its last second counts against the limit too (I5).
            lane.channel.hold(self._shared.clock.seconds() + 1.0)
        lane.start()

    def close(self) -> None:
        """Start none any more."""
        self._stopping = True

    async def stop(self) -> None:
        """End all in order, those that were leaving too."""
        self.close()
        stopping = [Deferred.fromCoroutine(lane.stop()) for lane in self._lanes]
        for _, result in await DeferredList([*stopping, *self._leaving], consumeErrors=True):
            if isinstance(result, Failure):
                self._on_trouble(result)

    def abort(self) -> None:
        """Drop every connection now."""
        for lane in self._lanes:
            lane.cease()
            lane.channel.abort()

    def poke(self, accounts: Container[str] | None = None, *, urgent: bool | None = None) -> None:
        """There may be something to send, for these accounts; None = for any."""
        for lane in self._lanes:
            if accounts is None or lane.account.name in accounts:
                lane.poke(urgent=urgent)

    def give_back(self, accounts: Container[str]) -> None:
        """What these accounts have claimed, and not written, goes back to the queue."""
        for lane in self._lanes:
            if lane.account.name in accounts:
                lane.give_back()

    @property
    def at_rest(self) -> bool:
        """Whether none has anything to do."""
        return all(lane.at_rest for lane in self._lanes)

    def down(self) -> set[str]:
        """Accounts without a bind that can submit."""
        return {status.account for status in self.statuses() if status.down_since is not None}

    def statuses(self) -> tuple[ChannelStatus, ...]:
        """How every channel stands."""
        return tuple(lane.channel.status() for lane in self._lanes)

    def views(self) -> list[LaneView]:
        """What the rule about the end of a run looks at."""
        return [self._view(lane) for lane in self._lanes]

    def _view(self, lane: Lane) -> LaneView:
        status, now = lane.channel.status(), self._shared.clock.seconds()
        return LaneView(
            exhausted=lane.exhausted,
            down_for=None if status.down_since is None else now - status.down_since,
            quiet_for=now - max(lane.recorder.last_activity, lane.channel.bound_at),
        )
