"""The configuration that was applied last: others compare with it what they are about to change."""

from __future__ import annotations

import msgspec

from sender.store.database import Database


class AppliedRow(msgspec.Struct, frozen=True):
    """A configuration as a document (`sender.config.reload`), JSON; `salt` is that of its digests, `at` unix time."""

    at: float
    salt: bytes
    document: str


class AppliedRows:
    """The verbs."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def write(self, row: AppliedRow) -> None:
        """Another configuration holds."""
        self._db.conn.execute(
            "INSERT OR REPLACE INTO applied (id, at, salt, document) VALUES (1, ?, ?, ?)",
            (row.at, row.salt, row.document),
        )

    def read(self) -> AppliedRow | None:
        """The one that holds, or held last; None when no process has ever sent from this store."""
        row = self._db.conn.execute("SELECT at, salt, document FROM applied").fetchone()
        return None if row is None else AppliedRow(*row)
