"""From the states of parts to the state of their message: the one place where a submitted message changes state."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sender.domain.message import FINAL, SOURCES, State, message_state
from sender.store import charging, intents
from sender.store.database import Database, Moves, json_list
from sender.store.outbox import emit_moves
from sender.store.parts import PART_COLUMNS, PartRow, Parts
from sender.store.sql import Update, sql, state_is

_LOAD: Final = sql(
    "SELECT $columns FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value JOIN parts p ON p.message = m.id",
    columns=PART_COLUMNS,
)


_STATES: Final = {int(state): state for state in State}

_MOVE: Final = {
    int(state): Update(sql("UPDATE messages SET state = $after", after=str(int(state))), "id", state_is(SOURCES[state]))
    for state in State
}
_FINAL: Final = frozenset(map(int, FINAL))


def load_parts(db: Database, messages: Iterable[int]) -> Parts:
    """Every part of these messages."""
    in_hand = db.hand.of
    messages = list(messages)
    intents.write_out_messages(db, messages)
    rows = db.conn.execute(_LOAD, (json_list(messages),))
    return {(row[0], row[1]): in_hand(row[0]) or PartRow(*row) for row in rows}


def move_messages(db: Database, moves: Iterable[tuple[int, int, int, int]], *, at: float | None = None) -> None:
    """Change the state of messages, given as (message, campaign, state before, state after), and the counts with it.

    The caller has read the state before inside this transaction; a move that finds another one is a mistake in the
    program and undoes the call. `at`: when, for those whose parts do not say it.
    """
    by_target: dict[int, list[int]] = defaultdict(list)
    changes: Counter[tuple[int, int, int]] = Counter()
    for message, campaign, before, after in moves:
        if before == State.CLAIMED:
            db.hand.released(message)
        by_target[after].append(message)
        changes[campaign, before, after] += 1
    for target, ids in by_target.items():
        _move(db, ids, target)
    counts: Moves = Counter()
    for (campaign, before, after), messages in changes.items():
        counts[campaign, before] -= messages
        counts[campaign, after] += messages
    db.count_moves(counts)
    emit_moves(db, by_target, {campaign for campaign, _, _ in changes}, at)


def move_rows(db: Database, rows: Sequence[PartRow], after: State) -> None:
    """The same for messages of one part that are all in one state, and go to another with their parts."""
    if not rows:
        return
    move_alike(db, [row.message for row in rows], Counter([row.campaign for row in rows]), rows[0].message_state, after)
    for row in rows:
        row.message_state = after


def move_alike(db: Database, ids: Sequence[int], by_campaign: Mapping[int, int], before: int, after: State) -> None:
    """The same for messages that are all in one state and go to another; `by_campaign`: how many there are of each."""
    _move(db, ids, after)
    counts: Moves = Counter()
    for campaign, messages in by_campaign.items():
        counts[campaign, before] -= messages
        counts[campaign, after] += messages
    db.count_moves(counts)
    emit_moves(db, {after: ids}, by_campaign, None)


def _move(db: Database, ids: Sequence[int], after: int) -> None:
    """Write the new state of messages, and settle what they cost."""
    # One statement for all of them costs less than half of one for each.
    changed = _MOVE[after].run(db.hot, (), ids)
    if changed != len(ids):
        raise RuntimeError(f"{len(ids) - changed} of {len(ids)} messages may not become {State(after).label}")
    if after in _FINAL:
        charging.settle(db, ids)


def raise_due(db: Database, dues: Mapping[int, float]) -> None:
    """Put off messages until the given time, unless they are put off for longer already."""
    db.conn.executemany(
        "UPDATE messages SET due = max(due, ?) WHERE id = ?", [(due, message) for message, due in dues.items()]
    )


def settle(db: Database, touched: Iterable[PartRow]) -> dict[int, State]:
    """Bring the messages of changed parts up to date; their states now. Part rows are written already."""
    messages = {row.message: row for row in touched}
    if not messages:
        return {}
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
    for message, row in messages.items():
        row.message_state = now[message]
        db.hand.settle(row)
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
