"""Version 2: tokens, idempotency keys, messages of the API, balances, the audit log. Money is in millionths."""

from typing import Final

STATEMENTS: Final[tuple[str, ...]] = (
    """CREATE TABLE tokens (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        prefix TEXT NOT NULL UNIQUE,
        digest BLOB NOT NULL,
        scopes TEXT NOT NULL,
        senders TEXT NOT NULL,
        rate REAL,
        burst INTEGER NOT NULL,
        wallet TEXT,
        created_at REAL NOT NULL,
        expires_at REAL,
        revoked_at REAL
    ) STRICT""",
    """CREATE TABLE idempotency (
        token INTEGER NOT NULL,
        key TEXT NOT NULL,
        digest BLOB NOT NULL,
        status INTEGER NOT NULL,
        body BLOB NOT NULL,
        at REAL NOT NULL,
        PRIMARY KEY (token, key)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX idempotency_by_age ON idempotency(at)",
    """CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at REAL NOT NULL,
        token TEXT NOT NULL,
        address TEXT NOT NULL,
        action TEXT NOT NULL,
        target TEXT NOT NULL,
        outcome TEXT NOT NULL,
        items INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX audit_by_age ON audit(at)",
    # Whose campaigns are whose; and the one that messages of a kind are put into.
    """CREATE TABLE token_campaigns (
        campaign INTEGER PRIMARY KEY REFERENCES campaigns(id),
        token INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX token_campaigns_by_token ON token_campaigns(token, campaign)",
    """CREATE TABLE standing_campaigns (
        token INTEGER NOT NULL,
        sender TEXT NOT NULL,
        message_class TEXT NOT NULL,
        priority INTEGER NOT NULL,
        campaign INTEGER NOT NULL REFERENCES campaigns(id),
        PRIMARY KEY (token, sender, message_class, priority)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE api_messages (
        message INTEGER PRIMARY KEY REFERENCES messages(id),
        token INTEGER NOT NULL,
        at REAL NOT NULL,
        reference TEXT,
        callback TEXT
    ) STRICT""",
    "CREATE UNIQUE INDEX api_references ON api_messages(token, reference) WHERE reference IS NOT NULL",
    """CREATE TABLE wallets (
        name TEXT PRIMARY KEY,
        credited INTEGER NOT NULL,
        reserved INTEGER NOT NULL,
        charged INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE credits (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        wallet TEXT NOT NULL,
        amount INTEGER NOT NULL,
        note TEXT NOT NULL,
        token TEXT NOT NULL,
        at REAL NOT NULL
    ) STRICT""",
    """CREATE TABLE charges (
        message INTEGER PRIMARY KEY REFERENCES messages(id),
        wallet TEXT NOT NULL,
        price INTEGER NOT NULL,
        segments INTEGER NOT NULL,
        charged INTEGER
    ) STRICT""",
    # Whoever brings a message to its end, by whatever way, settles what was reserved for it in the same transaction:
    # each segment that an operator took costs its price, the rest goes back.
    """CREATE TRIGGER messages_settled AFTER UPDATE OF state ON messages
        WHEN NEW.state >= $DELIVERED AND OLD.state < $DELIVERED
            AND EXISTS (SELECT 1 FROM charges WHERE message = NEW.id AND charged IS NULL)
    BEGIN
        UPDATE charges SET charged = price * min(segments,
            (SELECT count(*) FROM parts WHERE message = NEW.id AND smsc_id IS NOT NULL))
            WHERE message = NEW.id;
        UPDATE wallets SET
            reserved = reserved - (SELECT price * segments FROM charges WHERE message = NEW.id),
            charged = charged + (SELECT charged FROM charges WHERE message = NEW.id)
            WHERE name = (SELECT wallet FROM charges WHERE message = NEW.id);
    END""",
    # A message that is deleted for its age and never came to an end was sent, or may have been: it is charged.
    """CREATE TRIGGER charges_retired BEFORE DELETE ON charges WHEN OLD.charged IS NULL
    BEGIN
        UPDATE wallets SET
            reserved = reserved - OLD.price * OLD.segments,
            charged = charged + OLD.price * OLD.segments
            WHERE name = OLD.wallet;
    END""",
)
