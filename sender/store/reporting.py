"""The verb that reads all figures of a campaign."""

from __future__ import annotations

from typing import Any, Final

from sender.domain.message import IN_FLIGHT, State
from sender.domain.report import CampaignReport, Failure
from sender.store import campaigns, chunks
from sender.store.database import Database
from sender.store.sql import sql
from smppkit.status import status_name

_DEADLINE: Final = "its deadline has passed"
_FAILED: Final = (State.UNDELIVERED, State.EXPIRED, State.REJECTED, State.UNKNOWN)

# The part that decided is the first one in the state of its message. A message without any was never sent.
_FAILURES: Final = sql(
    "SELECT m.state, p.status, p.stat, p.err, count(*) FROM messages m LEFT JOIN parts p ON p.message = m.id"
    " AND p.part = (SELECT min(part) FROM parts WHERE message = m.id AND state = m.state)"
    " WHERE m.id BETWEEN ? AND ? AND m.campaign = ?"
    " AND m.state IN ($UNDELIVERED, $EXPIRED, $REJECTED, $UNKNOWN) GROUP BY 1, 2, 3, 4"
)
_TOTALS: Final = (
    "SELECT coalesce(sum(p.submits > 0), 0), coalesce(sum(p.submits), 0), coalesce(sum(p.retries), 0),"
    " coalesce(sum(p.resends), 0), coalesce(sum(p.receipts), 0), coalesce(sum(p.repeated), 0)"
    " FROM messages m JOIN parts p ON p.message = m.id WHERE m.id BETWEEN ? AND ? AND m.campaign = ?"
)
_DOUBTS: Final = sql(
    "SELECT p.cause, count(*) FROM messages m JOIN parts p ON p.message = m.id"
    " WHERE m.id BETWEEN ? AND ? AND m.campaign = ? AND p.state = $IN_DOUBT GROUP BY 1 ORDER BY 1"
)


def report(db: Database, campaign_id: int) -> CampaignReport:
    """See `SqliteStore.report`."""
    campaign = campaigns.get(db, campaign_id)
    states = campaigns.counts(db, campaign_id)
    span = (*campaigns.message_range(db, campaign_id), campaign_id)
    failures = _failures(db, span, chunks.ended(db, campaign_id, State.EXPIRED))
    segments, submits, retries, resends, receipts, repeated = db.conn.execute(_TOTALS, span).fetchone()
    resolved, started, responded, heard = db.conn.execute(
        "SELECT doubts_resolved, first_submit, last_response, last_receipt FROM campaigns WHERE id = ?", (campaign_id,)
    ).fetchone()
    finished = max((at for at in (responded, heard) if at is not None), default=None)
    submitting = responded - started if responded is not None else 0.0
    failed = sum(states[state] for state in _FAILED)
    refused = sum(failure.messages for failure in failures if failure.stage != "receipt")
    accepted = states[State.ACCEPTED] + states[State.DELIVERED] + failed - refused
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
        failures=failures,
        doubts=dict(db.conn.execute(_DOUBTS, span).fetchall()),
        segments=segments,
        submits=submits,
        retries=retries,
        resends=resends,
        receipts=receipts,
        repeated_receipts=repeated,
        doubts_resolved=resolved,
        started_at=started,
        finished_at=finished,
        duration=finished - started if finished is not None and started is not None else 0.0,
        submit_duration=submitting,
        messages_per_second=accepted / submitting if submitting > 0 else 0.0,
    )


def _failures(db: Database, span: tuple[Any, ...], expired: int) -> tuple[Failure, ...]:
    found: dict[tuple[str, str], int] = {(_DEADLINE, "sender"): expired} if expired else {}
    for state, status, stat, err, count in db.conn.execute(_FAILURES, span):
        if stat is None and state == State.EXPIRED:
            reason = err or _DEADLINE, "sender"
        elif stat is None and status is None:
            reason = "the account cannot carry the text", "sender"
        elif stat is None:
            reason = status_name(status), "submit"
        else:
            reason = " ".join(word for word in (stat or State(state).label, err) if word), "receipt"
        found[reason] = found.get(reason, 0) + count
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Failure(text, stage, count) for (text, stage), count in ranked)
