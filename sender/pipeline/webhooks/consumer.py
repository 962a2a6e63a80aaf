"""One consumer of events: its own queue, pace, connections and failures. Nobody else waits for it.

In memory are at most `_AHEAD` events; the rest waits in the store. A consumer that fails is left alone for a while, as
long as it goes on failing for longer and longer, and is then tried with one request, so that a million events that
wait do not wear out their attempts on a server that is down.
"""

from __future__ import annotations

import logging
import random
from collections import deque
from email.utils import parsedate_to_datetime
from typing import Final

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from sender.config.webhooks import WebhookConfig
from sender.pipeline.webhooks import schedule
from sender.pipeline.webhooks.posting import Post, Request, Response, Unreached
from sender.pipeline.webhooks.signing import headers
from sender.store.outbox import Attempt, Due, Fate
from sender.store.sqlite import SqliteStore
from sender.store.writer import Writer

log = logging.getLogger(__name__)

_AHEAD: Final = 200
"""Events taken from the store at once."""
_GONE: Final = 410
_SLOW_DOWN: Final = (429, 503)
_SHOWN: Final = 200
"""Characters of an answer that are kept to be shown."""


class ConsumerWork:
    """Delivers the events of one consumer. All randomness is drawn from `rng`; `epoch` is the unix time of clock 0."""

    def __init__(
        self,
        name: str,
        ident: int,
        tag: str,
        config: WebhookConfig,
        post: Post,
        *,
        store: SqliteStore,
        writer: Writer,
        clock: IReactorTime,
        epoch: float,
        rng: random.Random,
    ) -> None:
        self.name = name
        self.delivered = 0
        self.failed = 0
        """Attempts without success."""
        self.dead = 0
        self._ident = ident
        self._tag = tag
        self._config = config
        self._keys = config.keys
        self._tls = config.trust() if config.url.startswith("https:") else None
        self._post = post
        self._store = store
        self._writer = writer
        self._clock = clock
        self._epoch = epoch
        self._rng = rng
        self._queue: deque[Due] = deque()
        self._flying: dict[int, Deferred[Response]] = {}
        self._done: list[Attempt] = []
        self._recording: set[int] = set()
        self._fetching = False
        self._more = True
        """Whether the store may have events that are due."""
        self._due: float | None = None
        self._active = True
        self._disabling = False
        self._failures = 0
        self._hold_until = 0.0
        self._free_at = 0.0
        """When the pace allows the next request."""
        self._timer: IDelayedCall | None = None
        self._timer_at = 0.0
        self._stopping = False
        self._idle: list[Deferred[None]] = []

    # --- for the dispatcher -------------------------------------------------------------------

    def poke(self) -> None:
        """There may be new events, or a person may have enabled it again."""
        self._more = True
        if self._active:
            self._pump()
        else:
            self._fetch()

    @property
    def in_flight(self) -> int:
        """Requests that are being made."""
        return len(self._flying)

    @property
    def has_work(self) -> bool:
        """Whether something could be sent right now."""
        waits = self._clock.seconds() < self._hold_until
        return bool(self._flying or self._recording or self._done or self._fetching) or (
            self._active and not waits and bool(self._queue or self._more)
        )

    def stop(self) -> Deferred[None]:
        """Begin nothing more, drop what is under way, write down what is known; fires when that is done."""
        self._stopping = True
        self._cancel_timer()
        self._queue.clear()
        for flying in list(self._flying.values()):
            flying.cancel()
        self._flush()
        if not (self._recording or self._fetching):
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._idle.append(waiting)
        return waiting

    # --- working ------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Begin what may be begun now; arm one timer for the rest."""
        if self._stopping or not self._active:
            return
        now = self._clock.seconds()
        if now < self._hold_until:
            self._wake_at(self._hold_until)
            return
        limit = 1 if self._failures else self._config.concurrency
        while self._queue and len(self._flying) < limit:
            if now < self._free_at:
                self._wake_at(self._free_at)
                return
            if self._config.rate is not None:
                self._free_at = max(now, self._free_at) + 1.0 / self._config.rate
            self._send(self._queue.popleft())
        if not self._queue:
            self._fetch()

    def _fetch(self) -> None:
        if self._fetching or self._stopping:
            return
        if not self._more:
            if self._due is not None:
                self._wake_at(self._due - self._epoch)
            return
        self._fetching = True
        self._more = False
        known = len(self._flying) + len(self._recording) + len(self._done)
        found = self._writer.call(self._store.outbox.due, self._ident, self._now(), _AHEAD + known)
        found.addCallback(self._fetched).addErrback(self._store_failed).addBoth(self._fetch_done)

    def _fetched(self, found: tuple[list[Due], float | None, bool]) -> None:
        rows, self._due, active = found
        self._active = active and not self._disabling
        if not self._active:
            return
        ours = self._flying.keys() | self._recording | {attempt.id for attempt in self._done}
        fresh = [row for row in rows if row.id not in ours]
        self._more = len(fresh) >= _AHEAD
        if not self._stopping:
            self._queue.extend(fresh)

    def _fetch_done(self, _: object) -> None:
        self._fetching = False
        self._check_idle()
        self._pump()

    def _send(self, due: Due) -> None:
        body = due.body.encode()
        request = Request(
            url=self._config.url,
            headers=headers(self._keys, f"evt_{self._tag}_{due.id}", self._now(), body),
            body=body,
            timeout=self._config.timeout,
            allow_private=self._config.allow_private,
            tls=self._tls,
            pool=self.name,
        )
        answered = self._flying[due.id] = self._post(request)
        answered.addBoth(self._answered, due)

    def _answered(self, result: Response | Failure, due: Due) -> None:
        del self._flying[due.id]
        if isinstance(result, Failure):
            if self._stopping and result.check(CancelledError):  # type: ignore[no-untyped-call]
                return  # not an attempt: it is due still
            if not result.check(Unreached):  # type: ignore[no-untyped-call]
                log.error("webhook %s: %s", self.name, result.getTraceback())
            self._failed(due, result.getErrorMessage(), held=True)
        elif 200 <= result.status < 300:
            self._failures = 0
            self.delivered += 1
            self._done.append(Attempt(due.id, Fate.DELIVERED, due.at, str(result.status), self._now()))
        else:
            if result.status == _GONE:
                self._gone()
            slow = result.status in _SLOW_DOWN
            asked = self._asked(result) if slow else None
            # What it says of this one event holds up no other.
            self._failed(due, _outcome(result), held=slow or result.status >= 500, asked=asked)
        self._flush()
        self._pump()

    def _failed(self, due: Due, outcome: str, *, held: bool, asked: float | None = None) -> None:
        self.failed += 1
        if held:
            self._failures += 1
            self._hold_until = self._clock.seconds() + schedule.hold(self._failures, asked)
        now = self._now()
        again = schedule.next_due(due.attempts + 1, now, self._rng.random(), asked)
        if again is None:
            self.dead += 1
            log.warning("webhook %s: event %d is given up: %s", self.name, due.id, outcome)
            self._done.append(Attempt(due.id, Fate.DEAD, now, outcome, now))
            return
        if self._failures <= 1:
            log.warning("webhook %s: %s", self.name, outcome)
        self._done.append(Attempt(due.id, Fate.WAITING, again, outcome, now))
        self._due = again if self._due is None else min(self._due, again)

    def _gone(self) -> None:
        """The consumer wants nothing more: until a person says otherwise, its events wait."""
        self._active = False
        self._queue.clear()
        if not self._disabling:
            self._disabling = True
            log.warning("webhook %s: it answered 410 Gone and is disabled: sender webhooks enable", self.name)
            disabled = self._writer.call(self._store.outbox.disable, self._ident, "it answered 410 Gone", self._now())
            disabled.addErrback(self._store_failed).addBoth(self._disabled)

    def _disabled(self, _: object) -> None:
        self._disabling = False

    def _asked(self, response: Response) -> float | None:
        """Seconds that a Retry-After asks for (RFC 9110 §10.2.3: a number of seconds, or a date)."""
        text = response.retry_after.strip()
        if text.isascii() and text.isdigit() and len(text) < 10:
            return float(text)
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - self._now())
        except (ValueError, TypeError, OverflowError):
            return None

    # --- writing down -------------------------------------------------------------------------

    def _flush(self) -> None:
        """Have attempts recorded: while one batch is committed the next one gathers."""
        if self._recording or not self._done:
            return
        batch, self._done = self._done, []
        self._recording = {attempt.id for attempt in batch}
        recorded = self._writer.call(self._store.outbox.record, batch)
        # What could not be recorded is due still: sent once more, it is recognised by its id.
        recorded.addErrback(self._store_failed).addBoth(self._recorded)

    def _recorded(self, _: object) -> None:
        self._recording = set()
        self._flush()
        self._check_idle()
        if not self._stopping and not self._queue:
            self._pump()

    def _store_failed(self, failure: Failure) -> None:
        self._hold_until = self._clock.seconds() + schedule.hold(8, None)
        self._more = True
        log.error("webhook %s: %s", self.name, failure.getErrorMessage())

    def _check_idle(self) -> None:
        if self._stopping and not (self._recording or self._done or self._fetching):
            idle, self._idle = self._idle, []
            for waiting in idle:
                waiting.callback(None)

    # --- time ---------------------------------------------------------------------------------

    def _wake_at(self, due: float) -> None:
        if self._timer is not None:
            if self._timer_at <= due:
                return
            self._timer.cancel()
        self._timer_at = due
        self._timer = self._clock.callLater(max(0.0, due - self._clock.seconds()), self._wake)

    def _wake(self) -> None:
        self._timer = None
        self.poke()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _now(self) -> float:
        return self._epoch + self._clock.seconds()


def _outcome(response: Response) -> str:
    """An answer as it is shown."""
    text = " ".join(response.text.split())[:_SHOWN]
    return f"{response.status}: {text}" if text else str(response.status)
