"""Version 2: numbering plans, ported numbers, and what decides whose turn it is."""

from typing import Final

STATEMENTS: Final[tuple[str, ...]] = (
    # A plan that is being imported is not active; one that is replaced goes when the new one is.
    """CREATE TABLE plans (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        source TEXT NOT NULL,
        imported_at REAL NOT NULL,
        rows INTEGER NOT NULL DEFAULT 0,
        active INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    "CREATE TABLE plan_operators (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT",
    """CREATE TABLE plan_ranges (
        plan INTEGER NOT NULL REFERENCES plans(id),
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        operator INTEGER NOT NULL REFERENCES plan_operators(id),
        region TEXT NOT NULL,
        PRIMARY KEY (plan, first)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE ported_numbers (
        plan INTEGER NOT NULL REFERENCES plans(id),
        number INTEGER NOT NULL,
        operator INTEGER NOT NULL REFERENCES plan_operators(id),
        PRIMARY KEY (plan, number)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX campaigns_of_codes ON campaigns(id) WHERE message_class = 'code'",
    # Campaigns that have a weight of their own against others of their priority; all others have 1.
    "CREATE TABLE campaign_weights (campaign INTEGER PRIMARY KEY REFERENCES campaigns(id), weight INTEGER NOT NULL) STRICT",  # noqa: E501
)
