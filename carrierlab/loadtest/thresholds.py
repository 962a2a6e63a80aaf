"""What a load test must hold, and whether it did. Pure: a verdict on a tally."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Annotated, ClassVar, Final, Self

import msgspec
from msgspec import Meta

from carrierlab.loadtest.tally import Tally
from smppkit.status import parse_status, status_name
from yamlmodel.scalars import Duration, Percent, Rate
from yamlmodel.suggest import did_you_mean

SUBMIT: Final = "submit_sm"
RECEIPT: Final = "receipt"
BIND: Final = "bind"
POST_MESSAGE: Final = "POST /v1/messages"
FINAL: Final = "message final"
CONTROL: Final = ("GET /api/messages", "GET /api/messages?q=", "GET /api/operators", "GET /api/binds", "GET /healthz")
NAMES: Final = (SUBMIT, RECEIPT, BIND, POST_MESSAGE, FINAL, *CONTROL)
"""Every request name that there is."""


class RequestName(str):
    """The name of a request in the report."""

    __slots__ = ()
    expected: ClassVar[str] = "the name of a request: " + ", ".join(NAMES)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take a name that there is; ValueError with the nearest one."""
        if text.strip() not in NAMES:
            raise ValueError(f"expected {cls.expected}{did_you_mean(text, NAMES)}")
        return cls(text.strip())


class ErrorClass(str):
    """A status of submit_sm_resp, in the form in which it is a failure: "ESME_RTHROTTLED (0x58)"."""

    __slots__ = ()
    expected: ClassVar[str] = "a status such as ESME_RTHROTTLED or 0x58"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take a status by name or number; ValueError with the nearest one."""
        return cls(error_class(parse_status(text)))


def error_class(status: int) -> str:
    """A status as failures show it: its name and its number."""
    name = status_name(status)
    return name if name.startswith("0x") else f"{name} (0x{status:02X})"


class Percentiles(msgspec.Struct, frozen=True):
    """Latencies at most."""

    p50: Annotated[Duration, Meta(description="Half of them", examples=["50ms"])] | None = None
    p95: Annotated[Duration, Meta(description="95 % of them", examples=["200ms"])] | None = None
    p99: Annotated[Duration, Meta(description="99 % of them", examples=["500ms"])] | None = None


class Thresholds(msgspec.Struct, frozen=True):
    """What must hold at the end, or in each step of a search for the limit."""

    latency: Annotated[
        dict[RequestName, Percentiles],
        Meta(description="By name of the request, as in the report", examples=["{submit_sm: {p99: 500ms}}"]),
    ] = msgspec.field(default_factory=dict)
    errors: Annotated[Percent, Meta(description="Failures at most, of all submit_sm or requests")] | None = None
    statuses: Annotated[
        dict[ErrorClass, Percent],
        Meta(description="Of one status, at most", examples=["{ESME_RTHROTTLED: 1%}"]),
    ] = msgspec.field(default_factory=dict)
    throughput: Annotated[Rate, Meta(description="Accepted at least", examples=["45/s"])] | None = None
    lost_receipts: Annotated[int, Meta(description="Receipts that never came, at most", ge=0)] | None = None
    unknown_receipts: (
        Annotated[int, Meta(description="Receipts for messages that nobody sent, at most", ge=0)] | None
    ) = None

    generator_lag: Annotated[
        Duration, Meta(description="How late the generator itself may be (p99): beyond it no figure is the SMSC's")
    ] = Duration(0.05)

    def for_a_search(self) -> Thresholds:
        """What ends a search for the limit: where nothing is said, any throttle, 1 % of errors, a p99 of a second."""
        latency = self.latency or {RequestName(SUBMIT): Percentiles(p99=Duration(1))}
        statuses = self.statuses or {
            ErrorClass.parse(name): Percent(0) for name in ("ESME_RTHROTTLED", "ESME_RMSGQFUL")
        }
        errors = Percent(0.01) if self.errors is None else self.errors
        return msgspec.structs.replace(self, latency=latency, statuses=statuses, errors=errors, throughput=None)


class State(enum.Enum):
    """Whether a threshold holds."""

    HELD = "held"
    BROKEN = "broken"
    NOTHING = "nothing to judge"


class Verdict(msgspec.Struct, frozen=True):
    """One threshold, judged."""

    what: str
    limit: str
    found: str
    state: State

    def __str__(self) -> str:
        return f"{self.what}: {self.found}, expected {self.limit}"


def judge(thresholds: Thresholds, tally: Tally, sent: str) -> list[Verdict]:
    """Judge all of them; `sent` is the name of the requests that carry messages, or "" for all of them.

    A latency of which there is nothing has not held: a run that measured nothing is no good one.
    """
    return list(_judged(thresholds, tally, sent))


def broken(verdicts: list[Verdict]) -> list[Verdict]:
    """Those that do not hold."""
    return [verdict for verdict in verdicts if verdict.state is not State.HELD]


def _judged(thresholds: Thresholds, tally: Tally, sent: str) -> Iterator[Verdict]:
    for request, percentiles in thresholds.latency.items():
        for percent in (50, 95, 99):
            limit = getattr(percentiles, f"p{percent}")
            if limit is not None:
                found = tally.of(request).latency.percentile(percent)
                yield _latency(f"{request} p{percent}", limit, found)
    count, failures = _outcome(tally, sent)
    if thresholds.errors is not None:
        yield _share("errors", thresholds.errors, sum(failures.values()), count)
    for error, share in thresholds.statuses.items():
        yield _share(str(error), share, failures.get(error, 0), count)
    if thresholds.throughput is not None:
        rate = (count - sum(failures.values())) / tally.seconds if tally.seconds else 0.0
        state = State.HELD if rate >= thresholds.throughput else State.BROKEN
        yield Verdict("throughput", f"{thresholds.throughput:g}/s at least", f"{rate:.1f}/s", state)
    for name, most in (("lost", thresholds.lost_receipts), ("unknown", thresholds.unknown_receipts)):
        if most is not None:
            there = getattr(tally.receipts, name)
            state = State.HELD if there <= most else State.BROKEN
            yield Verdict(f"{name} receipts", f"{most} at most", f"{there}", state)


def _outcome(tally: Tally, sent: str) -> tuple[int, dict[str, int]]:
    """How many requests there were, and their failures by class."""
    failures: dict[str, int] = {}
    count = 0
    for name, requests in tally.requests.items():
        if not sent or name == sent:
            count += requests.count
            for error, number in requests.failures.items():
                failures[error] = failures.get(error, 0) + number
    return count, failures


def _latency(what: str, limit: float, found: float | None) -> Verdict:
    expected = f"{_ms(limit)} at most"
    if found is None:
        return Verdict(what, expected, "none measured", State.NOTHING)
    return Verdict(what, expected, _ms(found), State.HELD if found <= limit else State.BROKEN)


def _share(what: str, limit: float, failed: int, count: int) -> Verdict:
    expected = f"{limit * 100:g}% at most"
    if not count:
        return Verdict(what, expected, "nothing sent", State.NOTHING)
    share = failed / count
    state = State.HELD if share <= limit + 1e-12 else State.BROKEN
    return Verdict(what, expected, f"{share * 100:.2f}% ({failed:,} of {count:,})", state)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.4g} ms" if seconds < 10 else f"{seconds:,.4g} s"
