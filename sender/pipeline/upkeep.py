"""What has to be looked at once a second while the sender runs, and is nobody's next step.

Changes of other processes, messages that wait in vain, and what is too old to be kept.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Coroutine
from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from sender.pipeline.timer import Timer
from sender.store.maintenance import UNMATCHED_FOR
from sender.store.sqlite import SqliteStore
from sender.store.writer import Writer

LOOK: Final = 1.0
"""Seconds between two looks: how late a pause or a cancel of another process is heard of."""
_SWEEP: Final = 500
_RECEIPTS: Final = 60
"""Looks between two sweeps of what receipts wait for."""
_DELETE: Final = 200
_TIDY: Final = 60.0
"""Seconds until it is looked again for what is too old, when there was nothing."""
_IDLE_STEPS: Final = 50
"""Deletions of one look while there is nothing else to do: some half a second's work."""

Work = Coroutine[Deferred[typing.Any], typing.Any, None]


class Upkeep:
    """Notices what other processes write into the store, and ends messages that wait in vain.

    It deletes receipts of nobody after a month, and messages of campaigns that ended, or of subscribers that came,
    `retention` seconds ago.
    `on_outside_change` is run when another process has committed something, `on_look` at every look; `on_failure`
    hears what went wrong.
    """

    def __init__(
        self,
        store: SqliteStore,
        writer: Writer,
        clock: IReactorTime,
        *,
        epoch: float,
        retention: float | None,
        idle: Callable[[], bool],
        on_outside_change: Callable[[], Work],
        on_look: Callable[[], None],
        on_failure: Callable[[Failure], None],
    ) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._epoch = epoch
        self._retention = retention
        self._idle = idle
        self._on_outside_change = on_outside_change
        self._on_look = on_look
        self._on_failure = on_failure
        self._version: int | None = None
        self._looks = 0
        self._tidy_at = 0.0
        self._timer = Timer(clock, self._look)
        self._running = False

    def start(self) -> None:
        """Begin to look."""
        self._running = True
        self._look()

    def stop(self) -> None:
        """Look no more."""
        self._running = False
        self._timer.cancel()

    def _look(self) -> None:
        Deferred.fromCoroutine(self._work()).addErrback(self._on_failure).addCallback(self._look_later)

    def _look_later(self, _: None) -> None:
        if self._running:
            self._timer.set(LOOK)

    async def _work(self) -> None:
        version, ended = await self._writer.call(self._store.look, self._epoch + self._clock.seconds(), _SWEEP)
        known, self._version = self._version, version
        if known is not None and version != known:
            await self._on_outside_change()
        if ended == _SWEEP:
            await self.sweep()
        self._looks += 1
        if self._running and self._looks % _RECEIPTS == 1:
            await self._writer.call(self._store.sweep_receipts, self._epoch + self._clock.seconds())
        await self._tidy()
        if self._running:
            self._on_look()

    async def sweep(self) -> None:
        """End everything that waits in vain, some at a time, so that nothing urgent waits behind it."""
        while self._running:
            now = self._epoch + self._clock.seconds()
            if await self._writer.call(self._store.sweep, now, _SWEEP) < _SWEEP:
                return

    async def _tidy(self) -> None:
        """Delete what is too old: much of it while there is nothing else to do, else a little every second."""
        now = self._epoch + self._clock.seconds()
        if now < self._tidy_at:
            return
        maintenance = self._store.maintenance
        for _ in range(_IDLE_STEPS if self._idle() else 1):
            if not self._running:
                return
            kept = UNMATCHED_FOR if self._retention is None else min(UNMATCHED_FOR, self._retention)
            dropped = await self._writer.call(maintenance.drop_unmatched, now - kept, _DELETE)
            if self._retention is not None:
                dropped += await self._writer.call(maintenance.retire, now - self._retention, _DELETE)
                dropped += await self._writer.call(maintenance.drop_incoming, now - self._retention, _DELETE)
            if not dropped:
                self._tidy_at = now + _TIDY
                return
