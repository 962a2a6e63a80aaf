"""How long things took: percentiles, their curve, and their course over time; one for each metric of many times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final, Literal, get_args

import msgspec

from carrierlab.evidence import Evidence

Timed = tuple[float, float]
"""When it began, in seconds from the start, and how long it took from then on."""

PERCENTILES: Final = (50.0, 90.0, 99.0, 99.9)
CURVE: Final = (0.0, 25.0, 50.0, 75.0, 90.0, 95.0, 97.5, 99.0, 99.5, 99.9, 99.95, 99.99, 100.0)
"""The percentiles that the curve of a plot goes through."""
Kind = Literal["submit_latency", "response_time", "send_lag", "receipt_delay"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """One distribution, in seconds. Nothing of it was estimated: every case was measured."""

    operator: str | None
    """None: all of them together."""
    kind: Kind
    """The metric: ``response_time`` and ``send_lag`` are of a load, and count from when a message was due."""
    count: int
    p50: float
    p90: float
    p99: float
    p999: float
    longest: float
    curve: tuple[float, ...]
    """At the percentiles 0, 25, 50, 75, 90, 95, 97.5, 99, 99.5, 99.9, 99.95, 99.99 and 100."""
    middle: tuple[float | None, ...]
    """The median of what began in each bucket: was submitted, or was due; null where nothing was."""
    high: tuple[float | None, ...]
    """The same of the 99th percentile."""


def latencies(overall: Evidence, operators: Iterable[Evidence], bucket: float, length: int) -> tuple[Latency, ...]:
    """Measure all operators together, where there are several, and each by itself; leave out what never happened."""
    each = list(operators)
    found = (
        _latency(evidence.operator, kind, _timed(evidence, kind), bucket, length)
        for kind in KINDS
        for evidence in ([overall, *each] if len(each) != 1 else each)
    )
    return tuple(latency for latency in found if latency is not None)


def quantile(ordered: list[float], percent: float) -> float:
    """Return the nearest-rank percentile of what is in order and not empty, as the metrics do."""
    return ordered[min(len(ordered) - 1, int(percent / 100 * len(ordered)))]


_Spans = Iterable[tuple[float | None, float | None]]

_SPANS: Final[dict[Kind, Callable[[Evidence], _Spans]]] = {
    "submit_latency": lambda it: ((s.received_at, None if s.answered is None else s.answered.at) for s in it.accepted),
    "response_time": lambda it: ((m.due, m.answered_at) for m in it.messages),
    "send_lag": lambda it: ((m.due, m.written_at) for m in it.messages),
    "receipt_delay": lambda it: ((s.received_at, s.acknowledged_at) for s in it.accepted),
}
"""When each began and ended."""


def _timed(evidence: Evidence, kind: Kind) -> list[Timed]:
    start = evidence.span.started_at
    spans = _SPANS[kind](evidence)
    return [(began - start, ended - began) for began, ended in spans if began is not None and ended is not None]


def _latency(operator: str | None, kind: Kind, timed: list[Timed], bucket: float, length: int) -> Latency | None:
    if not timed:
        return None
    ordered = sorted(took for _, took in timed)
    buckets: dict[int, list[float]] = defaultdict(list)
    for at, took in timed:
        buckets[int(at / bucket)].append(took)
    for group in buckets.values():
        group.sort()
    p50, p90, p99, p999 = (quantile(ordered, percent) for percent in PERCENTILES)
    return Latency(
        operator=operator,
        kind=kind,
        count=len(ordered),
        p50=p50,
        p90=p90,
        p99=p99,
        p999=p999,
        longest=ordered[-1],
        curve=tuple(quantile(ordered, percent) for percent in CURVE),
        middle=tuple(quantile(buckets[n], 50) if n in buckets else None for n in range(length)),
        high=tuple(quantile(buckets[n], 99) if n in buckets else None for n in range(length)),
    )
