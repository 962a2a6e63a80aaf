"""The consumers of a configuration at work, each by itself."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping
from typing import Final

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from sender.config.webhooks import WebhookConfig
from sender.pipeline.timer import Timer
from sender.pipeline.webhooks.consumer import ConsumerWork
from sender.pipeline.webhooks.posting import Post
from sender.store.sqlite import SqliteStore
from sender.store.writer import Writer

log = logging.getLogger(__name__)

_LOOK: Final = 0.25
"""Seconds between two looks whether events were written."""
_PURGE: Final = 3600.0
_PURGED: Final = 500
"""Rows of one purge: it shares the writer with the sending."""
_KEEP_DELIVERED: Final = 3 * 86_400.0
_KEEP_OTHERS: Final = 30 * 86_400.0
_LAST_CALL: Final = 5.0
"""Seconds that a stop waits for events that can be delivered at once."""


class Dispatcher:
    """Delivers events until it is stopped; what is left then goes out after the next start."""

    def __init__(
        self,
        webhooks: Mapping[str, WebhookConfig],
        post: Post | None,
        *,
        store: SqliteStore,
        writer: Writer,
        clock: IReactorTime,
        epoch: float,
        seed: int,
    ) -> None:
        self.consumers: dict[str, ConsumerWork] = {}
        self._webhooks = webhooks
        self._post = post
        self._store = store
        self._writer = writer
        self._clock = clock
        self._epoch = epoch
        self._seed = seed
        self._timer = Timer(clock, self._look)
        self._seen = -1
        self._purge_at = 0.0
        self._stopping = False

    async def start(self) -> None:
        """Bring the store's consumers to the configuration, and begin."""
        now = self._epoch + self._clock.seconds()
        wanted = {
            name: (str(webhook.url), [event.value for event in webhook.events])
            for name, webhook in self._webhooks.items()
        }
        idents = await self._writer.call(self._store.outbox.configure, wanted, now)
        if self._post is None or self._stopping:
            return
        tags = {
            row.name: f"{int(row.created_at * 1000):x}" for row in await self._writer.call(self._store.outbox.consumers)
        }
        for name, webhook in self._webhooks.items():
            self.consumers[name] = ConsumerWork(
                name,
                idents[name],
                tags[name],
                webhook,
                self._post,
                store=self._store,
                writer=self._writer,
                clock=self._clock,
                epoch=self._epoch,
                rng=random.Random(f"{self._seed}/{name}/webhook"),  # noqa: S311 - jitter, repeatable
            )
        if self.consumers:
            self._look()

    def poke(self) -> None:
        """Another process may have written events, or asked for a replay."""
        for consumer in self.consumers.values():
            consumer.poke()

    def stop(self) -> Deferred[None]:
        """Deliver for some seconds what can be delivered at once, then drop the rest; fires when all is recorded."""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        self._stopping = True
        self._timer.cancel()
        self.poke()
        end = self._clock.seconds() + _LAST_CALL
        while self._clock.seconds() < end and any(consumer.has_work for consumer in self.consumers.values()):
            await self._pause(0.02)
        await DeferredList([consumer.stop() for consumer in self.consumers.values()], consumeErrors=True)

    def abort(self) -> None:
        """Stop at once."""
        self._stopping = True
        self._timer.cancel()
        for consumer in self.consumers.values():
            consumer.stop()

    def _pause(self, seconds: float) -> Deferred[None]:
        waiting: Deferred[None] = Deferred()
        self._clock.callLater(seconds, waiting.callback, None)
        return waiting

    def _look(self) -> None:
        self._timer.set(_LOOK)
        # The writer counts in its own thread; that one look sees it late matters to nobody.
        emitted = self._store.database.emitted
        if emitted != self._seen:
            self._seen = emitted
            self.poke()
        if self._clock.seconds() >= self._purge_at:
            self._purge_at = self._clock.seconds() + _PURGE
            self._purge()

    def _purge(self) -> None:
        purged = self._writer.call(self._store.outbox.purge, self._epoch + self._clock.seconds(), _KEEP_DELIVERED,
                                   _KEEP_OTHERS, _PURGED)  # fmt: skip
        purged.addCallbacks(self._purged, self._not_purged)

    def _purged(self, rows: int) -> None:
        if rows >= _PURGED:
            self._purge_at = self._clock.seconds() + 1.0  # there is more

    def _not_purged(self, failure: Failure) -> None:
        log.error("old events could not be deleted: %s", failure.getErrorMessage())
