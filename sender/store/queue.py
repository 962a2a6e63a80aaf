"""Verbs about the queue: giving back, and the durable intent before a submit. Claiming is in `claiming`."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sender.domain.message import State
from sender.store.database import Database, Moves, json_list
from sender.store.intents import pack
from sender.store.parts import PartRow
from sender.store.records import Intent
from sender.store.settling import move_messages
from sender.store.sql import Update, sql

_SUBMIT: Final = sql(
    "INSERT INTO parts (message, part, account, state, epoch, sequence, first_at, submitted_at,"
    " submits, retries, resends, doubtful, receipts, repeated)"
    " VALUES (?, ?, ?, $SUBMITTING, ?, ?, ?, ?, 1, 0, 0, 0, 0, 0)"
    " ON CONFLICT DO UPDATE SET state = excluded.state, account = excluded.account, epoch = excluded.epoch,"
    " sequence = excluded.sequence, submitted_at = excluded.submitted_at,"
    " first_at = CASE WHEN submits > 0 THEN first_at ELSE excluded.first_at END, answered_at = NULL,"
    " submits = submits + 1,"
    " resends = resends + (submits > 0 AND doubtful), retries = retries + (submits > 0 AND NOT doubtful)"
    " WHERE state = $QUEUED"
)


_SUBMITTING: Final = Update(sql("UPDATE messages SET state = $SUBMITTING, parts = ?"), "id", sql("state = $CLAIMED"))


_MESSAGES: Final = (
    "SELECT m.id, campaign, state, parts, number FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value"
)
_Message = tuple[int, int, int, int, str]
"""Message, campaign, state, parts, number."""
_SUBMITTED: Final = int(State.SUBMITTING)


def new_epoch(db: Database) -> int:
    """See `SqliteStore.new_epoch`."""
    row = db.conn.execute("UPDATE epochs SET epoch = epoch + 1 RETURNING epoch").fetchone()
    return int(row[0])


def release(db: Database, message_ids: Sequence[int]) -> None:
    """See `SqliteStore.release`. Messages that are no longer claimed stay as they are."""
    _move_claimed(db, message_ids, State.QUEUED)


def refuse(db: Database, message_ids: Sequence[int]) -> None:
    """See `SqliteStore.refuse`. Messages that are no longer claimed stay as they are."""
    _move_claimed(db, message_ids, State.REJECTED)


def _move_claimed(db: Database, message_ids: Sequence[int], after: State) -> None:
    rows = db.conn.execute(
        sql("SELECT m.id, campaign FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value WHERE state = $CLAIMED"),
        (json_list(message_ids),),
    ).fetchall()
    move_messages(db, [(message, campaign, State.CLAIMED, after) for message, campaign in rows])


def mark_submitting(db: Database, intents: Sequence[Intent]) -> list[Intent]:
    """See `SqliteStore.mark_submitting`."""
    if _submit_in_hand(db, intents):
        return []
    wanted = json_list({intent.message_id: None for intent in intents})
    messages: dict[int, _Message] = {row[0]: row for row in db.conn.execute(_MESSAGES, (wanted,))}
    settled = _settled_parts(db, [row[0] for row in messages.values() if row[3]])
    good: dict[tuple[int, int], Intent] = {}
    stale: list[Intent] = []
    for intent in intents:
        message = messages.get(intent.message_id)
        part = (intent.message_id, intent.part)
        if message is None or message[2] != State.CLAIMED or part in settled or part in good:
            stale.append(intent)
        else:
            good[part] = intent
    if good:
        _write_intents(db, messages, good.values())
        _move(db, messages, good.values())
    return stale


def _submit_in_hand(db: Database, intents: Sequence[Intent]) -> bool:
    """Submit messages of one part that were claimed by this process and never submitted; False when some are not so."""
    ids = [it.message_id for it in intents]
    known = db.hand.take_claimed(ids)
    packed: dict[str, list[PartRow]] = {}
    first: dict[int, float] = {}
    name, account = "", 0
    rows: list[PartRow] = []
    for it, claimed in zip(intents, known, strict=True):
        if claimed is None or it.parts != 1 or it.part != 1:
            return False
        campaign, number = claimed
        if it.account != name:
            name, account = it.account, db.account(it.account)
            rows = packed.setdefault(name, [])
        rows.append(_row(it, account, campaign, number))
        if it.at < first.get(campaign, math.inf):
            first[campaign] = it.at
    for rows in packed.values():
        pack(db, rows)
    submitted = Counter([row.campaign for rows in packed.values() for row in rows])
    changed = _SUBMITTING.run(db.hot, (1,), ids)
    if changed != len(ids):
        raise RuntimeError(f"{len(ids) - changed} of {len(ids)} messages are not claimed")
    _count(db, submitted, first)
    return True


def _row(it: Intent, account: int, campaign: int, number: str) -> PartRow:
    """The part of a message of one part that is submitted for the first time."""
    return PartRow(it.message_id, 1, account, _SUBMITTED, it.at, it.at, None, None, None, None, None, 0, 0,
                   number, campaign, _SUBMITTED, 1, None, None, it.epoch, it.sequence)  # fmt: skip


def _count(db: Database, submitted: Mapping[int, int], first: Mapping[int, float]) -> None:
    """Bring the counts up to date, and the times of first submits, both by campaign."""
    moves: Moves = Counter()
    for campaign, count in submitted.items():
        moves[campaign, int(State.CLAIMED)] -= count
        moves[campaign, _SUBMITTED] += count
    db.count_moves(moves)
    db.pending.submitted(first)


def _write_intents(db: Database, messages: Mapping[int, _Message], good: Iterable[Intent]) -> None:
    """One row for all that have one part and were never submitted, and one in `parts` for each of the others."""
    packed: dict[str, list[PartRow]] = defaultdict(list)
    values: list[tuple[int, int, int, int, int, float, float]] = []
    for it in good:
        at = it.at
        message, campaign, _, parts, number = messages[it.message_id]
        account = db.account(it.account)
        if parts or it.parts != 1:
            values.append((message, it.part, account, it.epoch, it.sequence, at, at))
            continue
        packed[it.account].append(_row(it, account, campaign, number))
    if values:
        db.conn.executemany(_SUBMIT, values)
    for rows in packed.values():
        pack(db, rows)


def _move(db: Database, messages: Mapping[int, _Message], good: Iterable[Intent]) -> None:
    """Bring the messages and counts up to date, and the times of first submits."""
    by_parts: dict[int, dict[int, None]] = defaultdict(dict)
    first: dict[int, float] = {}
    for it in good:
        by_parts[it.parts][it.message_id] = None
        campaign, at = messages[it.message_id][1], it.at
        if at < first.get(campaign, math.inf):
            first[campaign] = at
    submitted: Counter[int] = Counter()
    for parts, ids in by_parts.items():
        _SUBMITTING.run(db.conn, (parts,), list(ids))
        submitted.update([messages[it][1] for it in ids])
    _count(db, submitted, first)


def _settled_parts(db: Database, messages: list[int]) -> set[tuple[int, int]]:
    """Parts that must not be submitted (again)."""
    if not messages:
        return set()
    rows = db.conn.execute(
        sql("SELECT message, part FROM json_each(?) j CROSS JOIN parts ON message = j.value WHERE state <> $QUEUED"),
        (json_list(messages),),
    )
    return set(rows)
