"""Who may ask for what, what they did, and what they may still spend: tokens, audit log, balances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from sender.store.database import Database

KEY_SECONDS: Final = 24 * 3600.0
"""How long an idempotency key is remembered."""
AUDIT_SECONDS: Final = 400 * 24 * 3600.0
"""How long the audit log goes back."""
_FORGET_AT_ONCE: Final = 1000
"""Rows that one look at what has aged deletes at most: it must not hold up the messages."""

_COLUMNS: Final = "id, name, prefix, digest, scopes, senders, rate, burst, wallet, created_at, expires_at, revoked_at"


class NewToken(msgspec.Struct, frozen=True, kw_only=True):
    """What `Access.create` needs to know: never the secret, only its digest."""

    name: str
    prefix: str
    digest: bytes
    scopes: tuple[str, ...]
    senders: tuple[str, ...] = ()
    """Source addresses it may use; empty = any."""
    rate: float | None = None
    """Messages a second; None = no limit."""
    burst: int = 1000
    wallet: str | None = None
    at: float
    expires_at: float | None = None


class Token(msgspec.Struct, frozen=True):
    """A token as it is kept."""

    id: int
    name: str
    prefix: str
    digest: bytes
    scopes: tuple[str, ...]
    senders: tuple[str, ...]
    rate: float | None
    burst: int
    wallet: str | None
    created_at: float
    expires_at: float | None
    revoked_at: float | None

    def __repr__(self) -> str:
        return f"<Token {self.name}>"  # never the digest


class Deed(msgspec.Struct, frozen=True):
    """A line of the audit log: no texts, no numbers in full."""

    at: float
    token: str
    """Its name; ``console`` for a command on this machine."""
    address: str
    action: str
    """Such as ``messages.send``."""
    target: str
    outcome: str
    items: int = 1
    id: int = 0


class Balance(msgspec.Struct, frozen=True):
    """A wallet, in millionths: ``available = credited - reserved - charged``."""

    wallet: str
    credited: int
    reserved: int
    """For messages that are not final yet."""
    charged: int

    @property
    def available(self) -> int:
        """What may still be spent."""
        return self.credited - self.reserved - self.charged


class TokenExists(Exception):
    """Two tokens would have one name."""


class Access:
    """The verbs; like all verbs they run inside a transaction that the caller opened."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # Tokens

    def create(self, new: NewToken) -> int:
        """Keep a token; its id. TokenExists when there was one of this name: what it did bears its name for ever."""
        if self._db.conn.execute("SELECT 1 FROM tokens WHERE name = ?", (new.name,)).fetchone() is not None:
            raise TokenExists(new.name)
        cursor = self._db.conn.execute(
            "INSERT INTO tokens (name, prefix, digest, scopes, senders, rate, burst, wallet, created_at, expires_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                new.name,
                new.prefix,
                new.digest,
                msgspec.json.encode(new.scopes).decode(),
                msgspec.json.encode(new.senders).decode(),
                new.rate,
                new.burst,
                new.wallet,
                new.at,
                new.expires_at,
            ),
        )
        return int(cursor.lastrowid or 0)

    def revoke(self, name: str, at: float) -> bool:
        """Take a token back for ever; whether that changed anything. KeyError when there is none of this name."""
        changed = self._db.conn.execute(
            "UPDATE tokens SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL", (at, name)
        ).rowcount
        if not changed and not self._db.conn.execute("SELECT 1 FROM tokens WHERE name = ?", (name,)).fetchone():
            raise KeyError(name)
        return bool(changed)

    def tokens(self) -> list[Token]:
        """Every token that was ever made, oldest first."""
        return [_token(row) for row in self._db.conn.execute(f"SELECT {_COLUMNS} FROM tokens ORDER BY id")]  # noqa: S608

    # The audit log

    def note(self, deeds: Sequence[Deed]) -> None:
        """Add lines to the audit log."""
        self._db.conn.executemany(
            "INSERT INTO audit (at, token, address, action, target, outcome, items) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(it.at, it.token, it.address, it.action, it.target, it.outcome, it.items) for it in deeds],
        )

    def deeds(self, *, before: int | None = None, limit: int = 100) -> list[Deed]:
        """Lines of the audit log, newest first."""
        rows = self._db.conn.execute(
            "SELECT at, token, address, action, target, outcome, items, id FROM audit WHERE ?1 IS NULL OR id < ?1"
            " ORDER BY id DESC LIMIT ?2",
            (before, limit),
        )
        return [Deed(*row) for row in rows]

    def forget(self, now: float) -> int:
        """Drop idempotency keys and lines of the audit log that are past their time; how many."""
        keys = self._db.conn.execute(
            "DELETE FROM idempotency WHERE (token, key) IN (SELECT token, key FROM idempotency WHERE at < ? LIMIT ?)",
            (now - KEY_SECONDS, _FORGET_AT_ONCE),
        ).rowcount
        lines = self._db.conn.execute(
            "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ? LIMIT ?)",
            (now - AUDIT_SECONDS, _FORGET_AT_ONCE),
        ).rowcount
        return keys + lines

    # Balances

    def credit(self, wallet: str, amount: int, *, note: str, token: str, at: float) -> Balance:
        """Add an amount (millionths; negative takes away) to a wallet, which is made at its first credit."""
        self._db.conn.execute(
            "INSERT INTO credits (wallet, amount, note, token, at) VALUES (?, ?, ?, ?, ?)",
            (wallet, amount, note, token, at),
        )
        self._db.conn.execute(
            "INSERT INTO wallets (name, credited, reserved, charged) VALUES (?, ?, 0, 0)"
            " ON CONFLICT DO UPDATE SET credited = credited + excluded.credited",
            (wallet, amount),
        )
        return self.balance(wallet)

    def balance(self, wallet: str) -> Balance:
        """One wallet; one that was never credited is empty."""
        row = self._db.conn.execute(
            "SELECT name, credited, reserved, charged FROM wallets WHERE name = ?", (wallet,)
        ).fetchone()
        return Balance(wallet, 0, 0, 0) if row is None else Balance(*row)

    def balances(self) -> list[Balance]:
        """Every wallet, by name."""
        rows = self._db.conn.execute("SELECT name, credited, reserved, charged FROM wallets ORDER BY name")
        return [Balance(*row) for row in rows]


def _token(row: Sequence[Any]) -> Token:
    ident, name, prefix, digest, scopes, senders, *rest = row
    return Token(
        ident,
        name,
        prefix,
        digest,
        msgspec.json.decode(scopes, type=tuple[str, ...]),
        msgspec.json.decode(senders, type=tuple[str, ...]),
        *rest,
    )
