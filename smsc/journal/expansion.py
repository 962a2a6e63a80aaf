"""From the log into the tables, when somebody reads them: some entries at a time, each step one transaction.

Whoever may write the file may do it, also beside the emulator that is writing it: a step takes nothing from the log
that a restart needs.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from smsc.journal.file import set_up
from smsc.journal.log import group_from
from smsc.journal.parts import Parts, load_parts
from smsc.journal.records import Group, write_rows

OPERATIONS_AT_ONCE: Final = 5_000
LOOK_BACK: Final = 5_000  # messages of an earlier step among which parts may wait for parts that come in this one
PATIENCE: Final = 30.0  # seconds that a step waits for others who write

_NEXT = "SELECT entry, size, events, messages, pdus FROM log WHERE entry > ? ORDER BY entry LIMIT 1"


class Expansion:
    """Fills the tables from the log."""

    def __init__(self) -> None:
        self.parts = Parts()
        self._expanded = -1

    def step(self, connection: sqlite3.Connection, upto: int) -> bool:
        """Take some entries, up to one, within the transaction that is open; whether that was all."""
        expanded = expanded_upto(connection)
        if expanded >= upto:
            return True
        if expanded != self._expanded:  # the first step, or others have done some
            self.parts.clear()
            after = connection.execute("SELECT coalesce(max(row), 0) FROM messages").fetchone()[0] - LOOK_BACK
            load_parts(connection, self.parts, after=after)
        group = Group()
        while group.size < OPERATIONS_AT_ONCE:
            found = connection.execute(_NEXT, (expanded,)).fetchone()
            if found is None or found[0] > upto:
                expanded = upto
                break
            expanded = found[0]
            later = group_from(*found[1:])
            if later.replaced:  # what was said before it must be there before it
                write_rows(connection, group, self.parts)
                group = Group()
            group.absorb(later)
        write_rows(connection, group, self.parts)
        connection.execute("UPDATE progress SET expanded = ?", (expanded,))
        connection.execute("DELETE FROM log WHERE entry <= ? AND entry < (SELECT needed FROM progress)", (expanded,))
        self._expanded = expanded
        return expanded >= upto

    def undone(self) -> None:
        """What the last step did was not committed."""
        self._expanded = -1


def expanded_upto(connection: sqlite3.Connection) -> int:
    """The last entry that is in the tables."""
    return int(connection.execute("SELECT expanded FROM progress").fetchone()[0])


def last_entry(connection: sqlite3.Connection) -> int:
    """The last entry of the log; 0 when it is empty."""
    return int(connection.execute("SELECT coalesce(max(entry), 0) FROM log").fetchone()[0])


def is_behind(connection: sqlite3.Connection) -> bool:
    """Whether the log has something that is not in the tables."""
    return last_entry(connection) > expanded_upto(connection)


def expand(connection: sqlite3.Connection) -> None:
    """Bring the tables up to what the log has now; sqlite3.Error. The connection is in autocommit mode."""
    expansion, upto, done = Expansion(), last_entry(connection), False
    while not done:
        connection.execute("BEGIN IMMEDIATE")
        try:
            done = expansion.step(connection, upto)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def expand_file(path: Path) -> None:
    """Bring the tables of a file up to date, whoever else writes it; sqlite3.Error."""
    uri = path.absolute().as_uri() + "?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=PATIENCE)) as connection:
        set_up(connection)
        expand(connection)


def expanded_copy(source: sqlite3.Connection, *, shared: bool = False) -> sqlite3.Connection:
    """A copy of a journal that nobody may write, up to date; it is gone when it is closed."""
    copy = sqlite3.connect("", isolation_level=None, check_same_thread=not shared)
    source.backup(copy)
    expand(copy)
    return copy
