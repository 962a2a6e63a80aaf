"""What a run is judged by: every number that an expectation can name, computed from both books.

One function per metric, registered under the name that scenario files use. Each returns a :class:`Finding`:
the number, and where a number is made of cases, up to a handful of them for a person to look at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from enum import Enum
from itertools import islice
from typing import Final

import msgspec

from carrierlab.disagreement import agrees, decisions, losses, submit_name, text_received
from carrierlab.evidence import Evidence
from carrierlab.ledgers import SentMessage
from sender.domain.message import State
from smppkit.status import CommandStatus, status_name
from smsc.lint.finding import Severity
from smsc.lint.registry import RULES

MAX_EXAMPLES = 5
_MAX_QUOTED = 60


class Unit(Enum):
    """What a metric counts; decides how expectations may be written and how numbers are shown."""

    MESSAGES = "messages"
    """A count of recipients' messages: may be expected as a percentage of the recipients."""
    COUNT = "count"
    SECONDS = "seconds"
    PER_SECOND = "per second"
    MONEY = "money"


class Book(Enum):
    """What a metric cannot do without."""

    CAMPAIGN = "the book of a campaign"
    LOAD = "the book of a load"
    SENDER = "the book of whoever sends"
    """Of a campaign or a load: what an external client believes is not known."""
    OPERATORS = "the book of the operators"
    LINT = "the lint"


class Finding(msgspec.Struct, frozen=True):
    """The value of a metric, and some of the cases behind it."""

    value: float | Decimal
    examples: tuple[str, ...] = ()
    """Some of what was counted: shown when it is too many."""
    others: tuple[str, ...] = ()
    """Some of what was not counted and might have been: shown when it is too few."""
    currency: str = ""


class Metric(msgspec.Struct, frozen=True):
    """A metric that scenario files can name.

    One of `find` and `values` is there: a number, or many of which an expectation names a percentile.
    """

    name: str
    unit: Unit
    meaning: str
    book: Book
    find: Callable[[Evidence], Finding] | None = None
    values: Callable[[Evidence], list[float]] | None = None
    compares: bool = False
    """It lays the books side by side: a message is judged with all its submits, whenever they came."""


METRICS: dict[str, Metric] = {}
PERCENTILES_SHOWN: Final = (50.0, 90.0, 99.0, 99.9)
"""Those of each distribution that every report has, as ``submit_latency_p50``."""


def percentile_name(metric: str, percentile: float) -> str:
    """What a percentile of a metric is called: ``submit_latency_p99.9``."""
    return f"{metric}_p{percentile:g}"


def unit_of(name: str) -> Unit:
    """The unit of a metric, or of a percentile of one."""
    return METRICS[name if name in METRICS else name.rpartition("_p")[0]].unit


class Measured(Mapping[str, Finding]):
    """What the metrics say of some evidence, computed when asked for.

    Beside the names of metrics it takes ``submit_latency_p99.9`` and ``lint_findings_warning``.
    """

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._found: dict[str, Finding] = {}
        self._ordered: dict[str, list[float]] = {}

    def __getitem__(self, name: str) -> Finding:
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        for metric in METRICS.values():
            if not self._is_kept(metric.book):
                continue
            if metric.values is not None:
                yield from (percentile_name(metric.name, percentile) for percentile in PERCENTILES_SHOWN)
            else:
                yield metric.name

    def _is_kept(self, book: Book) -> bool:
        known = self._evidence.known
        if book is Book.LINT:
            return known.lint is not None
        return known.sent or book is Book.OPERATORS

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _find(self, name: str) -> Finding:
        metric = METRICS.get(name)
        if metric is not None and metric.find is not None:
            return metric.find(self._evidence.whole if metric.compares else self._evidence)
        base, _, severity = name.rpartition("_")
        if base == lint_findings.__name__:
            return _lint_findings(self._evidence, Severity[severity.upper()])
        base, _, percentile = name.rpartition("_p")
        if base not in self._ordered:
            values = METRICS[base].values
            if values is None:
                raise KeyError(name)
            self._ordered[base] = sorted(values(self._evidence))
        return Finding(_quantile(self._ordered[base], float(percentile) / 100))


