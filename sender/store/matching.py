"""Receipts: finding the part that each one is about, now or later (I3).

A receipt belongs to a part of the same account whose operator id is the receipt's, in whatever base, and whose
destination is the receipt's number. The id may not be known yet (the receipt overtook the response, or the response
is lost); such a receipt is parked, durably, and looked for again whenever an id is recorded. When the response is lost
for good, a parked receipt whose number has exactly one message in doubt is taken for it, and that is counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from sender.domain.message import FINAL, SOURCES, State, final_of
from sender.domain.numbers import same_number, tail
from sender.store.database import Database, json_list
from sender.store.records import ReceiptFate, ReceiptIn, ReceiptResult
from sender.store.settling import PART_COLUMNS, PartRow, Parts, settle
from sender.store.sql import sql, state_is
from smppkit.message_ids import candidate_keys, key
from smppkit.message_state import MessageState

_BY_KEY: Final = sql(
    "SELECT $columns FROM json_each(?) j CROSS JOIN parts p ON p.account = ? AND p.key = j.value"
    " JOIN messages m ON m.id = p.message",
    columns=PART_COLUMNS,
)
_IN_DOUBT_BY_TAIL: Final = sql(
    "SELECT $columns FROM json_each(?) j CROSS JOIN doubts d ON d.account = ? AND d.tail = j.value"
    " JOIN parts p ON p.message = d.message AND p.part = d.part JOIN messages m ON m.id = p.message"
    " ORDER BY p.message, p.part",
    columns=PART_COLUMNS,
)
_PARKED: Final = "r.id, r.key, r.smsc_id, r.state, r.stat, r.err, r.number, r.at"
_PARKED_BY_KEY: Final = sql(
    "SELECT $columns FROM json_each(?) j CROSS JOIN parked_receipts r ON r.account = ? AND r.key = j.value",
    columns=_PARKED,
)
_PARKED_BY_TAIL: Final = sql(
    "SELECT $columns FROM json_each(?) j CROSS JOIN parked_receipts r ON r.account = ? AND r.tail = j.value",
    columns=_PARKED,
)


class _Receipt(msgspec.Struct, gc=False):
    """A receipt on its way to a part; `parked` is its row when it waited."""

    parked: int | None
    key: str
    smsc_id: str
    state: int
    stat: str
    err: str | None
    number: str
    at: float


class _Application:
    """Applies receipts to parts, and writes everything at the end in a few statements."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._receipts: list[tuple[Any, ...]] = []
        self.unparked: dict[int, None] = {}
        self._resolved: list[PartRow] = []
        self._last: dict[int, float] = {}
        self.touched: Parts = {}

    def apply(self, row: PartRow, receipt: _Receipt) -> ReceiptFate:
        """The state of the part follows the receipt unless it is final already; the receipt is kept either way."""
        row.receipts += 1
        self._receipts.append(
            (row.message, row.part, row.receipts, receipt.smsc_id, receipt.state, receipt.stat, receipt.err,
             receipt.number, receipt.at)
        )  # fmt: skip
        if receipt.parked is not None:
            self.unparked[receipt.parked] = None
        self.touched[row.message, row.part] = row
        if receipt.at > self._last.get(row.campaign, 0.0):
            self._last[row.campaign] = receipt.at
        final = _FINAL_OF[receipt.state]
        if row.state in FINAL or (final is None and receipt.stat == row.stat):
            row.repeated += 1
            return ReceiptFate.REPEATED
        row.state = State.ACCEPTED if final is None else final
        row.stat, row.err = receipt.stat, receipt.err
        return ReceiptFate.MATCHED

    def resolve(self, row: PartRow, receipt: _Receipt) -> ReceiptFate:
        """Apply a receipt to a part in doubt that goes to its number: now the operator's id is known too."""
        row.smsc_id = receipt.smsc_id
        self.apply(row, receipt)
        self._resolved.append(row)
        return ReceiptFate.RESOLVED_DOUBT

    def write(self) -> None:
        """Write receipts and parts. Messages are brought up to date by `settle`."""
        conn = self._db.conn
        conn.executemany("INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", self._receipts)
        conn.executemany("DELETE FROM parked_receipts WHERE id = ?", [(parked,) for parked in self.unparked])
        by_state: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for row in self.touched.values():
            by_state[row.state].append((row.stat, row.err, row.receipts, row.repeated, row.message, row.part))
        for state, rows in by_state.items():
            changed = conn.executemany(_UPDATE_PART[state], rows).rowcount
            if changed != len(rows):
                raise RuntimeError(f"{len(rows) - changed} of {len(rows)} parts may not become {State(state).label}")
        conn.executemany(
            "UPDATE campaigns SET last_receipt = max(coalesce(last_receipt, 0), ?) WHERE id = ?",
            [(at, campaign) for campaign, at in self._last.items()],
        )
        if self._resolved:
            self._write_resolved()

    def _write_resolved(self) -> None:
        conn = self._db.conn
        conn.executemany(
            "UPDATE parts SET smsc_id = ?, key = ?, doubtful = 0 WHERE message = ? AND part = ?",
            [(row.smsc_id, key(row.smsc_id or ""), row.message, row.part) for row in self._resolved],
        )
        forget_doubts(self._db, self._resolved)
        conn.executemany(
            "UPDATE campaigns SET doubts_resolved = doubts_resolved + ? WHERE id = ?",
            [(count, campaign) for campaign, count in Counter(row.campaign for row in self._resolved).items()],
        )


