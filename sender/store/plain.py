"""Receipts as they nearly always are: the final one of a message in hand, with its id and its number.

The account's reading of ids is certain, the message has one part, and that is accepted and waits for its receipt.
Nothing has to be found out, so nothing is read. All that differs in anything is `matching`'s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from sender.domain.dialect import Dialect, Relation, count, stored_key
from sender.domain.events import EventType
from sender.domain.message import State, final_of
from sender.store import intents, outbox, samples
from sender.store.applying import note_receipts, update_alike
from sender.store.database import Database
from sender.store.parts import PartRow
from sender.store.records import ReceiptFate, ReceiptIn, ReceiptResult
from sender.store.settling import move_rows
from smppkit.message_ids import keys
from smppkit.message_state import MessageState

_Said = tuple[State, str, str | None, int, int, int | None, float | None]
"""State of the part, and what else becomes of its row: stat, err, receipts, repeated, received, received_at."""

_ACCEPTED: Final = int(State.ACCEPTED)
_FINAL_OF: Final = {state: final_of(state) for state in MessageState}


def record(
    db: Database,
    account: int,
    dialect: Dialect,
    receipts: Sequence[ReceiptIn],
    indices: list[int],
    results: list[ReceiptResult],
) -> list[int]:
    """Record the plain ones among the receipts at `indices`, and put down their results; the indices of the others."""
    relation = dialect.relation
    if relation is None:
        return indices
    others: list[int] = []
    kept_back: set[str] = set()
    told: dict[_Said, list[PartRow]] = {}
    known: _Said | None = None
    rows: list[PartRow] = []
    ids: list[str] = []
    receipt_rows: list[tuple[object, ...]] = []
    last: dict[int, float] = {}
    sample: list[tuple[ReceiptIn, PartRow]] = []
    in_hand = db.hand.by_id(account)
    told_of = [receipts[index].message_id for index in indices]
    names = keys(told_of) if relation is Relation.SAME else [stored_key(it, relation) for it in told_of]
    for index, wanted in zip(indices, names, strict=True):
        it = receipts[index]
        smsc_id, state, number, at = it.message_id, it.state, it.number, it.at
        row = in_hand.get(wanted)
        after = _FINAL_OF[state]
        if row is None or after is None or row.number != number or row.state != _ACCEPTED or wanted in kept_back:
            others.append(index)
            kept_back.add(wanted)  # what follows about the same message keeps its turn
            continue
        row.state = after
        stat, err, count_, repeated = it.stat, it.err, row.receipts + 1, row.repeated
        if count_ == 1 and smsc_id == row.smsc_id:
            said: _Said = (after, stat, err, 1, repeated, state, at)  # kept in the part itself: see `keep_in_part`
        else:
            said = (after, stat, err, count_, repeated, row.received, row.received_at)
            receipt_rows.append((row.message, 1, count_, smsc_id, state, stat, err, number, at))
        if said != known:
            known, rows = said, told.setdefault(said, [])
        rows.append(row)
        ids.append(wanted)
        if at > last.get(row.campaign, 0.0):
            last[row.campaign] = at
        if it.form is not None:
            sample.append((it, row))
        results[index] = ReceiptResult(ReceiptFate.MATCHED, row.message, 1, after)
    if told:
        _write(db, account, told, ids)
        note_receipts(db, receipt_rows, last)
        matched = len(ids)
        learned = dialect.learned
        count(learned.ids, relation.value, matched)
        learned.contrary = 0
        if learned.agreeing <= learned.strangers:
            learned.agreeing += matched
        samples.learn(db, dialect, sample)
    return others


def _write(db: Database, account: int, told: dict[_Said, list[PartRow]], ids: list[str]) -> None:
    """Write what was said about which parts, and what their messages are now; `ids`: those of all."""
    moved: dict[State, list[PartRow]] = defaultdict(list)
    together = not outbox.is_wanted(db, EventType.MESSAGE_DELIVERED)  # events are made from rows
    for said, rows in told.items():
        after = said[0]
        packed = [row for row in rows if row.pack]
        if packed:
            intents.finish(db, account, packed, said, together=together)
        if len(packed) < len(rows):
            update_alike(db, after, said[1:], [row.message for row in rows if not row.pack])
        moved[after] += rows
        db.hand.finished(account, (), [row.message for row in rows])
    db.hand.finished(account, ids, ())
    for after, rows in moved.items():
        move_rows(db, rows, after)