def measure(evidence: Evidence) -> Measured:
    """Every metric of some evidence."""
    return Measured(evidence)


_Find = Callable[[Evidence], Finding]
_Values = Callable[[Evidence], list[float]]


def _metric(unit: Unit, book: Book = Book.SENDER, *, compares: bool = False) -> Callable[[_Find], _Find]:
    """Register a function under its own name; its docstring is the metric's meaning."""

    def register(find: _Find) -> _Find:
        name, meaning = find.__name__, (find.__doc__ or "").strip()
        METRICS[name] = Metric(name, unit, meaning, book, find=find, compares=compares)
        return find

    return register


def _distribution(book: Book) -> Callable[[_Values], _Values]:
    """Register a function that gives the times of which an expectation names a percentile."""

    def register(values: _Values) -> _Values:
        name, meaning = values.__name__, (values.__doc__ or "").strip()
        METRICS[name] = Metric(name, Unit.SECONDS, meaning, book, values=values)
        return values

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


@_metric(Unit.COUNT, Book.CAMPAIGN)
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


@_metric(Unit.MESSAGES, Book.LOAD)
def unsent(evidence: Evidence) -> Finding:
    """Messages of a load that could not be written in time, and were given up."""
    return _in_state(evidence, State.CANCELLED)


# --- what went over the wire


@_metric(Unit.COUNT)
def segments(evidence: Evidence) -> Finding:
    """Segments that were submitted at least once, as the sender counts them."""
    return Finding(sum(len(message.parts) for message in evidence.messages))


@_metric(Unit.COUNT, Book.OPERATORS)
def submits(evidence: Evidence) -> Finding:
    """submit_sm received by the operators, refused ones included."""
    return Finding(len(evidence.submits))


@_metric(Unit.COUNT)
def resends(evidence: Evidence) -> Finding:
    """Segments sent again after a doubt, as the sender counts them: each may have made a duplicate."""
    return Finding(sum(part.resends for message in evidence.messages for part in message.parts))


@_metric(Unit.COUNT, Book.OPERATORS)
def throttled(evidence: Evidence) -> Finding:
    """submit_sm answered with ESME_RTHROTTLED."""
    return Finding(sum(submit.status == CommandStatus.ESME_RTHROTTLED for submit in evidence.submits))


@_metric(Unit.COUNT, Book.OPERATORS)
def queue_full(evidence: Evidence) -> Finding:
    """submit_sm answered with ESME_RMSGQFUL."""
    return Finding(sum(submit.status == CommandStatus.ESME_RMSGQFUL for submit in evidence.submits))


@_metric(Unit.COUNT, Book.OPERATORS)
def unanswered(evidence: Evidence) -> Finding:
    """submit_sm that an operator accepted and never answered: their connection was gone before."""
    silent = (submit for submit in evidence.accepted if submit.answered is None)
    return _cases(f"{submit.recipient}: {submit_name(submit)}" for submit in silent)


@_metric(Unit.COUNT, Book.OPERATORS)
def binds(evidence: Evidence) -> Finding:
    """Binds accepted by the operators."""
    return Finding(len(evidence.binds))


@_metric(Unit.COUNT)
def reconnects(evidence: Evidence) -> Finding:
    """Binds beyond the ones that the workload was configured to hold."""
    return Finding(len(evidence.reconnections))


@_metric(Unit.COUNT, Book.OPERATORS)
def refused_binds(evidence: Evidence) -> Finding:
    """Binds refused by the operators."""
    return Finding(len(evidence.refused_binds))


@_metric(Unit.COUNT, Book.OPERATORS)
def receipts_before_response(evidence: Evidence) -> Finding:
    """Receipts that an operator wrote before the response to the submit_sm they are about."""
    return _cases(
        f"{submit.recipient}: receipt for {submit.smsc_id}"
        for submit in evidence.accepted
        if submit.reported is not None and (submit.answered is None or submit.reported < submit.answered)
    )


