"""Parts of messages that have one part and are submitted for the first time: one row for all of a call.

Their intents are a row of `intents`, and when they were accepted they are in a row of `packed`. Nearly all of them get
their final receipt after that, and are in a row of `packed` or of `parts`, written once and for ever. What does not go
that way gets its row in `parts` before anything else is done to it (`write_out`), and so does every intent whose part
is no longer in hand (`spill`): a new process begins with that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sender.domain.message import State
from sender.store.packed import COLUMNS
from sender.store.parts import PartRow, Said
from sender.store.sql import Insert, sql

if TYPE_CHECKING:
    from sender.store.database import Database

_INTEND: Final = "INSERT INTO intents (account, at, submits) VALUES (?, ?, ?)"
_WRITE: Final = (
    "INSERT INTO parts (message, part, account, state, epoch, sequence, first_at, submitted_at,"
    " submits, retries, resends, doubtful, receipts, repeated)"
)
_ONE: Final = sql("$write VALUES (?, 1, ?, $SUBMITTING, ?, ?, ?, ?, 1, 0, 0, 0, 0, 0)", write=_WRITE)
_ACCEPTED: Final = Insert(
    "INSERT INTO parts (message, part, account, state, epoch, sequence, first_at, submitted_at, answered_at,"
    " submits, retries, resends, doubtful, status, smsc_id, key, receipts, repeated)",
    "(?, 1, ?1, $ACCEPTED, ?2, ?, ?3, ?3, ?4, 1, 0, 0, 0, 0, ?, ?, 0, 0)",
)
_FINAL: Final = Insert(
    "INSERT INTO parts (message, part, account, state, epoch, sequence, first_at, submitted_at, answered_at,"
    " submits, retries, resends, doubtful, status, smsc_id, key, stat, err, receipts, repeated, received, received_at)",
    "(?, 1, ?1, ?2, ?, ?, ?, ?, ?, 1, 0, 0, 0, 0, ?, ?, ?3, ?4, ?5, ?6, ?7, ?8)",
)
_ALL: Final = sql("INSERT INTO parts ($columns) SELECT $columns FROM intended_parts", columns=COLUMNS)
_message: Final = attrgetter("message")

Alike = tuple[int, int, float, float]
"""What is the same for accepted parts that are one row: account, epoch, when they were submitted and answered."""


def pack(db: Database, rows: Sequence[PartRow]) -> None:
    """Commit to submitting these parts of one account, and take them in hand."""
    if db.hand.full(len(rows)):
        db.enter_told()
    submits = msgspec.json.encode([(row.message, row.epoch, row.sequence) for row in rows]).decode()
    ident = db.hot.execute(_INTEND, (rows[0].account, rows[0].submitted_at, submits)).lastrowid or 0
    beyond = db.hand.submitted(rows, ident)
    if beyond:
        write_out(db, beyond)


def accept(db: Database, groups: Mapping[Alike, Sequence[PartRow]]) -> None:
    """Parts in hand, whose rows say that they are accepted, are so."""
    for alike, rows in groups.items():
        pack = db.packs.accepted(db, rows)
        if not pack:
            _write_accepted(db, alike, rows)
        db.hand.accepted(rows, pack)


def finish(db: Database, account: int, told: Mapping[Said, Sequence[PartRow]], *, together: bool) -> None:
    """Parts of an account that are in `packed` have final receipts; `together`: they need no rows of their own."""
    others: dict[Said, list[PartRow]] = {}
    apart: dict[tuple[Any, ...], tuple[list[PartRow], list[float]]] = {}
    for said, rows in told.items():
        state, stat, err, receipts, repeated, received, at = said
        common = together and state == State.DELIVERED and (receipts, repeated) == (1, 0) and received is not None
        for pack, some in _by_pack(rows).items():
            db.hand.packs.less(pack, len(some))
            if not common or at is None:
                others.setdefault(said, []).extend(some)
            elif not db.packs.delivered(db, some, (stat, err, received, at)):
                parts, times = apart.setdefault((pack, stat, err, received), ([], []))
                parts += some
                times += [at] * len(some)
    for (_, stat, err, received), (parts, times) in apart.items():
        if not db.packs.delivered_by_turns(db, parts, (stat, err, received), times):
            for row, at in zip(parts, times, strict=True):
                others.setdefault((State.DELIVERED, stat, err, 1, 0, received, at), []).append(row)
    for said, parts in others.items():
        parts.sort(key=_message)  # neighbours lie together
        own: list[Any] = []
        for row in parts:
            at = row.submitted_at
            own += (row.message, row.epoch, row.sequence, at, at, row.answered_at, row.smsc_id, row.key)
        _FINAL.run(db.hot, (account, *said), own)


def _by_pack(rows: Sequence[PartRow]) -> dict[int, list[PartRow]]:
    """Parts by the row of `packed` that they are in."""
    groups: dict[int, list[PartRow]] = {}
    known, group = 0, list[PartRow]()
    for row in rows:
        if row.pack != known:
            known = row.pack
            group = groups.setdefault(known, [])
        group.append(row)
    return groups


def write_out(db: Database, rows: Sequence[PartRow]) -> None:
    """Give these parts their rows, as they were before this call changed anything, where they have none yet."""
    db.enter_told()
    packed = [row for row in rows if row.intent or row.pack]
    if not packed:
        return
    db.hot.executemany(
        _ONE,
        [
            (row.message, row.account, row.epoch, row.sequence, row.first_at, row.submitted_at)
            for row in packed
            if row.intent
        ],
    )
    groups: dict[Alike, list[PartRow]] = {}
    for row in packed:
        if row.pack:
            groups.setdefault(_alike(row), []).append(row)
    for alike, some in groups.items():
        _write_accepted(db, alike, some)
    db.hand.written(packed)


def write_out_messages(db: Database, messages: Sequence[int]) -> None:
    """The same for all parts of these messages."""
    db.enter_told()
    held = db.hand.by_message
    rows = [row for row in map(held.get, messages) if row is not None]
    write_out(db, rows)
    if len(rows) < len(messages):
        db.packs.unpack(db, [message for message in messages if message not in held])


def drop_done(db: Database) -> None:
    """Delete the rows that hold nothing any more: at the end of a transaction."""
    for table, done in (("intents", db.hand.intents.take_done()), ("packed", db.hand.packs.take_done())):
        if done:
            db.hot.executemany(f"DELETE FROM {table} WHERE id = ?", done)  # noqa: S608


def spill(db: Database) -> None:
    """Give every part that is in `intents` its row. Nothing is in hand then."""
    db.hand.clear()
    if db.hot.execute("SELECT 1 FROM intents LIMIT 1").fetchone() is not None:
        db.hot.execute(_ALL)
        db.hot.execute("DELETE FROM intents")
    db.hand.lost = False


def _alike(row: PartRow) -> Alike:
    return row.account, row.epoch, row.submitted_at, row.answered_at or 0.0


def _own(rows: Sequence[PartRow]) -> list[Any]:
    return [value for row in rows for value in (row.message, row.sequence, row.smsc_id, row.key)]


def _write_accepted(db: Database, alike: Alike, rows: Sequence[PartRow]) -> None:
    _ACCEPTED.run(db.hot, alike, _own(rows))
