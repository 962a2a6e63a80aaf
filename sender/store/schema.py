"""The tables of the store, and how a file of an earlier version becomes one of this version.

Hot tables are narrow: what changes with every message is in `messages` (one row a message) and `parts` (one row a
segment, written from the first submit on); what is written once and read once is elsewhere. Every index that the
sending path touches is partial, so that it holds the work in hand and not the history.
"""

from __future__ import annotations

import sqlite3
import string
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Final

from sender.domain.message import SOURCES, State
from sender.store.records import StoreError

if TYPE_CHECKING:
    from sqlite_utils import Database

APPLICATION_ID: Final = 0x434C5344
"""``PRAGMA application_id`` of our files ("CLSD"): how a foreign database is told from ours."""


def state_is(states: Iterable[State]) -> str:
    """The condition that ``state`` is one of these. Not ``IN``, for which SQLite builds a table at every execution."""
    return "(" + " OR ".join(f"state = {int(state)}" for state in states) + ")"


_NUMBERS: Final = {state.name: str(int(state)) for state in State} | {
    f"MAY_BECOME_{state.name}": state_is(sources) for state, sources in SOURCES.items() if sources
}


@cache
def sql(statement: str, **pieces: str) -> str:
    """Write the numbers of states, and given pieces, into a statement.

    ``WHERE state = $QUEUED``; ``WHERE $MAY_BECOME_QUEUED`` for the states that may become queued, which is what keeps
    a final state final (I1). They must be literals, not parameters, for SQLite to see that a partial index applies.
    """
    return string.Template(statement).substitute(_NUMBERS, **pieces)


def prepare(conn: sqlite3.Connection, name: str, *, read_only: bool = False) -> None:
    """Make the database behind `conn` one of this version; StoreError when it is not ours or is newer."""
    try:
        _check_ownership(conn, name)
        version = int(conn.execute("PRAGMA user_version").fetchone()[0])
        if version > len(MIGRATIONS):
            raise StoreError(f"{name} was written by a newer version of the sender; update this one")
        if read_only:
            if version < len(MIGRATIONS):
                raise StoreError(f"{name} was written by an older version of the sender; open it for writing once")
            return
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA synchronous = FULL")
        conn.execute("PRAGMA cache_size = -65536")  # KiB: the id index of a large campaign is read at random places
        if version < len(MIGRATIONS):
            _migrate(conn, version)
    except sqlite3.Error as error:
        raise StoreError(f"{name} cannot be used as a store: {error}") from error


def _check_ownership(conn: sqlite3.Connection, name: str) -> None:
    owner = conn.execute("PRAGMA application_id").fetchone()[0]
    if owner == APPLICATION_ID:
        return
    tables = conn.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner != 0 or tables:
        raise StoreError(f"{name} is a database of another program; name a file of the sender, or a new one")


def _migrate(conn: sqlite3.Connection, version: int) -> None:
    # Imported only when there is something to do: it takes as long as all the rest of the program.
    from sqlite_utils import Database

    db = Database(conn, recursive_triggers=False, execute_plugins=False)
    for number, migration in enumerate(MIGRATIONS[version:], version + 1):
        conn.execute("BEGIN IMMEDIATE")
        try:
            migration(db)
            conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            conn.execute(f"PRAGMA user_version = {number}")
        except BaseException:
            conn.execute("ROLLBACK")
            raise
        conn.execute("COMMIT")


def _first_version(db: Database) -> None:
    """Campaigns, messages, parts, receipts."""
    _create_campaigns(db)
    for statement in _HOT_TABLES:
        db.execute(sql(statement))
    db.conn.executemany(
        "INSERT INTO states (state, name, final) VALUES (?, ?, ?)",
        [(int(state), state.label, int(state.final)) for state in State],
    )
    db.execute("INSERT INTO epochs (id, epoch) VALUES (1, 0)")


MIGRATIONS: Final[tuple[Callable[[Database], None], ...]] = (_first_version,)
"""Each brings a file of the version before to its own: version n is the n-th. Released ones never change."""


