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
from typing import Any, Final

import msgspec

from sender.domain.message import FINAL, State
from sender.domain.numbers import same_number
from sender.store import campaigns, chunks, fields
from sender.store.database import Database, Moves, json_list
from sender.store.holding import end_waiting
from sender.store.records import NewMessage
from sender.store.sql import sql

_MARK: Final = "redacted-"


class Found(msgspec.Struct, frozen=True):
    """Where personal data is: ids of messages and chunks, and spellings elsewhere."""

    messages: tuple[int, ...]
    chunks: tuple[int, ...]
    others: tuple[tuple[int, str], ...]
    """Spellings of the numbers in other tables: the table's place in the list of them, and the spelling."""
    campaign: int | None = None
    """Whose recipients they are, when they are those of a campaign."""


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


# What else tells of a number: table, column with its spelling, and what becomes of such rows (:hash stands for it).
_OTHERS: Final = (
    ("parked_receipts", "number", "DELETE FROM parked_receipts WHERE number = :number"),
    ("parked_receipts", "sender", "DELETE FROM parked_receipts WHERE sender = :number"),
    ("unmatched_receipts", "sender", "DELETE FROM unmatched_receipts WHERE sender = :number"),
    ("unmatched_receipts", "number", "DELETE FROM unmatched_receipts WHERE number = :number"),
    ("incoming", "source", "UPDATE incoming SET source = :hash, text = '' WHERE source = :number"),
    ("incoming_parts", "source", "DELETE FROM incoming_parts WHERE source = :number"),
    ("answered", "number", "DELETE FROM answered WHERE number = :number"),
    # An opt-out must be honoured, so its number stays, with when and how it came about; what the person wrote does not.
    ("suppression", "number", "UPDATE suppression SET text = '' WHERE number = :number AND text <> ''"),
    (
        "suppression_history",
        "number",
        "DELETE FROM suppression_history WHERE number = :number AND number NOT IN (SELECT number FROM suppression)",
    ),
    ("suppression_history", "number", "UPDATE suppression_history SET text = '' WHERE number = :number AND text <> ''"),
)
# Where a number may stand within something else. What a program was answered is what its repetition is answered.
_WITHIN: Final = (
    (
        "UPDATE idempotency SET body = CAST(replace(body, :number, :hash) AS BLOB)"
        " WHERE instr(body, CAST(:number AS BLOB))"
    ),
    "UPDATE audit SET target = replace(target, :number, :hash) WHERE instr(target, :number)",
    "DELETE FROM outbox WHERE state <> 0 AND instr(body, :number)",
)
_EVENTS_WITH: Final = "SELECT id, body FROM outbox WHERE state = 0 AND instr(body, ?)"
_TOLD_OF: Final = "DELETE FROM outbox WHERE state <> 0 AND json_extract(body, '$.data.campaign_id') = ?"
_EVENTS_OF: Final = (
    "SELECT id, body FROM outbox WHERE state = 0 AND json_extract(body, '$.data.campaign_id') = ?"
    " AND json_extract(body, '$.data.number') NOT LIKE 'redacted-%'"
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
    others = tuple(
        (place, str(spelling))
        for place, (table, column, _) in enumerate(_OTHERS)
        for (spelling,) in db.conn.execute(f"SELECT DISTINCT {column} FROM {table}")  # noqa: S608 - from _OTHERS
        if any(same_number(str(spelling), number) for number in wanted)
    )
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
    return Found(tuple(row[0] for row in messages), tuple(row[0] for row in found), (), campaign)


def steps(
    found: Found, numbers: Collection[str] | None, key: bytes, now: float, size: int = 200
) -> Iterator[Callable[[Database], Redacted]]:
    """What has to be done about all that was found, at unix time `now`, in steps of one short transaction each.

    `numbers` None: every recipient of the chunks that were found.
    """
    for first in range(0, len(found.messages), size):
        yield lambda db, ids=found.messages[first : first + size]: _messages(db, ids, key, now)  # type: ignore[misc]
    for chunk in found.chunks:
        yield lambda db, chunk=chunk: _chunk(db, chunk, numbers, key)  # type: ignore[misc]
    for place, spelling in found.others:
        yield lambda db, place=place, spelling=spelling: _other(db, place, spelling, key)  # type: ignore[misc]
    if numbers:
        yield lambda db: _within(db, numbers, key)
    if found.campaign is not None:
        yield lambda db, campaign=found.campaign: _events_of(db, campaign, key)  # type: ignore[misc]


def _messages(db: Database, ids: Sequence[int], key: bytes, now: float) -> Redacted:
    rows = db.conn.execute(
        "SELECT m.id, m.campaign, m.state, m.parts, m.number"
        " FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value",
        (json_list(ids),),
    ).fetchall()
    waiting = [row[:4] for row in rows if row[2] == State.QUEUED]
    doubtful = end_waiting(db, waiting, State.CANCELLED, now)
    done = [
        (hashed(number, key), message)
        for message, _, state, _, number in rows
        if (state in FINAL or state == State.QUEUED) and message not in doubtful
    ]
    messages = [(message,) for _, message in done]
    known = db.conn.execute(
        "SELECT reference, message FROM json_each(?) j JOIN api_messages ON message = j.value"
        " WHERE reference IS NOT NULL AND reference NOT LIKE 'redacted-%'",
        (json_list(message for (message,) in messages),),
    ).fetchall()
    db.conn.executemany(
        "UPDATE api_messages SET reference = ? WHERE message = ?",
        [(hashed(reference, key), message) for reference, message in known],
    )
    db.conn.executemany("UPDATE api_messages SET callback = NULL WHERE message = ?", messages)
    db.conn.executemany("UPDATE messages SET number = ? WHERE id = ?", done)
    db.conn.executemany("UPDATE receipts SET number = ? WHERE message = ?", done)
    fields.blank(db, [message for (message,) in messages])
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


def _other(db: Database, place: int, spelling: str, key: bytes) -> Redacted:
    table, _, statement = _OTHERS[place]
    values: dict[str, str | int] = {"number": spelling, "hash": hashed(spelling, key)}
    if table.startswith("suppression"):  # numbers are integers there
        values["number"] = int(spelling)
    return Redacted(others=db.conn.execute(statement, values).rowcount)


def _within(db: Database, numbers: Collection[str], key: bytes) -> Redacted:
    """Numbers in answers to programs, in the audit log and in events; those that are still to be told stay told of."""
    done = Redacted()
    for number in numbers:
        names = {"number": number, "hash": hashed(number, key)}
        done.others += sum(db.conn.execute(statement, names).rowcount for statement in _WITHIN)
        done.others += _hide_in_events(db, db.conn.execute(_EVENTS_WITH, (number,)).fetchall(), key, number)
    return done


def _events_of(db: Database, campaign: int, key: bytes) -> Redacted:
    """Events about the messages of a campaign."""
    told = db.conn.execute(_TOLD_OF, (campaign,)).rowcount
    return Redacted(others=told + _hide_in_events(db, db.conn.execute(_EVENTS_OF, (campaign,)).fetchall(), key))


def _hide_in_events(db: Database, rows: Sequence[tuple[int, str]], key: bytes, number: str | None = None) -> int:
    """Put the hash in place of a number (None: the one that each event is about), and leave the text out."""
    hidden = []
    for ident, body in rows:
        event = msgspec.json.decode(body, type=dict[str, Any])
        data = event["data"]
        name = number or str(data["number"])
        if "text" in data:
            data["text"] = ""
        text = msgspec.json.encode(event).decode()
        hidden.append((text.replace("+" + name, name).replace(name, hashed(name, key)), ident))
    db.conn.executemany("UPDATE outbox SET body = ? WHERE id = ?", hidden)
    return len(hidden)
