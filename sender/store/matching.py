"""Receipts: finding the part that each one is about, now or later (I3).

A receipt belongs to a part of the same account whose operator id is the receipt's, read as the account's dialect says,
and whose destination is the receipt's handset. The id may not be known yet (the receipt overtook the response, or the
response is lost); such a receipt is parked, durably, and looked for again whenever an id is recorded. When the response
is lost for good, a parked receipt that can be about one message in doubt only is taken for it, and that is counted.

What two parts could claim is given to neither before something tells them apart: the dialect, once it is learned, or
the outcome of the submit that is under way.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from sender.domain.dialect import (
    CERTAIN,
    Dialect,
    IdRule,
    Relation,
    count,
    readings,
    receipt_key,
    stored_key,
)
from sender.domain.message import FINAL, State
from sender.domain.numbers import same_number, tail
from sender.store import dialects, guessing, intents, multipart, plain, samples
from sender.store.applying import HEARD_COLUMNS, Application, Change, Heard
from sender.store.database import Database, json_list
from sender.store.part_ids import PARTS
from sender.store.parts import PART_COLUMNS, PartRow, Parts
from sender.store.records import ReceiptFate, ReceiptIn, ReceiptResult
from sender.store.settling import settle
from sender.store.sql import sql
from smppkit.message_ids import key

_BY_KEY: Final = sql(
    "SELECT $columns FROM json_each(?) j"
    " CROSS JOIN parts p ON p.message = j.value / $parts AND p.part = j.value % $parts"
    " JOIN messages m ON m.id = p.message WHERE p.account = ?",
    parts=str(PARTS),
    columns=PART_COLUMNS,
)
_KEY: Final = PartRow.__struct_fields__.index("key")
_PARKED_BY_KEY: Final = sql(
    "SELECT $columns FROM json_each(?) j CROSS JOIN parked_receipts r ON r.account = ? AND r.key = j.value",
    columns=HEARD_COLUMNS,
)
_PARKED_BY_TAIL: Final = sql(
    "SELECT $columns FROM json_each(?) j CROSS JOIN parked_receipts r ON r.account = ? AND r.tail = j.value",
    columns=HEARD_COLUMNS,
)
_HELD_BY_TAIL: Final = _PARKED_BY_TAIL + " AND r.held = 1"
_ANY_HELD: Final = "SELECT 1 FROM parked_receipts WHERE account = ? AND held = 1 LIMIT 1"
_ANY_DOUBT: Final = "SELECT 1 FROM doubts WHERE account = ? LIMIT 1"
_ALL_PARKED: Final = sql(
    "SELECT $columns FROM parked_receipts r WHERE r.account = ? ORDER BY r.tail, r.id LIMIT ?", columns=HEARD_COLUMNS
)
_HELD: Final = sql(
    "SELECT $columns FROM parked_receipts r WHERE r.account = ? AND r.held = 1 ORDER BY r.id LIMIT ?",
    columns=HEARD_COLUMNS,
)
_PARK: Final = (
    "INSERT INTO parked_receipts"
    " (account, key, tail, smsc_id, state, stat, err, number, at, sender, text, reference, held)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_LOOKED_THROUGH: Final = 10_000
"""Parked receipts that are looked at again when a dialect becomes known."""
_ZONES: Final = 14 * 3600.0
"""Seconds by which the times of a file may be wrong that does not name its zone."""


def record(db: Database, receipts: Sequence[ReceiptIn]) -> list[ReceiptResult]:
    """See `SqliteStore.record_receipts`."""
    by_account: dict[str, list[int]] = defaultdict(list)
    for index, receipt in enumerate(receipts):
        by_account[receipt.account].append(index)
    results: list[ReceiptResult] = [ReceiptResult(ReceiptFate.PARKED)] * len(receipts)
    for name, indices in by_account.items():
        _record_account(db, db.account(name), receipts, indices, results)
    return results


def _record_account(
    db: Database, account: int, receipts: Sequence[ReceiptIn], indices: list[int], results: list[ReceiptResult]
) -> None:
    """Record those receipts of an account that are at `indices`, and put down their results."""
    dialect = dialects.load(db, account)
    numbers = dialect.numbers_count
    for stat, times in Counter([receipts[index].stat for index in indices]).items():
        count(dialect.learned.stats, stat, times)
    rest = plain.record(db, account, dialect, receipts, indices, results)
    if rest or dialect.numbers_count != numbers:
        before = (*_habits(dialect)[:2], numbers)  # what is plain says nothing new about ids
        _record_rest(db, account, dialect, before, [receipts[index] for index in rest], rest, results)
    dialects.save(db, account, dialect)


def _record_rest(
    db: Database,
    account: int,
    dialect: Dialect,
    before: tuple[object, ...],
    receipts: list[ReceiptIn],
    indices: list[int],
    results: list[ReceiptResult],
) -> None:
    """Record receipts of an account whose habits were those `before`, by all that is known of them."""
    heard = [Heard(None, key(it.message_id), it.message_id, it.state, it.stat, it.err, it.number, it.at,
                   it.sender, it.text, it.reference) for it in receipts]  # fmt: skip
    matching = Matching(db, account, dialect, {})
    taken = matching.take(heard)
    matching.park(heard, taken)
    touched = matching.finish()
    samples.learn(db, dialect, [(it, row) for it, (_, row) in zip(receipts, taken, strict=True) if it.form is not None])
    if _habits(dialect) != before:
        touched |= _look_again(db, account, dialect)
    touched |= _look_at_numbers_again(db, account, dialect, matching.resolved)
    states = settle(db, touched.values())
    multipart.note(db, account, dialect, touched, states, matching.latest)
    for index, (fate, row) in zip(indices, taken, strict=True):
        if row is not None:
            results[index] = ReceiptResult(fate, row.message, row.part, states[row.message])
        else:
            results[index] = ReceiptResult(fate)


def has_parked(db: Database) -> bool:
    """Whether any receipt waits for its message."""
    return db.hot.execute("SELECT 1 FROM parked_receipts LIMIT 1").fetchone() is not None


def settle_with_parked(db: Database, touched: Sequence[PartRow], waiting: bool) -> bool:
    """Settle the messages of parts whose outcome was just recorded, with the receipts that waited where there are some.

    Returns whether one of several parts is in the queue now.
    """
    queued = False
    by_account: dict[int, list[PartRow]] = defaultdict(list)
    for row in touched:
        by_account[row.account].append(row)
    for account, rows in by_account.items():
        dialect = dialects.load(db, account)
        before = _habits(dialect)
        matching = Matching(db, account, dialect, {(row.message, row.part): row for row in rows})
        if waiting:
            matching.take_parked(rows)
        matching.follow(rows)
        changed = matching.finish()
        if _habits(dialect) != before:
            changed |= _look_again(db, account, dialect)
        states = settle(db, {(row.message, row.part): row for row in (*rows, *changed.values())}.values())
        queued |= any(row.parts > 1 and states[row.message] is State.QUEUED for row in rows)
        if changed:
            multipart.note(db, account, dialect, changed, states, matching.latest)
            dialects.save(db, account, dialect)
    return queued


def _habits(dialect: Dialect) -> tuple[object, ...]:
    """What changes how receipts are matched: when it does, the parked ones are looked at again."""
    return dialect.relation, dialect.learned.leaning, dialect.numbers_count


def _look_again(db: Database, account: int, dialect: Dialect) -> Parts:
    """Try every parked receipt of the account in the light of what is known now."""
    rows = db.conn.execute(_ALL_PARKED, (account, _LOOKED_THROUGH)).fetchall()
    if not rows:
        return {}
    matching = Matching(db, account, dialect, {})
    matching.take_again({it.parked or 0: it for it in (Heard(*row) for row in rows)})
    return matching.finish()


def look_at_held(db: Database) -> int:
    """Try receipts again that waited for a message under way to their number, however that came to its end.

    Answers bring them to mind at once; a message that is cancelled, expires or goes back to the queue does not.
    """
    accounts = [row[0] for row in db.conn.execute("SELECT DISTINCT account FROM parked_receipts WHERE held = 1")]
    settled = 0
    for account in accounts:
        dialect = dialects.load(db, account)
        matching = Matching(db, account, dialect, {})
        rows = db.conn.execute(_HELD, (account, _LOOKED_THROUGH)).fetchall()
        matching.take_again({it.parked or 0: it for it in (Heard(*row) for row in rows)})
        changed = matching.finish()
        if changed:
            states = settle(db, changed.values())
            multipart.note(db, account, dialect, changed, states, matching.latest)
            dialects.save(db, account, dialect)
            settled += len(changed)
    return settled


def _look_at_numbers_again(db: Database, account: int, dialect: Dialect, resolved: list[PartRow]) -> Parts:
    """Where a doubt is settled, a parked receipt may be left with one message to be about."""
    if not resolved:
        return {}
    tails = json_list({tail(row.number): None for row in resolved})
    found = [Heard(*row) for row in db.conn.execute(_PARKED_BY_TAIL, (tails, account))]
    matching = Matching(db, account, dialect, {})
    matching.take_again({it.parked or 0: it for it in found})
    return matching.finish()


class Matching:
    """Receipts of one account, matched within one call of the store.

    `parts` are rows that the caller has in hand already: there must be one object a part.
    """

    def __init__(
        self, db: Database, account: int, dialect: Dialect, parts: Parts, journal: list[Change] | None = None
    ) -> None:
        self._db = db
        self._account = account
        self._dialect = dialect
        self._learned = dialect.learned
        self._relation = dialect.relation
        self._numbers = dialect.numbers_count
        self._parts = parts
        self.journal: list[Change] = [] if journal is None else journal
        self._application = Application(db, journal)
        self._tails: dict[str, set[int]] | None = None
        self._doubts: dict[str, set[int]] | None = None

    def take(self, heard: list[Heard]) -> list[tuple[ReceiptFate, PartRow | None]]:
        """Apply each receipt to its part, in their order; those without one are PARKED."""
        apply = self._application.apply
        chosen = self._choose(heard)
        doubts: guessing.Doubts | None = None
        outcome: list[tuple[ReceiptFate, PartRow | None]] = []
        for receipt, row in zip(heard, chosen, strict=True):
            if row is not None and row.state in FINAL and self._may_be_anothers(receipt, row):
                receipt.held, row = 1, None  # noqa: PLW2901 - its part is not known after all
            if row is None and not receipt.held:
                if doubts is None:
                    unexplained = [it for it, found in zip(heard, chosen, strict=True) if found is None]
                    doubts = guessing.Doubts(self._db, self._account, self._dialect, unexplained, self._parts)
                row = doubts.known(receipt)  # noqa: PLW2901
                if row is None and (candidate := doubts.candidate(receipt)) is not None:
                    outcome.append((self._application.resolve(candidate, receipt), candidate))
                    continue
            outcome.append((ReceiptFate.PARKED, None) if row is None else (apply(row, receipt), row))
        self.follow([row for _, row in outcome if row is not None and row.parts > 1])
        return outcome

    def take_open(self, heard: list[Heard]) -> list[tuple[PartRow | None, bool]]:
        """As `take`, for rows of a file: the part of each, and whether it changed; final parts are left alone."""
        chosen = self._choose(heard)
        unexplained = [it for it, row in zip(heard, chosen, strict=True) if row is None and not it.held]
        doubts = guessing.Doubts(self._db, self._account, self._dialect, unexplained, self._parts, slack=_ZONES)
        outcome: list[tuple[PartRow | None, bool]] = []
        for receipt, carrier in zip(heard, chosen, strict=True):
            changes = False
            row = carrier or doubts.known(receipt)
            if row is not None:
                changes = row.state not in FINAL
                if changes:
                    self._application.apply(row, receipt)
            elif not receipt.held and (row := doubts.candidate(receipt)) is not None:
                changes = True
                self._application.resolve(row, receipt)
            outcome.append((row, changes))
        self.follow([row for row, changed in outcome if row is not None and changed and row.parts > 1])
        return outcome

    def park(self, heard: list[Heard], taken: list[tuple[ReceiptFate, PartRow | None]]) -> None:
        """Keep the receipts that found no part."""
        self._db.conn.executemany(
            _PARK,
            [
                (self._account, it.key, tail(it.number), *msgspec.structs.astuple(it)[2:])
                for it, (_, row) in zip(heard, taken, strict=True)
                if row is None
            ],
        )

    def take_parked(self, rows: list[PartRow]) -> None:
        """Take the parked receipts that the outcomes of these parts may explain."""
        found: dict[int, Heard] = {}
        by_key: dict[str, list[PartRow]] = defaultdict(list)
        for row in rows:
            if row.state == State.ACCEPTED:
                for wanted in self._receipt_keys(row.smsc_id or ""):
                    by_key[wanted].append(row)
        for account in (self._account, *self._kin()):
            for receipt in self._parked(_PARKED_BY_KEY, account, by_key):
                plain = self._plain(receipt, by_key[receipt.key])
                if plain is not None:
                    self._application.apply(plain, receipt)
                elif account == self._account or tail(receipt.number):
                    found[receipt.parked or 0] = receipt
        held = self._db.conn.execute(_ANY_HELD, (self._account,)).fetchone()
        doubted = self._db.conn.execute(_ANY_DOUBT, (self._account,)).fetchone()
        if held or doubted:
            tails = {tail(row.number): None for row in rows}
            for receipt in self._parked(_PARKED_BY_TAIL if doubted else _HELD_BY_TAIL, self._account, tails):
                if receipt.parked not in self._application.unparked:
                    found[receipt.parked or 0] = receipt
        if found:
            self.take_again(found)

    def _plain(self, receipt: Heard, rows: list[PartRow]) -> PartRow | None:
        """The part that was just accepted with the receipt's id, when the dialect is known and nothing speaks against.

        Nearly every receipt that overtook its response.
        """
        if self._relation is None or len(rows) != 1 or rows[0].number != receipt.number or receipt.held:
            return None
        if receipt.key != receipt_key(rows[0].smsc_id or "", self._relation):
            return None
        return rows[0] if rows[0].first_at <= receipt.at + guessing.CLOCK_STEP else None

    def take_again(self, found: dict[int, Heard]) -> None:
        """Take parked receipts, by their rows, in the order they came."""
        receipts = [found[parked] for parked in sorted(found)]
        for receipt in receipts:
            receipt.held = 0
        taken = self.take(receipts)
        self._db.conn.executemany(
            "UPDATE parked_receipts SET held = ? WHERE id = ?",
            [(it.held, it.parked) for it, (_, row) in zip(receipts, taken, strict=True) if row is None],
        )

    def follow(self, rows: list[PartRow]) -> None:
        """Apply the parts rule to the messages of these parts."""
        if rows:
            multipart.follow(self._db, self._dialect.parts, rows, self._parts, self._application)

    @property
    def resolved(self) -> list[PartRow]:
        """Parts whose doubt a receipt has settled."""
        return self._application.resolved

    @property
    def latest(self) -> float:
        """Unix time of the latest receipt that was applied."""
        return self._application.latest

    def finish(self) -> Parts:
        """Write; the parts that changed."""
        self._application.write()
        return self._application.touched

    # --- by id --------------------------------------------------------------------------------

    def _choose(self, heard: list[Heard]) -> list[PartRow | None]:
        """The part that carries the id of each receipt."""
        relation = self._relation
        if relation is None:
            chosen = self._by_every_reading(heard)
        else:
            same = relation is Relation.SAME
            keys = [it.key if same else stored_key(it.smsc_id, relation) for it in heard]
            carriers = self._carriers(self._account, set(keys))
            chosen = [self._agreeing(it, carriers.get(wanted)) for it, wanted in zip(heard, keys, strict=True)]
            matched = len(chosen) - chosen.count(None)
            if not same and matched < len(chosen):
                self._choose_settled_doubts(heard, chosen)
            if matched:
                count(self._learned.ids, relation.value, matched)
                self._learned.contrary = 0
        if self._learned.agreeing <= self._learned.strangers:
            self._learned.agreeing += sum(
                row is not None and _is_handset(it, row.number) for it, row in zip(heard, chosen, strict=True)
            )
        missing = [index for index, row in enumerate(chosen) if row is None and tail(heard[index].number)]
        if missing:
            if relation is not None and self._dialect.settings.ids is IdRule.LEARNED:
                self._choose_contrary(heard, chosen, missing)
            self._ask_kin(heard, chosen, [index for index in missing if chosen[index] is None])
        return chosen

    def _choose_settled_doubts(self, heard: list[Heard], chosen: list[PartRow | None]) -> None:
        """A part whose doubt was settled by a receipt carries the id as that receipt wrote it."""
        missing = [index for index, row in enumerate(chosen) if row is None]
        carriers = self._carriers(self._account, {heard[index].key for index in missing})
        for index in missing:
            rows = [row for row in carriers.get(heard[index].key, ()) if row.cause is not None]
            chosen[index] = self._agreeing(heard[index], rows)

    def _by_every_reading(self, heard: list[Heard]) -> list[PartRow | None]:
        """As above while it is not known how ids are written: what two parts could claim is given to neither.

        An id in another base may be a sibling's id, so only a receipt that names its handset is looked for this way.
        """
        options = [readings(it.smsc_id) if tail(it.number) else ((Relation.SAME, it.key),) for it in heard]
        carriers = self._carriers(self._account, {wanted for option in options for _, wanted in option})
        chosen: list[PartRow | None] = []
        leaning = self._learned.leaning
        for receipt, option in zip(heard, options, strict=True):
            found = [
                (relation, row)
                for relation, wanted in option
                if (row := self._agreeing(receipt, carriers.get(wanted, ()))) is not None
            ]
            if len(found) > 1 and leaning is not None:
                found = [(relation, row) for relation, row in found if relation is leaning]
            elif len(found) == 1:
                relation, row = found[0]
                if len(option) > 1 and leaning is not relation and self._stands_in_the_way(receipt, relation, row):
                    receipt.held, found = 1, []
                elif self._proves(receipt, option, row):
                    self._learned.note_id(relation)
                    leaning = self._learned.leaning
            chosen.append(found[0][1] if len(found) == 1 else None)
        return chosen

    def _proves(self, receipt: Heard, option: tuple[tuple[Relation, str], ...], row: PartRow) -> bool:
        """Whether this match shows how ids are written."""
        return (len(option) > 1 or len(receipt.key) > 1) and same_number(row.number, receipt.number)

    def _stands_in_the_way(self, receipt: Heard, relation: Relation, row: PartRow) -> bool:
        """Whether another submit to the same number, not answered yet, may carry another reading of the id.

        One in doubt may too, but it is never answered: the id as it stands is then the likelier one by far, and so is
        a long one in another base, which with its handset is hardly ever two messages' by chance.
        """
        end = tail(receipt.number)
        others = set(self._under_way().get(end, ()))
        if relation is not Relation.SAME and len(receipt.key) < guessing.SHORT_ID:
            others |= self._doubtful().get(end, set())
        return bool(others - {row.message})

    def _carriers(self, account: int, keys: Iterable[str]) -> dict[str, list[PartRow]]:
        """Parts of an account by id key."""
        found: dict[str, list[PartRow]] = defaultdict(list)
        parts, in_hand = self._parts, self._db.hand.of
        wanted = set(keys)
        candidates = self._db.ids.find(self._db, wanted)
        if not candidates:
            return found
        intents.write_out_messages(self._db, [part // PARTS for part in candidates])
        for columns in self._db.conn.execute(_BY_KEY, (json_list(candidates), account)):
            if columns[_KEY] not in wanted:
                continue
            place = columns[0], columns[1]
            row = parts.get(place) or in_hand(columns[0]) or PartRow(*columns)
            found[columns[_KEY]].append(parts.setdefault(place, row))
        return found

    def _agreeing(self, receipt: Heard, rows: Sequence[PartRow] | None) -> PartRow | None:
        """The part among those with the receipt's id that the receipt is about, or None.

        The number must agree, since ids repeat (after a restart of the operator) and bases are confused. A receipt that
        names no handset is taken for the only part there is.
        """
        if not rows:
            return None
        if receipt.parked is not None:
            rows = [row for row in rows if row.first_at <= receipt.at + guessing.CLOCK_STEP]
        elif len(rows) == 1 and rows[0].number == receipt.number:
            return rows[0]  # nearly always
        if not tail(receipt.number):
            return rows[0] if len(rows) == 1 else None
        agreeing = [row for row in rows if _is_handset(receipt, row.number)]
        if agreeing:
            return max(agreeing, key=lambda row: (row.state not in FINAL, row.submitted_at))
        if len(rows) == 1 and rows[0].key == receipt.key and rows[0].state not in FINAL:
            self._learned.strangers += receipt.parked is None and len(receipt.key) >= guessing.SHORT_ID
            if not self._numbers:
                return rows[0]
        return None

    def _may_be_anothers(self, receipt: Heard, row: PartRow) -> bool:
        """Whether a receipt for a message that is final may be the first one of a message under way.

        Operators that were restarted give ids again. When the response comes it will be seen.
        """
        return bool(self._under_way().get(tail(receipt.number), set()) - {row.message})

    def _under_way(self) -> dict[str, set[int]]:
        if self._tails is None:
            self._tails = guessing.under_way(self._db, self._account)
        return self._tails

    def _doubtful(self) -> dict[str, set[int]]:
        if self._doubts is None:
            self._doubts = guessing.doubtful(self._db, self._account)
        return self._doubts

    def _choose_contrary(self, heard: list[Heard], chosen: list[PartRow | None], missing: list[int]) -> None:
        """Receipts that the reading which was learned does not explain: an account may mix bases.

        SMPP 3.3 binds have hexadecimal ids beside the decimal ones of 3.4. A long id and the handset are hardly ever
        both those of the only other part by chance; a short id may well be another message's, which is not known here.
        Where a submit to the same number is under way the receipt waits for its response. An operator that has changed
        for good is learned anew.
        """
        options = {index: readings(heard[index].smsc_id) for index in missing}
        carriers = self._carriers(self._account, {wanted for option in options.values() for _, wanted in option})
        for index, option in options.items():
            receipt = heard[index]
            found = {
                (row.message, row.part): row
                for _, wanted in option
                for row in carriers.get(wanted, ())
                if _is_handset(receipt, row.number)
                and (receipt.parked is None or row.first_at <= receipt.at + guessing.CLOCK_STEP)
            }
            if receipt.parked is None and any(row.state not in FINAL for row in found.values()):
                self._learned.contrary += 1
            if len(found) != 1 or len(receipt.key) < guessing.SHORT_ID:
                continue
            (row,) = found.values()
            if self._under_way().get(tail(receipt.number), set()) - {row.message}:
                receipt.held = 1
            else:
                chosen[index] = row
        if self._learned.contrary >= CERTAIN:
            self._learned.forget_ids()

    # --- siblings -----------------------------------------------------------------------------

    def _kin(self) -> list[int]:
        return dialects.kin(self._db, self._account, self._dialect.settings)

    def _ask_kin(self, heard: list[Heard], chosen: list[PartRow | None], missing: list[int]) -> None:
        """Look among the other accounts of the operator: id and handset must both be those of one part only."""
        for account in self._kin():
            options = {index: readings(heard[index].smsc_id) for index in missing if chosen[index] is None}
            carriers = self._carriers(account, {wanted for option in options.values() for _, wanted in option})
            for index, option in options.items():
                found = {
                    (row.message, row.part): row
                    for relation, wanted in option
                    if self._relation in (None, relation)
                    for row in carriers.get(wanted, ())
                    if same_number(row.number, heard[index].number)
                    and row.first_at <= heard[index].at + guessing.CLOCK_STEP
                }
                if len(found) == 1:
                    (chosen[index],) = found.values()

    # --- parked -------------------------------------------------------------------------------

    def _receipt_keys(self, smsc_id: str) -> tuple[str, ...]:
        """The keys under which receipts for this id of a response may wait."""
        if self._relation is not None and self._dialect.settings.ids is not IdRule.LEARNED:
            return (receipt_key(smsc_id, self._relation),)
        return tuple(found for _, found in readings(smsc_id))

    def _parked(self, statement: str, account: int, values: Iterable[str]) -> list[Heard]:
        """Parked receipts in the order they came."""
        rows = self._db.conn.execute(statement, (json_list(values), account)).fetchall()
        rows.sort()
        return [Heard(*row) for row in rows]


def _is_handset(receipt: Heard, number: str) -> bool:
    """Whether the receipt is about this number: its source, or its destination when the operator swaps the two."""
    return same_number(number, receipt.number) or (bool(receipt.sender) and same_number(number, receipt.sender))
