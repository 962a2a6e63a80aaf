"""The connection that the verbs share: transactions, account numbers, and the counters of I4."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import msgspec

from sender.store import intents
from sender.store.packed import Packs
from sender.store.part_ids import PartIds
from sender.store.parts import Hand
from sender.store.pending import Pending

if TYPE_CHECKING:
    from sender.store.outbox import Wanted

Moves = Counter[tuple[int, int]]
"""Changes of message counts by (campaign, state)."""

_LAST_MESSAGE: Final = (
    "SELECT max(coalesce((SELECT max(id) FROM messages), 0), coalesce((SELECT max(last_message) FROM campaigns), 0))"
)


class Database:
    """A connection in autocommit mode with what is worth remembering between calls."""

    def __init__(self, conn: sqlite3.Connection, enter: Callable[[Database], None]) -> None:
        """`enter` enters the receipts that are written down: see `telling`."""
        self.hot = conn
        """The connection for statements that neither read nor write what is `pending`, or accepted messages."""
        self._enter = enter
        self._begun = False
        self.pending = Pending()
        self._before: Pending | None = None  # what it was at the savepoint, where there was anything
        self._accounts: dict[str, int] = {}
        self._next_message: int | None = None
        self.consumers: Wanted | None = None
        """Who wants which events: what the outbox remembers between calls."""
        self.hand = Hand()
        """Parts under way that this connection has written: see `Hand`."""
        self.ids = PartIds()
        """Parts by the ids that operators gave them."""
        self.packs = Packs()
        """Parts that became the same together."""
        self._seen: int | None = None
        self.emitted = 0
        """Events written since the start, those of transactions that were undone included."""

    @property
    def conn(self) -> sqlite3.Connection:
        """The connection, with everything written."""
        self.enter_told()
        if self.pending.any:
            self.pending.write(self.hot)
        return self.hot

    @conn.setter
    def conn(self, conn: sqlite3.Connection) -> None:
        self.hot = conn

    def enter_told(self) -> None:
        """Enter the receipts that are written down, inside a transaction."""
        if self.hand.told.any and self._begun:
            self._enter(self)

    def close(self) -> None:
        """Close the connection; what is written down is entered, where nothing is under way and the file can be."""
        if self.hand.told.count and not self.hot.in_transaction:
            with suppress(sqlite3.Error), self.transaction():
                self.enter_told()
        self.hot.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed, or on any exception nothing is."""
        self.begin()
        try:
            yield
        except BaseException:
            self.rollback()
            raise
        self.commit()

    def begin(self) -> None:
        """Open a transaction that holds the right to write from the start."""
        if self.hot.in_transaction:
            self.rollback()  # what a disk that failed has left behind
        self.hot.execute("BEGIN IMMEDIATE")
        self._begun = True
        seen = self.hot.execute("PRAGMA data_version").fetchone()[0]
        if seen != self._seen:  # another connection has committed
            self._seen = seen
            self.hand.clear()
            self.ids.check(self)
            self.packs.clear()
        self._spill()

    def commit(self) -> None:
        """Make the transaction durable (synchronous=FULL: the log is on the disk when this returns)."""
        try:
            intents.drop_done(self)
            if self.pending.any:
                self.pending.write(self.hot)
            self.hot.execute("COMMIT")
            self._begun = False
        except sqlite3.Error:
            self.rollback()
            raise

    def rollback(self) -> None:
        """Drop the transaction, if SQLite has not done so by itself already (a full disk)."""
        self._begun = False
        self._forget()
        self.pending = Pending()
        if self.hot.in_transaction:
            with suppress(sqlite3.Error):  # it cannot become less than not committed
                self.hot.execute("ROLLBACK")

    def touch(self) -> None:
        """Write something that changes nothing: only a commit that writes shows that the disk is well."""
        self.hot.execute("UPDATE epochs SET epoch = epoch")

    def savepoint(self) -> None:
        """Mark a point inside the transaction."""
        self.hand.touched = self.ids.touched = False
        self._before = self.pending.copy() if self.pending.any else None
        self.hot.execute("SAVEPOINT call")

    def keep(self) -> None:
        """Keep what was done since the savepoint."""
        self.hot.execute("RELEASE call")

    def undo(self) -> None:
        """Undo what was done since the savepoint; the transaction goes on."""
        self._forget(hand=self.hand.touched, ids=self.ids.touched)
        self.pending = self._before or Pending()
        self.hot.execute("ROLLBACK TO call")
        self.hot.execute("RELEASE call")
        self._spill()

    def _spill(self) -> None:
        """What was in hand and no longer is gets rows of its own, and what it was told is entered."""
        if self.hand.lost:
            intents.spill(self)
            self.enter_told()

    def _forget(self, *, hand: bool = True, ids: bool = True) -> None:
        self._accounts.clear()
        self._next_message = None
        self.consumers = None
        if hand:
            self.hand.clear()
        if ids:
            self.ids.clear()

    def message_ids(self, count: int) -> int:
        """The first of `count` message ids that follow each other; no id is given twice, even when rows are deleted."""
        first = self._next_message
        if first is None:
            first = int(self.conn.execute(_LAST_MESSAGE).fetchone()[0]) + 1
        self._next_message = first + count
        return first

    def account(self, name: str) -> int:
        """The number of an account, which is made at its first use."""
        number = self._accounts.get(name)
        if number is None:
            self.conn.execute("INSERT INTO accounts (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
            number = int(self.conn.execute("SELECT id FROM accounts WHERE name = ?", (name,)).fetchone()[0])
            self._accounts[name] = number
        return number

    def known_account(self, name: str) -> int | None:
        """The number of an account that was used before, or None. Writes nothing."""
        number = self._accounts.get(name)
        if number is None:
            row = self.conn.execute("SELECT id FROM accounts WHERE name = ?", (name,)).fetchone()
            return None if row is None else int(row[0])
        return number

    def count_moves(self, moves: Moves) -> None:
        """Apply changes of message counts."""
        self.pending.count(moves)


def json_list(values: Iterable[int | str]) -> str:
    """Values as the JSON text that ``json_each(?)`` reads: one statement for any number of them.

    Statements CROSS JOIN it, which tells SQLite to begin with it: left to guess, the planner scans the big table.
    """
    return msgspec.json.encode(list(values)).decode()