@_metric(Unit.COUNT, Book.OPERATORS)
def receipts_elsewhere(evidence: Evidence) -> Finding:
    """Receipts that came first on another connection than the response to the submit_sm they are about."""
    return _cases(
        f"{submit.recipient}: receipt for {submit.smsc_id}"
        for submit in evidence.accepted
        if submit.reported is not None
        and submit.answered is not None
        and submit.reported.connection != submit.answered.connection
    )


@_metric(Unit.COUNT, Book.OPERATORS)
def receipts_repeated(evidence: Evidence) -> Finding:
    """Receipts beyond the first about each message: notices, copies, and what an operator sent again."""
    return Finding(sum(max(0, submit.reports - 1) for submit in evidence.accepted))


@_metric(Unit.COUNT, Book.OPERATORS)
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


@_metric(Unit.COUNT, Book.OPERATORS)
def mo_received(evidence: Evidence) -> Finding:
    """Messages from handsets that the sender acknowledged."""
    return _cases(
        f"{reception.source}: {reception.text}"
        for reception in evidence.receptions
        if reception.acknowledged_at is not None
    )


# --- where the two books disagree


@_metric(Unit.MESSAGES, compares=True)
def lost(evidence: Evidence) -> Finding:
    """Messages that one side acknowledged and the other does not know, or that ended in no state."""
    return _cases(losses(evidence))


@_metric(Unit.COUNT, compares=True)
def duplicates(evidence: Evidence) -> Finding:
    """Segments accepted by operators more than once, counted as often as they were too many."""
    extra = [
        (f"{group[0].recipient} segment {part}: accepted as {', '.join(submit_name(s) for s in group)}", len(group) - 1)
        for (_, part), group in evidence.accepted_by_part.items()
        if len(group) > 1
    ]
    return Finding(sum(count for _, count in extra), tuple(text for text, _ in extra[:MAX_EXAMPLES]))


@_metric(Unit.MESSAGES, compares=True)
def mismatched(evidence: Evidence) -> Finding:
    """Messages whose final state at the sender is not what their operator decided."""
    return _cases(
        f"{message.recipient}: {message.state.label} at the sender; {message.operator} decided "
        + (", ".join(decisions(evidence, message)) or "nothing")
        for message in evidence.messages
        if message.state.final and not agrees(evidence, message)
    )


@_metric(Unit.MESSAGES, compares=True)
def garbled(evidence: Evidence) -> Finding:
    """Messages of which the operator's segments, put together, are not the text that was to be sent."""
    return _cases(
        f"{message.recipient}: sent {_quoted(message.text)}, received {_quoted(received)}"
        for message in evidence.messages
        if message.text is not None and (received := text_received(evidence, message.key)) not in (None, message.text)
    )


@_metric(Unit.COUNT)
def out_of_order(evidence: Evidence) -> Finding:
    """Segments that an operator accepted after one to the same number that was due later, or is a later part."""
    due = {message.key: (message.due or 0.0, message.number) for message in evidence.messages}
    latest: dict[tuple[str, str], tuple[float, int, int]] = {}
    late = []
    for submit in sorted(evidence.accepted, key=lambda submit: submit.received_at):
        if submit.key not in due:
            continue
        place = (*due[submit.key], submit.part)
        number = (submit.operator, submit.recipient)
        if place < latest.get(number, place):
            late.append(f"{submit.recipient}: {submit_name(submit)} came after one that was to come later")
        latest[number] = max(place, latest.get(number, place))
    return _cases(late)


# --- how fast it was


@_metric(Unit.SECONDS, Book.OPERATORS)
def duration(evidence: Evidence) -> Finding:
    """Time from the start of the campaign to its end."""
    return Finding(evidence.span.ended_at - evidence.span.started_at)


@_metric(Unit.PER_SECOND, Book.OPERATORS)
def throughput(evidence: Evidence) -> Finding:
    """Segments accepted per second, between the first and the last of them."""
    times = [submit.received_at for submit in evidence.accepted]
    if len(times) < 2 or max(times) == min(times):
        return Finding(0)
    return Finding((len(times) - 1) / (max(times) - min(times)))


