"""The figures that every report shows of an operator: which ones, in which order, and under which names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from carrierlab.metrics import percentile_name, unit_of
from carrierlab.report.faults import Fault
from carrierlab.report.latency import KINDS, PERCENTILES, Kind
from carrierlab.report.result import Outcome
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
    one_book: bool = False
    """Shown only when nobody knows what was to be sent."""

    def sum(self, values: Values) -> float:
        """Return the figure; nothing of what is not known."""
        return sum(values.get(name, 0.0) for name in self.metrics)


LINES = (
    Line("recipients", ("recipients",), always=True),
    Line("delivered", ("delivered",), "green", share=True, always=True),
    Line("not delivered", ("undelivered", "expired", "refused", "unknown"), "yellow", share=True),
    Line("awaiting receipt", ("awaiting_receipt",), share=True),
    Line("in doubt", ("in_doubt",), "yellow", share=True),
    Line("lost", ("lost",), "bold red"),
    Line("segments", ("segments",), always=True),
    Line("binds", ("binds",), always=True, one_book=True),
    Line("binds refused", ("refused_binds",), "yellow", one_book=True),
    Line("submits", ("submits",), always=True, one_book=True),
    Line("throttled", ("throttled",), "yellow"),
    Line("resent after a doubt", ("resends",), "yellow"),
    Line("duplicates", ("duplicates",), "bold red"),
    Line("reconnects", ("reconnects",), "yellow"),
    Line("from handsets", ("mo_received",)),
)


def operators_of(outcome: Outcome) -> dict[str, dict[str, float]]:
    """Return the values of every operator, and of all together where there are several."""
    columns = dict(outcome.operators)
    if len(columns) > 1:
        columns["together"] = outcome.metrics
    return columns


def lines_of(operators: Iterable[Values]) -> list[Line]:
    """Return the figures worth showing: those that are known, and not zero everywhere."""
    columns = list(operators)
    one_book = not any("recipients" in values for values in columns)
    known = [
        line
        for line in LINES
        if line.one_book <= one_book and any(name in values for values in columns for name in line.metrics)
    ]
    return [line for line in known if line.always or any(line.sum(values) for values in columns)]


def kinds_of(columns: Iterable[Values]) -> list[Kind]:
    """Return the kinds of latency that any of them measured."""
    values = list(columns)
    return [kind for kind in KINDS if any(was_measured(each, kind) for each in values)]


def was_measured(values: Values, kind: Kind) -> bool:
    """Return whether there was anything to measure: no time is zero but a send lag, after which a response came."""
    kinds: tuple[Kind, ...] = ("send_lag", "response_time") if kind == "send_lag" else (kind,)
    return any(values.get(percentile_name(kind, PERCENTILES[-1]), 0.0) > 0 for kind in kinds)


def percentiles_title(kind: Kind, percentiles: Iterable[float]) -> str:
    """Return what a line of percentiles is called: ``submit latency p50, p99``."""
    return f"{kind.replace('_', ' ')} {', '.join(f'p{percentile:g}' for percentile in percentiles)}"


def shown_percentiles(values: Values, kind: Kind, percentiles: Iterable[float]) -> str:
    """Return them as written: ``16 ms, 126 ms``; a dot where nothing was measured."""
    if not was_measured(values, kind):
        return "·"
    names = [percentile_name(kind, percentile) for percentile in percentiles]
    return ", ".join(show(values[name], unit_of(name)) for name in names)


def shown_throughput(values: Values) -> str:
    """Return it as written: ``158/s``."""
    return show(values["throughput"], unit_of("throughput"))


def phase_span(start: float, end: float) -> str:
    """Return when a phase was: ``37.3 s – 42.3 s``."""
    return f"{show_duration(start)} – {show_duration(end)}"


def fault_words(fault: Fault) -> str:
    """Return when, what and whom: ``2 s – 4 s: throttled to 80/s, kcell``."""
    until = f" – {show_duration(fault.until)}" if fault.until is not None else ""
    who = f", {fault.operator}" if fault.operator else ""
    return f"{show_duration(fault.at)}{until}: {fault.detail}{who}"
