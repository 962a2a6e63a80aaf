"""The verb that reads all figures of a campaign: of the messages that are there, and of those that were deleted."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import msgspec

from sender.domain.message import IN_FLIGHT, State
from sender.domain.report import CampaignReport, Failure
from sender.store import campaigns, chunks
from sender.store.database import Database
from sender.store.sql import sql
from smppkit.status import status_name

_DEADLINE: Final = "its deadline has passed"
_FAILED: Final = (State.UNDELIVERED, State.EXPIRED, State.REJECTED, State.UNKNOWN)
TOTALS: Final = ("segments", "submits", "retries", "resends", "receipts", "repeated_receipts")

OF_CAMPAIGN: Final = "m.id BETWEEN ? AND ? AND m.campaign = ?"
OF_LIST: Final = "m.id IN (SELECT value FROM json_each(?))"

# The part that decided is the first one in the state of its message. A message without any was never sent.
_FAILURES: Final = (
    "SELECT m.state, p.status, p.stat, p.err, count(*) FROM messages m LEFT JOIN parts p ON p.message = m.id"
    " AND p.part = (SELECT min(part) FROM parts WHERE message = m.id AND state = m.state)"
    " WHERE $which AND m.state IN ($UNDELIVERED, $EXPIRED, $REJECTED, $UNKNOWN) GROUP BY 1, 2, 3, 4"
)
_TOTALS: Final = (
    "SELECT coalesce(sum(p.submits > 0), 0), coalesce(sum(p.submits), 0), coalesce(sum(p.retries), 0),"
    " coalesce(sum(p.resends), 0), coalesce(sum(p.receipts), 0), coalesce(sum(p.repeated), 0)"
    " FROM messages m JOIN parts p ON p.message = m.id WHERE $which"
)
# Submitted once, as one of many in a row; and the same of those that are accepted or delivered.
_INTENDED: Final = "SELECT count(*) FROM intended_parts p CROSS JOIN messages m ON m.id = p.message WHERE $which"
_PACKED: Final = (
    "SELECT count(*), coalesce(sum(m.state = $DELIVERED), 0) FROM messages m WHERE $which"
    " AND m.state IN ($ACCEPTED, $DELIVERED) AND NOT EXISTS (SELECT 1 FROM parts p WHERE p.message = m.id)"
)
_DOUBTS: Final = (
    "SELECT p.cause, count(*) FROM messages m JOIN parts p ON p.message = m.id"
    " WHERE $which AND p.state = $IN_DOUBT GROUP BY 1 ORDER BY 1"
)


class Figures(msgspec.Struct):
    """What is counted in the rows of some messages."""

    failures: Counter[tuple[str, str]]
    """By reason and stage."""
    doubts: Counter[str]
    totals: Counter[str]


def figures(db: Database, which: str, parameters: tuple[Any, ...]) -> Figures:
    """The figures of the messages that `which` (`OF_CAMPAIGN` or `OF_LIST`) names with its parameters."""
    failures: Counter[tuple[str, str]] = Counter()
    for state, status, stat, err, count in db.conn.execute(sql(_FAILURES, which=which), parameters):
        if stat is None and state == State.EXPIRED:
            reason = err or _DEADLINE, "sender"
        elif stat is None and err is not None:
            reason = f"{State(state).label}, {err}", "person"
        elif stat is None and status is None:
            reason = "the account cannot carry the text", "sender"
        elif stat is None:
            reason = status_name(status), "submit"
        else:
            reason = " ".join(word for word in (stat or State(state).label, err) if word), "receipt"
        failures[reason] += count
    totals = Counter(dict(zip(TOTALS, db.conn.execute(sql(_TOTALS, which=which), parameters).fetchone(), strict=True)))
    intended = db.conn.execute(sql(_INTENDED, which=which), parameters).fetchone()[0]
    packed, received = db.conn.execute(sql(_PACKED, which=which), parameters).fetchone()
    totals += Counter(segments=intended + packed, submits=intended + packed, receipts=received)
    doubts = db.conn.execute(sql(_DOUBTS, which=which), parameters).fetchall()
    return Figures(failures, Counter(dict(doubts)), totals)


def _retired(db: Database, campaign: int, found: Figures) -> None:
    """Add the figures of messages that were deleted by age."""
    rows = db.conn.execute("SELECT what, name, number FROM retired WHERE campaign = ? AND what <> 'state'", (campaign,))
    for what, name, number in rows:
        if what == "total":
            found.totals[name] += number
        elif what == "doubt":
            found.doubts[name] += number
        else:
            found.failures[name, what] += number


def report(db: Database, campaign_id: int) -> CampaignReport:
    """See `SqliteStore.report`."""
    campaign = campaigns.get(db, campaign_id)
    states = campaigns.counts(db, campaign_id)
    found = figures(db, OF_CAMPAIGN, (*campaigns.message_range(db, campaign_id), campaign_id))
    expired = chunks.ended(db, campaign_id, State.EXPIRED)
    if expired:
        found.failures[_DEADLINE, "sender"] += expired
    _retired(db, campaign_id, found)
    resolved, started, responded, heard = db.conn.execute(
        "SELECT doubts_resolved, first_submit, last_response, last_receipt FROM campaigns WHERE id = ?", (campaign_id,)
    ).fetchone()
    finished = max((at for at in (responded, heard) if at is not None), default=None)
    submitting = responded - started if responded is not None else 0.0
    failed = sum(states[state] for state in _FAILED)
    refused = sum(count for (_, stage), count in found.failures.items() if stage != "receipt")
    accepted = states[State.ACCEPTED] + states[State.DELIVERED] + failed - refused
    ranked = sorted(found.failures.items(), key=lambda item: (-item[1], item[0]))
    return CampaignReport(
        campaign=campaign.id,
        name=campaign.name,
        rows=campaign.rows,
        rejected_rows=campaign.rejected,
        messages=campaign.messages,
        queued=states[State.QUEUED],
        in_flight=sum(states[state] for state in IN_FLIGHT),
        in_doubt=states[State.IN_DOUBT],
        delivered=states[State.DELIVERED],
        failed=failed,
        cancelled=states[State.CANCELLED],
        blocked=states[State.BLOCKED],
        states={state.label: count for state, count in states.items()},
        accepted=accepted,
        failures=tuple(Failure(reason, stage, count) for (reason, stage), count in ranked),
        doubts=dict(found.doubts),
        **{name: found.totals[name] for name in TOTALS},
        doubts_resolved=resolved,
        started_at=started,
        finished_at=finished,
        duration=finished - started if finished is not None and started is not None else 0.0,
        submit_duration=submitting,
        messages_per_second=accepted / submitting if submitting > 0 else 0.0,
    )
