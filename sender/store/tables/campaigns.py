"""Version 2: what a campaign has besides its text: pause, deadline, priority."""

from typing import Final

STATEMENTS: Final[tuple[str, ...]] = (
    "ALTER TABLE campaigns ADD COLUMN priority INTEGER NOT NULL DEFAULT 5",
    "UPDATE campaigns SET priority = CASE message_class WHEN 'advertising' THEN 2 WHEN 'code' THEN 9 ELSE 5 END",
    "ALTER TABLE campaigns ADD COLUMN paused INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE campaigns ADD COLUMN cancelled INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE campaigns ADD COLUMN starts_at REAL",
    "ALTER TABLE campaigns ADD COLUMN expires_at REAL",
    "ALTER TABLE campaigns ADD COLUMN quiet TEXT",
    "ALTER TABLE campaigns ADD COLUMN kind TEXT NOT NULL DEFAULT 'file'",
    "ALTER TABLE campaigns ADD COLUMN options TEXT NOT NULL DEFAULT '{}'",
    # A deadline of the message's own; that of its campaign counts too.
    "ALTER TABLE messages ADD COLUMN expires REAL",
    "CREATE INDEX messages_expiring ON messages(expires) WHERE state = $QUEUED AND expires IS NOT NULL",
    # Claimed messages are found like queued ones: by a restart, and when their campaign is cancelled.
    "CREATE INDEX messages_claimed ON messages(campaign) WHERE state = $CLAIMED",
)
