"""All that a journal has of one account is deleted, a range of rows at a time: others' commits go in between."""

from __future__ import annotations

import json
import sqlite3
from typing import Final

ROWS_AT_ONCE: Final = 5_000  # that are looked at in one transaction

_TABLES: Final = ("messages", "pending", "owed", "pdus")
_EVERYTHING: Final = (
    *(f"DELETE FROM {table}" for table in _TABLES),  # noqa: S608 - our names
    "DELETE FROM forgotten",
    "DELETE FROM connections WHERE closed_at IS NOT NULL",
)
_OF_MESSAGES: Final = "row > :after AND row <= :upto AND system_id = :system_id"
# The pending ones first: whose they are stands with their messages.
_MESSAGES: Final = (
    f"DELETE FROM pending WHERE row IN (SELECT row FROM messages WHERE {_OF_MESSAGES})",  # noqa: S608
    f"DELETE FROM messages WHERE {_OF_MESSAGES}",  # noqa: S608
)
_ITS_CONNECTIONS: Final = "SELECT connection FROM connections WHERE system_id = :system_id"
_PDUS: Final = (
    f"DELETE FROM pdus WHERE row > :after AND row <= :upto AND connection IN ({_ITS_CONNECTIONS})",  # noqa: S608
)
_OWED: Final = "DELETE FROM owed WHERE system_id = :system_id AND delivery <= :upto"
_CLOSED: Final = "DELETE FROM connections WHERE connection IN (SELECT value FROM json_each(?))"


class Erasure:
    """What is deleted of one account, or (None) of all. What is recorded after the first step stays.

    The rows of its connections go when these have ended.
    """

    def __init__(self, system_id: str | None) -> None:
        self.system_id = system_id
        self.begun = False
        self._after = 0
        self._upto: dict[str, int] = {}
        self._closed: list[int] = []

    def step(self, connection: sqlite3.Connection) -> bool:
        """Delete some, within the transaction that is open; whether that was all. sqlite3.Error when it cannot be."""
        self.begun = True
        if self.system_id is None:
            for statement in _EVERYTHING:
                connection.execute(statement)
            return True
        if not self._upto:
            self._begin(connection)
        after, self._after = self._after, self._after + ROWS_AT_ONCE
        for table, statements in (("messages", _MESSAGES), ("pdus", _PDUS)):
            upto = min(self._after, self._upto[table])
            if after < upto:
                for statement in statements:
                    connection.execute(statement, {"after": after, "upto": upto, "system_id": self.system_id})
        if self._after < max(self._upto["messages"], self._upto["pdus"]):
            return False
        connection.execute(_OWED, {"system_id": self.system_id, "upto": self._upto["owed"]})
        connection.execute(_CLOSED, (json.dumps(self._closed),))
        return True

    def _begin(self, connection: sqlite3.Connection) -> None:
        """What there is up to now goes; what comes between the steps stays."""
        for table, column in (("messages", "row"), ("pdus", "row"), ("owed", "delivery")):
            self._upto[table] = _last(connection, table, column)
        closed = connection.execute(f"{_ITS_CONNECTIONS} AND closed_at IS NOT NULL", {"system_id": self.system_id})
        self._closed = [number for (number,) in closed]


def _last(connection: sqlite3.Connection, table: str, column: str) -> int:
    row = connection.execute(f"SELECT max({column}) FROM {table}").fetchone()  # noqa: S608 - our names
    return int(row[0] or 0)
