"""Version 2: events for webhooks, one row for each consumer that wants one, until it has it or cannot be given it."""

from typing import Final

STATEMENTS: Final[tuple[str, ...]] = (
    """CREATE TABLE consumers (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        url TEXT NOT NULL,
        events TEXT NOT NULL,
        state TEXT NOT NULL,
        reason TEXT NOT NULL,
        since REAL NOT NULL,
        created_at REAL NOT NULL
    ) STRICT""",
    # state: 0 waits, 1 delivered, 2 dead. done_at: when it became 1 or 2.
    """CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        consumer INTEGER NOT NULL REFERENCES consumers(id),
        type TEXT NOT NULL,
        at REAL NOT NULL,
        body TEXT NOT NULL,
        state INTEGER NOT NULL,
        due REAL NOT NULL,
        attempts INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        done_at REAL
    ) STRICT""",
    "CREATE INDEX outbox_waiting ON outbox(consumer, due, id) WHERE state = 0",
    "CREATE INDEX outbox_waiting_since ON outbox(at) WHERE state = 0",
    "CREATE INDEX outbox_dead ON outbox(consumer, id) WHERE state = 2",
    "CREATE INDEX outbox_delivered_at ON outbox(done_at) WHERE state = 1",
    "CREATE INDEX outbox_dead_at ON outbox(done_at) WHERE state = 2",
    # Campaigns whose end was told: they end once.
    "CREATE TABLE finished_campaigns (campaign INTEGER PRIMARY KEY) STRICT",
)