def _create_campaigns(db: Database) -> None:
    db.table("states").create({"state": int, "name": str, "final": int}, pk="state", strict=True)
    accounts = db.table("accounts")
    accounts.create({"id": int, "name": str}, pk="id", not_null={"name"}, strict=True)
    accounts.create_index(["name"], unique=True)
    db.table("epochs").create({"id": int, "epoch": int}, pk="id", not_null={"epoch"}, strict=True)
    columns = {
        "id": int,
        "name": str,
        "state": str,
        "template": str,
        "sender": str,
        "message_class": str,
        "recipients": str,
        "rejects": str,
        "created_at": float,
        "rows": int,
        "rejected": int,
        "messages": int,
        "doubts_resolved": int,
        # Messages of a campaign lie between these ids: a report reads a range, not the table.
        "first_message": int,
        "last_message": int,
        "first_submit": float,
        "last_response": float,
        "last_receipt": float,
    }
    optional = {"first_message", "last_message", "first_submit", "last_response", "last_receipt"}
    zero = {"rows": 0, "rejected": 0, "messages": 0, "doubts_resolved": 0}
    db.table("campaigns").create(columns, pk="id", not_null=set(columns) - optional, defaults=zero, strict=True)


# Written as SQL because sqlite-utils has no WITHOUT ROWID and no partial indexes.
_HOT_TABLES: Final = (
    # How many messages of a campaign are in each state, kept with every change: a count must not read the table.
    """CREATE TABLE campaign_states (
        campaign INTEGER NOT NULL REFERENCES campaigns(id),
        state INTEGER NOT NULL REFERENCES states(state),
        messages INTEGER NOT NULL,
        PRIMARY KEY (campaign, state)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE messages (
        id INTEGER PRIMARY KEY,
        campaign INTEGER NOT NULL REFERENCES campaigns(id),
        account INTEGER NOT NULL REFERENCES accounts(id),
        row INTEGER NOT NULL,
        number TEXT NOT NULL,
        state INTEGER NOT NULL REFERENCES states(state),
        due REAL NOT NULL,
        parts INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX messages_queued ON messages(account, campaign, due) WHERE state = $QUEUED",
    """CREATE TABLE message_fields (
        message INTEGER PRIMARY KEY REFERENCES messages(id),
        fields TEXT NOT NULL
    ) STRICT""",
    # doubtful: nobody knows what became of the last submit, or of the one before the submit under way.
    """CREATE TABLE parts (
        message INTEGER NOT NULL REFERENCES messages(id),
        part INTEGER NOT NULL,
        account INTEGER NOT NULL REFERENCES accounts(id),
        state INTEGER NOT NULL REFERENCES states(state),
        epoch INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        first_at REAL NOT NULL,
        submitted_at REAL NOT NULL,
        answered_at REAL,
        submits INTEGER NOT NULL,
        retries INTEGER NOT NULL,
        resends INTEGER NOT NULL,
        doubtful INTEGER NOT NULL,
        cause TEXT,
        status INTEGER,
        smsc_id TEXT,
        key TEXT,
        stat TEXT,
        err TEXT,
        receipts INTEGER NOT NULL,
        repeated INTEGER NOT NULL,
        PRIMARY KEY (message, part)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX parts_by_key ON parts(account, key) WHERE key IS NOT NULL",
    "CREATE INDEX parts_submitting ON parts(account) WHERE state = $SUBMITTING",
    """CREATE TABLE receipts (
        message INTEGER NOT NULL,
        part INTEGER NOT NULL,
        n INTEGER NOT NULL,
        smsc_id TEXT NOT NULL,
        state INTEGER NOT NULL,
        stat TEXT NOT NULL,
        err TEXT,
        number TEXT NOT NULL,
        at REAL NOT NULL,
        PRIMARY KEY (message, part, n)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE parked_receipts (
        id INTEGER PRIMARY KEY,
        account INTEGER NOT NULL REFERENCES accounts(id),
        key TEXT NOT NULL,
        tail TEXT NOT NULL,
        smsc_id TEXT NOT NULL,
        state INTEGER NOT NULL,
        stat TEXT NOT NULL,
        err TEXT,
        number TEXT NOT NULL,
        at REAL NOT NULL
    ) STRICT""",
    "CREATE INDEX parked_by_key ON parked_receipts(account, key)",
    "CREATE INDEX parked_by_tail ON parked_receipts(account, tail)",
    # Parts that a receipt may resolve by its number alone: in doubt, or queued for the resend.
    """CREATE TABLE doubts (
        account INTEGER NOT NULL,
        tail TEXT NOT NULL,
        message INTEGER NOT NULL,
        part INTEGER NOT NULL,
        PRIMARY KEY (account, tail, message, part)
    ) STRICT, WITHOUT ROWID""",
)
