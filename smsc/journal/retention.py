"""How much a journal keeps: what is older is dropped, some at a time, and never what is still planned or owed."""

from __future__ import annotations

import json
import sqlite3
from math import inf
from typing import Final

import msgspec

from smsc.journal.alive import Alive
from smsc.journal.expansion import Expansion
from smsc.journal.log import group_from
from smsc.journal.records import Group, write_rows

AT_ONCE: Final = 5_000  # messages that are dropped in one transaction
OFTEN: Final = 60.0  # seconds after which messages that are too old are looked for again
AGAIN: Final = 20  # steps after which those that could not be dropped before are looked at again

_ALIVE: Final = "SELECT row FROM pending UNION ALL SELECT row FROM owed UNION ALL SELECT value FROM json_each(:held)"


class Keep(msgspec.Struct, frozen=True):
    """The newest so many messages, and those of the latest so many seconds; None: however many, however old."""

    messages: int | None = None
    seconds: float | None = None


class Retention:
    """Drops what is not to be kept. Times are unix seconds."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._floor = 0  # up to here all is dropped that may be
        self._looked_at = -inf
        self._steps = 0

    def is_due(self, alive: Alive) -> bool:
        """Whether there may be something to drop, behind what was written."""
        keep, last = self._keep, alive.last
        if keep.messages is not None and last.row - keep.messages - self._floor >= AT_ONCE:
            return True
        return keep.seconds is not None and last.at - self._looked_at > OFTEN

    def step(self, connection: sqlite3.Connection, expansion: Expansion, alive: Alive) -> int:
        """Drop some within the transaction that is open, if there is enough to drop; how many messages that were.

        `alive` knows all that was written before.
        """
        upto = self._upto(connection, alive.last.row, alive.last.at)
        if upto <= self._floor:
            return 0
        dropped = 0
        held = json.dumps(alive.rows(upto))
        if self._steps % AGAIN == 0:
            dropped = connection.execute(
                f"DELETE FROM messages WHERE row <= :floor AND row NOT IN ({_ALIVE})",  # noqa: S608 - our names
                {"floor": self._floor, "held": held},
            ).rowcount
        self._steps += 1
        # Asked for together they would be looked for in every row.
        oldest, newest = connection.execute(
            "SELECT (SELECT min(row) FROM messages WHERE row > :floor), (SELECT max(row) FROM messages)",
            {"floor": self._floor},
        ).fetchone()
        if oldest is not None and oldest <= upto:  # what is in the log only may be behind the newest of the tables
            return dropped + self._drop_rows(connection, oldest, min(upto, oldest + AT_ONCE, newest), held)
        return dropped + self._drop_entries(connection, expansion, upto, held)

    def _upto(self, connection: sqlite3.Connection, last: int, now: float) -> int:
        """The last row that is to be dropped, when it is time to drop some."""
        upto = 0 if self._keep.messages is None else last - self._keep.messages
        if upto - self._floor < AT_ONCE:
            upto = 0
        if self._keep.seconds is not None and now - self._looked_at > OFTEN:
            before = now - self._keep.seconds
            for found in (
                connection.execute("SELECT max(row) FROM log WHERE at < ?", (before,)),
                connection.execute("SELECT row FROM messages WHERE at < ? ORDER BY row DESC LIMIT 1", (before,)),
            ):
                row = found.fetchone()
                upto = max(upto, (row and row[0]) or 0)
            if upto - self._floor <= AT_ONCE:  # one step does it
                self._looked_at = now
        return upto

    def _drop_rows(self, connection: sqlite3.Connection, first: int, upto: int, held: str) -> int:
        """Drop messages, the parts of long ones that begin among them, and the PDUs before them."""
        at = connection.execute("SELECT max(at) FROM messages WHERE row BETWEEN ? AND ?", (first, upto)).fetchone()[0]
        dropped = connection.execute(
            "DELETE FROM messages WHERE"  # noqa: S608 - our names
            f" (row BETWEEN :after AND :upto OR first BETWEEN :after AND :upto) AND row NOT IN ({_ALIVE})",
            {"after": first, "upto": upto, "held": held},
        ).rowcount
        # The last one stays: the rows of those that are to come go on from there.
        connection.execute(
            "DELETE FROM pdus WHERE row < (SELECT min(row) + ? FROM pdus) AND at <= ?"
            " AND row < (SELECT max(row) FROM pdus)",
            (8 * AT_ONCE, at),
        )
        connection.execute("DELETE FROM connections WHERE closed_at < ?", (at,))
        self._floor = upto
        return dropped

    def _drop_entries(self, connection: sqlite3.Connection, expansion: Expansion, upto: int, held: str) -> int:
        """Drop what stands in the log alone."""
        expanded, needed = connection.execute("SELECT expanded, needed FROM progress").fetchone()
        entries = connection.execute(
            "SELECT entry, row, at FROM log WHERE entry > ? AND entry < ? AND row <= ? ORDER BY entry LIMIT 500",
            (expanded, needed, upto),
        ).fetchall()
        if not entries:
            return 0
        before = self._floor or _first_row(connection, entries[0][0]) - 1
        last, row, at = next((entry for entry in entries if entry[1] >= before + AT_ONCE), entries[-1])
        alive = connection.execute(
            f"SELECT 1 FROM ({_ALIVE}) WHERE row > :before AND row <= :upto LIMIT 1",  # noqa: S608 - our names
            {"before": before, "upto": row, "held": held},
        ).fetchone()
        if alive is not None:  # it goes into the tables, and there all is dropped but that
            expansion.step(connection, last)
            return 0
        if connection.execute("SELECT 1 FROM messages LIMIT 1").fetchone():
            self._tell_older(connection, expansion, last, before)
        connection.execute("DELETE FROM log WHERE entry <= ?", (last,))
        connection.execute("UPDATE progress SET expanded = ?", (last,))
        connection.execute("DELETE FROM connections WHERE closed_at < ?", (at,))
        expansion.undone()  # the parts that it knows of are gone
        self._floor = row
        return int(row - before)

    @staticmethod
    def _tell_older(connection: sqlite3.Connection, expansion: Expansion, last: int, before: int) -> None:
        """What is dropped up to an entry says what became of messages that are kept, as long as they are alive."""
        entries = connection.execute("SELECT events FROM log WHERE entry <= ? AND length(events) > 0", (last,))
        for (events,) in entries.fetchall():
            group = group_from(0, events, b"", b"")
            older = Group()
            older.reached = [entry for entry in group.reached if entry[0] <= before]
            older.settled = [entry for entry in group.settled if entry[1] is not None and entry[1] <= before]
            older.replaced = [entry for entry in group.replaced if entry[0].row <= before]
            write_rows(connection, older, expansion.parts)


def _first_row(connection: sqlite3.Connection, entry: int) -> int:
    """The row of the first message of an entry, or of one after it."""
    entries = connection.execute("SELECT messages FROM log WHERE entry >= ? ORDER BY entry", (entry,))
    for (messages,) in entries:
        group = group_from(0, b"", messages, b"")
        if group.messages:
            entries.close()
            return group.messages[0][0]
    return 1
