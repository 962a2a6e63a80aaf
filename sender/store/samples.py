"""What is learned from a sample of receipts: what they look like, and what of their message they repeat."""

from __future__ import annotations

from collections.abc import Sequence

from sender.domain.dialect import Dialect, count
from sender.domain.message import FINAL
from sender.store import guessing
from sender.store.database import Database
from sender.store.parts import PartRow
from sender.store.records import ReceiptIn


def learn(db: Database, dialect: Dialect, sample: Sequence[tuple[ReceiptIn, PartRow | None]]) -> None:
    """Learn from receipts that have a form, each with its part as it is now, where it has found one."""
    if not sample:
        return
    learned = dialect.learned
    words = guessing.wordings(db, {row.message: None for _, row in sample if row is not None})
    for receipt, row in sample:
        if receipt.form is not None:
            learned.note_form(receipt.form)
        if row is None:
            continue
        if row.state in FINAL and receipt.state.final:
            learned.timed += 1
            learned.delay += receipt.at - row.submitted_at
        named = receipt.reference
        echo = "none" if named is None else "echoed" if named == row.message & 0xFFFF else "other"
        count(learned.references, echo)
        wording = words.get(row.message)
        if wording is None:
            continue
        count(learned.senders, "echoed" if guessing.same_sender(wording.sender, receipt.sender) else "other")
        agree = wording.says(receipt.text)
        if agree is not None:
            count(learned.words, "echoed" if agree else "other")
