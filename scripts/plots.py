"""Pictures of figures as SVG, without a library: bars on a logarithmic scale, and curves on two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from math import ceil, floor, log10

COLOURS = ("#2f6fb0", "#c8553d", "#4f8a4b", "#8a5fa8", "#b58a1b", "#2f8f92")
"""Readable on light and on dark ground."""
_GREY = "#808890"
_FONT = 'font-family="system-ui, sans-serif" font-size="12"'
_BAR, _GAP, _LABEL, _VALUE = 16, 8, 190, 130
_PLOT_WIDTH, _PLOT_HEIGHT, _LEFT, _TOP, _LEGEND = 300, 170, 52, 34, 16


def _text(x: float, y: float, words: str, anchor: str = "start", fill: str = _GREY, weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}" font-weight="{weight}" {_FONT}>'
        f"{escape(words)}</text>"
    )


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{_GREY}" stroke-opacity="0.35"/>'


def _picture(width: float, height: float, title: str, parts: Iterable[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img">\n<title>{escape(title)}</title>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def short(value: float) -> str:
    """A number for an axis: 10,000 as 10k."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def bars(title: str, groups: Sequence[tuple[str, Sequence[tuple[str, float, bool]]]], unit: str) -> str:
    """Groups of bars: (name, value, whether it is ours), drawn to one logarithmic scale."""
    values = [value for _, rows in groups for _, value, _ in rows if value > 0]
    low, high = 10 ** floor(log10(min(values))), 10 ** ceil(log10(max(values) * 1.01))
    wide = 380.0
    scale = wide / log10(high / low)
    parts: list[str] = []
    y = 8.0
    for heading, rows in groups:
        y += 16
        parts.append(_text(0, y, heading, weight="bold"))
        y += 8
        for name, value, ours in rows:
            length = max(2.0, log10(max(value, low) / low) * scale)
            fill = COLOURS[0] if ours else _GREY
            parts += [
                _text(_LABEL - 8, y + 13, name, "end"),
                f'<rect x="{_LABEL}" y="{y:.1f}" width="{length:.1f}" height="{_BAR}" rx="2" fill="{fill}"/>',
                _text(_LABEL + length + 6, y + 13, f"{value:,.1f} {unit}"),
            ]
            y += _BAR + _GAP
        y += 8
    return _picture(_LABEL + wide + _VALUE, y, title, parts)


def curves(title: str, plots: Sequence[tuple[str, str, dict[str, Sequence[tuple[float, float]]]]]) -> str:
    """Small plots, two in a row: (heading, what is on the x axis, lines by name), both axes logarithmic."""
    lines = max(len(series) for _, _, series in plots)
    wide, high = _LEFT + _PLOT_WIDTH + 28, _TOP + _PLOT_HEIGHT + 44 + lines * _LEGEND
    parts: list[str] = []
    for index, (heading, x_name, series) in enumerate(plots):
        parts += _plot(index % 2 * wide, index // 2 * high, heading, x_name, series)
    return _picture(2 * wide, -(-len(plots) // 2) * high, title, parts)


def _plot(
    left: float, top: float, heading: str, x_name: str, series: dict[str, Sequence[tuple[float, float]]]
) -> list[str]:
    points = [point for line in series.values() for point in line if point[1] > 0]
    first, last = min(x for x, _ in points), max(x for x, _ in points)
    low, high = 10 ** floor(log10(min(y for _, y in points))), 10 ** ceil(log10(max(y for _, y in points) * 1.01))
    x0, y0 = left + _LEFT, top + _TOP + _PLOT_HEIGHT

    def place(x: float, y: float) -> tuple[float, float]:
        across = log10(x / first) / log10(last / first) if last > first else 0.5
        return x0 + across * _PLOT_WIDTH, y0 - log10(y / low) / log10(high / low) * _PLOT_HEIGHT

    parts = [_text(x0, top + 18, heading, weight="bold")]
    for power in range(round(log10(low)), round(log10(high)) + 1):
        _, y = place(first, 10.0**power)
        parts += [_line(x0, y, x0 + _PLOT_WIDTH, y), _text(x0 - 6, y + 4, short(10.0**power), "end")]
    for x in sorted({x for x, _ in points}):
        across, _ = place(x, low)
        parts += [_line(across, y0, across, y0 + 4), _text(across, y0 + 17, short(x), "middle")]
    parts.append(_text(x0 + _PLOT_WIDTH, y0 + 32, x_name, "end"))
    for number, (name, line) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        places = [place(x, y) for x, y in line if y > 0]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        y = y0 + 34 + (number + 1) * _LEGEND - 10
        parts += [
            f'<rect x="{x0:.1f}" y="{y - 9:.1f}" width="10" height="10" rx="2" fill="{colour}"/>',
            _text(x0 + 16, y, name),
        ]
    return parts
