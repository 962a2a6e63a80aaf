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
from sender.store.applying import write_parts
from sender.store.database import Database
from sender.store.parts import PartRow
from sender.store.records import ReceiptFate, ReceiptIn, ReceiptResult
from sender.store.settling import move_rows
from smppkit.message_ids import key
from smppkit.message_state import MessageState

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
    rows: dict[State, list[PartRow]] = defaultdict(list)
    told: list[tuple[PartRow, ReceiptIn]] = []
    hand = db.hand
    same = relation is Relation.SAME
    for index in indices:
        receipt = receipts[index]
        wanted = key(receipt.message_id) if same else stored_key(receipt.message_id, relation)
        row = hand.by_id(account, wanted)
        after = _FINAL_OF[receipt.state]
        if (
            row is None
            or after is None
            or row.state != State.ACCEPTED
            or row.number != receipt.number
            or receipt.form is not None
            or wanted in kept_back
        ):
            others.append(index)
            kept_back.add(wanted)  # what follows about the same message keeps its turn
            continue
        row.state = after
        row.stat, row.err = receipt.stat, receipt.err
        row.receipts += 1
        hand.put_down(row)
        rows[after].append(row)
        told.append((row, receipt))
        results[index] = ReceiptResult(ReceiptFate.MATCHED, row.message, 1, after)
    if told:
        write_parts(db, told, rows)
        for after, settled in rows.items():
            move_rows(db, settled, after)
        learned = dialect.learned
        count(learned.ids, relation.value, len(told))
        learned.contrary = 0
        if learned.agreeing <= learned.strangers:
            learned.agreeing += len(told)
    return others
