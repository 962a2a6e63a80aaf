"""What a run is judged by: every number that an expectation can name, computed from both books.

One function per metric, registered under the name that scenario files use. Each returns a :class:`Finding`:
the number, and where a number is made of cases, up to a handful of them for a person to look at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from itertools import islice

import msgspec

from carrierlab.disagreement import agrees, decisions, losses, submit_name, text_received
from carrierlab.evidence import Evidence
from carrierlab.ledgers import SentMessage
from sender.domain.message import State
from smppkit.status import CommandStatus, status_name

MAX_EXAMPLES = 5
_MAX_QUOTED = 60


class Unit(Enum):
    """What a metric counts; decides how expectations may be written and how numbers are shown."""

    MESSAGES = "messages"
    """A count of recipients' messages: may be expected as a percentage of the recipients."""
    COUNT = "count"
    SECONDS = "seconds"
    PER_SECOND = "per second"


class Finding(msgspec.Struct, frozen=True):
    """The value of a metric, and some of the cases behind it."""

    value: float
    examples: tuple[str, ...] = ()
    """Some of what was counted: shown when it is too many."""
    others: tuple[str, ...] = ()
    """Some of what was not counted and might have been: shown when it is too few."""


class Metric(msgspec.Struct, frozen=True):
    """A metric that scenario files can name."""

    name: str
    unit: Unit
    meaning: str
    find: Callable[[Evidence], Finding]


METRICS: dict[str, Metric] = {}


def measure(evidence: Evidence) -> dict[str, Finding]:
    """Compute every metric."""
    return {name: metric.find(evidence) for name, metric in METRICS.items()}


def _metric(
    unit: Unit,
) -> Callable[[Callable[[Evidence], Finding]], Callable[[Evidence], Finding]]:
    """Register a function under its own name; its docstring is the metric's meaning."""

    def register(find: Callable[[Evidence], Finding]) -> Callable[[Evidence], Finding]:
        METRICS[find.__name__] = Metric(find.__name__, unit, (find.__doc__ or "").strip(), find)
        return find

    return register


def _cases(cases: Iterable[str]) -> Finding:
    """A finding whose value is the number of cases."""
    iterator = iter(cases)
    examples = tuple(islice(iterator, MAX_EXAMPLES))
    return Finding(len(examples) + sum(1 for _ in iterator), examples)


def _in_state(evidence: Evidence, state: State) -> Finding:
    return _counted(evidence, lambda message: message.state is state)


def _counted(evidence: Evidence, belongs: Callable[[SentMessage], bool]) -> Finding:
    """Count messages, with examples of those that belong and of those that do not."""
    counted = _cases(_describe(message) for message in evidence.messages if belongs(message))
    others = _cases(_describe(message) for message in evidence.messages if not belongs(message))
    return Finding(counted.value, counted.examples, others.examples)


def _describe(message: SentMessage) -> str:
    text = f"{message.recipient} ({message.operator}): {message.state.label.replace('_', ' ')}"
    if message.status:
        return f"{text}, {status_name(message.status)}"
    return f"{text}, err {message.err}" if message.err and message.state is not State.DELIVERED else text


# --- what became of the recipients: the sender's view


@_metric(Unit.MESSAGES)
def recipients(evidence: Evidence) -> Finding:
    """Rows of the recipients file that became a message."""
    return Finding(len(evidence.messages))


@_metric(Unit.COUNT)
def rejected_rows(evidence: Evidence) -> Finding:
    """Rows of the recipients file that were reported as bad and not sent to."""
    return _cases(f"line {reject.line}: {reject.reason}" for reject in evidence.sent.rejects)


@_metric(Unit.MESSAGES)
def accepted(evidence: Evidence) -> Finding:
    """Messages of which every segment was answered with a message id."""
    return _counted(evidence, _is_accepted)


@_metric(Unit.MESSAGES)
def delivered(evidence: Evidence) -> Finding:
    """Messages delivered, all segments."""
    return _in_state(evidence, State.DELIVERED)


@_metric(Unit.MESSAGES)
def undelivered(evidence: Evidence) -> Finding:
    """Messages that a receipt reported as not deliverable."""
    return _in_state(evidence, State.UNDELIVERED)


@_metric(Unit.MESSAGES)
def expired(evidence: Evidence) -> Finding:
    """Messages that a receipt reported as expired."""
    return _in_state(evidence, State.EXPIRED)


@_metric(Unit.MESSAGES)
def refused(evidence: Evidence) -> Finding:
    """Messages refused for good: by a response that no retry would change, or by a REJECTD receipt."""
    return _in_state(evidence, State.REJECTED)


