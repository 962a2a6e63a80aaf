"""The figures that every report shows of an operator: which ones, in which order, and under which names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from carrierlab.metrics import unit_of
from carrierlab.report.result import Fault, Outcome
from carrierlab.showing import show, show_duration

Values = Mapping[str, float]
"""The value of every metric, by name."""


class Line(msgspec.Struct, frozen=True):
    """One figure of the operators table."""

    title: str
    metrics: tuple[str, ...]
    """Added up."""
    style: str = ""
    share: bool = False
    """Show the share of the recipients too."""
    always: bool = False
    """Shown even when it is zero everywhere."""

    def sum(self, values: Values) -> float:
        """Return the figure."""
        return sum(values[name] for name in self.metrics)


class Speed(msgspec.Struct, frozen=True):
    """One figure about time, or several that are read together."""

    title: str
    metrics: tuple[str, ...]

    def shown(self, values: Values) -> str:
        """Return the figures as written: ``16 ms, 126 ms``."""
        return ", ".join(show(values[name], unit_of(name)) for name in self.metrics)


LINES = (
    Line("recipients", ("recipients",), always=True),
    Line("delivered", ("delivered",), "green", share=True, always=True),
    Line("not delivered", ("undelivered", "expired", "refused", "unknown"), "yellow", share=True),
    Line("awaiting receipt", ("awaiting_receipt",), share=True),
    Line("in doubt", ("in_doubt",), "yellow", share=True),
    Line("lost", ("lost",), "bold red"),
    Line("segments", ("segments",), always=True),
    Line("throttled", ("throttled",), "yellow"),
    Line("resent after a doubt", ("resends",), "yellow"),
    Line("duplicates", ("duplicates",), "bold red"),
    Line("reconnects", ("reconnects",), "yellow"),
    Line("from handsets", ("mo_received",)),
)
SPEEDS = (
    Speed("throughput", ("throughput",)),
    Speed("response p50, p99", ("submit_latency_p50", "submit_latency_p99")),
    Speed("receipt p50, p99", ("receipt_delay_p50", "receipt_delay_p99")),
)


def operators_of(outcome: Outcome) -> dict[str, dict[str, float]]:
    """Return the values of every operator, and of all together where there are several."""
    columns = dict(outcome.operators)
    if len(columns) > 1:
        columns["together"] = outcome.metrics
    return columns


def lines_of(operators: Iterable[Values]) -> list[Line]:
    """Return the figures worth showing: those that are not zero everywhere."""
    columns = list(operators)
    return [line for line in LINES if line.always or any(line.sum(values) for values in columns)]


def fault_words(fault: Fault) -> str:
    """Return when, what and whom: ``2 s – 4 s: throttled to 80/s, kcell``."""
    until = f" – {show_duration(fault.until)}" if fault.until is not None else ""
    who = f", {fault.operator}" if fault.operator else ""
    return f"{show_duration(fault.at)}{until}: {fault.detail}{who}"
