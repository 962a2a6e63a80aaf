"""The embedded store: one SQLite file, one writer.

`SqliteStore` is the list of verbs; what each one does is in the module of its subject. Verbs are synchronous and
take batches. None of them commits: they run inside a transaction that the writer opens (`sender.store.writer`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Self

from sender.domain.delivery_file import DeliveryRow
from sender.domain.dialect import Dialect, Settings
from sender.domain.message import State
from sender.domain.report import CampaignReport
from sender.domain.settlement import Verdict
from sender.store import (
    bringing_back,
    campaigns,
    chunks,
    delivery_file,
    dialects,
    doubts,
    holding,
    intake,
    matching,
    moving,
    multipart,
    outcomes,
    queue,
    recovery,
    reporting,
    schema,
    telling,
    unmatched,
)
from sender.store.access import Access
from sender.store.applied import AppliedRows
from sender.store.claiming import Claims
from sender.store.database import Database
from sender.store.delivery_file import RowFate
from sender.store.doubts import Doubt, Settled, Settlement
from sender.store.incoming import IncomingMessages
from sender.store.intake import Intake, NewApiMessage, Reply
from sender.store.live import LiveRows
from sender.store.lock import FileLock
from sender.store.maintenance import Maintenance
from sender.store.moving import Movable, Place
from sender.store.numbering import NumberingVerbs
from sender.store.outbox import Outbox
from sender.store.records import (
    Campaign,
    Chunk,
    Claimed,
    Intent,
    NewCampaign,
    NewMessage,
    Outcome,
    ReceiptIn,
    ReceiptResult,
    Recovery,
    Standing,
    StoreError,
)
from sender.store.suppression import Suppression
from sender.store.unmatched import Received, Unmatched


class SqliteStore:
    """Campaigns, messages and receipts in one file. Make one with `SqliteStore.open`."""

    def __init__(self, conn: sqlite3.Connection, lock: FileLock | None) -> None:
        self._db = Database(conn, telling.enter)
        self.access = Access(self._db)
        self.live = LiveRows(self._db)
        self.applied = AppliedRows(self._db)
        self._lock = lock
        self.maintenance = Maintenance(self._db)
        self._claims = Claims(self._db)
        self.numbering = NumberingVerbs(self._db)
        self.suppression = Suppression(self._db)
        self.incoming = IncomingMessages(self._db)
        self.outbox = Outbox(self._db)

    @classmethod
    def open(cls, path: Path | str, *, read_only: bool = False, beside: bool = False) -> Self:
        """Open or create the file, and bring it to this version; ``":memory:"`` for a store that is not kept.

        StoreError, with a text for people, when it is locked by another process, foreign, newer, or unusable.
        A read-only store takes no lock and sees what is committed. One that is opened `beside` takes no lock either
        and may write small things while another process sends, each in a ``database.transaction()`` of its own.
        """
        guest = read_only or beside
        name = str(path)
        lock = None
        if name != ":memory:":
            path = Path(path).absolute()
            if path.is_dir():
                raise StoreError(f"{name} is a directory; expected a file")
            if not path.parent.is_dir():
                raise StoreError(f"{name} cannot be opened: there is no directory {path.parent}")
            if guest and not path.exists():
                raise StoreError(f"{name} does not exist")
            if not guest:
                lock = FileLock(path.with_name(path.name + ".lock"), name)
        try:
            conn = _connect(path, name, read_only=read_only)
            try:
                file = None if name == ":memory:" else Path(path)
                schema.prepare(conn, name, path=file, read_only=read_only, migrate=not guest)
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
        self._db.close()
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

    def add_recipients(self, campaign_id: int, recipients: Sequence[NewMessage]) -> None:
        """Add recipients to a campaign that is being imported, as a chunk for each operator: some thousand at a time.

        They count as messages, queued (I4); message rows are made of them by `expand`.
        """
        chunks.add(self._db, campaign_id, recipients)

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

    # Recipients in chunks

    def waiting_chunks(
        self, now: float, ahead: float, low: int, landing: Mapping[chunks.Group, Sequence[str]]
    ) -> dict[chunks.Group, bool]:
        """Groups of chunks of campaigns that may be sent within `ahead` seconds, urgent ones first: are they needy?

        A group is needy while fewer than `low` messages of its campaign are queued for one of the accounts that its
        recipients land on; one that is not in `landing` is needy anyway.
        """
        return chunks.waiting(self._db, now, ahead, low, landing)

    def read_chunk(self, group: chunks.Group) -> Chunk | None:
        """The first chunk of a group, from its cursor on; None when nothing is left of it."""
        return chunks.read(self._db, group)

    def expand(
        self, chunk_id: int, taken: int, messages: Sequence[NewMessage], dues: Sequence[float] | None = None
    ) -> bool:
        """Make message rows of the next recipients of a chunk whose cursor is at `taken`; False when it is not.

        Their `operator` is the account they go through; `dues` are unix times before which they are not claimed.
        """
        return chunks.expand(self._db, chunk_id, taken, messages, dues)

    # Holding back

    def pause(self, campaign_id: int) -> bool:
        """Claim and write nothing of a campaign until it is resumed; whether that changed anything. KeyError."""
        return holding.pause(self._db, campaign_id)

    def resume(self, campaign_id: int) -> bool:
        """Go on with a campaign that was paused; whether that changed anything. KeyError."""
        return holding.resume(self._db, campaign_id)

    def cancel(self, campaign_id: int) -> bool:
        """Claim and write nothing more of a campaign, for ever; whether that changed anything. KeyError.

        What waits becomes cancelled by `sweep`.
        """
        return holding.cancel(self._db, campaign_id)

    def standing(self) -> dict[int, Standing]:
        """Campaigns that are paused, cancelled or have a deadline: what the gate must know."""
        return holding.standing(self._db)

    def sweep(self, now: float, limit: int = 500) -> int:
        """End some messages that wait in vain: of cancelled campaigns, and past a deadline. How many; 0 = all done.

        What was in doubt and waited for its resend stays in doubt.
        """
        return holding.sweep(self._db, now, limit)

    def outside_version(self) -> int:
        """A number that changes when another process has written into the file."""
        return int(self._db.conn.execute("PRAGMA data_version").fetchone()[0])

    def look(self, now: float, limit: int) -> tuple[int, int]:
        """What is looked at every second, in one call: `outside_version`, and what `sweep` ended."""
        return self.outside_version(), self.sweep(now, limit)

    # Messages of programs

    def accept(self, asked: Intake) -> Reply:
        """Store the messages of one request, reserve what they cost, and keep the answer with its key.

        KeyReused, Insufficient: nothing is stored.
        """
        return intake.accept(self._db, asked)

    def accept_messages(self, token: int, messages: Sequence[NewApiMessage], at: float) -> list[int]:
        """Add messages to the campaigns that stand for their kinds; their ids, in the same order."""
        return intake.accept_messages(self._db, token, messages, at)

    # Sending

    def new_epoch(self) -> int:
        """A number for one bind, never given twice in the life of the file."""
        return queue.new_epoch(self._db)

    def claim(self, account: str, limit: int, now: float, urgent: bool | None = None) -> list[Claimed]:
        """Take at most `limit` queued messages of an account that are due.

        By priority of their campaigns, then fairly between campaigns, within one by due time. `urgent` True = only
        one-time codes, False = all but those.
        """
        return self._claims.claim(account, limit, now, urgent)

    def movable(self, account: str, after: Place, limit: int) -> list[Movable]:
        """Queued messages of an account that may go through another one, in the order of the queue, after a place."""
        return moving.movable(self._db, account, after, limit)

    def forsaken(self, configured: Collection[str]) -> list[str]:
        """Accounts that have a queue, and are none of those."""
        return moving.forsaken(self._db, configured)

    def move(self, account: str, moves: Sequence[tuple[int, str]]) -> int:
        """Give queued messages of an account to others, as (message, account); how many still could be moved."""
        return moving.move(self._db, account, moves)

    def set_weight(self, campaign_id: int, weight: int) -> None:
        """How much of the turns a campaign gets, against others of its priority, which have 1."""
        self._claims.set_weight(campaign_id, weight)

    def release(self, message_ids: Sequence[int]) -> None:
        """Give claimed messages back to the queue unsent."""
        queue.release(self._db, message_ids)

    def refuse(self, message_ids: Sequence[int]) -> None:
        """End claimed messages that cannot be sent at all as rejected."""
        queue.refuse(self._db, message_ids)

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

    def configure_receipts(self, settings: Mapping[str, Settings]) -> None:
        """What the configuration says about the receipts of each account; once, before the first receipt."""
        dialects.configure(self._db, settings)

    def sweep_receipts(self, now: float) -> int:
        """Look at receipts again that were held, judge those of parts that did not come, put aside what is too old.

        Every minute; how many rows it was about.
        """
        looked = matching.look_at_held(self._db)
        return looked + multipart.sweep(self._db, now) + unmatched.put_aside(self._db, now)

    def unmatched_receipts(self, before: float, limit: int) -> list[Unmatched]:
        """Receipts that came before unix time `before` and found no message, the oldest first."""
        return unmatched.listed(self._db, before, limit)

    def count_unmatched(self, before: float) -> dict[str, int]:
        """How many of them there are, by account."""
        return unmatched.counted(self._db, before)

    def receipts_of(self, message: int) -> list[Received]:
        """Every receipt of a message, by part and in the order they came."""
        return unmatched.of_message(self._db, message)

    # Doubts

    def doubts(self) -> list[Doubt]:
        """Every part of which nobody knows what became of it, the oldest first."""
        return doubts.listed(self._db)

    def doubts_of(self, campaign_id: int, limit: int) -> list[int]:
        """Some messages of a campaign that are in doubt and will not be sent again by themselves."""
        return doubts.of_campaign(self._db, campaign_id, limit)

    def settle(self, messages: Sequence[int], verdict: Verdict, *, who: str, source: str, at: float) -> list[Settled]:
        """Settle messages as a person says; one that is final, unsent or being sent right now stays as it is."""
        return doubts.decide(self._db, messages, verdict, who=who, source=source, at=at)

    def apply_delivery_rows(
        self, account: str, rows: Sequence[DeliveryRow], *, who: str, source: str, at: float
    ) -> list[tuple[RowFate, State | None]]:
        """Apply rows of an operator's delivery file: the fate of each, and the state its part has."""
        return delivery_file.apply(self._db, account, rows, who=who, source=source, at=at)

    def settlements(self, message: int) -> list[Settlement]:
        """What people and delivery files decided about a message, oldest first."""
        return doubts.history(self._db, message)

    def forget_dialect(self, account: str) -> bool:
        """Learn the dialect of an account anew; whether anything was known."""
        return dialects.forget(self._db, account)

    def dialects(self) -> dict[str, Dialect]:
        """What is known about the receipts of each account, by its name."""
        return dialects.every(self._db)

    def next_due(self, account: str, urgent: bool | None = None) -> float | None:
        """When the next queued message of an account is due (it may be in the past); None when none is queued."""
        return self._claims.next_due(account, urgent)

    def recover(self, now: float) -> Recovery:
        """Put in order what the last process left behind. Once, after opening and before anything else."""
        return recovery.recover(self._db, now)

    def bring_back(self, latest: float) -> int:
        """Messages that were submitted before and wait for a time after `latest` are due then; how many these were.

        For a wall clock that went back between two lives: the times that the last one wrote down are far ahead now.
        What is held until a later hour besides is looked at once more, and held again.
        """
        return bringing_back.bring_back(self._db, latest)


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
