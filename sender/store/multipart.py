"""Messages of several parts: whose receipts make them final, and how that is learned.

Most operators send a receipt for every part; some for the first or the last one only, and then the others would wait
for ever. Which it is shows in messages whose missing receipts have not come for a while (`Settings.parts_timeout`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from sender.domain.dialect import Dialect, PartsRule, count
from sender.domain.message import FINAL, State
from sender.store import dialects
from sender.store.applying import Application
from sender.store.database import Database, json_list
from sender.store.parts import PartRow, Parts
from sender.store.settling import load_parts, settle
from sender.store.sql import sql

_BATCH: Final = 500
_WAIT: Final = (
    "INSERT INTO part_waits (account, message, at) VALUES (?, ?, ?)"
    " ON CONFLICT DO UPDATE SET at = max(at, excluded.at) WHERE judged = 0"
)
_DUE: Final = "SELECT message FROM part_waits WHERE account = ? AND judged = 0 AND at <= ? LIMIT ?"
_STATES: Final = sql(
    "SELECT p.message, p.part, p.state, m.parts FROM json_each(?) j CROSS JOIN parts p ON p.message = j.value"
    " JOIN messages m ON m.id = p.message"
)


def follow(db: Database, rule: PartsRule, rows: list[PartRow], parts: Parts, application: Application) -> None:
    """Where one part decides for its message, the accepted others take its final state."""
    if rule is PartsRule.ALL or rule is PartsRule.LEARNED:
        return
    messages = {row.message: None for row in rows if row.parts > 1}
    siblings: dict[int, list[PartRow]] = defaultdict(list)
    for place, loaded in load_parts(db, messages).items():
        siblings[place[0]].append(parts.setdefault(place, loaded))
    for found in siblings.values():
        deciding = _deciding(rule, found)
        if deciding is not None:
            for row in found:
                if row.state == State.ACCEPTED:
                    application.follow(row, deciding)


def _deciding(rule: PartsRule, rows: list[PartRow]) -> PartRow | None:
    """The part that decides, once it is final."""
    for row in rows:
        decides = rule is PartsRule.ANY or row.part == (1 if rule is PartsRule.FIRST else row.parts)
        if decides and row.state in FINAL and row.stat is not None:
            return row
    return None


def note(db: Database, account: int, dialect: Dialect, touched: Parts, states: Mapping[int, State], at: float) -> None:
    """Messages of which some parts are final wait for the others; those that are whole show that all receipts come."""
    long = [row for row in touched.values() if row.parts > 1]
    if not long:
        return
    whole = {row.message for row in long if states[row.message] in FINAL}
    if dialect.parts is PartsRule.ALL:
        told: dict[int, int] = defaultdict(int)
        for row in long:
            told[row.message] += row.state in FINAL and row.receipts > 0
        waited = {
            row[0]
            for row in db.conn.execute(
                "SELECT message FROM json_each(?) j CROSS JOIN part_waits ON message = j.value AND account = ?",
                (json_list(whole), account),
            )
        }
        every = sum(message in waited or told[message] > 1 for message in whole)
        if every:
            count(dialect.learned.parts, "every", every)
    db.conn.executemany("DELETE FROM part_waits WHERE account = ? AND message = ?", [(account, it) for it in whole])
    db.conn.executemany(
        _WAIT,
        [(row.account, row.message, at) for row in long if row.state in FINAL and row.message not in whole],
    )


def sweep(db: Database, now: float) -> int:
    """Judge what did not come in time, and make final what a rule that is known by now decides; messages settled."""
    accounts = [row[0] for row in db.conn.execute("SELECT DISTINCT account FROM part_waits")]
    return sum(_sweep_account(db, account, now) for account in accounts)


def _sweep_account(db: Database, account: int, now: float) -> int:
    dialect = dialects.load(db, account)
    overdue = now - dialect.settings.parts_timeout
    messages = [row[0] for row in db.conn.execute(_DUE, (account, overdue, _BATCH))]
    for pattern in _patterns(db, messages):
        count(dialect.learned.parts, pattern)
    if messages:
        db.conn.executemany(
            "UPDATE part_waits SET judged = 1 WHERE account = ? AND message = ?", [(account, it) for it in messages]
        )
        dialects.save(db, account, dialect)
    if dialect.parts is PartsRule.ALL:
        return 0
    waiting = db.conn.execute("SELECT message FROM part_waits WHERE account = ? LIMIT ?", (account, _BATCH))
    parts = load_parts(db, [row[0] for row in waiting])
    application = Application(db)
    follow(db, dialect.parts, list(parts.values()), parts, application)
    application.write()
    states = settle(db, application.touched.values())
    done = [message for message, state in states.items() if state in FINAL]
    db.conn.executemany("DELETE FROM part_waits WHERE account = ? AND message = ?", [(account, it) for it in done])
    return len(done)


def _patterns(db: Database, messages: Iterable[int]) -> Iterable[str]:
    """Which parts of these messages are final: first, last or some."""
    final: dict[int, list[int]] = defaultdict(list)
    total: dict[int, int] = {}
    for message, part, state, parts in db.conn.execute(_STATES, (json_list(messages),)):
        total[message] = parts
        if State(state) in FINAL:
            final[message].append(part)
    for message, parts in total.items():
        yield "first" if final[message] == [1] else "last" if final[message] == [parts] else "some"
