"""What happened over time as a drawing (SVG): submits above, receipts below, and the faults on the axis.

Colours are classes that the page's style sheet knows; the ``fill`` beside them is for a page that is shown without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, log10

from carrierlab.metrics import Unit
from carrierlab.report.figures import fault_words
from carrierlab.report.markup import Markup, element, joined
from carrierlab.report.result import BUCKET_WIDTHS, Fault, Series
from carrierlab.showing import show, show_duration

WIDTH = 760.0
LEFT, RIGHT = 64.0, 12.0
TOP, SUBMITS, GAP, RECEIPTS = 8.0, 110.0, 16.0, 64.0
TICKS, LANE, MARK = 22.0, 20.0, 18.0
MAX_TICKS = 8
MAX_LANES = 5
FILLS = {"accepted": "#2563eb", "throttled": "#d97706", "receipts": "#0d9488", "fault": "#dc2626"}
STEPS = (*BUCKET_WIDTHS, 7200, 21600, 43200, 86400)

Numbered = tuple[int, Fault]
"""A fault and its number in the list of all."""


def chart(series: Series, bucket: float, faults: Iterable[Numbered]) -> Markup:
    """Draw one operator's series, whose buckets are ``bucket`` seconds wide, and the faults that befell it."""
    plot = _Plot(series, bucket)
    marks = _in_lanes(plot, [(number, fault) for number, fault in faults if 0 <= fault.at <= plot.duration])
    height = plot.axis + TICKS + LANE * (1 + max((lane for _, _, lane in marks), default=-1)) + 4
    return element(
        "svg",
        element("title", f"{series.operator}: submits and receipts over time"),
        *_shades(plot, marks),
        *_scales(plot),
        *_columns(plot),
        *_axis(plot),
        *_marks(plot, marks),
        class_="chart",
        viewBox=f"0 0 {WIDTH:g} {height:g}",
        width="100%",
        role="img",
        font_size=11,
        fill="currentColor",
    )


class _Plot:
    """Where things are: x of a moment, height of a count."""

    def __init__(self, series: Series, bucket: float) -> None:
        self.series = series
        self.bucket = bucket
        self.length = len(series.accepted)
        self.duration = bucket * max(1, self.length)
        submits = (a + t for a, t in zip(series.accepted, series.throttled, strict=True))
        self.top = round_up(max((*submits, *series.receipts), default=0) / bucket)
        self.submits = TOP + SUBMITS
        """y of the line that submits stand on."""
        self.axis = self.submits + GAP + RECEIPTS
        """y of the line that receipts stand on: the axis."""
        self.step = (WIDTH - LEFT - RIGHT) / max(1, self.length)

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
    for base, height, name in ((plot.submits, SUBMITS, "submits"), (plot.axis, RECEIPTS, "receipts")):
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
            _bar(x, plot.axis - plot.high(receipts), wide, plot.high(receipts), "receipts"),
        ]
        words = f"{_span(index, plot.bucket)}: {accepted:,} accepted, {throttled:,} throttled, {receipts:,} receipts"
        yield element("g", element("title", words), *bars)


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


def _in_lanes(plot: _Plot, faults: Sequence[Numbered]) -> list[tuple[int, Fault, int]]:
    """Give every fault a lane under the axis, so that no mark hides another (while there are lanes)."""
    ends: list[float] = []
    placed: list[tuple[int, Fault, int]] = []
    for number, fault in faults:
        start = plot.x(fault.at)
        end = max(plot.x(fault.at if fault.until is None else fault.until), start + MARK)
        lane = next((lane for lane, taken in enumerate(ends) if taken <= start), len(ends))
        lane = min(lane, MAX_LANES - 1)
        ends[lane : lane + 1] = [end]
        placed.append((number, fault, lane))
    return placed


def _shades(plot: _Plot, marks: Iterable[tuple[int, Fault, int]]) -> Iterable[Markup]:
    """Behind everything: a band for a period, a line for an instant."""
    for _, fault, _ in marks:
        x, height = plot.x(fault.at), plot.axis - TOP
        if fault.until is None:
            yield element(
                "line", x1=x, y1=TOP, x2=x, y2=plot.axis, class_="moment", stroke=FILLS["fault"], stroke_dasharray="3 3"
            )
        else:
            width = max(1.0, plot.x(fault.until) - x)
            fill = {"class_": "period", "fill": FILLS["fault"], "fill_opacity": "0.12"}
            yield element("rect", x=x, y=TOP, width=width, height=height, **fill)


def _marks(plot: _Plot, marks: Iterable[tuple[int, Fault, int]]) -> Iterable[Markup]:
    """Under the axis: every fault with its number, a bar as long as it lasted."""
    for number, fault, lane in marks:
        x, y = plot.x(fault.at), plot.axis + TICKS + lane * LANE
        width = MARK if fault.until is None else max(MARK, plot.x(fault.until) - x)
        x = min(x, WIDTH - MARK)
        yield element(
            "g",
            element("title", fault_words(fault)),
            element("rect", x=x, y=y, width=min(width, WIDTH - x), height=16, rx=3, class_="mark", fill=FILLS["fault"]),
            element("text", str(number), x=x + MARK / 2, y=y + 12, text_anchor="middle", class_="number", fill="#fff"),
        )


def legend() -> Markup:
    """Return what the colours mean."""
    names = (("accepted", "submits accepted"), ("throttled", "submits throttled"), ("receipts", "receipts"))
    keys = [_key(name, words) for name, words in (*names, ("fault", "faults, by number"))]
    return element("p", *keys, class_="legend")


def _key(name: str, words: str) -> Markup:
    square = element("rect", width=10, height=10, rx=2, class_=name, fill=FILLS[name])
    return joined(element("span", element("svg", square, width=10, height=10, aria_hidden="true"), f" {words}"), " ")


def _line(x1: float, y1: float, x2: float, y2: float, name: str) -> Markup:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=name, stroke="currentColor", stroke_opacity="0.3")
