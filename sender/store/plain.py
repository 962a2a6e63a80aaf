"""Receipts as they nearly always are: the final one of a message in hand, with its id and its number.

The account's reading of ids is certain, the message has one part, and that is accepted and waits for its receipt.
Nothing has to be found out, so nothing is read. All that differs in anything is `matching`'s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from sender.domain.dialect import Dialect, Relation, count, stored_key
from sender.domain.message import State, final_of
from sender.store import samples
from sender.store.applying import keep_in_part, write_parts
from sender.store.database import Database
from sender.store.parts import PartRow
from sender.store.records import ReceiptFate, ReceiptIn, ReceiptResult
from sender.store.settling import move_rows
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
    told: dict[State, list[PartRow]] = defaultdict(list)
    receipt_rows: list[tuple[object, ...]] = []
    last: dict[int, float] = {}
    sample: list[tuple[ReceiptIn, PartRow]] = []
    hand, by_id = db.hand, db.hand.by_id
    same = relation is Relation.SAME
    for index in indices:
        it = receipts[index]
        smsc_id, state = it.message_id, it.state
        wanted = key(smsc_id) if same else stored_key(smsc_id, relation)
        row = by_id(account, wanted)
        after = _FINAL_OF[state]
        if row is None or after is None or row.number != it.number or row.state != _ACCEPTED or wanted in kept_back:
            others.append(index)
            kept_back.add(wanted)  # what follows about the same message keeps its turn
            continue
        at = it.at
        row.state, row.stat, row.err = after, it.stat, it.err
        row.receipts += 1
        if not keep_in_part(row, smsc_id, state, it.number, at):
            receipt_rows.append((row.message, 1, row.receipts, smsc_id, state, it.stat, it.err, it.number, at))
        if at > last.get(row.campaign, 0.0):
            last[row.campaign] = at
        if it.form is not None:
            sample.append((it, row))
        hand.finished(row)
        told[after].append(row)
        results[index] = ReceiptResult(ReceiptFate.MATCHED, row.message, 1, after)
    if told:
        write_parts(db, receipt_rows, told.items(), last)
        for final, rows in told.items():
            move_rows(db, rows, final)
        matched = sum(map(len, told.values()))
        learned = dialect.learned
        count(learned.ids, relation.value, matched)
        learned.contrary = 0
        if learned.agreeing <= learned.strangers:
            learned.agreeing += matched
        samples.learn(db, dialect, sample)
    return others
