"""Whether a store is what it should be: the file itself, its references, and the invariants counted again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sender.domain.message import FINAL, State
from sender.store.database import Database
from sender.store.part_ids import PARTS
from sender.store.sql import sql, state_is

_MOST: Final = 20
"""Faults of one kind that are told one by one."""

_IDS: Final = 5_000

_NO_PART: Final = "NOT EXISTS (SELECT 1 FROM parts p WHERE p.message = r.message AND p.part = r.part)"
_ORPHANS: Final = (
    ("parts", "SELECT count(*) FROM parts WHERE message NOT IN (SELECT id FROM messages)"),
    ("receipts", sql("SELECT count(*) FROM receipts r WHERE $no_part", no_part=_NO_PART)),
    ("doubts", sql("SELECT count(*) FROM doubts r WHERE $no_part", no_part=_NO_PART)),
    ("told", "SELECT count(*) FROM told, json_each(messages) j WHERE j.value NOT IN (SELECT id FROM messages)"),
    ("chunks", "SELECT count(*) FROM chunks WHERE id NOT IN (SELECT chunk FROM chunk_data)"),
)

_COUNTED: Final = """
    SELECT campaign, state, sum(n) FROM (
        SELECT campaign, state, count(*) AS n FROM messages GROUP BY 1, 2
        UNION ALL SELECT campaign, state, sum(recipients - taken) FROM chunks GROUP BY 1, 2
        UNION ALL SELECT campaign, CAST(name AS INTEGER), number FROM retired WHERE what = 'state'
    ) GROUP BY 1, 2
"""

# I1 from the rows: what a message is follows from its parts. Each statement finds messages for which it does not.
_STATES: Final = (
    (
        "final, with a part under way",
        sql(
            "SELECT count(*) FROM parts p JOIN messages m ON m.id = p.message"
            " WHERE p.state = $SUBMITTING AND (m.$final)",
            final=state_is(FINAL).removeprefix("(").removesuffix(")").replace(" OR ", " OR m."),
        ),
    ),
    (
        "submitting, without a part under way",
        sql(
            "SELECT count(*) FROM messages m WHERE m.state = $SUBMITTING"
            " AND NOT EXISTS (SELECT 1 FROM parts p WHERE p.message = m.id AND p.state = $SUBMITTING)"
            " AND m.id NOT IN (SELECT message FROM intended_parts)"
        ),
    ),
    (
        "accepted, without a part that is",
        sql(
            "SELECT count(*) FROM messages m WHERE m.state = $ACCEPTED"
            " AND NOT EXISTS (SELECT 1 FROM parts p WHERE p.message = m.id AND p.state = $ACCEPTED)"
            " AND m.id NOT IN (SELECT message FROM packed_parts)"
        ),
    ),
    (
        "told their end, and not accepted",
        sql(
            "SELECT count(*) FROM told, json_each(messages) j CROSS JOIN messages m ON m.id = j.value"
            " WHERE m.state <> $ACCEPTED"
        ),
    ),
    (
        "delivered, with a part that is not",
        sql(
            "SELECT count(*) FROM messages m WHERE m.state = $DELIVERED"
            " AND (SELECT count(*) FROM parts p WHERE p.message = m.id AND p.state = $DELIVERED) < m.parts"
            " AND m.id NOT IN (SELECT message FROM packed_parts)"
        ),
    ),
)


def faults(db: Database) -> Iterator[str]:
    """Everything that is wrong, one line each; nothing when the store is sound. Reads all of it.

    In one read transaction of the caller's: another process may write meanwhile.
    """
    yield from (f"file: {row[0]}" for row in db.conn.execute(f"PRAGMA integrity_check({_MOST})") if row[0] != "ok")
    references: dict[tuple[str, str], int] = {}
    for table, _, parent, _ in db.conn.execute("PRAGMA foreign_key_check"):
        references[table, parent] = references.get((table, parent), 0) + 1
    for (table, parent), number in references.items():
        yield f"references: {number} rows of {table} name rows of {parent} that are not there"
    for what, statement in _ORPHANS:
        number = db.conn.execute(statement).fetchone()[0]
        if number:
            yield f"orphans: {number} {what} belong to nothing"
    yield from _counts(db)
    for what, statement in _STATES:
        number = db.conn.execute(statement).fetchone()[0]
        if number:
            yield f"I1: {number} messages are {what}"
    lost = sum(_lost_ids(db))
    if lost:
        yield f"ids: {lost} parts are not found by their id"


def _lost_ids(db: Database) -> Iterator[int]:
    """Some thousand parts at a time: how many of them the look-up by id does not name."""
    rows = db.conn.execute(
        sql("SELECT key, message * $parts + part FROM all_parts WHERE key IS NOT NULL", parts=str(PARTS))
    )
    while some := rows.fetchmany(_IDS):
        yield len({part for _, part in some} - set(db.ids.find(db, {key for key, _ in some})))


def _counts(db: Database) -> Iterator[str]:
    found = {(campaign, state): number for campaign, state, number in db.conn.execute(_COUNTED) if number}
    kept = {
        (campaign, state): number
        for campaign, state, number in db.conn.execute("SELECT campaign, state, messages FROM campaign_states")
        if number
    }
    for campaign, state in sorted(found.keys() | kept.keys()):
        counted, said = found.get((campaign, state), 0), kept.get((campaign, state), 0)
        if counted != said:
            yield f"I4: campaign {campaign} has {counted} messages {State(state).label}, and {said} are counted"
    for campaign, accepted in db.conn.execute("SELECT id, messages FROM campaigns ORDER BY id").fetchall():
        total = sum(number for (owner, _), number in found.items() if owner == campaign)
        if total != accepted:
            yield f"I4: campaign {campaign} accepted {accepted} messages, and has {total}"
    waiting = sql(
        "SELECT c.id, c.unexpanded, (SELECT coalesce(sum(recipients - taken), 0) FROM chunks k"
        " WHERE k.campaign = c.id AND k.state = $QUEUED) AS waiting FROM campaigns c WHERE unexpanded <> waiting"
    )
    for campaign, said, counted in db.conn.execute(waiting):
        yield f"I4: campaign {campaign} has {counted} recipients in chunks, and {said} are counted"
