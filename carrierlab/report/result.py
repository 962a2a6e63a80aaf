"""The outcome of a run as one value: everything that the console shows and the files hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from carrierlab.books import AnyExpectation, Books
from carrierlab.evidence import Evidence, Scope
from carrierlab.expect import Verdict
from carrierlab.metrics import Unit, unit_of
from carrierlab.phases import Phase
from carrierlab.quantity import Findings
from carrierlab.showing import show
from sender.domain.message import State
from smppkit.status import CommandStatus, status_name


class Fault(msgspec.Struct, frozen=True):
    """One entry of the timeline, in seconds from the start."""

    at: float
    until: float | None
    """None when it happens in an instant."""
    operator: str | None
    """None: all operators."""
    kind: str
    """``throttle``, ``reset``, ``outage``, ``mo`` and so on."""
    detail: str
    """In words: ``throttle to 5/s``."""


class Series(msgspec.Struct, frozen=True):
    """What happened over time: counts per bucket, in order."""

    operator: str
    accepted: tuple[int, ...]
    throttled: tuple[int, ...]
    receipts: tuple[int, ...]
    """Acknowledged by the sender."""


class Failure(msgspec.Struct, frozen=True):
    """Messages that ended badly, or not at all, for one reason."""

    operator: str
    state: str
    reason: str
    count: int
    example: str


class PhaseFigures(msgspec.Struct, frozen=True):
    """A phase of the run, in seconds from the start, and every metric of it that is a number."""

    name: str
    start: float
    end: float
    metrics: dict[str, float]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one scenario. Times are seconds; those of the run are simulated ones in virtual time."""

    scenario: str
    file: str
    seed: int
    virtual: bool
    trace: str | None
    """The trace hash (64 hexadecimal digits) of a run in virtual time."""
    passed: bool
    duration: float
    wall: float
    """Seconds that the run took on this machine."""
    trouble: tuple[str, ...]
    """What kept the run from being played to its end; empty when nothing did."""
    phases: tuple[PhaseFigures, ...] = ()
    """Those that came, in the order of the file."""
    costs: dict[str, str] = {}
    """What each operator with a price took, in words: ``1,204.50 KZT``."""
    notes: tuple[str, ...] = ()
    """What somebody who reads the verdict should know, and decides nothing."""
    verdicts: tuple[Verdict, ...]
    metrics: dict[str, float]
    operators: dict[str, dict[str, float]]
    failures: tuple[Failure, ...]
    bucket: float
    """Width of a bucket of ``series``, in seconds."""
    series: tuple[Series, ...]
    faults: tuple[Fault, ...]


BUCKET_WIDTHS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
MAX_BUCKETS = 40


def conclude(
    *,
    scenario: str,
    file: str,
    seed: int,
    wall: float,
    trouble: Iterable[str],
    operators: Iterable[str],
    expectations: Iterable[AnyExpectation],
    faults: Iterable[Fault],
    books: Books,
    notes: Iterable[str] = (),
) -> Outcome:
    """Lay the two books side by side, judge the expectations, and gather what the reports show."""
    operators, trace, span = tuple(operators), books.trace, books.span
    overall, found = books.evidence(Scope()), books.findings(Scope())
    verdicts = tuple(books.judge(expectation) for expectation in expectations)
    trouble = tuple(trouble)
    bucket = bucket_width(span.ended_at - span.started_at)
    return Outcome(
        scenario=scenario,
        file=file,
        seed=seed,
        virtual=trace is not None,
        trace=trace,
        passed=all(verdict.met for verdict in verdicts) and not trouble,
        duration=span.ended_at - span.started_at,
        wall=wall,
        trouble=trouble,
        verdicts=verdicts,
        metrics=_values(found),
        operators={name: _values(books.findings(Scope(name))) for name in operators},
        failures=_failures(overall),
        bucket=bucket,
        series=tuple(_series(name, books.evidence(Scope(name)), bucket) for name in operators),
        notes=tuple(notes),
        phases=tuple(_phase(books, phase) for phase in books.phases.values()),
        costs=_costs(books, operators),
        faults=tuple(sorted(faults, key=lambda fault: fault.at)),
    )


def bucket_width(duration: float) -> float:
    """Return the width, in seconds, that shows ``duration`` in at most :data:`MAX_BUCKETS` buckets."""
    for width in BUCKET_WIDTHS:
        if duration <= width * MAX_BUCKETS:
            return width
    return duration / MAX_BUCKETS


def _values(findings: Findings) -> dict[str, float]:
    """The metrics that are numbers; money is not one, see ``Outcome.costs``."""
    return {name: float(found.value) for name, found in findings.items() if unit_of(name) is not Unit.MONEY}


def _phase(books: Books, phase: Phase) -> PhaseFigures:
    return PhaseFigures(phase.name, phase.start, phase.end, _values(books.findings(Scope(phase=phase.name))))


def _costs(books: Books, operators: Iterable[str]) -> dict[str, str]:
    priced = [name for name in operators if name in books.known.prices]
    costs = {name: books.findings(Scope(name))["cost"] for name in priced}
    return {name: show(found.value, Unit.MONEY, found.currency) for name, found in costs.items()}


def _series(operator: str, evidence: Evidence, bucket: float) -> Series:
    start = evidence.span.started_at
    length = int((evidence.span.ended_at - start) / bucket) + 1

    def histogram(times: Iterable[float]) -> tuple[int, ...]:
        counts = [0] * length
        for at in times:
            index = int((at - start) / bucket)
            if 0 <= index < length:
                counts[index] += 1
        return tuple(counts)

    throttled = [s for s in evidence.submits if s.status == CommandStatus.ESME_RTHROTTLED]
    receipts = [s.acknowledged_at for s in evidence.accepted if s.acknowledged_at is not None]
    return Series(
        operator,
        accepted=histogram(submit.received_at for submit in evidence.accepted),
        throttled=histogram(submit.received_at for submit in throttled),
        receipts=histogram(receipts),
    )


_WELL = frozenset({State.DELIVERED})


def _failures(evidence: Evidence) -> tuple[Failure, ...]:
    counts: Counter[tuple[str, str, str]] = Counter()
    examples: dict[tuple[str, str, str], str] = {}
    for message in evidence.messages:
        if message.state in _WELL:
            continue
        if message.status:
            reason = status_name(message.status)
        elif message.err:
            reason = f"err {message.err}"
        else:
            reason = ""
        key = (message.operator, message.state.label, reason)
        counts[key] += 1
        examples.setdefault(key, message.recipient)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Failure(*key, count, examples[key]) for key, count in ordered)
