"""Which parts belong to one long message: told as each part comes, so that nobody has to search for it later.

Parts belong together when account, both addresses, reference and number of parts are the same (3GPP TS 23.040
§9.2.3.24.1), and they came within an hour. A part that was refused may come again; one that was accepted and comes
again begins another message, since the reference is in use anew.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

TOGETHER_SECONDS = 3600.0
MOST_INCOMPLETE = 20_000  # long messages whose other parts are waited for; beyond it the oldest are given up


class PartKey(NamedTuple):
    """What the parts of one long message have in common."""

    operator: str
    system_id: str
    command: str
    source: str
    destination: str
    reference: int
    parts: int


class _Incomplete:
    __slots__ = ("accepted", "at", "first")

    def __init__(self, first: int, at: float) -> None:
        self.first, self.at, self.accepted = first, at, 0


class Parts:
    """The long messages of which parts may still come."""

    def __init__(self) -> None:
        self._incomplete: dict[PartKey, _Incomplete] = {}

    def first(self, key: PartKey, part: int, row: int, at: float, *, refused: bool) -> int | None:
        """The row of the first part that came of the message that this part belongs to; None when it is the first.

        `part` counts from 1, `at` is unix seconds; rows come in order.
        """
        bit = 1 << part
        message = self._incomplete.get(key)
        if message is None or message.accepted & bit or at - message.at > TOGETHER_SECONDS:
            self._incomplete.pop(key, None)
            if len(self._incomplete) >= MOST_INCOMPLETE:
                del self._incomplete[next(iter(self._incomplete))]
            message = self._incomplete[key] = _Incomplete(row, at)
        if not refused:
            message.accepted |= bit
            if message.accepted.bit_count() == key.parts:
                del self._incomplete[key]
        return None if message.first == row else message.first

    def forget(self, system_id: str | None) -> None:
        """The messages of an account, or (None) all, were erased."""
        for key in [key for key in self._incomplete if system_id in (None, key.system_id)]:
            del self._incomplete[key]

    def clear(self) -> None:
        """Forget all: what was told may not have been written."""
        self._incomplete.clear()


def load_parts(connection: sqlite3.Connection, parts: Parts, *, after: int, write: bool = False) -> None:
    """Tell `parts` of the parts in the rows after one; with `write` the rows are told what it says."""
    rows = connection.execute(
        "SELECT operator, system_id, command, source, destination, reference, parts, part, row, at, status"
        " FROM messages WHERE parts > 1 AND row > ? ORDER BY row",
        (after,),
    )
    firsts = []
    for *key, part, row, at, status in rows:
        first = parts.first(PartKey(*key), part, row, at, refused=bool(status))
        if first is not None:
            firsts.append((first, row))
    if write:
        connection.executemany("UPDATE messages SET first = ? WHERE row = ?", firsts)