@_metric(Unit.MESSAGES)
def unknown(evidence: Evidence) -> Finding:
    """Messages whose final receipt said UNKNOWN."""
    return _in_state(evidence, State.UNKNOWN)


@_metric(Unit.MESSAGES)
def in_doubt(evidence: Evidence) -> Finding:
    """Messages that may or may not have reached the operator, and are not sent again."""
    return _in_state(evidence, State.IN_DOUBT)


@_metric(Unit.MESSAGES)
def awaiting_receipt(evidence: Evidence) -> Finding:
    """Messages accepted whose final receipt has not come."""
    return _in_state(evidence, State.ACCEPTED)


# --- what went over the wire


@_metric(Unit.COUNT)
def segments(evidence: Evidence) -> Finding:
    """Segments that were submitted at least once, as the sender counts them."""
    return Finding(sum(len(message.parts) for message in evidence.messages))


@_metric(Unit.COUNT)
def submits(evidence: Evidence) -> Finding:
    """submit_sm received by the operators, refused ones included."""
    return Finding(len(evidence.submits))


@_metric(Unit.COUNT)
def resends(evidence: Evidence) -> Finding:
    """Segments sent again after a doubt, as the sender counts them: each may have made a duplicate."""
    return Finding(sum(part.resends for message in evidence.messages for part in message.parts))


@_metric(Unit.COUNT)
def throttled(evidence: Evidence) -> Finding:
    """submit_sm answered with ESME_RTHROTTLED."""
    return Finding(sum(submit.status == CommandStatus.ESME_RTHROTTLED for submit in evidence.submits))


@_metric(Unit.COUNT)
def queue_full(evidence: Evidence) -> Finding:
    """submit_sm answered with ESME_RMSGQFUL."""
    return Finding(sum(submit.status == CommandStatus.ESME_RMSGQFUL for submit in evidence.submits))


@_metric(Unit.COUNT)
def unanswered(evidence: Evidence) -> Finding:
    """submit_sm that an operator accepted and never answered: their connection was gone before."""
    silent = (submit for submit in evidence.accepted if submit.answered is None)
    return _cases(f"{submit.recipient}: {submit_name(submit)}" for submit in silent)


@_metric(Unit.COUNT)
def binds(evidence: Evidence) -> Finding:
    """Binds accepted by the operators."""
    return Finding(len(evidence.binds))


@_metric(Unit.COUNT)
def reconnects(evidence: Evidence) -> Finding:
    """Binds beyond the ones that the sender was configured to hold."""
    configured = sum(count for name, count in evidence.span.binds.items() if evidence.operator in (None, name))
    return Finding(max(0, len(evidence.binds) - configured))


@_metric(Unit.COUNT)
def refused_binds(evidence: Evidence) -> Finding:
    """Binds refused by the operators."""
    return Finding(len(evidence.refused_binds))


@_metric(Unit.COUNT)
def receipts_before_response(evidence: Evidence) -> Finding:
    """Receipts that an operator wrote before the response to the submit_sm they are about."""
    return _cases(
        f"{submit.recipient}: receipt for {submit.smsc_id}"
        for submit in evidence.accepted
        if submit.reported is not None and (submit.answered is None or submit.reported < submit.answered)
    )


@_metric(Unit.COUNT)
def receipts_elsewhere(evidence: Evidence) -> Finding:
    """Receipts that came first on another connection than the response to the submit_sm they are about."""
    return _cases(
        f"{submit.recipient}: receipt for {submit.smsc_id}"
        for submit in evidence.accepted
        if submit.reported is not None
        and submit.answered is not None
        and submit.reported.connection != submit.answered.connection
    )


@_metric(Unit.COUNT)
def receipts_repeated(evidence: Evidence) -> Finding:
    """Receipts beyond the first about each message: notices, copies, and what an operator sent again."""
    return Finding(sum(max(0, submit.reports - 1) for submit in evidence.accepted))


@_metric(Unit.COUNT)
def rewritten_ids(evidence: Evidence) -> Finding:
    """Receipts that name their message in another way than the response did: another base, case or length."""
    return _cases(
        f"{submit.recipient}: {submit.smsc_id} in the response, {submit.reported_id} in the receipt"
        for submit in evidence.accepted
        if submit.reported_id is not None and submit.reported_id != submit.smsc_id
    )


@_metric(Unit.COUNT)
def unmatched_receipts(evidence: Evidence) -> Finding:
    """Receipts that the sender acknowledged and has found no message for."""
    return _cases(
        f"{parked.recipient}: receipt for {parked.smsc_id} of {parked.operator}" for parked in evidence.parked
    )


