"""Counters as Prometheus reads them: plain ints of the objects that count; labels have few values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from sender.pipeline.live import AccountStatus, LiveStatus
from sender.web.api import Api
from sender.web.health import reasons

CONTENT_TYPE = "text/plain; version=0.0.4"  # the web server adds the charset; Prometheus refuses one that is said twice


def render(api: Api, totals: Mapping[tuple[str, str], int]) -> bytes:
    """All metrics as they are now; `totals` are messages by class and state."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(api, totals))
    return generate_latest(registry)


class _Collector:
    """What one look at the sender gives."""

    def __init__(self, api: Api, totals: Mapping[tuple[str, str], int]) -> None:
        self._api = api
        self._totals = totals

    def collect(self) -> Iterator[Metric]:
        status = self._api.live.look()
        yield from _accounts(status)
        yield from self._store(status)
        yield from self._http()

    def _store(self, status: LiveStatus) -> Iterator[Metric]:
        messages = GaugeMetricFamily("sender_messages", "Messages in the store.", labels=["class", "state"])
        for (message_class, state), count in self._totals.items():
            messages.add_metric([message_class, state], count)
        yield messages
        yield GaugeMetricFamily("sender_writer_lag_seconds", "How long a commit takes.", status.writer_lag)
        ready = not reasons(self._api.live, status)
        yield GaugeMetricFamily("sender_ready", "1 while messages are taken and leave.", int(ready))
        yield GaugeMetricFamily("sender_start_time_seconds", "When the process began.", status.started_at)

    def _http(self) -> Iterator[Metric]:
        counts = self._api.counts
        yield _counter("sender_http_requests", "Requests.", ["route", "status"], (
            ([route, str(code)], count) for (route, code), count in counts.requests.items()
        ))  # fmt: skip
        yield _counter("sender_api_accepted", "Messages that were taken.", ["class"], (
            ([message_class], count) for message_class, count in counts.accepted.items()
        ))  # fmt: skip
        for name, what, value in (
            ("refused", "Messages that were refused.", counts.refused),
            ("replayed", "Requests that came again with their key.", counts.replayed),
            ("unknown_tokens", "Requests without a good token.", counts.unknown_tokens),
            ("too_fast", "Requests beyond the rate of their token.", counts.too_fast),
            ("turned_away", "Connections that were one too many.", counts.turned_away),
        ):
            yield CounterMetricFamily(f"sender_api_{name}", what, value)


_GAUGES = {
    "bound": "Connections that are bound.",
    "binds": "Connections that there should be.",
    "outstanding": "Submits without a response.",
}


def _accounts(status: LiveStatus) -> Iterator[Metric]:
    for name, what in _GAUGES.items():
        yield _gauge(f"sender_{name}", what, status.accounts, lambda it, name=name: getattr(it, name))
    for share in ("p50", "p99"):
        name, what = f"sender_latency_{share}_seconds", "How long the operator takes to answer, of late."
        yield _gauge(name, what, status.accounts, lambda it, share=share: getattr(it, f"latency_{share}"))
    yield _gauge("sender_rate_limit", "Segments a second that may be written.", status.accounts, lambda it: it.rate)
    yield _gauge(
        "sender_queue_age_seconds",
        "How long the first message that is due waits.",
        status.accounts,
        lambda it: 0.0 if it.oldest_due is None else max(0.0, status.at - it.oldest_due),
    )
    for name, what, label in (
        ("statuses", "Answers of the operator.", "status"),
        ("doubts", "Submits that nobody knows the end of.", "cause"),
        ("receipts", "Receipts.", "fate"),
    ):
        yield _counter(f"sender_{name}", what, ["account", label], (
            ([it.account, key], count) for it in status.accounts for key, count in getattr(it, name).items()
        ))  # fmt: skip
    yield _counter("sender_incoming", "Messages of subscribers.", ["account"], (
        ([it.account], it.incoming) for it in status.accounts
    ))  # fmt: skip
    yield _counter("sender_held", "Submits that were kept from the wire.", ["account"], (
        ([it.account], it.held) for it in status.accounts
    ))  # fmt: skip


def _gauge(name: str, what: str, accounts: Iterable[AccountStatus], value: Any) -> Metric:
    family = GaugeMetricFamily(name, what, labels=["account"])
    for account in accounts:
        found = value(account)
        if found is not None:
            family.add_metric([account.account], found)
    return family


def _counter(name: str, what: str, labels: list[str], values: Iterable[tuple[list[str], float]]) -> Metric:
    family = CounterMetricFamily(name, what, labels=labels)
    for given, value in values:
        family.add_metric(given, value)
    return family