@_metric(Unit.PER_SECOND, Book.OPERATORS)
def peak_rate(evidence: Evidence) -> Finding:
    """The most submit_sm that the operators received in any sliding second."""
    times = sorted(submit.received_at for submit in evidence.submits)
    peak = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= 1.0:
            first += 1
        peak = max(peak, last - first + 1)
    return Finding(peak)


@_distribution(Book.OPERATORS)
def submit_latency(evidence: Evidence) -> list[float]:
    """Time from a submit_sm at the operator to its response, percentile by percentile."""
    return [submit.answered.at - submit.received_at for submit in evidence.accepted if submit.answered is not None]


@_distribution(Book.OPERATORS)
def receipt_delay(evidence: Evidence) -> list[float]:
    """Time from a submit_sm to the acknowledgement of its receipt, percentile by percentile."""
    return [
        submit.acknowledged_at - submit.received_at
        for submit in evidence.accepted
        if submit.acknowledged_at is not None
    ]


@_distribution(Book.LOAD)
def response_time(evidence: Evidence) -> list[float]:
    """Time from when a message was due to the response to its last segment: what waited to be sent waited too."""
    return [m.answered_at - m.due for m in evidence.messages if m.answered_at is not None and m.due is not None]


@_distribution(Book.LOAD)
def send_lag(evidence: Evidence) -> list[float]:
    """Time from when a message was due to when its first segment was written."""
    return [m.written_at - m.due for m in evidence.messages if m.written_at is not None and m.due is not None]


# --- what it cost


@_metric(Unit.MONEY, Book.OPERATORS)
def cost(evidence: Evidence) -> Finding:
    """Price of all segments that operators accepted, exactly."""
    currency = next((price.currency for price in evidence.known.prices.values() if price.currency), "")
    return Finding(_cost(evidence), currency=currency)


@_metric(Unit.MONEY, Book.OPERATORS)
def cost_per_delivered(evidence: Evidence) -> Finding:
    """The same for each segment that its operator delivered; nothing when none was."""
    well = sum(submit.outcome == "DELIVRD" for submit in evidence.accepted)
    currency = cost(evidence).currency
    return Finding(_cost(evidence) / well if well else Decimal(0), currency=currency)


def _cost(evidence: Evidence) -> Decimal:
    prices = evidence.known.prices
    known: dict[tuple[str, str, str], Decimal] = {}
    total = Decimal(0)
    for submit in evidence.accepted:
        key = (submit.operator, submit.source, submit.recipient)
        if key not in known:
            price = prices.get(submit.operator)
            known[key] = Decimal(0) if price is None else price.for_segment(submit.source, submit.recipient)
        total += known[key]
    return total


# --- what the client did wrong


@_metric(Unit.COUNT, Book.LINT)
def lint_findings(evidence: Evidence) -> Finding:
    """Rules of the [lint](lint.md) that the sending side broke, one for each account; a `severity` leaves out what is
    less.
    """
    return _lint_findings(evidence, Severity.NOTE)


def _lint_findings(evidence: Evidence, least: Severity) -> Finding:
    findings = [
        finding
        for finding in evidence.known.lint or ()
        if RULES[finding.rule].severity >= least
        and evidence.operator in (None, finding.operator)
        and evidence.account in (None, finding.account)
    ]
    return _cases(
        f"{RULES[finding.rule].severity.word} {finding.rule}: {finding.account} at {finding.operator},"
        f" {finding.count} times; {finding.detail}"
        for finding in findings
    )


# --- helpers


def _is_accepted(message: SentMessage) -> bool:
    parts = message.parts
    return bool(parts) and all(part.smsc_id is not None for part in parts)


def _quoted(text: str | None) -> str:
    text = text or ""
    return f'"{text}"' if len(text) <= _MAX_QUOTED else f'"{text[:_MAX_QUOTED]}…"'


def _quantile(ordered: list[float], share: float) -> float:
    """Nearest-rank quantile of what is in order; 0 when there is nothing to measure."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
