"""What the process that sends says about itself, once a second: others read it here, so that it needs no port."""

from __future__ import annotations

import msgspec

from sender.store.database import Database


class LiveRow(msgspec.Struct, frozen=True):
    """The latest word of a process. `at` is unix time; `status` is JSON (`sender.pipeline.live.LiveStatus`)."""

    at: float
    pid: int
    status: str


class LiveRows:
    """The verbs."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def write(self, row: LiveRow) -> None:
        """Replace the latest word."""
        self._db.conn.execute(
            "INSERT OR REPLACE INTO live (id, at, pid, status) VALUES (1, ?, ?, ?)", (row.at, row.pid, row.status)
        )

    def read(self) -> LiveRow | None:
        """The latest word of any process; None when there never was one."""
        row = self._db.conn.execute("SELECT at, pid, status FROM live").fetchone()
        return None if row is None else LiveRow(*row)
