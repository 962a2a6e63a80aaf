"""Parts of messages that have one part and are submitted for the first time: one row for all of a call.

Their intents are a row of `intents`, and when they were accepted they are in a row of `packed`. Nearly all of them get
their final receipt after that, and are in a row of `packed` or of `parts`, written once and for ever. What does not go
that way gets its row in `parts` before anything else is done to it (`write_out`), and so does every intent whose part
is no longer in hand (`spill`): a new process begins with that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
    groups: dict[tuple[Any, ...], tuple[list[PartRow], list[float]]] = {}
    others: list[tuple[Said, list[PartRow]]] = []
    for said, rows in told.items():
        state, stat, err, receipts, repeated, received, received_at = said
        if not together or state != State.DELIVERED or (receipts, repeated) != (1, 0) or received_at is None:
            others.append((said, list(rows)))
            continue
        known, group, times = 0, list[PartRow](), list[float]()
        for row in rows:
            if row.pack != known:
                known = row.pack
                group, times = groups.setdefault((known, stat, err, received), ([], []))
            group.append(row)
            times.append(received_at)
    for (pack, stat, err, received), (rows, times) in groups.items():
        if db.packs.delivered(db, rows, (stat, err, received), times):
            db.hand.packs.less(pack, len(rows))
        else:
            state = State.DELIVERED
            others += [((state, stat, err, 1, 0, received, at), [row]) for row, at in zip(rows, times, strict=True)]
    for said, rows in _joined(others):
        for pack, count in Counter([row.pack for row in rows]).items():
            db.hand.packs.less(pack, count)
        own: list[Any] = []
        for row in sorted(rows, key=_message):  # neighbours lie together
            at = row.submitted_at
            own += (row.message, row.epoch, row.sequence, at, at, row.answered_at, row.smsc_id, row.key)
        _FINAL.run(db.hot, (account, *said), own)


def _joined(told: Sequence[tuple[Said, list[PartRow]]]) -> Iterable[tuple[Said, list[PartRow]]]:
    """Those that were told the same, once."""
    by_said: dict[Said, list[PartRow]] = {}
    for said, rows in told:
        by_said.setdefault(said, []).extend(rows)
    return by_said.items()


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
