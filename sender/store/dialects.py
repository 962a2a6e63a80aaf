"""What the configuration fixes, and what was learned, about the receipts of each account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from sender.domain.dialect import Dialect, Learned, Settings
from sender.store.database import Database

_encode = msgspec.json.Encoder(enc_hook=None).encode
_settings_of: Final = msgspec.json.Decoder(Settings).decode
_learned_of: Final = msgspec.json.Decoder(Learned).decode

_CONFIGURE: Final = (
    "INSERT INTO dialects (account, settings, learned) VALUES (?, ?, ?)"
    " ON CONFLICT DO UPDATE SET settings = excluded.settings"
)


def configure(db: Database, settings: Mapping[str, Settings]) -> None:
    """Note what the configuration says, by account; the matching reads it from the store."""
    db.conn.executemany(
        _CONFIGURE,
        [
            (db.account(name), _encode(setting).decode(), _encode(Learned()).decode())
            for name, setting in settings.items()
        ],
    )


def load(db: Database, account: int) -> Dialect:
    """The dialect of an account by its number."""
    row = db.pending.dialect(account)
    if row is None:
        row = db.hot.execute("SELECT settings, learned FROM dialects WHERE account = ?", (account,)).fetchone()
    return Dialect(Settings(), Learned()) if row is None else Dialect(_settings_of(row[0]), _learned_of(row[1]))


def save(db: Database, account: int, dialect: Dialect) -> None:
    """Keep what was learned."""
    db.pending.learned(account, _encode(dialect.settings).decode(), _encode(dialect.learned).decode())


def kin(db: Database, account: int, settings: Settings) -> list[int]:
    """Other accounts of the same operator, whose receipts may come here and ours there."""
    if not settings.operator:
        return []
    rows = db.conn.execute("SELECT account, settings FROM dialects WHERE account <> ? ORDER BY account", (account,))
    return [number for number, text in rows if _settings_of(text).operator == settings.operator]


def every(db: Database) -> dict[str, Dialect]:
    """All dialects by the name of their account."""
    rows = db.conn.execute("SELECT name, settings, learned FROM dialects JOIN accounts ON id = account ORDER BY name")
    return {name: Dialect(_settings_of(settings), _learned_of(learned)) for name, settings, learned in rows}


def forget(db: Database, name: str) -> bool:
    """Learn the dialect of an account anew; whether anything was known."""
    account = db.known_account(name)
    if account is None:
        return False
    empty = _encode(Learned()).decode()
    return db.conn.execute("UPDATE dialects SET learned = ? WHERE account = ?", (empty, account)).rowcount > 0
