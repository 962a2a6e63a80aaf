"""Receipts on their way to parts, and how parts change by them: gathered first, then written in a few statements."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from sender.domain.message import FINAL, SOURCES, State, final_of
from sender.domain.numbers import tail
from sender.store import intents
from sender.store.database import Database
from sender.store.part_ids import note_all
from sender.store.parts import PartRow, Parts
from sender.store.records import ReceiptFate
from sender.store.sql import Update, sql, state_is
from smppkit.message_ids import key
from smppkit.message_state import MessageState


class Heard(msgspec.Struct, gc=False):
    """A receipt on its way to a part; `parked` is its row when it waited."""

    parked: int | None
    key: str
    smsc_id: str
    state: int
    stat: str
    err: str | None
    number: str
    at: float
    sender: str = ""
    text: str = ""
    reference: int | None = None
    held: int = 0


HEARD_COLUMNS: Final = (
    "r.id, r.key, r.smsc_id, r.state, r.stat, r.err, r.number, r.at, r.sender, r.text, r.reference, r.held"
)
"""For ``FROM … parked_receipts r``: in the order of `Heard`."""

_RECEIPT: Final = "INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_FINAL_OF: Final = {int(state): final_of(state) for state in MessageState}


def _may_become(state: State) -> str:
    return state_is((*SOURCES[state], state))


_SET: Final = (
    "UPDATE parts SET state = $after, stat = ?, err = ?, receipts = ?, repeated = ?, received = ?, received_at = ?"
)
_UPDATE_PART: Final = {
    int(state): sql(
        _SET + " WHERE message = ? AND part = ? AND $before", after=str(int(state)), before=_may_become(state)
    )
    for state in State
}
_UPDATE_ALIKE: Final = {
    int(state): Update(sql(_SET, after=str(int(state))), "message", f"part = 1 AND {_may_become(state)}")
    for state in State
}
_FEW: Final = 4
"""So many parts that become the same take as long one by one as in one statement."""


Change = tuple[int, int, int, int]
"""Message, part, state before, state after: for the audit."""


class Application:
    """Applies receipts of one account to parts; `write` puts them into the store."""

    def __init__(self, db: Database, journal: list[Change] | None = None) -> None:
        self._journal = journal
        self._db = db
        self._receipts: list[tuple[Any, ...]] = []
        self.unparked: dict[int, None] = {}
        self.resolved: list[PartRow] = []
        self._last: dict[int, float] = {}
        self.touched: Parts = {}

    @property
    def latest(self) -> float:
        """Unix time of the latest receipt applied; 0 when there is none."""
        return max(self._last.values(), default=0.0)

    def apply(self, row: PartRow, receipt: Heard) -> ReceiptFate:
        """The state of the part follows the receipt unless it is final already; the receipt is kept either way."""
        row.receipts += 1
        if receipt.parked is not None:
            self.unparked[receipt.parked] = None
        self.touched[row.message, row.part] = row
        if receipt.at > self._last.get(row.campaign, 0.0):
            self._last[row.campaign] = receipt.at
        final = _FINAL_OF[receipt.state]
        if row.state in FINAL or (final is None and receipt.stat == row.stat):
            row.repeated += 1
            self._keep(row, receipt)
            return ReceiptFate.REPEATED
        if self._journal is not None:
            self._journal.append((row.message, row.part, row.state, final or State.ACCEPTED))
        row.stat, row.err = receipt.stat, receipt.err
        if final is None:
            row.state = State.ACCEPTED
            self._keep(row, receipt)
        else:
            row.state = final
            if not keep_in_part(row, receipt.smsc_id, receipt.state, receipt.number, receipt.at):
                self._keep(row, receipt)
        return ReceiptFate.MATCHED

    def _keep(self, row: PartRow, receipt: Heard) -> None:
        self._receipts.append(
            (row.message, row.part, row.receipts, receipt.smsc_id, receipt.state, receipt.stat, receipt.err,
             receipt.number, receipt.at)
        )  # fmt: skip

    def resolve(self, row: PartRow, receipt: Heard) -> ReceiptFate:
        """Apply a receipt to a part in doubt that goes to its number: now the operator's id is known too."""
        row.smsc_id = receipt.smsc_id
        self.apply(row, receipt)
        self.resolved.append(row)
        return ReceiptFate.RESOLVED_DOUBT

    def follow(self, row: PartRow, decided: PartRow) -> None:
        """The part that decides for its message has its final state, and this one has no receipt of its own."""
        if self._journal is not None:
            self._journal.append((row.message, row.part, row.state, decided.state))
        row.state, row.stat, row.err = decided.state, decided.stat, decided.err
        self.touched[row.message, row.part] = row

    def write(self) -> None:
        """Write receipts and parts. Messages are brought up to date by `settle`."""
        intents.write_out(self._db, list(self.touched.values()))
        self._db.conn.executemany("DELETE FROM parked_receipts WHERE id = ?", [(parked,) for parked in self.unparked])
        by_state: dict[int, list[PartRow]] = defaultdict(list)
        for row in self.touched.values():
            by_state[row.state].append(row)
        for state, rows in by_state.items():
            _update_parts(self._db, state, rows)
        note_receipts(self._db, self._receipts, self._last)
        if self.resolved:
            self._write_resolved()

    def _write_resolved(self) -> None:
        conn = self._db.conn
        for row in self.resolved:
            row.key = key(row.smsc_id or "")
        conn.executemany(
            "UPDATE parts SET smsc_id = ?, key = ?, doubtful = 0 WHERE message = ? AND part = ?",
            [(row.smsc_id, row.key, row.message, row.part) for row in self.resolved],
        )
        note_all(self._db, self.resolved)
        forget_doubts(self._db, self.resolved)
        conn.executemany(
            "UPDATE campaigns SET doubts_resolved = doubts_resolved + ? WHERE id = ?",
            [(count, campaign) for campaign, count in Counter(row.campaign for row in self.resolved).items()],
        )


