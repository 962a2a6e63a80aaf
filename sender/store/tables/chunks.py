"""Version 2: recipients that are not message rows yet."""

from typing import Final

STATEMENTS: Final[tuple[str, ...]] = (
    # Part of the count of queued messages; recipients of a campaign that ended keep its state here.
    "ALTER TABLE campaigns ADD COLUMN unexpanded INTEGER NOT NULL DEFAULT 0",
    # account is what the import routed to, NULL when it did not; taken is the cursor. No id is given twice: whoever
    # has read a chunk that was replaced must not take another one for it.
    """CREATE TABLE chunks (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        campaign INTEGER NOT NULL REFERENCES campaigns(id),
        account INTEGER REFERENCES accounts(id),
        state INTEGER NOT NULL REFERENCES states(state),
        recipients INTEGER NOT NULL,
        taken INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX chunks_queued ON chunks(campaign, account) WHERE state = $QUEUED",
    "CREATE INDEX chunks_by_campaign ON chunks(campaign)",
    # By itself, so that moving the cursor does not write the recipients again.
    """CREATE TABLE chunk_data (
        chunk INTEGER PRIMARY KEY REFERENCES chunks(id),
        data BLOB NOT NULL
    ) STRICT""",
)
