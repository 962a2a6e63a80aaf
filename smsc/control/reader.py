"""Reading the journal without holding up the reactor: in a thread where it is a file, at once where it is in memory."""

from __future__ import annotations

import sqlite3
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from twisted.internet.defer import Deferred, execute
from twisted.internet.threads import deferToThreadPool

from smsc.journal.file import open_readonly
from smsc.journal.inbox import Inbox
from smsc.journal.journal import MEMORY, Journal
from smsc.journal.messages import Messages

T = TypeVar("T")

THREADS = 2


class Shelf(NamedTuple):
    """What can be read with one connection to a journal."""

    connection: sqlite3.Connection
    messages: Messages
    inbox: Inbox
    alphabets: Mapping[str, str]
    """What operators mean by data_coding 0, where that is not gsm7."""


class Reader(Protocol):
    """Does reading work somewhere."""

    def read(self, work: Callable[[Shelf], T]) -> Deferred[T]:
        """What `work` makes of what is in the journal. The Deferred fires on the reactor's thread."""

    def stop(self) -> None:
        """Read no more; waits for what is being read."""


def reader_of(journal: Journal, reactor: Any, alphabets: Mapping[str, str]) -> Reader:
    """The reader of a journal. `alphabets` is what operators mean by data_coding 0, where that is not gsm7."""
    if journal.path == MEMORY:
        return InlineReader(journal.connection, alphabets)
    return ThreadedReader(journal, reactor, alphabets)


class InlineReader:
    """Reads with the connection that writes, in the caller's turn."""

    def __init__(self, connection: sqlite3.Connection, alphabets: Mapping[str, str]) -> None:
        self._shelf = _shelf(connection, alphabets)

    def read(self, work: Callable[[Shelf], T]) -> Deferred[T]:
        """See Reader."""
        return execute(work, self._shelf)

    def stop(self) -> None:
        """See Reader."""


class ThreadedReader:
    """Reads a file in threads of its own, each with a connection of its own, once it has all that was recorded."""

    def __init__(self, journal: Journal, reactor: Any, alphabets: Mapping[str, str]) -> None:
        from twisted.python.threadpool import ThreadPool

        self._journal = journal
        self._reactor = reactor
        self._alphabets = alphabets
        self._mine = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._pool = ThreadPool(0, THREADS, "journal readers")
        self._pool.start()

    def read(self, work: Callable[[Shelf], T]) -> Deferred[T]:
        """See Reader."""
        expanded: Deferred[None] = Deferred()
        self._journal.expand(lambda error: expanded.errback(error) if error else expanded.callback(None))
        return expanded.addCallback(lambda _: deferToThreadPool(self._reactor, self._pool, self._read, work))

    def stop(self) -> None:
        """See Reader."""
        for connection in self._opened:
            connection.interrupt()  # whoever is in the middle of a search finds nothing
        self._pool.stop()
        for connection in self._opened:
            connection.close()

    def _read(self, work: Callable[[Shelf], T]) -> T:
        shelf: Shelf | None = getattr(self._mine, "shelf", None)
        if shelf is None:
            connection = open_readonly(Path(self._journal.path), shared=True)
            self._opened.append(connection)
            shelf = self._mine.shelf = _shelf(connection, self._alphabets, self._reactor.seconds)
        try:
            return work(shelf)
        except BaseException as error:
            traceback.clear_frames(error.__traceback__)  # a statement that stays open would be in the way of others
            raise


def _shelf(
    connection: sqlite3.Connection, alphabets: Mapping[str, str], seconds: Callable[[], float] | None = None
) -> Shelf:
    return Shelf(connection, Messages(connection, alphabets, seconds), Inbox(connection), alphabets)
