"""The part of the page about time: a drawing for each operator, the figures behind it, and the faults by number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from carrierlab.report.chart import Numbered, chart, legend
from carrierlab.report.figures import fault_words, percentiles_title
from carrierlab.report.latency import Latency
from carrierlab.report.markup import Markup, element
from carrierlab.report.page import table
from carrierlab.report.result import Outcome, Series
from carrierlab.showing import show_duration

MAX_OPEN = 6
"""Charts of more operators than this are folded."""


def over_time(outcome: Outcome) -> Iterator[Markup]:
    """Draw every operator, and all together where there are several."""
    if not outcome.series:
        return
    numbered = list(enumerate(outcome.faults, 1))
    yield legend(phases=bool(outcome.phases))
    if len(outcome.series) > 1:
        yield _figure_of(outcome, _together(outcome.series), numbered, None)
    charts = []
    for series in outcome.series:
        mine = [(number, fault) for number, fault in numbered if fault.operator in (None, series.operator)]
        charts.append(_figure_of(outcome, series, mine, series.operator))
    if len(charts) > MAX_OPEN:
        yield element("details", element("summary", f"{len(charts)} operators, each by itself"), *charts)
    else:
        yield from charts
    if numbered:
        yield element("ol", *(element("li", fault_words(fault)) for _, fault in numbered), class_="faults")


def _together(series: Sequence[Series]) -> Series:
    """All operators as one."""
    return Series(
        "together",
        accepted=_sums(one.accepted for one in series),
        throttled=_sums(one.throttled for one in series),
        receipts=_sums(one.receipts for one in series),
    )


def _sums(rows: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*rows, strict=True)))


def _figure_of(outcome: Outcome, series: Series, faults: Sequence[Numbered], operator: str | None) -> Markup:
    """A drawing under its operator's name, and the figures themselves, folded."""
    times = [latency for latency in outcome.latencies if latency.operator == operator]
    counts = list(zip(series.accepted, series.throttled, series.receipts, strict=True))
    rows = (_row(index, row, times, outcome.bucket) for index, row in enumerate(counts) if any(row))
    heads = [percentiles_title(latency.kind, [percentile]) for latency in times for percentile in (50.0, 99.0)]
    figures = table(("from", "accepted", "throttled", "receipts", *heads), rows, numbers_from=1)
    return element(
        "figure",
        element("figcaption", series.operator),
        chart(series, outcome.bucket, faults, times, outcome.phases),
        element("details", element("summary", "as figures"), figures),
    )


def _row(index: int, counts: Iterable[int], times: Iterable[Latency], bucket: float) -> Markup:
    took = [value for latency in times for value in (latency.middle[index], latency.high[index])]
    texts = [*(f"{count:,}" for count in counts), *("·" if value is None else show_duration(value) for value in took)]
    cells = (element("td", text, class_="number") for text in texts)
    return element("tr", element("th", show_duration(index * bucket), scope="row"), *cells)
