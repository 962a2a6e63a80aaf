"""The part of the page about latency: percentiles as figures, and the whole distribution as a curve.

The axis of a curve stretches the tail (as HdrHistogram's does): 90 %, 99 % and 99.9 % are as far apart as 0 % and 90 %.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import log10

from carrierlab.report.chart import STEPS, round_up
from carrierlab.report.latency import CURVE, Kind, Latency
from carrierlab.report.markup import Markup, element, joined
from carrierlab.report.page import table
from carrierlab.report.result import Outcome
from carrierlab.showing import show_duration

TITLES: dict[Kind, str] = {
    "submit_latency": "Submit latency: from a submit_sm at the operator to its response",
    "response_time": "Response time: from when a message was due to the response to its last segment",
    "send_lag": "Send lag: from when a message was due to when its first segment was written",
    "receipt_delay": "Receipt delay: from a submit_sm to the acknowledgement of its receipt",
}
OMISSION = (
    "A load is an open loop: messages fall due whatever became of earlier ones, and one that waited to be sent has its "
    "wait counted. The submit latency above begins when a submit_sm comes, so all that nobody could send meanwhile is "
    "missing from it, and a stalled operator looks quick (coordinated omission)."
)
HEADS = ("", "measured", "p50", "p90", "p99", "p99.9", "longest")
WIDTH, HEIGHT = 520.0, 190.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 14.0, 10.0, 24.0
MAX_LINES = 6
"""Operators whose curves are drawn; the colours end there."""
FILLS = ("#2563eb", "#d97706", "#0d9488", "#6d28d9", "#db2777", "#65a30d")
_MARKS = (0.0, 50.0, 90.0, 99.0, 99.9, 99.99)


def percentiles(outcome: Outcome) -> Iterator[Markup]:
    """A table and a drawing for each kind of latency that was measured."""
    for kind, title in TITLES.items():
        found = [latency for latency in outcome.latencies if latency.kind == kind]
        if not found:
            continue
        drawn = found[:MAX_LINES]
        rows = [_row(latency, index if index < len(drawn) else None) for index, latency in enumerate(found)]
        yield element("h3", title)
        if kind == "response_time":
            yield element("p", OMISSION, class_="dim prose")
        yield element("div", table(HEADS, rows, numbers_from=1), _plot(drawn), class_="beside")


def _row(latency: Latency, index: int | None) -> Markup:
    key = Markup() if index is None else _key(index)
    figures = (latency.p50, latency.p90, latency.p99, latency.p999, latency.longest)
    texts = (f"{latency.count:,}", *map(show_duration, figures))
    cells = (element("td", text, class_="number") for text in texts)
    return element("tr", element("th", key, latency.operator or "together", scope="row"), *cells)


def _key(index: int) -> Markup:
    square = element("rect", width=10, height=10, rx=2, class_=f"fill{index}", fill=FILLS[index])
    return joined(element("svg", square, width=10, height=10, aria_hidden="true"), " ")


def _x(percent: float) -> float:
    """Where a percentile is: the tail in steps of ten times fewer; 99.99 % and what is beyond at the end."""
    share = min(4.0, -log10(max(1e-4, 1 - percent / 100))) / 4
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _plot(found: Sequence[Latency]) -> Markup:
    top = _ceiling(max(latency.longest for latency in found))
    height = HEIGHT - TOP - BOTTOM

    def y(seconds: float) -> float:
        return TOP + height * (1 - seconds / top)

    grid = [part for share in (0.0, 0.5, 1.0) for part in _level(y(top * share), show_duration(top * share))]
    return element(
        "svg",
        element("title", "latency by percentile"),
        *grid,
        *(part for percent in _MARKS for part in _mark(percent)),
        *(_curve(index, latency, y) for index, latency in enumerate(found)),
        class_="chart curve",
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        width="100%",
        role="img",
        font_size=11,
        fill="currentColor",
    )


def _ceiling(seconds: float) -> float:
    """A round time that nothing is above."""
    if seconds <= 10:
        return round_up(seconds * 1e6) / 1e6
    return next((float(step) for step in (*STEPS, 4 * 86400) if step >= seconds), seconds)


def _level(y: float, text: str) -> Iterable[Markup]:
    yield element(
        "line", x1=LEFT, y1=y, x2=WIDTH - RIGHT, y2=y, class_="grid", stroke="currentColor", stroke_opacity="0.3"
    )
    yield element("text", text, x=LEFT - 6, y=y + 4, text_anchor="end", class_="tick")


def _mark(percent: float) -> Iterable[Markup]:
    x = _x(percent)
    yield element(
        "line", x1=x, y1=TOP, x2=x, y2=HEIGHT - BOTTOM, class_="grid", stroke="currentColor", stroke_opacity="0.3"
    )
    anchor = "end" if x > WIDTH - 30 else "middle"
    yield element("text", f"{percent:g} %", x=x, y=HEIGHT - 8, text_anchor=anchor, class_="tick")


def _curve(index: int, latency: Latency, y: Callable[[float], float]) -> Markup:
    points = " ".join(f"{_x(percent):.1f},{y(value):.1f}" for percent, value in zip(CURVE, latency.curve, strict=True))
    words = f"{latency.operator or 'together'}: p50 {show_duration(latency.p50)}, p99 {show_duration(latency.p99)}"
    line = element("polyline", points=points, class_=f"line line{index}", fill="none", stroke=FILLS[index])
    return element("g", element("title", words), line)
