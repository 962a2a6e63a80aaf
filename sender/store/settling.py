"""From the states of parts to the state of their message: the one place where a submitted message changes state."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from sender.domain.message import FINAL, SOURCES, State, message_state
from sender.store.database import Database, Moves, json_list
from sender.store.outbox import emit_moves
from sender.store.sql import sql, state_is


class PartRow(msgspec.Struct, gc=False):
    """A part and what is needed of its message, as loaded at the start of a verb and changed by it."""

    message: int
    part: int
    account: int
    state: int
    first_at: float
    submitted_at: float
    cause: str | None
    stat: str | None
    err: str | None
    smsc_id: str | None
    key: str | None
    receipts: int
    repeated: int
    number: str
    campaign: int
    message_state: int
    parts: int


PART_COLUMNS: Final = (
    "p.message, p.part, p.account, p.state, p.first_at, p.submitted_at, p.cause, p.stat, p.err, p.smsc_id, p.key,"
    " p.receipts, p.repeated, m.number, m.campaign, m.state, m.parts"
)
"""For ``FROM … JOIN parts p … JOIN messages m``: in the order of `PartRow`."""

Parts = dict[tuple[int, int], PartRow]
"""By (message, part): one object a part within a verb."""

_LOAD: Final = sql(
    "SELECT $columns FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value JOIN parts p ON p.message = m.id",
    columns=PART_COLUMNS,
)


_STATES: Final = {int(state): state for state in State}

_MOVE: Final = {
    int(state): sql(
        "UPDATE messages SET state = $after WHERE id IN (SELECT value FROM json_each(?) j) AND $before",
        after=str(int(state)),
        before=state_is(SOURCES[state]),
    )
    for state in State
}


def load_parts(db: Database, messages: Iterable[int]) -> Parts:
    """Every part of these messages."""
    rows = db.conn.execute(_LOAD, (json_list(messages),))
    return {(row[0], row[1]): PartRow(*row) for row in rows}


def move_messages(db: Database, moves: Iterable[tuple[int, int, int, int]], *, at: float | None = None) -> None:
    """Change the state of messages, given as (message, campaign, state before, state after), and the counts with it.

    The caller has read the state before inside this transaction; a move that finds another one is a mistake in the
    program and undoes the call. `at`: when, for those whose parts do not say it.
    """
    by_target: dict[int, list[int]] = defaultdict(list)
    changes: Counter[tuple[int, int, int]] = Counter()
    for message, campaign, before, after in moves:
        by_target[after].append(message)
        changes[campaign, before, after] += 1
    for target, ids in by_target.items():
        # One statement for all of them costs less than half of one for each.
        changed = db.conn.execute(_MOVE[target], (json_list(ids),)).rowcount
        if changed != len(ids):
            raise RuntimeError(f"{len(ids) - changed} of {len(ids)} messages may not become {State(target).label}")
    counts: Moves = Counter()
    for (campaign, before, after), messages in changes.items():
        counts[campaign, before] -= messages
        counts[campaign, after] += messages
    db.count_moves(counts)
    emit_moves(db, by_target, {campaign for campaign, _, _ in changes}, at)


def raise_due(db: Database, dues: Mapping[int, float]) -> None:
    """Put off messages until the given time, unless they are put off for longer already."""
    db.conn.executemany(
        "UPDATE messages SET due = max(due, ?) WHERE id = ?", [(due, message) for message, due in dues.items()]
    )


def settle(db: Database, touched: Iterable[PartRow]) -> dict[int, State]:
    """Bring the messages of changed parts up to date; their states now. Part rows are written already."""
    messages = {row.message: row for row in touched}
    now = {message: row.state for message, row in messages.items() if row.parts == 1}
    if len(now) < len(messages):
        now.update(_fold(db, [row for row in messages.values() if row.parts != 1]))
    moves = []
    for message, row in messages.items():
        before, after = row.message_state, now[message]
        held = before == State.CLAIMED and after == State.QUEUED  # the pipeline has it: it will submit or release
        if before in FINAL or held:
            now[message] = before
        elif before != after:
            moves.append((message, row.campaign, before, after))
    move_messages(db, moves)
    return {message: _STATES[state] for message, state in now.items()}


def _fold(db: Database, rows: list[PartRow]) -> dict[int, int]:
    states: dict[int, list[State]] = defaultdict(list)
    found = db.conn.execute(
        "SELECT message, state FROM json_each(?) j CROSS JOIN parts ON message = j.value",
        (json_list(row.message for row in rows),),
    )
    for message, state in found:
        states[message].append(State(state))
    return {row.message: message_state(states[row.message], row.parts) for row in rows}