def keep_in_part(row: PartRow, smsc_id: str, state: int, number: str, at: float) -> bool:
    """Keep the first receipt of a part, that made it final, in the part itself; False when it must be kept by itself.

    Its words are those of the part then; a receipt that spells id or number in another way is kept as it came.
    """
    if row.receipts != 1 or smsc_id != row.smsc_id or number != row.number:
        return False
    row.received, row.received_at = state, at
    return True


def note_receipts(db: Database, receipts: Sequence[tuple[Any, ...]], last: Mapping[int, float]) -> None:
    """Write the receipts that are kept by themselves, and the latest time by campaign."""
    if receipts:
        db.hot.executemany(_RECEIPT, receipts)
    db.pending.reported(last)


def update_alike(db: Database, state: int, said: Sequence[Any], messages: Sequence[int]) -> None:
    """Bring the only parts of these messages to a state.

    `said`: stat, err, receipts, repeated, received, received_at.
    """
    changed = _UPDATE_ALIKE[state].run(db.hot, said, messages)
    if changed != len(messages):
        raise RuntimeError(f"{len(messages) - changed} of {len(messages)} parts may not become {State(state).label}")


def _update_parts(db: Database, state: int, rows: Sequence[PartRow]) -> None:
    """What came in one turn and says the same is written in one statement, for half the price."""
    alike: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    values: list[tuple[Any, ...]] = []
    for row in rows:
        said = (row.stat, row.err, row.receipts, row.repeated, row.received, row.received_at)
        if row.part == 1:
            alike[said].append(row.message)
        else:
            values.append((*said, row.message, row.part))
    for said, messages in alike.items():
        if len(messages) > _FEW:
            update_alike(db, state, said, messages)
        else:
            values += [(*said, message, 1) for message in messages]
    if values:
        changed = db.conn.executemany(_UPDATE_PART[state], values).rowcount
        if changed != len(values):
            raise RuntimeError(f"{len(values) - changed} of {len(values)} parts may not become {State(state).label}")


def forget_doubts(db: Database, rows: list[PartRow]) -> None:
    """These parts are no longer in doubt."""
    db.conn.executemany(
        "DELETE FROM doubts WHERE account = ? AND tail = ? AND message = ? AND part = ?",
        [(row.account, tail(row.number), row.message, row.part) for row in rows],
    )
