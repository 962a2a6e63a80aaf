"""Who runs the verbs: one writer, group commit, results as Deferreds.

Calls are gathered into one transaction, so that the cost of making it durable is shared. A call that fails is rolled
back alone and fails alone; when the commit itself fails (a full disk), every call of the group fails.
Urgent calls (for one-time codes) go first and wait for nobody to join them; they end a group that is being gathered or
executed after the call that is running.
A Deferred fires after the commit: what it says has happened survives a power cut (I9).
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Final, ParamSpec, Protocol, TypeVar

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorFromThreads, IReactorTime
from twisted.python.failure import Failure

from sender.store.database import Database
from sender.store.records import StoreError
from sender.store.sqlite import SqliteStore

T = TypeVar("T")
P = ParamSpec("P")

GROUP_CALLS: Final = 500
GROUP_SECONDS: Final = 0.005
_PATIENCE: Final = 4
"""Groups of urgent calls in a row, of which the last takes along one call that is not: nothing waits for ever."""


class Writer(Protocol):
    """Runs verbs of a store in the order of the calls."""

    def call(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """Run ``verb(*args)`` in a transaction; fires after its commit, or fails with what the verb raised.

        StoreError when the group could not be committed, or the writer is closed.
        """
        ...

    def urgent(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """The same, ahead of every call that is not urgent."""
        ...

    def close(self) -> Deferred[None]:
        """Finish what was called, then stop. The store itself stays open."""
        ...


class _Call(msgspec.Struct, gc=False):
    run: Callable[[], Any]
    done: Deferred[Any]
    result: Any = None


def _run_group(db: Database, group: list[_Call], enough: Callable[[], bool] = lambda: False) -> list[_Call]:
    """Run the calls in one transaction and put their results, or Failures, into them.

    When there is `enough`, what has been run is committed. Returns the calls that were not run.
    """
    done = 0
    try:
        db.begin()
        for call in group:
            _run_one(db, call)
            done += 1
            if enough():
                break
        db.commit()
    except sqlite3.Error as error:
        db.rollback()
        failure = _failure(StoreError(f"the store cannot be written: {error}"))
        for call in group:
            call.result = failure
        return []
    rest = group[done:]
    del group[done:]
    return rest


def _run_one(db: Database, call: _Call) -> None:
    db.savepoint()
    try:
        call.result = call.run()
    except Exception as error:  # whatever a verb raises belongs to its caller, through the Deferred
        if not db.conn.in_transaction:
            # SQLite itself gave up the whole transaction (disk full, I/O error): the group is lost.
            raise sqlite3.OperationalError(str(error)) from error
        call.result = _failure(error)
        db.undo()
    else:
        db.keep()


def _first(calls: deque[_Call], limit: int) -> list[_Call]:
    return [calls.popleft() for _ in range(min(len(calls), limit))]


def _deliver(group: list[_Call]) -> None:
    for call in group:
        call.done.callback(call.result)  # a Failure given to callback() runs the errbacks


def _failure(error: BaseException) -> Failure:
    return Failure(error)  # type: ignore[no-untyped-call]


def _closed() -> Failure:
    return _failure(StoreError("the store is closed"))


class ThreadWriter:
    """A thread that runs the calls; `reactor` gets the results of a group in one ``callFromThread``."""

    def __init__(self, store: SqliteStore, reactor: IReactorFromThreads) -> None:
        self._db = store.database
        self._reactor = reactor
        self._calls: deque[_Call] = deque()
        self._urgent: deque[_Call] = deque()
        self._changed = threading.Condition()
        self._last = False
        self._urgent_groups = 0  # in a row
        self._closing: Deferred[None] | None = None
        # A daemon: a process that ends without close() ends as in a crash, which the store is made for.
        self._thread = threading.Thread(target=self._work, name="store writer", daemon=True)
        self._thread.start()

    def call(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """See `Writer.call`."""
        return self._put(self._calls, partial(verb, *args, **kwargs))

    def urgent(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """See `Writer.urgent`."""
        return self._put(self._urgent, partial(verb, *args, **kwargs))

    def _put(self, calls: deque[_Call], run: Callable[[], T]) -> Deferred[T]:
        done: Deferred[T] = Deferred()
        if self._closing is not None:
            done.errback(_closed())
            return done
        with self._changed:
            calls.append(_Call(run, done))
            self._changed.notify()
        return done

    def close(self) -> Deferred[None]:
        """See `Writer.close`."""
        done: Deferred[None] = Deferred()
        if self._closing is None:
            self._closing = Deferred()
            with self._changed:
                self._last = True
                self._changed.notify()
        self._closing.chainDeferred(done)
        return done

    def _work(self) -> None:
        while group := self._gather():
            # Urgent calls are few, and are not put off for those that come after them.
            rest = _run_group(self._db, group, self._never if self._urgent_groups else self._interrupted)
            if rest:
                with self._changed:
                    self._calls.extendleft(reversed(rest))
            self._reactor.callFromThread(_deliver, group)
        self._reactor.callFromThread(self._stopped)

    def _interrupted(self) -> bool:
        return bool(self._urgent)

    def _never(self) -> bool:
        return False

    def _gather(self) -> list[_Call]:
        """The next group: the urgent calls, or what comes within a moment; empty when it is time to stop."""
        with self._changed:
            self._changed.wait_for(self._something)
            deadline = time.monotonic() + GROUP_SECONDS
            while not self._urgent and not self._last and len(self._calls) < GROUP_CALLS:
                if not self._changed.wait(deadline - time.monotonic()):
                    break
            if not self._urgent:
                self._urgent_groups = 0
                return _first(self._calls, GROUP_CALLS)
            self._urgent_groups += 1
            group = _first(self._urgent, GROUP_CALLS)
            if self._urgent_groups % _PATIENCE == 0:
                group += _first(self._calls, 1)
            return group

    def _something(self) -> bool:
        return bool(self._urgent or self._calls or self._last)

    def _stopped(self) -> None:
        self._thread.join()
        if self._closing is not None:
            self._closing.callback(None)


class InlineWriter:
    """The same in the time of a clock: a group is committed half of `latency` after its first call, told half later."""

    def __init__(self, store: SqliteStore, clock: IReactorTime, latency: float = 0.002) -> None:
        self._db = store.database
        self._clock = clock
        self._half = latency / 2
        self._waiting: list[_Call] = []
        self._urgent: list[_Call] = []
        self._timers: dict[int, IDelayedCall] = {}
        self._serial = 0
        self._gathering = False
        self._closing: Deferred[None] | None = None

    def call(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """See `Writer.call`."""
        return self._put(self._waiting, partial(verb, *args, **kwargs))

    def urgent(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """See `Writer.urgent`."""
        return self._put(self._urgent, partial(verb, *args, **kwargs))

    def _put(self, calls: list[_Call], run: Callable[[], T]) -> Deferred[T]:
        done: Deferred[T] = Deferred()
        if self._closing is not None:
            done.errback(_closed())
            return done
        calls.append(_Call(run, done))
        self._gather()
        return done

    def close(self) -> Deferred[None]:
        """See `Writer.close`."""
        done: Deferred[None] = Deferred()
        if self._closing is None:
            self._closing = Deferred()
        self._closing.chainDeferred(done)
        self._stop_when_idle()
        return done

    def abandon(self) -> None:
        """Stop as a killed process does: what was not committed is lost, and nobody hears of what was."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._waiting.clear()
        self._urgent.clear()
        self._closing = self._closing or Deferred()

    def _gather(self) -> None:
        if (self._waiting or self._urgent) and not self._gathering:
            self._gathering = True
            self._later(self._commit)

    def _commit(self) -> None:
        self._gathering = False
        calls = self._urgent or self._waiting
        group = calls[:GROUP_CALLS]
        del calls[:GROUP_CALLS]
        _run_group(self._db, group)
        self._later(_deliver, group)
        self._gather()

    def _later(self, action: Callable[..., None], *args: Any) -> None:
        self._serial += 1
        serial = self._serial

        def act() -> None:
            del self._timers[serial]
            action(*args)
            self._stop_when_idle()

        self._timers[serial] = self._clock.callLater(self._half, act)

    def _stop_when_idle(self) -> None:
        if self._closing is not None and not self._timers and not self._closing.called:
            self._closing.callback(None)
