"""The journal: every message and every PDU in SQLite, and the promise that what was acknowledged is in it.

Callers record from the reactor's thread; nothing of that touches the disk. What was recorded goes to the
file in groups, each one transaction: when 500 operations are waiting, when somebody asks to be told
(``when_committed``), or 5 ms after the first of them. A threaded journal writes in a thread of its own; an
inline one writes in the caller's turn, so that simulated time sees the same order every time.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
from twisted.internet.interfaces import IDelayedCall, IReactorFromThreads, IReactorTime

from smppkit.pdus import DeliverSm
from smsc.lockfile import LockedElsewhereError, LockFile
from smsc.records import Committed, Group, Message, Owed, write
from smsc.schema import JournalError, prepare

MEMORY = ":memory:"
GROUP_OPERATIONS = 500
GROUP_SECONDS = 0.005

_log = logging.getLogger("smsc.journal")


class Found(msgspec.Struct, frozen=True):
    """What query_sm needs to know of a message."""

    source: str
    state: str
    err: str | None
    final_at: float | None  # unix seconds


class Journal:
    """The writing side of a journal. Reading is `smsc.inbox`."""

    def __init__(
        self,
        path: str,
        connection: sqlite3.Connection,
        lock: LockFile | None,
        clock: IReactorTime,
        *,
        threaded: bool,
    ) -> None:
        """Use ``open``."""
        self.path = path
        self.connection = connection
        self.failed_groups = 0
        self._lock = lock
        self._clock = clock
        self._failing = False
        self._group = Group()
        self._timer: IDelayedCall | None = None
        self._next_row = self._highest("messages", "row") + 1
        self._next_connection = self._highest("connections", "connection") + 1
        self._reader = connection if lock is None else _connect_readonly(path)
        self._backlog = 0
        self._writer = _Writer(self, IReactorFromThreads(clock)) if threaded else None

    @classmethod
    def open(cls, path: Path | str, *, clock: IReactorTime, threaded: bool = False) -> Journal:
        """Open or create a journal; `path` may be ":memory:" (not threaded).

        `threaded` needs the reactor as the clock. JournalError when the file is not a journal, is newer than
        this program, is in use by another one, or cannot be opened.
        """
        if str(path) == MEMORY:
            if threaded:
                raise ValueError("a journal in memory is written inline")
            connection = _connect(MEMORY)
            prepare(connection, MEMORY)
            return cls(MEMORY, connection, None, clock, threaded=False)
        path = Path(path)
        lock = _lock(path)
        try:
            connection = _open_file(path)
        except BaseException:
            lock.release()
            raise
        return cls(str(path), connection, lock, clock, threaded=threaded)

    # --- what an earlier run left -------------------------------------------------------------

    def last_number(self, operator: str) -> int:
        """The highest message number the operator has used; 0 when none."""
        row = self._reader.execute("SELECT max(number) FROM messages WHERE operator = ?", (operator,)).fetchone()
        return int(row[0] or 0)

    def owed(self, operator: str) -> Iterator[tuple[float, Owed]]:
        """What the operator still owes, with when it is due (unix seconds), in the order of falling due."""
        for row, system_id, due, octets, command in self._reader.execute(
            "SELECT owed.row, owed.system_id, owed.due, owed.octets, messages.command FROM owed"
            " JOIN messages USING (row) WHERE owed.operator = ? ORDER BY owed.due, owed.row",
            (operator,),
        ):
            yield due, Owed(row, system_id, octets, receipt=command != DeliverSm.name)

    def find(self, operator: str, system_id: str, message_id: str) -> Found | None:
        """The committed state of an accepted message of an account."""
        row = self._reader.execute(
            "SELECT source, state, err, final_at FROM messages"
            " WHERE message_id = ? AND operator = ? AND system_id = ? AND status = 0 AND command != ?",
            (message_id, operator, system_id, DeliverSm.name),
        ).fetchone()
        return None if row is None else Found(*row)

    # --- recording ----------------------------------------------------------------------------

    @property
    def backlog(self) -> int:
        """Operations that are recorded and not yet committed."""
        return self._backlog

    def message(self, message: Message) -> int:
        """Record a message; returns the row by which later calls name it."""
        row = self._next_row
        self._next_row = row + 1
        self._group.messages.append((row, message))
        self._added()
        return row

    def owe(self, operator: str, due: float, owed: Owed) -> None:
        """Record that something has to be delivered from `due` (unix seconds) on, until ``settled``."""
        self._group.owed.append((owed.row, operator, owed.system_id, due, owed.octets))
        self._added()

    def reached_outcome(self, row: int, at: float) -> None:
        """Record that a message came to the outcome that was decided for it."""
        self._group.reached.append((row, at))
        self._added()

    def settled(self, row: int, acknowledged_at: float | None, state: str | None = None) -> None:
        """Record that nothing is owed for a message any more: acknowledged, or (None) refused for good.

        `state`, when given, is the new state of the message (an MO is delivered when it is acknowledged).
        """
        self._group.acknowledged.append((row, acknowledged_at, state))
        self._added()

    def pdu(self, connection: int, direction: str, octets: bytes, at: float) -> None:
        """Record one PDU as it was on the wire; `direction` is "in" or "out"."""
        self._group.pdus.append((at, connection, direction, octets))
        self._added()

    def connection_opened(self, operator: str, peer: str, at: float) -> int:
        """Record a connection; returns its number."""
        number = self._next_connection
        self._next_connection = number + 1
        self._statement(
            "INSERT INTO connections (connection, operator, peer, opened_at) VALUES (?, ?, ?, ?)",
            (number, operator, peer, at),
        )
        return number

    def connection_bound(self, connection: int, system_id: str, bind: str, at: float) -> None:
        """Record that a connection bound."""
        self._statement(
            "UPDATE connections SET system_id = ?, bind = ?, bound_at = ? WHERE connection = ?",
            (system_id, bind, at, connection),
        )

    def connection_closed(self, connection: int, reason: str, at: float) -> None:
        """Record how a connection ended."""
        self._statement(
            "UPDATE connections SET closed_at = ?, reason = ? WHERE connection = ?", (at, reason, connection)
        )

    def when_committed(self, callback: Committed) -> None:
        """Call back once all that was recorded so far is on the disk, or with the error that prevented it.

        On the reactor's thread; an inline journal calls back before this returns.
        """
        self._group.waiting.append(callback)
        self._hand_over()

    def flush(self) -> None:
        """Return when all that was recorded is on the disk, or has failed to get there."""
        self._hand_over()
        if self._writer is not None:
            self._writer.drain()

    def close(self) -> None:
        """Flush and close. Callbacks that are still owed come through the reactor, when it still runs."""
        self.flush()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writer is not None:
            self._writer.stop()
        if self._reader is not self.connection:
            self._reader.close()
        self.connection.close()
        if self._lock is not None:
            self._lock.release()

    # --- groups -------------------------------------------------------------------------------

    def _statement(self, sql: str, values: tuple[object, ...]) -> None:
        self._group.statements.append((sql, values))
        self._added()

    def _added(self) -> None:
        self._backlog += 1
        self._group.size += 1
        if self._group.size >= GROUP_OPERATIONS:
            self._hand_over()
        elif self._timer is None:
            self._timer = self._clock.callLater(GROUP_SECONDS, self._time_is_up)

    def _time_is_up(self) -> None:
        self._timer = None
        self._hand_over()

    def _hand_over(self) -> None:
        group = self._group
        if not group.size and not group.waiting:
            return
        self._group = Group()
        if self._writer is not None:
            self._writer.put(group)
        else:
            self._told(group, self._write(group))

    def _write(self, group: Group) -> Exception | None:
        """Write one group (in the writer's thread when there is one); returns what prevented it."""
        connection = self.connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            write(connection, group)
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whoever waits for the group is told, and refuses its messages
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return error
        return None

    def _told(self, group: Group, error: Exception | None) -> None:
        """On the reactor's thread: a group was written, or not."""
        self._backlog -= group.size
        if error is not None:
            self.failed_groups += 1
            if not self._failing:
                _log.error("%s: cannot write, messages are refused: %s", self.path, error, exc_info=_bug(error))
        elif self._failing:
            _log.warning("%s: writing again", self.path)
        self._failing = error is not None
        for callback in group.waiting:
            callback(error)

    def _highest(self, table: str, column: str) -> int:
        row = self.connection.execute(f"SELECT max({column}) FROM {table}").fetchone()  # noqa: S608 - our names
        return int(row[0] or 0)


class _Writer:
    """The thread that writes groups, several small ones at once when they have piled up."""

    def __init__(self, journal: Journal, reactor: IReactorFromThreads) -> None:
        self._journal = journal
        self._reactor = reactor
        self._groups: deque[Group] = deque()
        self._changed = threading.Condition()
        self._writing = False
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def put(self, group: Group) -> None:
        with self._changed:
            self._groups.append(group)
            self._changed.notify_all()

    def drain(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._groups and not self._writing)

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while (group := self._take()) is not None:
            error = self._journal._write(group)
            self._reactor.callFromThread(partial(self._journal._told, group, error))
            with self._changed:
                self._writing = False
                self._changed.notify_all()

    def _take(self) -> Group | None:
        with self._changed:
            self._changed.wait_for(lambda: self._groups or self._stopping)
            if not self._groups:
                return None
            group = self._groups.popleft()
            while self._groups and group.size + self._groups[0].size <= GROUP_OPERATIONS:
                group.absorb(self._groups.popleft())
            self._writing = True
            return group


# --- files -----------------------------------------------------------------------------------------


def _connect(path: str) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


def _connect_readonly(path: str) -> sqlite3.Connection:
    uri = Path(path).absolute().as_uri() + "?mode=ro"
    return sqlite3.connect(uri, uri=True, isolation_level=None)


def _lock(path: Path) -> LockFile:
    try:
        return LockFile(path)
    except LockedElsewhereError:
        raise JournalError(f"{path} is in use by another smsc; choose another file with --journal") from None
    except OSError as error:
        raise JournalError(f"{path} cannot be opened: {error.strerror}") from error


def _open_file(path: Path) -> sqlite3.Connection:
    try:
        # It holds people's numbers and texts: nobody else's to read.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = _connect(str(path))
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise JournalError(f"{path} cannot be opened: {reason}") from error
    try:
        prepare(connection, str(path))
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error as error:
        connection.close()
        raise JournalError(f"{path} cannot be used: {error}") from error
    except JournalError:
        connection.close()
        raise
    return connection


def _bug(error: Exception) -> Exception | None:
    return None if isinstance(error, sqlite3.Error) else error
