"""What a load test has found: for people as text, for programs as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from carrierlab.loadtest.limit import Found, Tried
from carrierlab.loadtest.profile import Mode, Profile
from carrierlab.loadtest.tally import Histogram, Tally
from carrierlab.loadtest.thresholds import State, Verdict

FORMAT: Final = "carrierlab load report"
VERSION: Final = 1
_PERCENTS: Final = (50, 95, 99)
_MARKS: Final = {State.HELD: "✓", State.BROKEN: "✗", State.NOTHING: "✗"}
_WAYS: Final = (
    "let several processes share it (carrierlab load --workers N, each with an account of its own), or use "
    "carrierlab blast, which spends far less on a message"
)


class Result(msgspec.Struct, frozen=True):
    """A run that has ended."""

    profile: Profile
    address: str
    tally: Tally
    verdicts: list[Verdict]
    workers: int = 1
    lost_workers: int = 0
    """Those that had a share of the load and did not come to the end."""
    interrupted: bool = False
    unusable: str | None = None
    """Why there was nothing to test."""
    tried: list[Tried] = []
    found: Found | None = None
    """Of a search for the limit."""

    @property
    def late_generator(self) -> bool:
        """Whether the generator itself was so late that the figures are not the SMSC's."""
        return is_late(self.tally, self.profile)


def is_late(tally: Tally, profile: Profile) -> bool:
    """Whether the generator was too late for its messages: the p99 of its lag."""
    lag = tally.lag.percentile(99)
    return lag is not None and lag > profile.thresholds.generator_lag


def lines(result: Result) -> Iterator[str]:
    """The report as text."""
    profile, tally = result.profile, result.tally
    yield f"{profile.profile or 'Load test'} · {profile.mode.value} loop against {result.address}"
    if result.unusable is not None:
        yield f"nothing was tested: {result.unusable}"
        return
    if result.interrupted:
        yield "interrupted: what follows is of the time until then"
    yield ""
    yield f"{'':24}{'count':>9}{'failed':>9}{'p50':>10}{'p95':>10}{'p99':>10}{'max':>10}"
    for name, requests in tally.requests.items():
        yield f"{name:24}{requests.count:>9,}{requests.failed:>9,}{_columns(requests.latency)}"
    if profile.mode is Mode.OPEN:
        yield f"{'  of it: generator lag':24}{'':18}{_columns(tally.lag)}"
        yield f"{'  of it: for a window':24}{'':18}{_columns(tally.waiting)}"
        yield f"{'  of it: the answer':24}{'':18}{_columns(tally.service)}"
    yield ""
    sent = tally.of(profile.sent)
    if profile.sent and tally.seconds:
        yield f"throughput {sent.succeeded / tally.seconds:.1f}/s accepted, in {tally.seconds:.1f} s"
    for name, requests in tally.requests.items():
        for error, count in sorted(requests.failures.items(), key=lambda item: -item[1]):
            yield f"failed: {name}: {error}: {count:,} ({count / requests.count * 100:.2f}%)"
    if profile.target.speaks_smpp:
        receipts = tally.receipts
        yield (
            f"receipts {receipts.matched:,}, still awaited {receipts.awaited:,}, lost {receipts.lost:,} "
            f"({receipts.late:,} of them came late), unknown {receipts.unknown:,}, repeated {receipts.again:,}"
        )
    count = sum(each.count for name, each in tally.requests.items() if name == profile.sent or not profile.sent)
    if profile.mode is Mode.CLOSED and tally.held_back > count / 2:
        yield f"safety.rate ({profile.most.rate:g}/s) held the users back: the target may take more than this"
    if tally.given_up:
        yield f"{tally.given_up:,} of {tally.due:,} that were due could not be written in time"
    if result.lost_workers:
        yield (
            f"{result.lost_workers} of {result.workers} workers lost on the way: the rest of their load was not sent, "
            "and what became of their last messages is not known"
        )
    if result.late_generator:
        yield f"the generator was late itself (p99 {_ms(tally.lag.percentile(99))} ms): {_WAYS}"
    yield from _search_lines(result)
    for verdict in result.verdicts:
        yield f"{_MARKS[verdict.state]} {verdict}"


def _search_lines(result: Result) -> Iterator[str]:
    for tried in result.tried:
        said = "; ".join(tried.broken) or "held"
        yield f"{tried.probe.doing.value} {tried.probe.rate:g}/s for {tried.probe.seconds:g} s: {said}"
    found = result.found
    if found is None:
        return
    if found.inconclusive:
        held = "nothing" if found.rate is None else f"{found.rate:g}/s"
        yield f"no limit found: {found.why}; {held} has held until then"
    elif found.rate is None:
        yield f"the first rate does not hold already: {found.why}"
    elif found.open_end:
        yield f"limit: {found.rate:g}/s at least; {found.why}"
    else:
        yield f"limit: {found.rate:g}/s; beyond it: {found.why}"


def document(result: Result, code: int) -> dict[str, Any]:
    """The report as JSON; latencies are milliseconds."""
    profile, tally = result.profile, result.tally
    sent = tally.of(profile.sent)
    found = result.found
    return {
        "format": FORMAT,
        "version": VERSION,
        "profile": profile.profile,
        "target": {"kind": profile.target.kind, "address": result.address},
        "mode": profile.mode.value,
        "seed": profile.seed,
        "users": profile.users,
        "window": profile.window,
        "workers": result.workers,
        "lost_workers": result.lost_workers,
        "exit_code": code,
        "interrupted": result.interrupted,
        "unusable": result.unusable,
        "seconds": round(tally.seconds, 3),
        "throughput": round(sent.succeeded / tally.seconds, 3) if tally.seconds else 0.0,
        "due": tally.due,
        "written": tally.written,
        "given_up": tally.given_up,
        "held_back": tally.held_back,
        "requests": {
            name: {
                "count": each.count,
                "failed": each.failed,
                "failures": each.failures,
                "latency": _figures(each.latency),
            }
            for name, each in tally.requests.items()
        },
        "receipts": msgspec.to_builtins(tally.receipts),
        "generator": {"lag": _figures(tally.lag), "late": result.late_generator},
        "waiting": _figures(tally.waiting),
        "service": _figures(tally.service),
        "thresholds": [msgspec.to_builtins(verdict) for verdict in result.verdicts],
        "search": [
            {
                "doing": each.probe.doing.value,
                "rate": each.probe.rate,
                "seconds": each.probe.seconds,
                "broken": each.broken,
            }
            for each in result.tried
        ],
        "limit": None if found is None else msgspec.to_builtins(found),
    }


def _figures(histogram: Histogram) -> dict[str, float | None]:
    figures = {f"p{percent}": _rounded(histogram.percentile(percent)) for percent in _PERCENTS}
    return {**figures, "max": _rounded(histogram.largest)}


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)


def _columns(histogram: Histogram) -> str:
    values = [histogram.percentile(percent) for percent in _PERCENTS]
    return "".join(f"{_ms(value):>10}" for value in [*values, histogram.largest])


def _ms(seconds: float | None) -> str:
    return "·" if seconds is None else f"{seconds * 1000:,.4g}" if seconds < 1 else f"{seconds * 1000:,.0f}"
