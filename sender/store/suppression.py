"""Who must not be written to: the list, its history, and the consents that were given."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from sender.domain.events import EventType
from sender.domain.message import MessageClass
from sender.domain.scope import scopes_of
from sender.store import outbox
from sender.store.database import Database
from sender.store.outbox import Event

KEYWORD: Final = "keyword"
"""The source of an opt-out that the subscriber sent as a message: START takes it back."""

_ENTRY: Final = "number, scope, source, reason, text, at"


class Suppressed(msgspec.Struct, frozen=True, gc=False):
    """An entry of the list. `number` is E.164 digits; `at` unix time."""

    number: int
    scope: str
    source: str
    reason: str = ""
    text: str = ""
    """What the person said or signed, word for word."""
    at: float = 0.0


class Change(msgspec.Struct, frozen=True, gc=False):
    """A line of the history: `change` is added, removed or consent."""

    id: int
    number: int
    scope: str
    change: str
    source: str
    reason: str
    text: str
    at: float


class Suppression:
    """The verbs of the suppression list; like all verbs they run inside a transaction that the caller opened."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, entries: Sequence[Suppressed]) -> list[Change]:
        """Put numbers on the list; the changes, those that are there already left out."""
        new = []
        for entry in entries:
            cursor = self._db.conn.execute(
                f"INSERT INTO suppression ({_ENTRY}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",  # noqa: S608
                msgspec.structs.astuple(entry),
            )
            if cursor.rowcount:
                new.append(entry)
        return self._note(new, "added", EventType.SUPPRESSION_ADDED)

    def remove(
        self,
        number: int,
        scope: str | None = None,
        *,
        only_source: str | None = None,
        source: str,
        reason: str = "",
        text: str = "",
        at: float,
    ) -> list[Change]:
        """Take a number off the list: from one scope or from all, or only what came from `only_source`."""
        where, values = "number = ?", [number]
        for column, value in (("scope", scope), ("source", only_source)):
            if value is not None:
                where += f" AND {column} = ?"
                values.append(value)  # type: ignore[arg-type]
        gone = self._db.conn.execute(
            f"DELETE FROM suppression WHERE {where} RETURNING scope",  # noqa: S608 - two fixed columns
            values,
        ).fetchall()
        removed = [Suppressed(number, row[0], source, reason, text, at) for row in gone]
        return self._note(removed, "removed", EventType.SUPPRESSION_REMOVED)

    def consent(self, consent: Suppressed) -> None:
        """Keep on record that somebody agreed to be written to. It takes nothing off the list."""
        self._note([consent], "consent", None)

    def numbers(self, scope: str, after: int = 0, limit: int = -1) -> array[int]:
        """The numbers of one scope beyond `after`, in order; at most `limit`."""
        rows = self._db.conn.execute(
            "SELECT number FROM suppression WHERE scope = ? AND number > ? ORDER BY number LIMIT ?",
            (scope, after, limit),
        )
        return array("Q", (row[0] for row in rows))

    def scopes(self) -> list[tuple[str, int]]:
        """Every scope that has entries, with how many."""
        return self._db.conn.execute("SELECT scope, count(*) FROM suppression GROUP BY scope ORDER BY scope").fetchall()

    def entries(self, number: int | None = None, limit: int = -1) -> Iterator[Suppressed]:
        """Entries of the list, of one number or of all; at most `limit`."""
        rows = self._db.conn.execute(
            f"SELECT {_ENTRY} FROM suppression WHERE ?1 IS NULL OR number = ?1 LIMIT ?2",  # noqa: S608
            (number, limit),
        )
        return (Suppressed(*row) for row in rows)

    def scope_against(self, number: str, kind: MessageClass, sender: str) -> str | None:
        """The scope that forbids a message, or None; for a look from beside, where nothing is held in memory."""
        rows = self._db.conn.execute("SELECT scope FROM suppression WHERE number = ?", (int(number),)).fetchall()
        found = {row[0] for row in rows}
        return next((scope for scope in scopes_of(kind, sender) if scope in found), None) if found else None

    def history(self, number: int) -> list[Change]:
        """All that was ever said about a number, oldest first."""
        rows = self._db.conn.execute("SELECT * FROM suppression_history WHERE number = ? ORDER BY id", (number,))
        return [Change(*row) for row in rows]

    def last_change(self) -> int:
        """Number of the latest change; 0 when there was none."""
        return int(self._db.conn.execute("SELECT coalesce(max(id), 0) FROM suppression_history").fetchone()[0])

    def changes_since(self, last: int, limit: int) -> list[Change]:
        """Changes after number `last`, oldest first; at most `limit`."""
        rows = self._db.conn.execute(
            "SELECT * FROM suppression_history WHERE id > ? ORDER BY id LIMIT ?", (last, limit)
        )
        return [Change(*row) for row in rows]

    def _note(self, entries: Iterable[Suppressed], change: str, event: EventType | None) -> list[Change]:
        changes = []
        for entry in entries:
            cursor = self._db.conn.execute(
                "INSERT INTO suppression_history (number, scope, change, source, reason, text, at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (entry.number, entry.scope, change, entry.source, entry.reason, entry.text, entry.at),
            )
            changes.append(
                Change(
                    cursor.lastrowid or 0, entry.number, entry.scope, change, entry.source, entry.reason, entry.text,
                    entry.at,
                )
            )  # fmt: skip
        if event is not None and changes and outbox.is_wanted(self._db, event):
            outbox.emit(self._db, [_event(event, it) for it in changes])
        return changes


def _event(kind: EventType, change: Change) -> Event:
    data = {
        "number": str(change.number),
        "scope": change.scope,
        "source": change.source,
        "reason": change.reason,
        "text": change.text,
    }
    return Event(kind, change.at, data)
