"""Campaigns that somebody watches to their end."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from sender.pipeline.lanes import Lanes
from sender.pipeline.progress import Ending, Progress, ending, look_again
from sender.pipeline.standing import StandingCheck
from sender.store.sqlite import SqliteStore
from sender.store.writer import Writer

_SURE = 4
"""Looks in a row that must find messages without an account before it is believed."""


class RunFailed(Exception):
    """Sending had to stop; the text is for people. What is in the store is as it was at the last commit."""


class Runs:
    """Looks at campaigns now and then until there is nothing to wait for. `epoch` is the unix time at 0 of `clock`.

    `busy`: messages are being made, or moved to other accounts, so that nobody can say yet that there are none.
    """

    def __init__(
        self,
        lanes: Lanes,
        standing: StandingCheck,
        *,
        busy: Callable[[], bool],
        store: SqliteStore,
        writer: Writer,
        clock: IReactorTime,
        epoch: float,
    ) -> None:
        self.gave_up: str | None = None
        """Why the last run ended with messages unsent, when it did."""
        self._lanes = lanes
        self._busy = busy
        self._standing = standing
        self._store = store
        self._writer = writer
        self._clock = clock
        self._epoch = epoch
        self._over = False
        self._looks: dict[IDelayedCall, Deferred[None]] = {}

    async def watch(
        self,
        campaign_id: int,
        on_progress: Callable[[Progress], None] | None,
        receipt_wait: float,
        give_up: float | None,
    ) -> None:
        """Return when a campaign has ended, as `ending` says, or `end` was called."""
        stranded = 0
        while not self._over:
            progress = await self._progress(campaign_id)
            if on_progress is not None:
                on_progress(progress)
            held = bool(progress.held) or self._busy()
            end = ending(progress, self._lanes.views(), receipt_wait=receipt_wait, give_up=give_up, held=held)
            stranded = stranded + 1 if end is Ending.STRANDED else 0
            if end is Ending.GAVE_UP:
                self.gave_up = self._who_is_down()
            elif stranded >= _SURE:
                self.gave_up = f"{progress.unsent} messages wait for an operator that is no longer configured"
            if end not in (None, Ending.STRANDED) or stranded >= _SURE:
                return
            await self._look_later(look_again(progress, receipt_wait))

    def end(self) -> None:
        """Watch no longer: whoever waits goes on now."""
        self._over = True
        looks, self._looks = self._looks, {}
        for call, waiting in looks.items():
            call.cancel()
            waiting.callback(None)

    async def _progress(self, campaign_id: int) -> Progress:
        counts = await self._writer.call(self._store.counts, campaign_id)
        held = self._standing.held(campaign_id, self._epoch + self._clock.seconds())
        return Progress(campaign_id, sum(counts.values()), counts, self._lanes.statuses(), held)

    def _who_is_down(self) -> str:
        return "; ".join(
            f"{status.account}: {status.trouble or 'not bound'}".partition("; next attempt")[0]
            for status in self._lanes.statuses()
            if status.down_since is not None
        )

    def _look_later(self, delay: float) -> Deferred[None]:
        waiting: Deferred[None] = Deferred()

        def look() -> None:
            del self._looks[call]
            waiting.callback(None)

        call = self._clock.callLater(delay, look)
        self._looks[call] = waiting
        return waiting