@_metric(Unit.COUNT)
def mo_received(evidence: Evidence) -> Finding:
    """Messages from handsets that the sender acknowledged."""
    return _cases(
        f"{reception.source}: {reception.text}"
        for reception in evidence.receptions
        if reception.acknowledged_at is not None
    )


# --- where the two books disagree


@_metric(Unit.MESSAGES)
def lost(evidence: Evidence) -> Finding:
    """Messages that one side acknowledged and the other does not know, or that ended in no state."""
    return _cases(losses(evidence))


@_metric(Unit.COUNT)
def duplicates(evidence: Evidence) -> Finding:
    """Segments accepted by operators more than once, counted as often as they were too many."""
    extra = [
        (f"{recipient} segment {part}: accepted as {', '.join(submit_name(s) for s in group)}", len(group) - 1)
        for (recipient, part), group in evidence.accepted_by_part.items()
        if len(group) > 1
    ]
    return Finding(sum(count for _, count in extra), tuple(text for text, _ in extra[:MAX_EXAMPLES]))


@_metric(Unit.MESSAGES)
def mismatched(evidence: Evidence) -> Finding:
    """Messages whose final state at the sender is not what their operator decided."""
    return _cases(
        f"{message.recipient}: {message.state.label} at the sender; {message.operator} decided "
        + (", ".join(decisions(evidence, message)) or "nothing")
        for message in evidence.messages
        if message.state.final and not agrees(evidence, message)
    )


@_metric(Unit.MESSAGES)
def garbled(evidence: Evidence) -> Finding:
    """Messages of which the operator's segments, put together, are not the text that was to be sent."""
    return _cases(
        f"{message.recipient}: sent {_quoted(message.text)}, received {_quoted(received)}"
        for message in evidence.messages
        if message.text is not None
        and (received := text_received(evidence, message.recipient)) not in (None, message.text)
    )


# --- how fast it was


@_metric(Unit.SECONDS)
def duration(evidence: Evidence) -> Finding:
    """Time from the start of the campaign to its end."""
    return Finding(evidence.span.ended_at - evidence.span.started_at)


@_metric(Unit.PER_SECOND)
def throughput(evidence: Evidence) -> Finding:
    """Segments accepted per second, between the first and the last of them."""
    times = [submit.received_at for submit in evidence.accepted]
    if len(times) < 2 or max(times) == min(times):
        return Finding(0)
    return Finding((len(times) - 1) / (max(times) - min(times)))


@_metric(Unit.PER_SECOND)
def peak_rate(evidence: Evidence) -> Finding:
    """The most submit_sm that the operators received in any sliding second."""
    times = sorted(submit.received_at for submit in evidence.submits)
    peak = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= 1.0:
            first += 1
        peak = max(peak, last - first + 1)
    return Finding(peak)


@_metric(Unit.SECONDS)
def submit_latency_p50(evidence: Evidence) -> Finding:
    """Median time from a submit_sm at the operator to its response."""
    return Finding(_quantile(_submit_latencies(evidence), 0.50))


@_metric(Unit.SECONDS)
def submit_latency_p99(evidence: Evidence) -> Finding:
    """The time from a submit_sm at the operator to its response that 1 % exceed."""
    return Finding(_quantile(_submit_latencies(evidence), 0.99))


@_metric(Unit.SECONDS)
def receipt_delay_p50(evidence: Evidence) -> Finding:
    """Median time from a submit_sm to the acknowledgement of its receipt."""
    return Finding(_quantile(_receipt_delays(evidence), 0.50))


@_metric(Unit.SECONDS)
def receipt_delay_p99(evidence: Evidence) -> Finding:
    """The time from a submit_sm to the acknowledgement of its receipt that 1 % exceed."""
    return Finding(_quantile(_receipt_delays(evidence), 0.99))


# --- helpers


def _is_accepted(message: SentMessage) -> bool:
    parts = message.parts
    return bool(parts) and all(part.smsc_id is not None for part in parts)


def _quoted(text: str | None) -> str:
    text = text or ""
    return f'"{text}"' if len(text) <= _MAX_QUOTED else f'"{text[:_MAX_QUOTED]}…"'


def _submit_latencies(evidence: Evidence) -> list[float]:
    return [submit.answered.at - submit.received_at for submit in evidence.accepted if submit.answered is not None]


def _receipt_delays(evidence: Evidence) -> list[float]:
    return [
        submit.acknowledged_at - submit.received_at
        for submit in evidence.accepted
        if submit.acknowledged_at is not None
    ]


def _quantile(values: list[float], share: float) -> float:
    """Nearest-rank quantile; 0 when there is nothing to measure."""
    if not values:
        return 0.0
    values.sort()
    return values[min(len(values) - 1, int(share * len(values)))]
