"""What happened over time as a drawing (SVG): submits, receipts, how long things took, phases and faults on the axis.

Colours are classes that the page's style sheet knows; the ``fill`` beside them is for a page that is shown without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, log10
from typing import TypeVar

from carrierlab.metrics import Unit
from carrierlab.report.faults import Fault
from carrierlab.report.figures import fault_words, phase_span
from carrierlab.report.latency import Latency
from carrierlab.report.markup import Markup, element, joined
from carrierlab.report.result import BUCKET_WIDTHS, PhaseFigures, Series
from carrierlab.showing import show, show_duration

WIDTH = 760.0
LEFT, RIGHT = 92.0, 12.0
TOP, SUBMITS, GAP, RECEIPTS, TIMES = 8.0, 110.0, 18.0, 64.0, 48.0
TICKS, LANE, MARK = 22.0, 20.0, 18.0
MAX_TICKS = 8
MAX_LANES = 5
LETTER = 6.2
"""As wide as a letter is at most, nearly always: what a band has no room for is cut."""
FILLS = {
    "accepted": "#2563eb",
    "throttled": "#d97706",
    "receipts": "#0d9488",
    "fault": "#dc2626",
    "phase": "#64748b",
    "p50": "#6d28d9",
    "p99": "#c4b5fd",
}
STEPS = (*BUCKET_WIDTHS, 7200, 21600, 43200, 86400)

T = TypeVar("T")
Numbered = tuple[int, Fault]
"""A fault and its number in the list of all."""
InLane = tuple[T, float, float, int]
"""Something between two x, and the lane that it lies in."""


def chart(
    series: Series,
    bucket: float,
    faults: Iterable[Numbered],
    times: Sequence[Latency] = (),
    phases: Iterable[PhaseFigures] = (),
) -> Markup:
    """Draw one operator's series, whose buckets are ``bucket`` seconds wide, latencies, phases and what befell it."""
    plot = _Plot(series, bucket, times)
    bands = _in_lanes([(phase, plot.x(phase.start), plot.x(phase.end)) for phase in phases])
    marks = _in_lanes([_mark_span(plot, number, fault) for number, fault in faults if 0 <= fault.at <= plot.duration])
    below = plot.axis + TICKS + LANE * _lanes(bands)
    height = below + LANE * _lanes(marks) + 4
    return element(
        "svg",
        element("title", f"{series.operator}: submits, receipts and latencies over time"),
        *_borders(plot, bands),
        *_shades(plot, [numbered for numbered, _, _, _ in marks]),
        *_scales(plot),
        *_columns(plot),
        *(mark for index, latency in enumerate(plot.times) for mark in _strip(plot, index, latency)),
        *_axis(plot),
        *_bands(plot.axis + TICKS, bands),
        *_marks(below, marks),
        class_="chart",
        viewBox=f"0 0 {WIDTH:g} {height:g}",
        width="100%",
        role="img",
        font_size=11,
        fill="currentColor",
    )


class _Plot:
    """Where things are: x of a moment, height of a count."""

    def __init__(self, series: Series, bucket: float, times: Sequence[Latency]) -> None:
        self.times = times
        self.series = series
        self.bucket = bucket
        self.length = len(series.accepted)
        self.duration = bucket * max(1, self.length)
        submits = (a + t for a, t in zip(series.accepted, series.throttled, strict=True))
        self.top = round_up(max((*submits, *series.receipts), default=0) / bucket)
        self.submits = TOP + SUBMITS
        """y of the line that submits stand on."""
        self.receipts = self.submits + GAP + RECEIPTS
        """y of the line that receipts stand on."""
        self.axis = self.strip(len(times) - 1) if times else self.receipts
        """y of the lowest line: the axis."""
        self.step = (WIDTH - LEFT - RIGHT) / max(1, self.length)

    def strip(self, index: int) -> float:
        """Return y of the line that a row about time stands on."""
        return self.receipts + (index + 1) * (GAP + TIMES)

    def x(self, at: float) -> float:
        """Return where a moment is, in seconds from the start; those after the end are at the end."""
        return LEFT + min(max(at, 0.0), self.duration) / self.bucket * self.step

    def high(self, count: float) -> float:
        """Return how high a count per bucket stands; receipts are drawn to the same scale as submits."""
        return count / self.bucket / self.top * RECEIPTS


