"""Many calls in one transaction, and what is done when the disk refuses it.

A call that fails is rolled back alone and fails alone. When the store itself cannot be written (a full disk, an I/O
error, a file that became read-only, another process that holds the lock), the group is rolled back as a whole: nothing
of it has happened. Calls that can wait are then kept, in their order, and run again until they are committed; the
others fail. So a disk that is well again is all it takes to go on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from sender.store.database import Database
from sender.store.records import StoreError, StoreUnavailable

FIRST_WAIT: Final = 0.1
LONGEST_WAIT: Final = 1.0
"""Seconds between two attempts to write again."""

# SQLite's primary result codes for which another attempt may succeed when somebody has mended something.
_PASSING: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)


class Call(msgspec.Struct, gc=False):
    """A verb with its arguments, and who waits for its result."""

    run: Callable[[], Any]
    done: Deferred[Any]
    patient: bool
    """Whether it waits until the store can be written again."""
    result: Any = None


class _Unwritable(Exception):
    """The transaction is lost; the cause is SQLite's."""


class Groups:
    """Runs groups of calls on one database. Where and when is up to the writer."""

    def __init__(self, db: Database) -> None:
        self.trouble: str | None = None
        """Why the store cannot be written, for people; None when it can."""
        self.kept: list[Call] = []
        """Patient calls of a group that could not be committed, in their order."""
        self.hurried = False
        """Nothing is kept any more: what cannot be committed fails."""
        self._db = db
        self._failures = 0

    @property
    def wait(self) -> float:
        """Seconds until the next attempt, while there is trouble."""
        return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(self._failures - 1, 10))

    def run(
        self, calls: Sequence[Call], enough: Callable[[], bool] = lambda: False
    ) -> tuple[list[Call], Sequence[Call]]:
        """Run what was kept and `calls` in one transaction, until there is `enough`.

        Returns the calls that are to be told their result, and those that were not run.
        """
        group, self.kept = [*self.kept, *calls], []
        try:
            rest = self._run(group, enough)
            return (group[: -len(rest)] if rest else group), rest
        except _Unwritable as failed:
            self.trouble = f"the store cannot be written: {failed}"
            self._failures += 1
        if not self.hurried:
            self.kept = [call for call in group if call.patient]
        refused = (call for call in group if not call.patient or self.hurried)
        return fail(refused, StoreUnavailable(self.trouble)), ()

    def _run(self, group: Sequence[Call], enough: Callable[[], bool]) -> Sequence[Call]:
        """The calls that were not run; the others are committed, or have failed where it is no use to try again."""
        db, done = self._db, 0
        try:
            db.begin()
            if self.trouble is not None:
                db.touch()  # reading alone proves nothing
            for call in group:
                _run_one(db, call)
                done += 1
                if enough():
                    break
            db.commit()
        except sqlite3.Error as error:
            db.rollback()
            if not passing(error):
                fail(group, StoreError(f"the store cannot be used: {error}; `sender store check` looks into it"))
                return ()
            raise _Unwritable(str(error)) from error
        except Exception as error:  # noqa: BLE001 - a mistake of ours: who waits hears of it, and the writer lives on
            db.rollback()
            fail(group, error)
            return ()
        self.trouble, self._failures = None, 0
        return group[done:]


def _run_one(db: Database, call: Call) -> None:
    db.savepoint()
    try:
        call.result = call.run()
    except Exception as error:  # whatever a verb raises belongs to its caller, through the Deferred
        if not db.conn.in_transaction or (isinstance(error, sqlite3.Error) and passing(error)):
            # The store, and not the call, is at fault. SQLite has given up the transaction already, or is about to.
            raise error if isinstance(error, sqlite3.Error) else sqlite3.OperationalError(str(error)) from error
        call.result = failure(error)
        db.undo()
    else:
        db.keep()


def passing(error: sqlite3.Error) -> bool:
    """Whether what SQLite complains of may pass. An error without a code comes from the driver, at a commit."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is None or (code & 0xFF) in _PASSING


def fail(calls: Iterable[Call], error: Exception) -> list[Call]:
    """Give all of them the same Failure."""
    failed = list(calls)
    reason = failure(error)
    for call in failed:
        call.result = reason
    return failed


def deliver(calls: Iterable[Call]) -> None:
    """Tell the results."""
    for call in calls:
        call.done.callback(call.result)  # a Failure given to callback() runs the errbacks


def failure(error: BaseException) -> Failure:
    """A Failure without a traceback of its own."""
    return Failure(error)  # type: ignore[no-untyped-call]
