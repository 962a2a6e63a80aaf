"""The outcome of a run as one value: everything that the console shows and the files hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from carrierlab.evidence import Evidence
from carrierlab.expect import Expectation, Findings, Verdict
from carrierlab.ledgers import OperatorLedger, SenderLedger, Span
from carrierlab.metrics import Finding, measure
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
    """``throttle``, ``reset``, ``outage`` or ``mo``."""
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
    trace: str | None,
    wall: float,
    trouble: Iterable[str],
    operators: Iterable[str],
    expectations: Iterable[Expectation],
    faults: Iterable[Fault],
    notes: Iterable[str] = (),
    sent: SenderLedger,
    received: OperatorLedger,
    span: Span,
) -> Outcome:
    """Lay the two books side by side, judge the expectations, and gather what the reports show."""
    overall = Evidence(sent, received, span)
    per_operator = {name: Evidence(sent, received, span, name) for name in operators}
    findings: dict[str | None, dict[str, Finding]] = {None: measure(overall)}
    findings |= {name: measure(evidence) for name, evidence in per_operator.items()}
    verdicts = tuple(expectation.check(findings[expectation.operator]) for expectation in expectations)
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
        metrics=_values(findings[None]),
        operators={name: _values(findings[name]) for name in per_operator},
        failures=_failures(overall),
        bucket=bucket,
        series=tuple(_series(name, evidence, bucket) for name, evidence in per_operator.items()),
        notes=tuple(notes),
        faults=tuple(sorted(faults, key=lambda fault: fault.at)),
    )


def bucket_width(duration: float) -> float:
    """Return the width, in seconds, that shows ``duration`` in at most :data:`MAX_BUCKETS` buckets."""
    for width in BUCKET_WIDTHS:
        if duration <= width * MAX_BUCKETS:
            return width
    return duration / MAX_BUCKETS


def _values(findings: Findings) -> dict[str, float]:
    return {name: finding.value for name, finding in findings.items()}


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
