"""What is said of a blast: figures, how they were measured, and who was the limit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from carrierlab.blast.book import Outcome, outcome_of
from carrierlab.blast.histogram import Histogram
from carrierlab.blast.plan import Plan, Receipts
from carrierlab.blast.player import Measured
from smppkit.status import status_name

FULL: Final = 0.85
"""The share of one core above which a process of one thread has no more to give."""
CROWDED: Final = 0.1
"""The share of the time that the generator may wait for a processor before others are to blame."""
QUANTILES: Final = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}

_LIMITS: Final = {
    "generator": "The generator was at the end of its core: the server may do more than this.",
    "server": "The server was at the end of its core: this is its limit.",
    "both": "Generator and server were both at the end of their cores: the server may do a little more.",
    "others": "The machine was busy with others: throughput and latency are theirs too, processor time is not.",
    "rate": "The rate that was asked for was kept.",
    "incomplete": "Not every message was written and answered: these figures are no limit of anybody.",
    "behind": "The rate that was asked for was not kept; latencies have what messages waited before they were written.",
    "round trip": "Nobody was at the end of a core: the windows, and how long answers take, were the limit.",
}


class Cost(msgspec.Struct, frozen=True, omit_defaults=True):
    """The processor time of one process."""

    share: float
    """Of one core, from the first submit to the last answer."""
    us_per_message: float | None
    """Microseconds for each answered message, receipts included."""


class Report(msgspec.Struct, frozen=True):
    """A blast as JSON. Times are seconds but where a name says otherwise."""

    loop: str
    connections: int
    window: int
    rate: float | None
    warm_up: int
    seconds: float
    """From the first submit to the last answer."""
    seconds_with_receipts: float
    written: int
    answered: int
    per_second: float
    outcomes: dict[str, int]
    statuses: dict[str, int]
    nacks: int
    unanswered: int
    stray: int
    not_written: int
    """Due and never written."""
    most_behind: int
    """Messages that were due and waited for a window, at worst."""
    lost_connections: int
    lost_because: dict[str, int]
    receipts: dict[str, int] | None
    incoming: int
    latency_ms: dict[str, float | None]
    receipt_ms: dict[str, float | None] | None
    generator: Cost
    waited: float
    """The share of the time that the generator was ready and waited for a processor."""
    server: Cost | None
    limit: str
    """Who was the limit: generator, server, both, others, rate, behind, round trip or incomplete."""
    complete: bool

    @property
    def passed(self) -> bool:
        """Whether every message was written and accepted, and every receipt came that was waited for."""
        receipts = self.receipts or {"missing": 0}
        return self.complete and self.answered == self.outcomes["accepted"] and not receipts["missing"]


def report(measured: Measured) -> Report:
    """The figures of a run."""
    plan, book = measured.plan, measured.book
    seconds = max((book.answered_at or measured.answered.at) - measured.begin.at, 1e-9)
    last = max(book.answered_at or 0.0, book.receipt_at or 0.0, measured.begin.at + seconds)
    outcomes = {outcome.value: 0 for outcome in Outcome}
    outcomes["accepted"] = book.accepted
    for status, count in book.refusals.items():
        # A generic_nack may say ESME_ROK: it is no acceptance.
        outcome = outcome_of(status) if status else Outcome.REFUSED
        outcomes[outcome.value] += count
    server = None
    begin, answered, end = measured.begin, measured.answered, measured.end
    span = max(answered.at - begin.at, 1e-9)
    messages = book.answered
    own = Cost((answered.own - begin.own) / span, _each(end.own - begin.own, messages))
    waited = (answered.waited - begin.waited) / span
    if begin.server is not None and answered.server is not None and end.server is not None:
        server = Cost((answered.server - begin.server) / span, _each(end.server - begin.server, messages))
    not_written = plan.most - book.written if plan.rate is not None or plan.messages is not None else 0
    receipts = None
    if plan.receipts is not Receipts.NONE:
        receipts = {"came": book.receipts, "missing": max(0, book.accepted - book.receipts)}
        if plan.receipts is Receipts.MATCH:
            receipts = {
                "came": book.receipts,
                "matched": book.matched,
                "missing": max(0, book.accepted - book.matched),
                "unmatched": book.unmatched,
                "repeated": book.repeated,
                "nameless": book.nameless,
            }
    return Report(
        loop="closed" if plan.rate is None else "open",
        connections=plan.connections,
        window=plan.window,
        rate=plan.rate,
        warm_up=plan.warm_up,
        seconds=seconds,
        seconds_with_receipts=last - begin.at,
        written=book.written,
        answered=messages,
        per_second=messages / seconds,
        outcomes=outcomes,
        statuses={status_name(status): count for status, count in sorted(book.refusals.items())},
        nacks=book.nacks,
        unanswered=book.unanswered,
        stray=book.stray,
        not_written=not_written,
        most_behind=book.most_behind,
        lost_connections=book.lost.total(),
        lost_because=dict(book.lost),
        receipts=receipts,
        incoming=book.incoming,
        latency_ms=_milliseconds(book.latency),
        receipt_ms=_milliseconds(book.receipt_latency) if plan.receipts is Receipts.MATCH else None,
        generator=own,
        waited=waited,
        server=server,
        limit=_limit(plan, own, server, waited, messages / seconds) if measured.complete else "incomplete",
        complete=measured.complete,
    )


def _each(seconds: float, messages: int) -> float | None:
    return seconds / messages * 1e6 if messages else None


def _milliseconds(histogram: Histogram) -> dict[str, float | None]:
    values = {name: histogram.quantile(share) for name, share in QUANTILES.items()}
    values |= {"mean": histogram.mean, "max": histogram.longest if histogram.count else None}
    return {name: None if value is None else value * 1e3 for name, value in values.items()}


def _limit(plan: Plan, own: Cost, server: Cost | None, waited: float, per_second: float) -> str:
    generator_full, server_full = own.share >= FULL, server is not None and server.share >= FULL
    if plan.rate is not None and per_second >= 0.98 * plan.rate:
        return "rate"
    if generator_full or server_full:
        return "both" if generator_full and server_full else "generator" if generator_full else "server"
    if waited >= CROWDED:
        return "others"
    return "round trip" if plan.rate is None else "behind"


def to_json(found: Report) -> bytes:
    """One line."""
    return msgspec.json.encode(_rounded(msgspec.to_builtins(found))) + b"\n"


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(of) for key, of in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def to_text(found: Report) -> str:
    """For people."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Report) -> Iterator[str]:
    wide = f"{found.connections:,} × window {found.window:,}"
    if found.loop == "closed":
        yield f"closed loop, {wide}: a submit follows an answer; latency from the write to the reading of the answer"
    else:
        yield f"open loop, {_rate(found.rate or 0.0)}, {wide}: latency from the time at which a message was due"
    yield f"  {found.answered:,} answers in {found.seconds:.2f} s  {_rate(found.per_second)}"
    yield "  " + "  ".join(f"{name} {count:,}" for name, count in found.outcomes.items() if count or name == "accepted")
    for name, count in found.statuses.items():
        yield f"    {name} {count:,}"
    troubles = {
        "unanswered": found.unanswered,
        "never written": found.not_written,
        "waited for a window at once, at worst": found.most_behind,
        "answers to nothing": found.stray,
        "generic_nack": found.nacks,
        "other requests of the server": found.incoming,
        "connections lost": found.lost_connections,
    }
    yield from (f"  {name} {count:,}" for name, count in troubles.items() if count)
    yield from (f"    {why}: {count:,}" for why, count in found.lost_because.items())
    yield "  latency " + _times(found.latency_ms)
    if found.receipts is not None:
        yield "  receipts " + "  ".join(
            f"{name} {count:,}" for name, count in found.receipts.items() if count or name == "came"
        )
        yield f"  with receipts {found.seconds_with_receipts:.2f} s"
    if found.receipt_ms is not None:
        yield "  from answer to receipt " + _times(found.receipt_ms)
    waited = f", waited for a processor {found.waited:.0%} of the time" if found.waited >= CROWDED else ""
    yield f"  processor time of the generator {_cost(found.generator)}{waited}"
    if found.server is not None:
        yield f"  processor time of the server {_cost(found.server)}"
    yield f"  {_LIMITS[found.limit]}"


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f}/s" if per_second >= 100 else f"{per_second:.3g}/s"


def _times(values: dict[str, float | None]) -> str:
    return "  ".join(f"{name} {value:.2f} ms" for name, value in values.items() if value is not None) or "of nothing"


def _cost(cost: Cost) -> str:
    each = "" if cost.us_per_message is None else f"{cost.us_per_message:.2f} µs a message, "
    return f"{each}{cost.share:.0%} of one core"
