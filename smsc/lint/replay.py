"""A journal, told to the lint as it happened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import msgspec

from smsc.journal.inbox import Inbox, PduRow
from smsc.lint.lint import Lint

PAGE = 5_000  # PDUs read at a time
ENDED_UNSEEN = "the journal ends"


class _Life(msgspec.Struct, frozen=True, gc=False):
    """One connection: when it began and ended, and how; without an end when the emulator was killed before it."""

    connection: int
    operator: str
    peer: str
    opened_at: float
    closed_at: float | None
    reason: str | None


_LIFE_COLUMNS = ", ".join(_Life.__struct_fields__)


def replay(journal: sqlite3.Connection, lint: Lint) -> None:
    """Tell `lint` all that a journal has, in the order of time, and finish it.

    Whether a connection was encrypted is not in a journal: all are taken for such that had no choice.
    """
    inbox = Inbox(journal)  # first: SQLite gives a connection no functions while a statement of it runs
    opening = _Coming(journal, "opened_at")
    closing = _Coming(journal, "closed_at")
    last: dict[int, float] = {}
    at = 0.0
    for row in _pdus(inbox):
        at = row.at
        for life in opening.until(at):
            _close_before(life.opened_at, closing, lint, last)
            lint.opened(life.connection, life.opened_at, life.operator, life.peer)
            last[life.connection] = life.opened_at
        _close_before(at, closing, lint, last)
        last[row.connection] = at
        lint.pdu(row.connection, row.direction, row.octets, at, row.row)
    for life in opening.rest():
        lint.opened(life.connection, life.opened_at, life.operator, life.peer)
        last[life.connection] = life.opened_at
    for life in closing.rest():
        last.pop(life.connection, None)
        at = max(at, life.closed_at or at)
        lint.closed(life.connection, life.closed_at or at, life.reason or "")
    # Of those that have no end nothing more is known than when they last spoke.
    for connection, spoke_at in last.items():
        lint.closed(connection, spoke_at, ENDED_UNSEEN)
    lint.finish(at)


def _close_before(at: float, closing: _Coming, lint: Lint, last: dict[int, float]) -> None:
    for life in closing.before(at):
        last.pop(life.connection, None)
        lint.closed(life.connection, life.closed_at or at, life.reason or "")


def _pdus(inbox: Inbox) -> Iterator[PduRow]:
    after = 0
    while rows := inbox.pdus(after=after, limit=PAGE):
        yield from rows
        after = rows[-1].row


class _Coming:
    """Connections in the order of one of their times."""

    def __init__(self, journal: sqlite3.Connection, time: str) -> None:
        self._rows = journal.cursor().execute(
            f"SELECT {_LIFE_COLUMNS} FROM connections WHERE {time} IS NOT NULL ORDER BY {time}"  # noqa: S608 - our names
        )
        self._time = time
        self._next: _Life | None = None
        self._advance()

    def until(self, at: float) -> Iterator[_Life]:
        """Those whose time is `at` or earlier."""
        while self._next is not None and getattr(self._next, self._time) <= at:
            yield self._take()

    def before(self, at: float) -> Iterator[_Life]:
        """Those whose time is earlier than `at`."""
        while self._next is not None and getattr(self._next, self._time) < at:
            yield self._take()

    def rest(self) -> Iterator[_Life]:
        """All others."""
        while self._next is not None:
            yield self._take()

    def _take(self) -> _Life:
        life = self._next
        if life is None:
            raise LookupError("there is no further connection")
        self._advance()
        return life

    def _advance(self) -> None:
        row = self._rows.fetchone()
        self._next = None if row is None else _Life(*row)
