"""Who runs the verbs: one writer, group commit, results as Deferreds.

Calls are gathered into one transaction, so that the cost of making it durable is shared. A call that fails is rolled
back alone and fails alone; when the commit itself fails (a full disk), every call of the group fails.
A Deferred fires after the commit: what it says has happened survives a power cut (I9).
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
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


class Writer(Protocol):
    """Runs verbs of a store in the order of the calls."""

    def call(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """Run ``verb(*args)`` in a transaction; fires after its commit, or fails with what the verb raised.

        StoreError when the group could not be committed, or the writer is closed.
        """
        ...

    def close(self) -> Deferred[None]:
        """Finish what was called, then stop. The store itself stays open."""
        ...


class _Call(msgspec.Struct, gc=False):
    run: Callable[[], Any]
    done: Deferred[Any]
    result: Any = None


def _run_group(db: Database, group: list[_Call]) -> None:
    """Run the calls in one transaction and put their results, or Failures, into them."""
    try:
        db.begin()
        for call in group:
            _run_one(db, call)
        db.commit()
    except sqlite3.Error as error:
        db.rollback()
        failure = _failure(StoreError(f"the store cannot be written: {error}"))
        for call in group:
            call.result = failure


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
        self._queue: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._closing: Deferred[None] | None = None
        # A daemon: a process that ends without close() ends as in a crash, which the store is made for.
        self._thread = threading.Thread(target=self._work, name="store writer", daemon=True)
        self._thread.start()

    def call(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """See `Writer.call`."""
        done: Deferred[T] = Deferred()
        if self._closing is not None:
            done.errback(_closed())
        else:
            self._queue.put(_Call(partial(verb, *args, **kwargs), done))
        return done

    def close(self) -> Deferred[None]:
        """See `Writer.close`."""
        done: Deferred[None] = Deferred()
        if self._closing is None:
            self._closing = Deferred()
            self._queue.put(None)
        self._closing.chainDeferred(done)
        return done

    def _work(self) -> None:
        last = False
        while not last:
            group, last = self._gather()
            if group:
                _run_group(self._db, group)
                self._reactor.callFromThread(_deliver, group)
        self._reactor.callFromThread(self._stopped)

    def _gather(self) -> tuple[list[_Call], bool]:
        """The next group, and whether it is the last one."""
        first = self._queue.get()
        if first is None:
            return [], True
        group = [first]
        deadline = time.monotonic() + GROUP_SECONDS
        while len(group) < GROUP_CALLS:
            try:
                call = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            if call is None:
                return group, True
            group.append(call)
        return group, False

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
        self._timers: dict[int, IDelayedCall] = {}
        self._serial = 0
        self._gathering = False
        self._closing: Deferred[None] | None = None

    def call(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """See `Writer.call`."""
        done: Deferred[T] = Deferred()
        if self._closing is not None:
            done.errback(_closed())
            return done
        self._waiting.append(_Call(partial(verb, *args, **kwargs), done))
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
        self._closing = self._closing or Deferred()

    def _gather(self) -> None:
        if self._waiting and not self._gathering:
            self._gathering = True
            self._later(self._commit)

    def _commit(self) -> None:
        self._gathering = False
        group, self._waiting = self._waiting[:GROUP_CALLS], self._waiting[GROUP_CALLS:]
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
