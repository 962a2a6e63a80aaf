"""Who reads the store beside the writer: a connection and a thread of its own, so that a slow search delays nobody."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.failure import Failure

from sender.store.sqlite import SqliteStore

T = TypeVar("T")

Look = Callable[[SqliteStore], T]


class Reader(Protocol):
    """Reads what is committed."""

    def ask(self, look: Look[T]) -> Deferred[T]:
        """What `look` finds; fails with what it raises."""
        ...

    def close(self) -> None:
        """Nothing more is asked."""


class ThreadReader:
    """Reads in a thread, on a read-only store that is its own to close."""

    def __init__(self, store: SqliteStore, reactor: IReactorFromThreads) -> None:
        self._store = store
        self._reactor = reactor
        self._thread = ThreadPoolExecutor(1, "store reader")

    def ask(self, look: Look[T]) -> Deferred[T]:
        """See `Reader.ask`."""
        done: Deferred[T] = Deferred()

        def run() -> None:
            result: T | Failure
            try:
                result = look(self._store)
            except Exception:  # noqa: BLE001 - whatever it raises belongs to its caller, through the Deferred
                result = Failure()  # type: ignore[no-untyped-call]
            self._reactor.callFromThread(_tell, done, result)

        self._thread.submit(run)
        return done

    def close(self) -> None:
        """See `Reader.close`."""
        self._thread.shutdown(cancel_futures=True)
        self._store.close()


def _tell(done: Deferred[T], result: T | Failure) -> None:
    if not done.called:  # who asked may have gone away
        done.callback(result)  # a Failure given to callback() runs the errbacks


class InlineReader:
    """Reads at once, on the store of the writer: for virtual time."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    def ask(self, look: Look[T]) -> Deferred[T]:
        """See `Reader.ask`."""
        return maybeDeferred(look, self._store)

    def close(self) -> None:
        """See `Reader.close`."""