def round_up(value: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, 50, … that is not less than ``value``; 1 for nothing."""
    if value <= 1:
        return 1.0
    power = 10.0 ** (ceil(log10(value)) - 1)
    return next(factor * power for factor in (1, 2, 5, 10, 20) if factor * power >= value)


def _scales(plot: _Plot) -> Iterable[Markup]:
    for base, height, name in ((plot.submits, SUBMITS, "submits"), (plot.receipts, RECEIPTS, "receipts")):
        for y, value in ((base - height, plot.top), (base, 0.0)):
            yield _line(LEFT, y, WIDTH - RIGHT, y, "grid")
            label = show(value, Unit.PER_SECOND).replace(".0/s", "/s") if value else "0"
            yield element("text", label, x=LEFT - 6, y=y + 4, text_anchor="end", class_="tick")
        yield element("text", name, x=LEFT - 6, y=base - height / 2 + 4, text_anchor="end", class_="row")


def _columns(plot: _Plot) -> Iterable[Markup]:
    series, wide = plot.series, max(0.5, plot.step - 1)
    rows = zip(series.accepted, series.throttled, series.receipts, strict=True)
    for index, (accepted, throttled, receipts) in enumerate(rows):
        if not (accepted or throttled or receipts):
            continue
        x = LEFT + index * plot.step
        scale = SUBMITS / RECEIPTS
        low = plot.high(accepted) * scale
        bars = [
            _bar(x, plot.submits - low, wide, low, "accepted"),
            _bar(x, plot.submits - low - plot.high(throttled) * scale, wide, plot.high(throttled) * scale, "throttled"),
            _bar(x, plot.receipts - plot.high(receipts), wide, plot.high(receipts), "receipts"),
        ]
        words = f"{_span(index, plot.bucket)}: {accepted:,} accepted, {throttled:,} throttled, {receipts:,} receipts"
        yield element("g", element("title", words), *bars)


def _strip(plot: _Plot, index: int, latency: Latency) -> Iterable[Markup]:
    """A row of one kind of latency: what half and what 1 % of each bucket took longer than, to a logarithmic scale."""
    base, top = plot.strip(index), max((high for high in latency.high if high is not None), default=0.0)
    low = max(min((middle for middle in latency.middle if middle), default=1e-6) / 4, top / 1e5, 1e-9)
    yield _line(LEFT, base, WIDTH - RIGHT, base, "grid")
    yield _line(LEFT, base - TIMES, WIDTH - RIGHT, base - TIMES, "grid")
    labels = ((base - TIMES, show_duration(top), "tick"), (base, show_duration(low), "tick"))
    for y, text, name in (*labels, (base - TIMES / 2, latency.kind.replace("_", " "), "row")):
        yield element("text", text, x=LEFT - 6, y=y + 4, text_anchor="end", class_=name)
    wide = max(0.5, plot.step - 1)
    for bucket, (middle, high) in enumerate(zip(latency.middle, latency.high, strict=True)):
        if middle is None or high is None or not top:
            continue
        x = LEFT + bucket * plot.step
        words = f"{_span(bucket, plot.bucket)}: p50 {show_duration(middle)}, p99 {show_duration(high)}"
        bars = (
            _bar(x, base - tall, wide, tall, name)
            for name, tall in (("p99", _tall(high, low, top)), ("p50", _tall(middle, low, top)))
        )
        yield element("g", element("title", words), *bars)


def _tall(value: float, low: float, top: float) -> float:
    return TIMES * log10(value / low) / log10(top / low) if value > low < top else 0.0


def _bar(x: float, y: float, width: float, height: float, name: str) -> Markup:
    if height <= 0:
        return Markup()
    return element("rect", x=x, y=y, width=width, height=height, class_=name, fill=FILLS[name])


def _span(index: int, bucket: float) -> str:
    return f"{show_duration(index * bucket)} – {show_duration((index + 1) * bucket)}"


def _axis(plot: _Plot) -> Iterable[Markup]:
    step = next((step for step in STEPS if plot.duration <= step * MAX_TICKS), plot.duration / MAX_TICKS)
    for index in range(int(plot.duration / step + 1e-9) + 1):
        at = index * step
        x = plot.x(at)
        anchor = "end" if x > WIDTH - 40 else "middle"
        yield _line(x, plot.axis, x, plot.axis + 4, "tick")
        yield element("text", show_duration(at), x=x, y=plot.axis + 16, text_anchor=anchor, class_="tick")


def _in_lanes(things: Iterable[tuple[T, float, float]]) -> list[InLane[T]]:
    """Give everything a lane under the axis, so that nothing hides another (while there are lanes)."""
    ends: list[float] = []
    placed: list[InLane[T]] = []
    for thing, start, end in things:
        lane = next((lane for lane, taken in enumerate(ends) if taken <= start), len(ends))
        lane = min(lane, MAX_LANES - 1)
        ends[lane : lane + 1] = [end]
        placed.append((thing, start, end, lane))
    return placed


def _lanes(placed: Iterable[InLane[T]]) -> int:
    return 1 + max((lane for _, _, _, lane in placed), default=-1)


def _mark_span(plot: _Plot, number: int, fault: Fault) -> tuple[Numbered, float, float]:
    """A fault and where its mark is, wide enough for its number."""
    start = plot.x(fault.at)
    end = max(plot.x(fault.at if fault.until is None else fault.until), start + MARK)
    start = min(start, WIDTH - MARK)
    return (number, fault), start, min(end, WIDTH)


def _borders(plot: _Plot, bands: Iterable[InLane[PhaseFigures]]) -> Iterable[Markup]:
    """Where phases begin and end, behind everything."""
    for x in sorted({x for _, start, end, _ in bands for x in (start, end)}):
        yield _line(x, TOP, x, plot.axis, "border")


def _bands(top: float, bands: Iterable[InLane[PhaseFigures]]) -> Iterable[Markup]:
    """Under the axis: every phase as long as it lasted, with as much of its name as there is room for."""
    for phase, start, end, lane in bands:
        x, y, wide = start + 0.5, top + lane * LANE, max(1.0, end - start - 1)
        letters = int((wide - 6) / LETTER)
        name = phase.name if len(phase.name) <= letters else f"{phase.name[: letters - 1]}…" if letters > 2 else ""
        yield element(
            "g",
            element("title", f"{phase.name}: {phase_span(phase.start, phase.end)}"),
            element("rect", x=x, y=y, width=wide, height=16, rx=3, class_="phase", fill=FILLS["phase"]),
            element("text", name, x=x + wide / 2, y=y + 12, text_anchor="middle", class_="name", fill="#fff"),
        )


def _shades(plot: _Plot, faults: Iterable[Numbered]) -> Iterable[Markup]:
    """Behind everything: a band for a period, a line for an instant."""
    for _, fault in faults:
        x, height = plot.x(fault.at), plot.axis - TOP
        if fault.until is None:
            yield element(
                "line", x1=x, y1=TOP, x2=x, y2=plot.axis, class_="moment", stroke=FILLS["fault"], stroke_dasharray="3 3"
            )
        else:
            width = max(1.0, plot.x(fault.until) - x)
            fill = {"class_": "period", "fill": FILLS["fault"], "fill_opacity": "0.12"}
            yield element("rect", x=x, y=TOP, width=width, height=height, **fill)


def _marks(top: float, marks: Iterable[InLane[Numbered]]) -> Iterable[Markup]:
    """Under the axis and the phases: every fault with its number, a bar as long as it lasted."""
    for (number, fault), x, end, lane in marks:
        y = top + lane * LANE
        yield element(
            "g",
            element("title", fault_words(fault)),
            element("rect", x=x, y=y, width=end - x, height=16, rx=3, class_="mark", fill=FILLS["fault"]),
            element("text", str(number), x=x + MARK / 2, y=y + 12, text_anchor="middle", class_="number", fill="#fff"),
        )


def legend(*, phases: bool) -> Markup:
    """Return what the colours mean."""
    names = (("accepted", "submits accepted"), ("throttled", "submits throttled"), ("receipts", "receipts"))
    times = (("p50", "latency p50"), ("p99", "latency p99"))
    others = (*([("phase", "phases")] if phases else []), ("fault", "faults, by number"))
    keys = [_key(name, words) for name, words in (*names, *times, *others)]
    return element("p", *keys, class_="legend")


def _key(name: str, words: str) -> Markup:
    square = element("rect", width=10, height=10, rx=2, class_=name, fill=FILLS[name])
    return joined(element("span", element("svg", square, width=10, height=10, aria_hidden="true"), f" {words}"), " ")


def _line(x1: float, y1: float, x2: float, y2: float, name: str) -> Markup:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=name, stroke="currentColor", stroke_opacity="0.3")
