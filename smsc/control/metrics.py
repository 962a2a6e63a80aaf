"""The counters as Prometheus reads them: the same names as in the code and in /api/stats, with ``smsc_`` in front."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from smppkit.status import status_name
from smsc.control.control import Control
from smsc.stats import OperatorStats

CONTENT_TYPE = "text/plain; version=0.0.4"  # the web server adds the charset; Prometheus refuses one that is said twice
_DELIVERIES = ("receipts", "mo", "messages")
_GAUGES = frozenset({"waiting"})


def render(control: Control) -> bytes:
    """All metrics, as they are now, in the text format of Prometheus."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(control))
    return generate_latest(registry)


class _Collector:
    """What one look at the emulator gives."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for name, stats in self._control.emulator.stats.operators.items():
            _add(families, stats, name)
        yield from families.values()
        yield from self._now()

    def _now(self) -> Iterator[Metric]:
        control = self._control
        bound = GaugeMetricFamily("smsc_bound", "Connections on which an ESME is bound.", labels=["operator"])
        listening = GaugeMetricFamily("smsc_listening", "1 while new connections are taken.", labels=["operator"])
        for name, server in control.emulator.operators.items():
            bound.add_metric([name], len(server.bound_connections()))
            listening.add_metric([name], int(server.listening))
        yield bound
        yield listening
        if control.journal is not None:
            yield GaugeMetricFamily(
                "smsc_journal_backlog", "Operations that are recorded and not yet on the disk.", control.journal.backlog
            )
            yield CounterMetricFamily(
                "smsc_journal_failed_groups", "Transactions that could not be written.", control.journal.failed_groups
            )
            yield CounterMetricFamily(
                "smsc_journal_dropped", "Messages that were not to be kept any longer.", control.journal.dropped
            )
        yield CounterMetricFamily(
            "smsc_http_connections_refused", "Because too many are connected over HTTP.", control.connections_refused
        )
        yield GaugeMetricFamily("smsc_event_listeners", "Who looks on at /api/events.", len(control.events))
        yield CounterMetricFamily("smsc_event_listeners_refused", "Because too many look on.", control.events.refused)
        if control.desk is not None:
            waiters = control.desk.waiters
            yield GaugeMetricFamily("smsc_waiters", "Who waits for messages.", len(waiters))
            yield CounterMetricFamily("smsc_waiters_refused", "Because too many wait.", waiters.refused)
            yield CounterMetricFamily(
                "smsc_feed_skipped", "Times that changes were too many to be told.", control.desk.feed.skipped
            )


def _add(families: dict[str, Metric], stats: OperatorStats, operator: str) -> None:
    for name in stats.__struct_fields__:
        value = getattr(stats, name)
        if name in _DELIVERIES:
            _add_struct(families, "deliveries", value, {"operator": operator, "kind": name})
        elif isinstance(value, msgspec.Struct):
            _add_struct(families, name, value, {"operator": operator})
        else:
            _add_value(families, name, value, {"operator": operator})


def _add_struct(families: dict[str, Metric], prefix: str, stats: msgspec.Struct, labels: dict[str, str]) -> None:
    for name in stats.__struct_fields__:
        _add_value(families, f"{prefix}_{name}", getattr(stats, name), labels)


def _add_value(families: dict[str, Metric], name: str, value: Any, labels: dict[str, str]) -> None:
    if isinstance(value, dict):
        by = "fault" if name == "faults" else "status"
        for key, count in value.items():
            shown = status_name(key) if isinstance(key, int) else key
            _family(families, name, [*labels, by]).add_metric([*labels.values(), shown], count)
        if not value:
            _family(families, name, [*labels, by])
    else:
        _family(families, name, list(labels)).add_metric(list(labels.values()), value)


def _family(families: dict[str, Metric], name: str, labels: list[str]) -> Any:
    family = families.get(name)
    if family is None:
        kind = GaugeMetricFamily if name.rpartition("_")[2] in _GAUGES else CounterMetricFamily
        family = families[name] = kind(f"smsc_{name}", f"See /api/stats: {name}.", labels=labels)
    return family