_FINAL_OF: Final = {int(state): final_of(state) for state in MessageState}

_UPDATE_PART: Final = {
    int(state): sql(
        "UPDATE parts SET state = $after, stat = ?, err = ?, receipts = ?, repeated = ?"
        " WHERE message = ? AND part = ? AND $before",
        after=str(int(state)),
        before=state_is((*SOURCES[state], state)),
    )
    for state in State
}


def record(db: Database, receipts: Sequence[ReceiptIn]) -> list[ReceiptResult]:
    """See `SqliteStore.record_receipts`."""
    by_account: dict[str, list[int]] = defaultdict(list)
    for index, receipt in enumerate(receipts):
        by_account[receipt.account].append(index)
    results: list[ReceiptResult] = [ReceiptResult(ReceiptFate.PARKED)] * len(receipts)
    for name, indices in by_account.items():
        found = _record_account(db, db.account(name), [receipts[index] for index in indices])
        for index, result in zip(indices, found, strict=True):
            results[index] = result
    return results


def _record_account(db: Database, account: int, receipts: list[ReceiptIn]) -> list[ReceiptResult]:
    heard = [_Receipt(None, key(it.message_id), it.message_id, it.state, it.stat, it.err, it.number, it.at)
             for it in receipts]  # fmt: skip
    parts: Parts = {}
    rows = _choose_by_id(db, account, heard, parts)
    application = _Application(db)
    parked: list[tuple[Any, ...]] = []
    outcome: list[tuple[ReceiptFate, PartRow | None]] = []
    unexplained = [receipt.number for receipt, row in zip(heard, rows, strict=True) if row is None]
    doubts = _Doubts(db, account, unexplained, parts)
    for receipt, carrier in zip(heard, rows, strict=True):
        row = carrier or doubts.known(receipt)
        if row is not None:
            outcome.append((application.apply(row, receipt), row))
        elif (row := doubts.candidate(receipt)) is not None:
            outcome.append((application.resolve(row, receipt), row))
        else:
            outcome.append((ReceiptFate.PARKED, None))
            parked.append((account, receipt.key, tail(receipt.number), *msgspec.structs.astuple(receipt)[2:]))
    application.write()
    db.conn.executemany(
        "INSERT INTO parked_receipts (account, key, tail, smsc_id, state, stat, err, number, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        parked,
    )
    states = settle(db, application.touched.values())
    return [
        ReceiptResult(fate) if row is None else ReceiptResult(fate, row.message, row.part, states[row.message])
        for fate, row in outcome
    ]


def _choose_by_id(db: Database, account: int, heard: list[_Receipt], parts: Parts) -> list[PartRow | None]:
    """The part that carries the id of each receipt: as it is written first, then in another base."""
    carriers = _carriers(db, account, {it.key for it in heard}, parts)
    chosen = [_agreeing(it, carriers.get(it.key, ())) for it in heard]
    # An id in another base may be a sibling's id, so only a receipt that names its handset is looked for this way.
    others = {
        index: candidate_keys(it.smsc_id)[1:]
        for index, (it, row) in enumerate(zip(heard, chosen, strict=True))
        if row is None and tail(it.number)
    }
    if others:
        carriers = _carriers(db, account, {other for keys in others.values() for other in keys}, parts)
        for index, keys in others.items():
            rows = (_agreeing(heard[index], carriers.get(other, ())) for other in keys)
            chosen[index] = next((row for row in rows if row is not None), None)
    return chosen


def _carriers(db: Database, account: int, keys: Iterable[str], parts: Parts) -> dict[str, list[PartRow]]:
    """Parts of the account by id key."""
    found: dict[str, list[PartRow]] = defaultdict(list)
    for columns in db.conn.execute(_BY_KEY, (json_list(keys), account)):
        row = PartRow(*columns)
        found[row.key or ""].append(parts.setdefault((row.message, row.part), row))
    return found


def _agreeing(receipt: _Receipt, rows: Sequence[PartRow]) -> PartRow | None:
    """The part among those with the receipt's id that the receipt is about, or None.

    The number must agree, since ids repeat (after a restart of the operator) and bases are confused. A receipt that
    names no handset is taken for the only part there is.
    """
    if len(rows) == 1 and (rows[0].number == receipt.number or not tail(receipt.number)):
        return rows[0]  # nearly always
    if not tail(receipt.number):
        return None
    agreeing = [row for row in rows if same_number(row.number, receipt.number)]
    return max(agreeing, key=lambda row: (row.state not in FINAL, row.submitted_at), default=None)


