"""Version 1: campaigns, messages, parts, receipts. Released: it never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sender.store.sql import sql

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATES: Final = (
    (1, "queued", 0),
    (2, "claimed", 0),
    (3, "submitting", 0),
    (4, "accepted", 0),
    (5, "in_doubt", 0),
    (10, "delivered", 1),
    (11, "undelivered", 1),
    (12, "expired", 1),
    (13, "rejected", 1),
    (14, "unknown", 1),
    (20, "cancelled", 1),
    (21, "blocked", 1),
)


def migrate(db: Database) -> None:
    """From an empty file to version 1."""
    _create_campaigns(db)
    for statement in _HOT_TABLES:
        db.execute(sql(statement))
    db.conn.executemany("INSERT INTO states (state, name, final) VALUES (?, ?, ?)", _STATES)
    db.execute("INSERT INTO epochs (id, epoch) VALUES (1, 0)")


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
