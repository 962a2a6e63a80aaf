"""The journal: every message and every PDU in SQLite, and the promise that what was acknowledged is in it.

Callers record from the reactor's thread; nothing of that touches the disk. What was recorded goes to the
file in groups, each one transaction: when 2,000 operations are waiting, when somebody asks to be told
(``when_committed``), or 5 ms after the first of them. A threaded journal writes in a thread of its own; an
inline one writes in the caller's turn, so that simulated time sees the same order every time.

A journal with a log writes each group as one row of it, and fills the tables from there when somebody reads
(``expand``), or when there has been nothing to write for a while; one without writes the tables at once, and is read at
any time. Threaded journals have a log.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import repeat
from pathlib import Path

from twisted.internet.interfaces import IDelayedCall, IReactorFromThreads, IReactorTime

from smppkit.runs import split
from smsc.journal import earlier
from smsc.journal.commits import EVERYTHING, Commits
from smsc.journal.earlier import Unfinished
from smsc.journal.erasing import Erasure
from smsc.journal.expansion import is_behind
from smsc.journal.file import connect, connect_readonly, open_file
from smsc.journal.finding import Found, find
from smsc.journal.lockfile import LockFile
from smsc.journal.records import BY_PLAN, Committed, Group, Kind, Message, Owed, Pending
from smsc.journal.retention import Keep
from smsc.journal.schema import prepare
from smsc.journal.together import MessageRun, OwedRun
from smsc.journal.writer import Writer

MEMORY = ":memory:"
GROUP_OPERATIONS = 2_000
GROUP_SECONDS = 0.005
_SLACK = 1e-6  # a clock may be one rounding step short of the time it was armed for
LARGE = 4096  # octets of a PDU that count as one operation more: what waits is bounded in octets too
Watch = Callable[[frozenset[int], Exception | None], None]
"""Told of every group: the rows of `messages` that are new or changed, and what prevented that."""

_ACKNOWLEDGES = (Kind.RECEIPT, Kind.MO)  # what the column acknowledged_at is about
_log = logging.getLogger("smsc.journal.journal")


class Journal:
    """The writing side of a journal. Reading is `smsc.journal.inbox`."""

    def __init__(
        self,
        path: str,
        connection: sqlite3.Connection,
        lock: LockFile | None,
        clock: IReactorTime,
        *,
        threaded: bool,
        logged: bool,
        keep: Keep = EVERYTHING,
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
        self._began = 0.0  # when the first operation of the group was recorded, or before
        self._logged = logged
        self._puts = 0  # groups that were handed over
        self._expanding = 0
        self._commits = Commits(path, connection, logged=logged, keep=keep)
        self._next_row = self._highest("progress", "row") + 1
        self._next_delivery = self._highest("progress", "delivery") + 1
        self._next_connection = self._highest("connections", "connection") + 1
        self._reader = connection if lock is None else connect_readonly(path)
        self._forgotten = dict(connection.execute("SELECT operator, row FROM forgotten"))
        self._unwritten = 0  # operations that were handed over
        self._awaited = 0
        self._watchers: list[Watch] = []
        self._behind = is_behind(connection)
        self._writer: Writer | None = None
        if threaded:
            self._writer = Writer(IReactorFromThreads(clock), self._commits.write, self._told, fills=logged)

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        clock: IReactorTime,
        threaded: bool = False,
        logged: bool | None = None,
        keep: Keep = EVERYTHING,
    ) -> Journal:
        """Open or create a journal; `path` may be ":memory:" (not threaded).

        `threaded` needs the reactor as the clock. With `logged` the tables are filled when somebody reads; None: where
        it is threaded. A journal with a log drops what is not to be kept. JournalError when the file is not a journal,
        is newer than this program, is in use by another one, or cannot be opened.
        """
        if str(path) == MEMORY:
            if threaded:
                raise ValueError("a journal in memory is written inline")
            connection = connect(MEMORY)
            prepare(connection, MEMORY)
            return cls(MEMORY, connection, None, clock, threaded=False, logged=bool(logged), keep=keep)
        connection, lock = open_file(Path(path))
        logged = threaded if logged is None else logged
        return cls(str(path), connection, lock, clock, threaded=threaded, logged=logged, keep=keep)

    # --- what an earlier run left -------------------------------------------------------------

    def last_number(self, operator: str) -> int:
        """The highest message number the operator has used; 0 when none."""
        return earlier.last_number(self._reader, operator)

    def owed(self, operator: str) -> Iterator[tuple[float, Owed]]:
        """What the operator still owes, with when it is due (unix seconds), in the order of falling due."""
        return earlier.owed(self._reader, operator)

    def unfinished(self, operator: str, now: float) -> Iterator[Unfinished]:
        """The messages of which something is still to come, in the order they came; `now` is unix seconds."""
        return earlier.unfinished(self._reader, operator, now)

    def find(self, operator: str, system_id: str, message_id: str, now: float) -> Found | None:
        """The committed state of an accepted message of an account at `now` (unix seconds)."""
        if self._behind and not self._expanding:
            self.expand(_nothing)  # whoever asks once asks again: the next ones are found in the tables
        return find(self._reader, operator, system_id, message_id, now, self._forgotten.get(operator, 0))

    # --- recording ----------------------------------------------------------------------------

    @property
    def backlog(self) -> int:
        """Operations that are recorded and not yet committed."""
        return self._unwritten + self._group.size

    @property
    def awaited(self) -> bool:
        """Whether anybody waits to be told of a commit."""
        return self._awaited > 0

    @property
    def dropped(self) -> int:
        """Messages that were not to be kept any longer."""
        return self._commits.dropped

    @property
    def failing(self) -> bool:
        """Whether what was recorded last could not be written."""
        return self._failing

    def message(self, message: Message) -> int:
        """Record a message; returns the row by which later calls name it."""
        row = self._next_row
        self._next_row = row + 1
        group = self._group
        group.messages.append((row, message))
        # What is to become of it, if that is recorded too, belongs into the same group.
        group.size += 1
        if self._timer is None:
            self._timer = self._clock.callLater(GROUP_SECONDS, self._time_is_up)
        return row

    def plan(self, pending: Pending) -> None:
        """Record what is to become of the message that was recorded last, in the same turn."""
        self._group.pending.append(pending)
        self._added()

    def owe(self, operator: str, due: float, owed: Owed) -> None:
        """Record that something has to be delivered from `due` (unix seconds) on, until ``settled``; numbers it."""
        owed.number = self._next_delivery
        self._next_delivery += 1
        self._group.owed.append((operator, due, owed))
        self._added()

    def reached(
        self,
        row: int,
        at: float,
        stat: str | None = None,
        err: str | None = None,
        *,
        again: bool = False,
        over: bool = False,
    ) -> None:
        """Record that a message came to a state: to the outcome that was decided for it, or to another.

        What is recorded first stays, unless `again` says that it was not final. `over` says what ``over`` does.
        """
        self._group.reached.append((row, at, stat, err, again))
        if over:
            self._group.over.append(row)
        self._added()

    def over(self, row: int) -> None:
        """Record that nothing planned is left for a message."""
        self._group.over.append(row)
        self._added()

    def told(self, row: int, count: int) -> None:
        """Record how many of the notices of a message were made."""
        self._group.told.append((row, count))
        self._added()

    def replaced(self, pending: Pending, message: Message) -> None:
        """Record that a message has another text, another plan, or both."""
        self._group.replaced.append((pending, message))
        self._added()

    def messages(self, run: MessageRun) -> int:
        """Record messages that were accepted as one, and what is to become of them; numbers their rows.

        Returns the first row.
        """
        row = run.row = self._next_row
        if not self._logged:
            for _, message, pending in run.members():
                self.message(message)
                self.plan(pending)
            return row
        self._next_row = row + run.count
        self._group.runs.append(run)
        self._added(2 * run.count)
        return row

    def ended(
        self,
        rows: list[int],
        at: float | list[float],
        stat: str | None = None,
        err: str | None = None,
        *,
        over: bool = True,
    ) -> None:
        """As ``reached``, of messages that have come to no state before; `at` is that of all, or each.

        What is not `over` with that comes to its end again after a restart, until its receipt, BY_PLAN, is settled.
        """
        if not self._logged:
            for row, one in zip(rows, at if isinstance(at, list) else repeat(at), strict=False):
                self.reached(row, one, stat, err, over=over)
            return
        self._group.ended.append((rows, at, stat, err, over))
        self._added(len(rows))

    def owe_all(self, operator: str, due: float, receipts: Sequence[Owed]) -> None:
        """As ``owe``, of receipts; those that fall due at the same time are best told of at once."""
        if not self._logged or not receipts:
            for owed in receipts:
                self.owe(operator, due, owed)
            return
        first = self._next_delivery
        self._next_delivery = first + len(receipts)
        for number, owed in enumerate(receipts, first):
            owed.number = number
        rows, addresses = [owed.row for owed in receipts], [owed.to for owed in receipts]
        octets, binds = [owed.octets for owed in receipts], [owed.bind for owed in receipts]
        bind: int | list[int] = binds[0]
        system_id: str | list[str] = receipts[0].system_id
        if binds.count(binds[0]) < len(binds):
            bind, system_id = binds, [owed.system_id for owed in receipts]
        run = OwedRun(first, operator, due, system_id, bind, rows, addresses, octets)
        self._group.owed_runs.append(run)
        self._added(len(receipts))

    def settled_all(self, deliveries: Sequence[Owed], acknowledged_at: float, state: str | None = None) -> None:
        """As ``settled``, of deliveries of one kind that were acknowledged together."""
        if not self._logged:
            for owed in deliveries:
                self.settled(owed, acknowledged_at, state)
            return
        numbers = [owed.number for owed in deliveries]
        planned = numbers.count(BY_PLAN)
        if 0 < planned < len(numbers):
            self.settled_all([owed for owed in deliveries if owed.number == BY_PLAN], acknowledged_at, state)
            self.settled_all([owed for owed in deliveries if owed.number != BY_PLAN], acknowledged_at, state)
            return
        rows = [owed.row for owed in deliveries] if deliveries[0].kind in _ACKNOWLEDGES else None
        self._group.settled_runs.append((None if planned else numbers, rows, acknowledged_at, state))
        self._added(len(deliveries))

    def settled_by_plan(self, rows: list[int], acknowledged_at: float) -> None:
        """As ``settled_all``, of receipts BY_PLAN; `rows` are those of their messages."""
        group = self._group
        if self._logged:
            group.settled_runs.append((None, rows, acknowledged_at, None))
        else:
            group.settled += [(BY_PLAN, row, acknowledged_at, None) for row in rows]
            group.reached += [(row, acknowledged_at, None, None, False) for row in rows]
            group.over += rows
        self._added(len(rows))

    def settled(self, owed: Owed, acknowledged_at: float | None, state: str | None = None) -> None:
        """Record that a delivery is owed no more: acknowledged, or (None) given up.

        `state`, when given, is the new state of the message (an MO is delivered when it is acknowledged).
        """
        row = owed.row if owed.kind in _ACKNOWLEDGES else None
        self._group.settled.append((owed.number, row, acknowledged_at, state))
        if owed.number == BY_PLAN:
            if acknowledged_at is not None:
                self._group.reached.append((owed.row, acknowledged_at, None, None, False))
            self._group.over.append(owed.row)
        self._added()

    def forget(self, operator: str) -> None:
        """Record that an operator has lost its memory: its messages are here, but it does not know them any more."""
        last = self._forgotten[operator] = self._next_row - 1
        self._group.forgotten.append((operator, last))
        self._statement("INSERT OR REPLACE INTO forgotten VALUES (?, ?)", (operator, last))
        # By row: what comes after this may be written by the same group, and before it.
        self._statement("DELETE FROM pending WHERE operator = ? AND row <= ?", (operator, last))
        self._statement("DELETE FROM owed WHERE operator = ? AND row <= ?", (operator, last))

    def erase(self, system_id: str | None, erased: Committed) -> None:
        """Delete what has been recorded so far of an account, whatever the operator, or (None) of all.

        Calls back as ``when_committed`` does, once all of it is gone. Others' groups are written in between.
        """
        self._hand_over()
        if system_id is None:
            self._forgotten.clear()
        group = Group()
        group.erasure = Erasure(system_id)
        self._await(group, erased)
        self._put(group)

    def tidy(self, operator: str, now: float) -> None:
        """Throw away plans that are of no use any more; `now` is unix seconds."""
        self._statement("DELETE FROM pending WHERE operator = ? AND until <= ?", (operator, now))

    def pdu(self, connection: int, direction: str, octets: bytes, at: float) -> None:
        """Record one PDU as it was on the wire; `direction` is "in" or "out"."""
        group = self._group
        group.pdus.append((at, connection, direction, octets))
        if not group.size:
            self._began = self._clock.seconds()
        group.size = size = group.size + 1 + len(octets) // LARGE
        if size >= GROUP_OPERATIONS:
            self._hand_over()
        elif self._timer is None:
            self._timer = self._clock.callLater(GROUP_SECONDS, self._time_is_up)

    def pdus(self, connection: int, direction: str, count: int, octets: bytes, at: float) -> None:
        """Record so many PDUs that were on the wire together, by the octets of all of them."""
        if not self._logged:
            for one in split(octets):
                self.pdu(connection, direction, one, at)
            return
        self._group.pdus.append((at, connection, direction, octets, count))
        self._added(count + len(octets) // LARGE)

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
        self._await(self._group, callback)
        self._hand_over()

    def expand(self, callback: Committed) -> None:
        """Call back once the tables have all that was recorded so far, or with the error that prevented it.

        On the reactor's thread; at once when they have it already. Others' groups are written in between.
        """
        if not (self._behind or self.backlog):
            callback(None)
            return
        self._hand_over()
        group, puts = Group(), self._puts
        group.expansion = True
        self._expanding += 1

        def expanded(error: Exception | None) -> None:
            self._expanding -= 1
            if error is None and puts == self._puts:
                self._behind = False
            callback(error)

        self._await(group, expanded)
        self._put(group)

    def watch(self, watch: Watch) -> Callable[[], None]:
        """Tell `watch` of every group once it is on the disk, or is not; returns what ends that.

        On the reactor's thread. Nobody pays for it while nobody watches.
        """
        self._watchers.append(watch)
        return partial(self._watchers.remove, watch)

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
        self._commits.end()
        if self._reader is not self.connection:
            self._reader.close()
        self.connection.close()
        if self._lock is not None:
            self._lock.release()

    # --- groups -------------------------------------------------------------------------------

    def _statement(self, sql: str, values: tuple[object, ...]) -> None:
        self._group.statements.append((sql, values))
        self._added()

    def _added(self, operations: int = 1) -> None:
        group = self._group
        if not group.size:
            self._began = self._clock.seconds()
        group.size += operations
        if group.size >= GROUP_OPERATIONS:
            self._hand_over()
        elif self._timer is None:
            self._timer = self._clock.callLater(GROUP_SECONDS, self._time_is_up)

    def _time_is_up(self) -> None:
        """The timer was set for this group, or for one that has been handed over before."""
        self._timer = None
        wait = self._began + GROUP_SECONDS - self._clock.seconds()
        if wait > _SLACK and self._group.size:
            self._timer = self._clock.callLater(wait, self._time_is_up)
        else:
            self._hand_over()

    def _hand_over(self) -> None:
        group = self._group
        if not group.size and not group.waiting:
            return
        self._group = Group()
        self._unwritten += group.size
        self._behind = self._behind or self._logged
        self._puts += 1
        self._put(group)

    def _await(self, group: Group, callback: Committed) -> None:
        self._awaited += 1
        group.waiting.append(callback)

    def _put(self, group: Group) -> None:
        if self._writer is not None:
            self._writer.put(group)
            return
        error = self._commits.write(group)
        while error is None and group.unfinished:
            error = self._commits.write(group)
        self._told(group, error)

    def _told(self, group: Group, error: Exception | None) -> None:
        """On the reactor's thread: a group was written, or not."""
        self._unwritten -= group.size
        if error is not None:
            self.failed_groups += 1
            if not self._failing:
                _log.error("%s: cannot write, messages are refused: %s", self.path, error, exc_info=_bug(error))
        elif self._failing:
            _log.warning("%s: writing again", self.path)
        self._failing = error is not None
        self._awaited -= len(group.waiting)
        for callback in group.waiting:
            callback(error)
        if self._watchers:
            changed = group.changed()
            for watch in tuple(self._watchers):
                watch(changed, error)

    def _highest(self, table: str, column: str) -> int:
        row = self.connection.execute(f"SELECT max({column}) FROM {table}").fetchone()  # noqa: S608 - our names
        return int(row[0] or 0)


def _nothing(error: Exception | None) -> None:
    """Nobody waits for it."""


def _bug(error: Exception) -> Exception | None:
    return None if isinstance(error, sqlite3.Error) else error