class _Doubts:
    """Parts in doubt on one account, for receipts that no id explains."""

    def __init__(self, db: Database, account: int, numbers: Iterable[str], parts: Parts) -> None:
        self._rows: dict[str, list[PartRow]] = defaultdict(list)
        self._resolved: dict[tuple[str, str], PartRow] = {}
        tails = {it for it in map(tail, numbers) if it}
        rows = db.conn.execute(_IN_DOUBT_BY_TAIL, (json_list(tails), account)).fetchall() if tails else []
        for columns in rows:
            row = parts.setdefault((columns[0], columns[1]), PartRow(*columns))
            self._rows[tail(row.number)].append(row)
        self._submitting = _numbers_under_way(db, account) if rows else frozenset()

    def known(self, receipt: _Receipt) -> PartRow | None:
        """The part that an earlier receipt of this batch with the same id has resolved."""
        return self._resolved.get((receipt.key, tail(receipt.number)))

    def candidate(self, receipt: _Receipt) -> PartRow | None:
        """The first part of the only message that this receipt can be about, or None."""
        end = tail(receipt.number)
        if not end or end in self._submitting:
            return None  # it may be about the message whose response is still to come
        rows = [
            row
            for row in self._rows.get(end, ())
            if row.state in (State.IN_DOUBT, State.QUEUED)
            and row.first_at <= receipt.at
            and same_number(row.number, receipt.number)
        ]
        if len({row.message for row in rows}) != 1:
            return None
        self._resolved[receipt.key, end] = rows[0]
        return rows[0]


def _numbers_under_way(db: Database, account: int) -> frozenset[str]:
    rows = db.conn.execute(
        sql(
            "SELECT m.number FROM parts p JOIN messages m ON m.id = p.message"
            " WHERE p.account = ? AND p.state = $SUBMITTING"
        ),
        (account,),
    )
    return frozenset(tail(row[0]) for row in rows)


def match_parked(db: Database, touched: Sequence[PartRow]) -> list[PartRow]:
    """Look for parked receipts of parts whose outcome was just recorded.

    Changes the rows given, and returns them with the rows of other parts that it changed.
    """
    if db.conn.execute("SELECT 1 FROM parked_receipts LIMIT 1").fetchone() is None:
        return list(touched)
    application = _Application(db)
    by_account: dict[int, list[PartRow]] = defaultdict(list)
    for row in touched:
        by_account[row.account].append(row)
    for account, rows in by_account.items():
        _match_parked_ids(db, account, [row for row in rows if row.state == State.ACCEPTED], application)
        _match_parked_numbers(db, account, rows, application)
    application.write()
    return list({(row.message, row.part): row for row in (*touched, *application.touched.values())}.values())


def _match_parked_ids(db: Database, account: int, rows: list[PartRow], application: _Application) -> None:
    wanted = [(row, candidate_keys(row.smsc_id or "")) for row in rows]
    found = _parked(db, _PARKED_BY_KEY, account, {it for _, keys in wanted for it in keys})
    by_key: dict[str, list[_Receipt]] = defaultdict(list)
    for receipt in found:
        by_key[receipt.key].append(receipt)
    for row, keys in wanted:
        for receipt in (it for carried in keys for it in by_key.get(carried, ())):
            agrees = same_number(row.number, receipt.number) if tail(receipt.number) else receipt.key == keys[0]
            if agrees and receipt.parked not in application.unparked and receipt.at >= row.submitted_at:
                application.apply(row, receipt)


def _match_parked_numbers(db: Database, account: int, rows: list[PartRow], application: _Application) -> None:
    """A doubt that just began, or the end of a submit that stood in the way, may let a parked receipt settle one."""
    if db.conn.execute("SELECT 1 FROM doubts WHERE account = ? LIMIT 1", (account,)).fetchone() is None:
        return
    parked = [
        receipt
        for receipt in _parked(db, _PARKED_BY_TAIL, account, {tail(row.number) for row in rows})
        if receipt.parked not in application.unparked
    ]
    known: Parts = {(row.message, row.part): row for row in rows}
    doubts = _Doubts(db, account, [receipt.number for receipt in parked], known)
    for receipt in parked:
        row = doubts.known(receipt)
        if row is not None:
            application.apply(row, receipt)
        elif (row := doubts.candidate(receipt)) is not None:
            application.resolve(row, receipt)


def _parked(db: Database, statement: str, account: int, values: Iterable[str]) -> list[_Receipt]:
    """Parked receipts in the order they came."""
    rows = db.conn.execute(statement, (json_list(values), account))
    return sorted((_Receipt(*row) for row in rows), key=lambda receipt: receipt.parked or 0)


def forget_doubts(db: Database, rows: Sequence[PartRow]) -> None:
    """These parts are no longer in doubt."""
    db.conn.executemany(
        "DELETE FROM doubts WHERE account = ? AND tail = ? AND message = ? AND part = ?",
        [(row.account, tail(row.number), row.message, row.part) for row in rows],
    )
