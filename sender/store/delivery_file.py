"""Rows of an operator's delivery file, applied as receipts are: by id in any base, else to the only doubt they fit.

Nothing is parked and nothing is learned; a row that is about a final message changes nothing, so that a file may be
read twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final

from sender.domain.delivery_file import DeliveryRow
from sender.domain.message import State, final_of
from sender.store import dialects, doubts
from sender.store.applying import Heard
from sender.store.database import Database
from sender.store.matching import Matching
from sender.store.settling import settle
from smppkit.message_ids import key


class RowFate(Enum):
    """What became of a row."""

    SETTLED = "settled"
    """A message that was accepted or in doubt has its state now."""
    ALREADY = "already known"
    UNFINISHED = "not final"
    """The file says that the message is still on its way."""
    CONTRADICTS = "contradicts"
    """The message is final already, and in another state."""
    UNKNOWN = "unknown"
    """No message of the account has this id, and not exactly one in doubt has this number."""


KNOWN: Final = frozenset({RowFate.SETTLED, RowFate.ALREADY, RowFate.UNFINISHED})
"""Fates that need nobody's attention."""


def apply(
    db: Database, account: str, rows: Sequence[DeliveryRow], *, who: str, source: str, at: float
) -> list[tuple[RowFate, State | None]]:
    """Apply rows of an account's file at unix time `at`: the fate of each, and the state its part has."""
    number = db.known_account(account)
    if number is None:
        return [(RowFate.UNKNOWN, None)] * len(rows)
    matching = Matching(db, number, dialects.load(db, number), {}, journal=[])
    final = [row for row in rows if final_of(row.state) is not None]
    heard = [
        Heard(None, key(it.smsc_id), it.smsc_id, it.state, it.stat, None, it.number, _time(it, at)) for it in final
    ]
    parts = matching.take_open(heard)
    touched = matching.finish()
    settle(db, touched.values())
    doubts.note(db, matching.journal, who=who, source=source, at=at)
    fates: dict[int, tuple[RowFate, State | None]] = {}
    for row, (part, changed) in zip(final, parts, strict=True):
        if part is None:
            fates[row.line] = RowFate.UNKNOWN, None
        else:
            state = State(part.state)
            same = state is final_of(row.state)
            fates[row.line] = RowFate.SETTLED if changed else RowFate.ALREADY if same else RowFate.CONTRADICTS, state
    return [fates.get(row.line, (RowFate.UNFINISHED, None)) for row in rows]


def _time(row: DeliveryRow, at: float) -> float:
    """When the receipt would have come; never after now, whatever zone the file is in."""
    return min(at, row.done) if row.done is not None else at
