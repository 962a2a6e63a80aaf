"""The embedded store: one SQLite file, one writer.

`SqliteStore` is the list of verbs; what each one does is in the module of its subject. Verbs are synchronous and
take batches. None of them commits: they run inside a transaction that the writer opens (`sender.store.writer`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from sender.domain.message import State
from sender.domain.report import CampaignReport
from sender.store import campaigns, matching, outcomes, queue, recovery, reporting, schema
from sender.store.database import Database
from sender.store.lock import FileLock
from sender.store.records import (
    Campaign,
    Claimed,
    Intent,
    NewCampaign,
    NewMessage,
    Outcome,
    ReceiptIn,
    ReceiptResult,
    Recovery,
    StoreError,
)


class SqliteStore:
    """Campaigns, messages and receipts in one file. Make one with `SqliteStore.open`."""

    def __init__(self, conn: sqlite3.Connection, lock: FileLock | None) -> None:
        self._db = Database(conn)
        self._lock = lock

    @classmethod
    def open(cls, path: Path | str, *, read_only: bool = False) -> Self:
        """Open or create the file, and bring it to this version; ``":memory:"`` for a store that is not kept.

        StoreError, with a text for people, when it is locked by another process, foreign, newer, or unusable.
        A read-only store takes no lock and sees what is committed.
        """
        name = str(path)
        lock = None
        if name != ":memory:":
            path = Path(path).absolute()
            if path.is_dir():
                raise StoreError(f"{name} is a directory; expected a file")
            if not path.parent.is_dir():
                raise StoreError(f"{name} cannot be opened: there is no directory {path.parent}")
            if read_only and not path.exists():
                raise StoreError(f"{name} does not exist")
            if not read_only:
                lock = FileLock(path.with_name(path.name + ".lock"), name)
        try:
            conn = _connect(path, name, read_only=read_only)
            try:
                schema.prepare(conn, name, read_only=read_only)
            except BaseException:
                conn.close()
                raise
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        return cls(conn, lock)

    def close(self) -> None:
        """Close the file; a transaction that was not committed is lost, as in a crash."""
        self._db.conn.close()
        if self._lock is not None:
            self._lock.release()

    @property
    def database(self) -> Database:
        """The connection and its transactions: for the writer."""
        return self._db

    # Campaigns

    def create_campaign(self, new: NewCampaign) -> int:
        """Begin an import; the campaign's id."""
        return campaigns.create(self._db, new)

    def add_messages(self, campaign_id: int, messages: Sequence[NewMessage]) -> None:
        """Add messages to a campaign that is being imported. They cannot be claimed before `finish_import`."""
        campaigns.add_messages(self._db, campaign_id, messages)

    def finish_import(self, campaign_id: int, rows: int, rejected: int) -> None:
        """All rows of the file are in the store or rejected: the campaign may be sent from now on."""
        campaigns.finish_import(self._db, campaign_id, rows, rejected)

    def restart_import(self, campaign_id: int) -> None:
        """Forget the messages of an import that was cut; nothing of it has been sent."""
        campaigns.restart_import(self._db, campaign_id)

    def campaign(self, campaign_id: int) -> Campaign:
        """One campaign; KeyError when there is none with this id."""
        return campaigns.get(self._db, campaign_id)

    def unfinished_campaigns(self) -> list[Campaign]:
        """Campaigns with an import to finish, messages to send or receipts to wait for; oldest first."""
        return campaigns.unfinished(self._db)

    def counts(self, campaign_id: int) -> dict[State, int]:
        """Messages by state, every state present (I4: the sum is `Campaign.messages`)."""
        return campaigns.counts(self._db, campaign_id)

    def report(self, campaign_id: int) -> CampaignReport:
        """All figures of a campaign; reads every message of it, so not for a progress bar."""
        return reporting.report(self._db, campaign_id)

    # Sending

    def new_epoch(self) -> int:
        """A number for one bind, never given twice in the life of the file."""
        return queue.new_epoch(self._db)

    def claim(self, account: str, limit: int, now: float) -> list[Claimed]:
        """Take at most `limit` queued messages of an account that are due: oldest campaign, then due time, first."""
        return queue.claim(self._db, account, limit, now)

    def release(self, message_ids: Sequence[int]) -> None:
        """Give claimed messages back to the queue unsent."""
        queue.release(self._db, message_ids)

    def mark_submitting(self, intents: Sequence[Intent]) -> list[Intent]:
        """Commit to submitting these parts (I2). All parts of a message that are to be sent come in one call.

        Returns the intents that must NOT be written (normally none): their message is no longer claimed, because
        the answer to an earlier attempt arrived in the meantime.
        """
        return queue.mark_submitting(self._db, intents)

    def record_outcomes(self, outcomes_: Sequence[Outcome]) -> bool:
        """Record what became of submits; receipts that came before their response are matched here (I3).

        Returns whether a message of several parts is in the queue now. Such a one may be due already: a part of it
        was put off by an earlier call, and what it waited for is another part's answer.
        """
        return outcomes.record(self._db, outcomes_)

    def record_receipts(self, receipts: Sequence[ReceiptIn]) -> list[ReceiptResult]:
        """Store receipts and apply those that belong to a part; results in the same order."""
        return matching.record(self._db, receipts)

    def next_due(self, account: str) -> float | None:
        """When the next queued message of an account is due (it may be in the past); None when none is queued."""
        return queue.next_due(self._db, account)

    def recover(self, now: float) -> Recovery:
        """Put in order what the last process left behind. Once, after opening and before anything else."""
        return recovery.recover(self._db, now)


def _connect(path: Path | str, name: str, *, read_only: bool) -> sqlite3.Connection:
    target = name if name == ":memory:" else f"{Path(path).as_uri()}?mode={'ro' if read_only else 'rwc'}"
    try:
        # Autocommit: transactions are opened by name. The one writer thread uses it after this thread made it.
        return sqlite3.connect(
            target,
            timeout=10.0,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
            uri=name != ":memory:",
        )
    except sqlite3.Error as error:
        raise StoreError(f"{name} cannot be opened: {error}") from error
