"""Who runs the verbs: one writer, group commit, results as Deferreds.

Calls are gathered into one transaction, so that the cost of making it durable is shared. Nobody waits for a group to
fill: what comes while one is being committed makes the next one, so that a call that is alone costs one commit, and a
thousand a second share as many as the disk can make.
A Deferred fires after the commit: what it says has happened survives a power cut (I9).
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final, ParamSpec, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorFromThreads, IReactorTime

from sender.store.group import Call, Groups, deliver, failure
from sender.store.records import StoreError
from sender.store.sqlite import SqliteStore

log = logging.getLogger(__name__)

T = TypeVar("T")
P = ParamSpec("P")

GROUP_CALLS: Final = 500


class Writer(Protocol):
    """Runs verbs of a store in the order of the calls."""

    @property
    def trouble(self) -> str | None:
        """Why the store cannot be written now, for people; None when it can."""
        ...

    def call(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """Run ``verb(*args)`` in a transaction; fires after its commit, or fails with what the verb raised.

        While the store cannot be written the call waits, and is run when it can be. StoreError when the writer is
        closed or in a `hurry`, or when the store is damaged.
        """
        ...

    def attempt(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """The same for who cannot wait: StoreUnavailable while the store cannot be written."""
        ...

    def hurry(self) -> None:
        """From now on no call waits for a store that cannot be written: StoreUnavailable for those that do."""
        ...

    def close(self) -> Deferred[None]:
        """Finish what was called, in a hurry, then stop. The store itself stays open."""
        ...


def _closed() -> StoreError:
    return StoreError("the store is closed")


def _tell(before: str | None, now: str | None) -> None:
    """Say once that the store cannot be written, and once that it can be again."""
    if now is not None and now != before:
        log.error("%s; sending waits, and goes on by itself", now)
    elif now is None and before is not None:
        log.warning("the store is written again; sending goes on")


class ThreadWriter:
    """A thread that runs the calls; `reactor` gets the results of a group in one ``callFromThread``."""

    def __init__(self, store: SqliteStore, reactor: IReactorFromThreads) -> None:
        self._groups = Groups(store.database)
        self._reactor = reactor
        self._queue: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._closing: Deferred[None] | None = None
        # A daemon: a process that ends without close() ends as in a crash, which the store is made for.
        self._thread = threading.Thread(target=self._work, name="store writer", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> str | None:
        """See `Writer.trouble`."""
        return self._groups.trouble

    def call(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """See `Writer.call`."""
        return self._take(partial(verb, *args, **kwargs), patient=True)

    def attempt(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """See `Writer.attempt`."""
        return self._take(partial(verb, *args, **kwargs), patient=False)

    def hurry(self) -> None:
        """See `Writer.hurry`."""
        self._groups.hurried = True
        if self._groups.trouble is not None:
            self.call(_nothing).addErrback(lambda _: None)  # wakes the thread, which then keeps nothing

    def close(self) -> Deferred[None]:
        """See `Writer.close`."""
        done: Deferred[None] = Deferred()
        if self._closing is None:
            self._closing = Deferred()
            self._groups.hurried = True
            self._queue.put(None)
        self._closing.chainDeferred(done)
        return done

    def _take(self, run: Callable[[], Any], *, patient: bool) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        if self._closing is not None:
            done.errback(failure(_closed()))
        else:
            self._queue.put(Call(run, done, patient))
        return done

    def _work(self) -> None:
        groups, last = self._groups, False
        while not last:
            group, last = self._await_mending() if groups.trouble is not None else self._gather()
            before = groups.trouble
            told = groups.run(group) if group or before is not None else []
            if before != groups.trouble:
                self._reactor.callFromThread(_tell, before, groups.trouble)
            if told:
                self._reactor.callFromThread(deliver, told)
        self._reactor.callFromThread(self._stopped)

    def _gather(self) -> tuple[list[Call], bool]:
        """The next group: what is there; whether it is the last one."""
        first = self._queue.get()
        if first is None:
            return [], True
        group = [first]
        while len(group) < GROUP_CALLS:
            try:
                call = self._queue.get_nowait()
            except queue.Empty:
                break
            if call is None:
                return group, True
            group.append(call)
        return group, False

    def _await_mending(self) -> tuple[list[Call], bool]:
        """Let the time until the next attempt pass; calls that cannot wait fail meanwhile."""
        groups = self._groups
        deadline = time.monotonic() + groups.wait
        while True:
            try:
                call = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return [], False
            if call is None or groups.hurried:
                return ([], True) if call is None else ([call], False)
            refused = groups.refuse([call])
            if refused:
                self._reactor.callFromThread(deliver, refused)

    def _stopped(self) -> None:
        self._thread.join()
        if self._closing is not None:
            self._closing.callback(None)


class InlineWriter:
    """The same in the time of a clock: a group is committed half of `latency` after its first call, told half later."""

    def __init__(self, store: SqliteStore, clock: IReactorTime, latency: float = 0.002) -> None:
        self._groups = Groups(store.database)
        self._clock = clock
        self._half = latency / 2
        self._waiting: list[Call] = []
        self._timers: dict[int, IDelayedCall] = {}
        self._serial = 0
        self._gathering: int | None = None
        self._closing: Deferred[None] | None = None

    @property
    def trouble(self) -> str | None:
        """See `Writer.trouble`."""
        return self._groups.trouble

    def call(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """See `Writer.call`."""
        return self._take(partial(verb, *args, **kwargs), patient=True)

    def attempt(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """See `Writer.attempt`."""
        return self._take(partial(verb, *args, **kwargs), patient=False)

    def hurry(self) -> None:
        """See `Writer.hurry`."""
        self._groups.hurried = True
        self._retry_now()

    def close(self) -> Deferred[None]:
        """See `Writer.close`."""
        done: Deferred[None] = Deferred()
        if self._closing is None:
            self._closing = Deferred()
            self.hurry()
        self._closing.chainDeferred(done)
        self._stop_when_idle()
        return done

    def abandon(self) -> None:
        """Stop as a killed process does: what was not committed is lost, and nobody hears of what was."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._waiting.clear()
        self._groups.kept.clear()
        self._closing = self._closing or Deferred()

    def _take(self, run: Callable[[], Any], *, patient: bool) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        if self._closing is not None:
            done.errback(failure(_closed()))
            return done
        call = Call(run, done, patient)
        if self._groups.trouble is not None and not self._groups.hurried:
            refused = self._groups.refuse([call])
            if refused:
                self._later(self._half, deliver, refused)
        else:
            self._waiting.append(call)
            self._gather()
        return done

    def _gather(self) -> None:
        if self._waiting and self._gathering is None:
            self._gathering = self._later(self._half, self._commit)

    def _commit(self) -> None:
        self._gathering = None
        groups = self._groups
        group, self._waiting = self._waiting[:GROUP_CALLS], self._waiting[GROUP_CALLS:]
        before = groups.trouble
        told = groups.run(group)
        _tell(before, groups.trouble)
        if told:
            self._later(self._half, deliver, told)
        if groups.trouble is not None and not groups.hurried:
            self._gathering = self._later(groups.wait, self._commit)
        else:
            self._gather()

    def _retry_now(self) -> None:
        """Do not wait for the next attempt."""
        if self._groups.trouble is not None and self._gathering is not None:
            self._timers.pop(self._gathering).cancel()
            self._gathering = self._later(self._half, self._commit)

    def _later(self, delay: float, action: Callable[..., None], *args: Any) -> int:
        self._serial += 1
        serial = self._serial

        def act() -> None:
            del self._timers[serial]
            action(*args)
            self._stop_when_idle()

        self._timers[serial] = self._clock.callLater(delay, act)
        return serial

    def _stop_when_idle(self) -> None:
        if self._closing is not None and not self._timers and not self._closing.called:
            self._closing.callback(None)


def _nothing() -> None:
    """A call that does nothing."""
