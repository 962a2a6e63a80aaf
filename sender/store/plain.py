"""Receipts as they nearly always are: the final one of a message in hand, with its id and its number.

The account's reading of ids is certain, the message has one part, and that is accepted and waits for its receipt.
Nothing has to be found out, so nothing is read. All that differs in anything is `matching`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sender.domain.dialect import Dialect, Relation, count, stored_key
from sender.domain.events import EventType
from sender.domain.message import State, final_of
from sender.store import outbox, samples, telling
from sender.store.applying import note_receipts
from sender.store.database import Database
from sender.store.parts import PartRow, Said
from sender.store.records import ReceiptFate, ReceiptIn, ReceiptResult
from smppkit.message_ids import key
from smppkit.message_state import MessageState

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
    told: dict[Said, list[PartRow]] = {}
    known: Said | None = None
    rows: list[PartRow] = []
    matched = 0
    receipt_rows: list[tuple[object, ...]] = []
    last: dict[int, float] = {}
    sample: list[tuple[ReceiptIn, PartRow]] = []
    in_hand = db.hand.by_id(account)
    same = relation is Relation.SAME
    for index in indices:
        it = receipts[index]
        smsc_id, state, number, at = it.message_id, it.state, it.number, it.at
        wanted = smsc_id  # which is its own key, when it is there
        row = in_hand.get(smsc_id) if same else None
        if row is None:
            wanted = key(smsc_id) if same else stored_key(smsc_id, relation)
            row = in_hand.get(wanted)
        after = _FINAL_OF[state]
        if row is None or after is None or row.number != number or row.state != _ACCEPTED or wanted in kept_back:
            others.append(index)
            kept_back.add(wanted)  # what follows about the same message keeps its turn
            continue
        row.state = after
        stat, err, count_, repeated = it.stat, it.err, row.receipts + 1, row.repeated
        if count_ == 1 and smsc_id == row.smsc_id:
            said: Said = (after, stat, err, 1, repeated, state, at)  # kept in the part itself: see `keep_in_part`
        else:
            said = (after, stat, err, count_, repeated, row.received, row.received_at)
            receipt_rows.append((row.message, 1, count_, smsc_id, state, stat, err, number, at))
        if said != known:
            known, rows = said, told.setdefault(said, [])
        rows.append(row)
        matched += 1
        if at > last.get(row.campaign, 0.0):
            last[row.campaign] = at
        if it.form is not None:
            sample.append((it, row))
        results[index] = ReceiptResult(ReceiptFate.MATCHED, row.message, 1, after)
    if told:
        together = not outbox.is_wanted(db, EventType.MESSAGE_DELIVERED)  # events are made from rows
        telling.tell(db, account, told, together=together)
        note_receipts(db, receipt_rows, last)
        learned = dialect.learned
        count(learned.ids, relation.value, matched)
        learned.contrary = 0
        if learned.agreeing <= learned.strangers:
            learned.agreeing += matched
        samples.learn(db, dialect, sample)
    return others
