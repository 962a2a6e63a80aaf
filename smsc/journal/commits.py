"""How a group gets into the file: one transaction, into the log or into the tables; and what goes on beside that.

In the writer's thread when there is one. A group that nobody can write leaves nothing behind.
"""

from __future__ import annotations

import logging
import sqlite3
from typing import Final

from smsc.journal.alive import Alive
from smsc.journal.expansion import LOOK_BACK, Expansion, expand, last_entry
from smsc.journal.log import Entry, append
from smsc.journal.parts import load_parts
from smsc.journal.records import Group, insert_numbers, write
from smsc.journal.retention import Keep, Retention

EVERYTHING: Final = Keep()
EXPANDED_AT_THE_END = 20_000  # operations: a journal that has no more in its log has nothing in it once it is closed

_HIGHEST: Final = (
    "UPDATE progress SET row = max(row, (SELECT coalesce(max(row), 0) FROM messages),"
    " (SELECT coalesce(max(row), 0) FROM forgotten)),"
    " delivery = max(delivery, (SELECT coalesce(max(delivery), 0) FROM owed))"
)

_log = logging.getLogger("smsc.journal.journal")


class Commits:
    """Writes groups into one journal file."""

    def __init__(self, path: str, connection: sqlite3.Connection, *, logged: bool, keep: Keep) -> None:
        """Take up what an earlier run left; sqlite3.Error when that cannot be done."""
        self.path = path
        self.connection = connection
        self.dropped = 0
        """Messages that were not to be kept any longer."""
        self._logged = logged
        self._retention = None if keep == EVERYTHING else Retention(keep)
        self._expansion = Expansion()
        self._alive: Alive | None = None
        self._take_up()
        if not logged:
            load_parts(connection, self._expansion.parts, after=self._last_row() - LOOK_BACK)

    def write(self, group: Group) -> Exception | None:
        """Write one group, or a step of it; returns what prevented it."""
        connection, entry, dropped = self.connection, None, 0
        try:
            if self._is_entry(group):
                entry = append(connection, group, self._know_alive().last)  # a transaction by itself
            else:
                connection.execute("BEGIN IMMEDIATE")
                if not self._logged:
                    write(connection, group, self._expansion.parts)
                    insert_numbers(connection, group.numbers())
                elif group.size:
                    if self._retention is not None:
                        dropped = self._retention.step(connection, self._expansion, self._know_alive())
                    entry = self._write_log(group)
                if group.expansion or group.erasure is not None:
                    group.unfinished = not self._go_on(group)
                connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whoever waits for the group is told, and refuses its messages
            self._expansion.undone()
            self._alive = None  # it is read again
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return error
        if entry is not None and self._alive is not None:
            self._alive.add(group, entry)
        if dropped:
            if not self.dropped:
                _log.info("%s: messages are dropped: there are more than are to be kept", self.path)
            self.dropped += dropped
        return None

    def end(self) -> None:
        """Leave a file that is read without delay where that is soon done."""
        if not self._logged:
            return
        connection = self.connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            self._know_alive().settle(connection, everything=True)
            connection.execute("COMMIT")
            size: int = connection.execute("SELECT coalesce(sum(size), 0) FROM log").fetchone()[0]
            if size <= EXPANDED_AT_THE_END:
                expand(connection)
        except sqlite3.Error as error:
            _log.warning("%s: the log is left for whoever reads it: %s", self.path, error)

    def _is_entry(self, group: Group) -> bool:
        """Whether a row of the log is all that is to be written, as nearly always.

        Each call of SQLite gives the interpreter away, and may wait for it as long as a turn of the reactor takes.
        """
        if not (self._logged and group.size) or group.statements or group.expansion or group.erasure is not None:
            return False
        alive = self._know_alive()
        if alive.is_due or alive.touches_older(group):
            return False
        return self._retention is None or not self._retention.is_due(alive)

    def _write_log(self, group: Group) -> Entry:
        """Write a group into the log, and into the tables what it changes there."""
        connection, alive = self.connection, self._know_alive()
        alive.settle(connection)
        for sql, values in group.statements:
            connection.execute(sql, values)
        alive.change_older(connection, group)
        return append(connection, group, alive.last)

    def _go_on(self, group: Group) -> bool:
        """Do one step of what takes several; whether that was the last."""
        connection, erasure = self.connection, group.erasure
        if self._logged:
            alive = self._know_alive()
            if group.upto is None:
                group.upto = last_entry(connection)
                if erasure is not None:
                    alive.settle(connection, everything=True)
            if not self._expansion.step(connection, group.upto):
                return False
        if erasure is None:
            return True
        if not erasure.begun:
            connection.execute(_HIGHEST)  # no row is used again
            self._expansion.parts.forget(erasure.system_id)
        return erasure.step(connection)

    def _know_alive(self) -> Alive:
        if self._alive is None:
            self._alive = Alive(self.connection)
        return self._alive

    def _take_up(self) -> None:
        """Have in the tables what an earlier run has planned and owes; and all, where there is to be no log."""
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        Alive(connection).settle(connection, everything=True)
        # What was erased leaves no row, and an operator may know that it has lost its memory of it.
        connection.execute(_HIGHEST)
        connection.execute("COMMIT")
        if not self._logged:
            expand(connection)

    def _last_row(self) -> int:
        return int(self.connection.execute("SELECT row FROM progress").fetchone()[0])
