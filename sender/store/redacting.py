"""Personal data made unreadable on request: numbers become a keyed hash, and texts and fields are blanked.

The key is made for one redaction and thrown away with it: rows of the same person stay recognisable as such to those
who count, and nobody can go through all numbers to find whose they were. Finding reads the whole store and writes
nothing; redacting writes a little at a time. What is still under way keeps its number, without which it could neither
be sent nor matched with its receipt; it is told, for another time.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

import msgspec

from sender.domain.message import FINAL, State
from sender.domain.numbers import same_number
from sender.store import campaigns, chunks
from sender.store.database import Database, Moves, json_list
from sender.store.holding import end_waiting
from sender.store.records import NewMessage
from sender.store.sql import sql

_MARK: Final = "redacted-"


class Found(msgspec.Struct, frozen=True):
    """Where personal data is: ids of rows by table."""

    messages: tuple[int, ...]
    chunks: tuple[int, ...]
    others: dict[str, tuple[int, ...]]


class Redacted(msgspec.Struct):
    """What was done."""

    messages: int = 0
    cancelled: int = 0
    """Of those: had not been sent, and never will be."""
    open: int = 0
    """Left as they are, because they are under way."""
    others: int = 0
    """Receipts of nobody, messages of subscribers and the like."""

    def __iadd__(self, other: Redacted) -> Redacted:
        self.messages += other.messages
        self.cancelled += other.cancelled
        self.open += other.open
        self.others += other.others
        return self


# Table, column with the number, and what becomes of a row: None = it is deleted, else the columns that are blanked.
_OTHERS: Final = (
    ("parked_receipts", "number", None),
    ("unmatched_receipts", "number", None),
    ("incoming", "source", ("text",)),
)


def hashed(number: str, key: bytes) -> str:
    """What stands for a number: the same for the same number and key."""
    return _MARK + hmac.new(key, number.encode(), hashlib.sha256).hexdigest()[:16]


def find_numbers(db: Database, numbers: Collection[str]) -> Found:
    """Where these numbers (E.164 digits) are."""
    wanted = set(numbers)
    messages = db.conn.execute(
        "SELECT id FROM messages WHERE number IN (SELECT value FROM json_each(?)) ORDER BY id", (json_list(wanted),)
    ).fetchall()
    found = tuple(
        chunk
        for chunk, data in db.conn.execute("SELECT chunk, data FROM chunk_data ORDER BY chunk")
        if any(recipient.number in wanted for recipient in chunks.unpack(data))
    )
    others = {
        table: tuple(
            row
            for row, number in db.conn.execute(f'SELECT rowid, "{column}" FROM "{table}"')  # noqa: S608 - from _OTHERS
            if any(same_number(number, one) for one in wanted)
        )
        for table, column, _ in _there(db)
    }
    return Found(tuple(row[0] for row in messages), found, others)


def find_campaign(db: Database, campaign: int) -> Found:
    """Where the recipients of a campaign are. ValueError while it has messages to send."""
    waiting = db.conn.execute(
        sql(
            "SELECT coalesce(sum(messages), 0) FROM campaign_states"
            " WHERE campaign = ? AND state IN ($QUEUED, $CLAIMED, $SUBMITTING)"
        ),
        (campaign,),
    ).fetchone()[0]
    if waiting:
        raise ValueError(f"campaign {campaign} has {waiting} messages that are not sent yet; cancel it first")
    messages = db.conn.execute("SELECT id FROM messages WHERE campaign = ? ORDER BY id", (campaign,)).fetchall()
    found = db.conn.execute("SELECT id FROM chunks WHERE campaign = ? ORDER BY id", (campaign,)).fetchall()
    return Found(tuple(row[0] for row in messages), tuple(row[0] for row in found), {})


def steps(
    found: Found, numbers: Collection[str] | None, key: bytes, size: int = 200
) -> Iterator[Callable[[Database], Redacted]]:
    """What has to be done about all that was found, in steps of one short transaction each.

    `numbers` None: every recipient of the chunks that were found.
    """
    for first in range(0, len(found.messages), size):
        yield lambda db, ids=found.messages[first : first + size]: _messages(db, ids, key)  # type: ignore[misc]
    for chunk in found.chunks:
        yield lambda db, chunk=chunk: _chunk(db, chunk, numbers, key)  # type: ignore[misc]
    for table, rows in found.others.items():
        for first in range(0, len(rows), size):
            yield lambda db, table=table, ids=rows[first : first + size]: _others(db, table, ids, key)  # type: ignore[misc]


def _messages(db: Database, ids: Sequence[int], key: bytes) -> Redacted:
    rows = db.conn.execute(
        "SELECT m.id, m.campaign, m.state, m.parts, m.number"
        " FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value",
        (json_list(ids),),
    ).fetchall()
    waiting = [row[:4] for row in rows if row[2] == State.QUEUED]
    doubtful = end_waiting(db, waiting, State.CANCELLED)
    done = [
        (hashed(number, key), message)
        for message, _, state, _, number in rows
        if (state in FINAL or state == State.QUEUED) and message not in doubtful
    ]
    messages = [(message,) for _, message in done]
    db.conn.executemany("UPDATE messages SET number = ? WHERE id = ?", done)
    db.conn.executemany("UPDATE receipts SET number = ? WHERE message = ?", done)
    db.conn.executemany("UPDATE message_fields SET fields = '{}' WHERE message = ?", messages)
    db.conn.executemany("DELETE FROM doubts WHERE message = ?", messages)
    return Redacted(len(done), len(waiting) - len(doubtful), len(rows) - len(done))


def _chunk(db: Database, chunk: int, numbers: Collection[str] | None, key: bytes) -> Redacted:
    row = db.conn.execute(
        "SELECT k.campaign, k.account, k.state, k.taken, d.data FROM chunks k JOIN chunk_data d ON d.chunk = k.id"
        " WHERE k.id = ?",
        (chunk,),
    ).fetchone()
    if row is None:
        return Redacted()  # expanded meanwhile, and found as messages by the next redaction
    campaign, account, state, taken, data = row
    kept: list[NewMessage] = []
    gone: list[NewMessage] = []
    for position, recipient in enumerate(chunks.unpack(data)):
        if numbers is not None and recipient.number not in numbers:
            kept.append(recipient)
            continue
        blank = NewMessage(recipient.row, hashed(recipient.number, key), recipient.operator, {})
        if position >= taken and state == State.QUEUED:
            gone.append(blank)
        else:
            kept.append(blank)
    # Under a new number: whoever has read the old one will not find it again, and reads anew.
    db.conn.execute("DELETE FROM chunk_data WHERE chunk = ?", (chunk,))
    db.conn.execute("DELETE FROM chunks WHERE id = ?", (chunk,))
    if len(kept) > taken or state != State.QUEUED:
        chunks.insert(db, campaign, account, State(state), taken, kept)
    _cancel(db, campaign, gone)
    return Redacted(len(gone), len(gone), 0, 0)


def _cancel(db: Database, campaign: int, recipients: list[NewMessage]) -> None:
    """Recipients of a chunk that will never be sent to, as messages that are cancelled."""
    if not recipients:
        return
    first = campaigns.insert(db, campaign, recipients)
    db.conn.execute(sql("UPDATE messages SET state = $CANCELLED WHERE id >= ?"), (first,))
    db.conn.execute("UPDATE campaigns SET unexpanded = unexpanded - ? WHERE id = ?", (len(recipients), campaign))
    moves: Moves = Counter(
        {(campaign, int(State.QUEUED)): -len(recipients), (campaign, int(State.CANCELLED)): len(recipients)}
    )
    db.count_moves(moves)


def _others(db: Database, table: str, ids: Sequence[int], key: bytes) -> Redacted:
    column, blanked = next((column, blanked) for name, column, blanked in _OTHERS if name == table)
    if blanked is None:
        db.conn.executemany(f'DELETE FROM "{table}" WHERE rowid = ?', [(row,) for row in ids])  # noqa: S608
        return Redacted(others=len(ids))
    blanks = "".join(f", \"{name}\" = ''" for name in blanked)
    for row in ids:
        number = db.conn.execute(f'SELECT "{column}" FROM "{table}" WHERE rowid = ?', (row,)).fetchone()[0]  # noqa: S608
        db.conn.execute(
            f'UPDATE "{table}" SET "{column}" = ?{blanks} WHERE rowid = ?',  # noqa: S608
            (hashed(number, key), row),
        )
    return Redacted(others=len(ids))


def _there(db: Database) -> list[tuple[str, str, tuple[str, ...] | None]]:
    tables = {row[0] for row in db.conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return [entry for entry in _OTHERS if entry[0] in tables]
