"""The verb that records what became of submits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from sender.domain.message import State
from sender.domain.numbers import tail
from sender.store import intents, matching
from sender.store.applying import forget_doubts
from sender.store.database import Database
from sender.store.part_ids import note_all
from sender.store.parts import PartRow
from sender.store.records import Accepted, Attempt, Dropped, InDoubt, NotSent, Outcome, Refused, Retry
from sender.store.settling import load_parts, move_rows, raise_due, settle
from sender.store.sql import sql
from smppkit.message_ids import key

_ACCEPTED: Final = sql(
    "UPDATE parts SET state = $ACCEPTED, smsc_id = ?, key = ?, answered_at = ?, status = 0, doubtful = 0"
    " WHERE message = ? AND part = ? AND $MAY_BECOME_ACCEPTED"
)
_RETRY: Final = sql(
    "UPDATE parts SET state = $QUEUED, status = ?, answered_at = ?, doubtful = 0"
    " WHERE message = ? AND part = ? AND $MAY_BECOME_QUEUED"
)
_REFUSED: Final = sql(
    "UPDATE parts SET state = $REJECTED, status = ?, answered_at = ?, doubtful = 0"
    " WHERE message = ? AND part = ? AND $MAY_BECOME_REJECTED"
)
_IN_DOUBT: Final = sql(
    "UPDATE parts SET state = ?, cause = ?, doubtful = 1 WHERE message = ? AND part = ? AND state = $SUBMITTING"
)
_NOT_SENT: Final = sql(
    "UPDATE parts SET state = $QUEUED, submits = submits - 1, resends = resends - (submits > 1 AND doubtful),"
    " retries = retries - (submits > 1 AND NOT doubtful)"
    " WHERE message = ? AND part = ? AND state = $SUBMITTING"
)

_DROPPED: Final = sql(
    "UPDATE parts SET state = ?, err = ?, answered_at = ?, submits = submits - 1,"
    " resends = resends - (submits > 1 AND doubtful), retries = retries - (submits > 1 AND NOT doubtful)"
    " WHERE message = ? AND part = ? AND state = $SUBMITTING"
)

# What was in doubt was answered while its resend waited to be written, and it was not written then.
_NOT_RESENT: Final = (
    "UPDATE parts SET submits = submits - 1, resends = resends - 1 WHERE message = ? AND part = ? AND resends > 0"
)

_ATTEMPT: Final = "SELECT epoch, sequence FROM parts WHERE message = ? AND part = ?"
_UNANSWERED: Final = frozenset({State.SUBMITTING, State.IN_DOUBT})


def record(db: Database, outcomes: Sequence[Outcome]) -> bool:
    """See `SqliteStore.record_outcomes`.

    An outcome that can no longer be true (its part is final, or was answered already) changes nothing: a receipt
    that names a message is worth more than a lost response.
    """
    accepted, others = _accept_in_hand(db, outcomes)
    rows = _record(db, others) if others else []
    waiting = matching.has_parked(db)
    if waiting or any(row.parts > 1 for row in rows):
        return matching.settle_with_parked(db, [*accepted, *rows], waiting)
    move_rows(db, accepted, State.ACCEPTED)
    settle(db, rows)
    return False


def _accept_in_hand(db: Database, outcomes: Sequence[Outcome]) -> tuple[list[PartRow], list[Outcome]]:
    """Record the acceptance of parts in hand; their rows, and the outcomes that are left, each in their order."""
    held = db.hand.by_message.get
    rows: list[PartRow] = []
    others: list[Outcome] = []
    groups: dict[intents.Alike, list[PartRow]] = {}
    known: intents.Alike | None = None
    group: list[PartRow] = []
    last: dict[int, float] = {}
    kept_back: set[int] = set()
    submitting, accepted = int(State.SUBMITTING), int(State.ACCEPTED)
    for outcome in outcomes:
        message = outcome.message_id
        row = held(message)
        if (
            row is None
            or not row.intent
            or row.state != submitting
            or type(outcome) is not Accepted
            or outcome.part != 1
            or message in kept_back
        ):
            others.append(outcome)
            kept_back.add(message)  # what follows about the same message keeps its turn
            continue
        row.answered_at = at = outcome.at
        row.smsc_id = smsc_id = outcome.smsc_id
        row.key = key(smsc_id)
        row.state = accepted
        alike = row.account, row.epoch, row.submitted_at, at
        if alike != known:
            known, group = alike, groups.setdefault(alike, [])
        group.append(row)
        rows.append(row)
        if at > last.get(row.campaign, 0.0):
            last[row.campaign] = at
    if rows:
        intents.accept(db, groups)
        note_all(db, rows)
        db.pending.responded(last)
    return rows, others


def _record(db: Database, outcomes: Sequence[Outcome]) -> list[PartRow]:
    """Write what became of parts, whatever it is; those that changed. Their messages are not settled yet."""
    parts = load_parts(db, {outcome.message_id: None for outcome in outcomes})
    updates: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    dues: dict[int, float] = {}
    responses: dict[int, float] = {}
    touched: list[PartRow] = []
    for outcome in outcomes:
        row = parts.get((outcome.message_id, outcome.part))
        if row is None:
            raise KeyError(f"message {outcome.message_id} has no part {outcome.part} under way")
        change = None if _is_of_another_attempt(db, outcome) else _change(row, outcome)
        if change is None:
            if isinstance(outcome, NotSent | Dropped):
                updates[_NOT_RESENT].append((row.message, row.part))
            continue
        statement, values, state = change
        updates[statement].append((*values, row.message, row.part))
        row.state = state
        touched.append(row)
        due = _due(outcome)
        if due is not None:
            dues[row.message] = max(due, dues.get(row.message, due))
        if not isinstance(outcome, NotSent | Dropped):
            responses[row.campaign] = max(outcome.at, responses.get(row.campaign, outcome.at))
    for statement, rows in updates.items():
        db.conn.executemany(statement, rows)
    accepted = [row for row in touched if row.state == State.ACCEPTED]
    if accepted:
        note_all(db, accepted)
    _update_doubts(db, touched)
    raise_due(db, dues)
    db.pending.responded(responses)
    return touched


def _is_of_another_attempt(db: Database, outcome: Outcome) -> bool:
    """Whether a refusal came late, and its part has been submitted again since: that submit is not the one refused."""
    if not isinstance(outcome, Retry | Refused | InDoubt) or outcome.late is None:
        return False
    last: Attempt = db.conn.execute(_ATTEMPT, (outcome.message_id, outcome.part)).fetchone()
    return last != outcome.late


def _change(row: PartRow, outcome: Outcome) -> tuple[str, tuple[Any, ...], State] | None:
    """Statement, its first parameters and the new state of the part; None when the outcome comes too late."""
    state = row.state
    match outcome:
        case Accepted():
            # A late response to an attempt that was given up as in doubt is still the truth.
            if state not in _UNANSWERED and not (state == State.QUEUED and row.cause):
                return None
            row.smsc_id, row.key = outcome.smsc_id, key(outcome.smsc_id)
            return _ACCEPTED, (row.smsc_id, row.key, outcome.at), State.ACCEPTED
        case Retry():
            return (_RETRY, (outcome.status, outcome.at), State.QUEUED) if state in _UNANSWERED else None
        case Refused():
            return (_REFUSED, (outcome.status, outcome.at), State.REJECTED) if state in _UNANSWERED else None
        case InDoubt():
            if state != State.SUBMITTING:
                return None
            after = State.IN_DOUBT if outcome.resend_due is None else State.QUEUED
            row.cause = outcome.cause.value
            return _IN_DOUBT, (int(after), outcome.cause.value), after
        case NotSent():
            return (_NOT_SENT, (), State.QUEUED) if state == State.SUBMITTING else None
        case Dropped():
            if state != State.SUBMITTING:
                return None
            return _DROPPED, (int(outcome.state), outcome.reason, outcome.at), outcome.state


def _due(outcome: Outcome) -> float | None:
    match outcome:
        case Retry() | NotSent():
            return outcome.due
        case InDoubt():
            return outcome.resend_due
        case _:
            return None


def _update_doubts(db: Database, touched: list[PartRow]) -> None:
    """Keep the list of parts that a receipt may resolve by number: from the first doubt until an answer."""
    doubted = [row for row in touched if row.cause is not None]
    if not doubted:
        return
    db.conn.executemany(
        "INSERT INTO doubts (account, tail, message, part) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [
            (row.account, tail(row.number), row.message, row.part)
            for row in doubted
            if row.state in (State.IN_DOUBT, State.QUEUED)
        ],
    )
    forget_doubts(db, [row for row in doubted if row.state not in (State.IN_DOUBT, State.QUEUED)])
