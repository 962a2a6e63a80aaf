"""The report that a person opens in a browser: one page that needs nothing else, and runs nothing.

It says of itself (Content-Security-Policy) that it loads nothing and has no script, only the one style sheet in it,
which is named by its hash. So nothing is styled by an attribute, and without the style sheet the page still reads.
"""

from __future__ import annotations

import shlex
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from carrierlab.expect import Verdict
from carrierlab.metrics import unit_of
from carrierlab.report.chart import chart, legend
from carrierlab.report.figures import SPEEDS, Line, Values, fault_words, lines_of, operators_of
from carrierlab.report.markup import Markup, element, joined
from carrierlab.report.result import Failure, Outcome, Series
from carrierlab.report.style import STYLE
from carrierlab.showing import show, show_duration, show_percent

MAX_FAILURES = 100
MAX_OPEN = 6
"""Charts of more operators than this are folded."""

_CLASSES = {"green": "good", "yellow": "warn", "bold red": "bad"}
"""What the console's styles are here."""


def to_html(outcome: Outcome) -> bytes:
    """Return the page, in UTF-8."""
    sections = [
        _header(outcome),
        *_section("expectations", "Expectations", _expectations(outcome.verdicts)),
        *_section("operators", "Operators", _operators(outcome)),
        *_section("time", f"Over time, one column = {show_duration(outcome.bucket)}", _over_time(outcome)),
        *_section("latency", "Latency", _latency(outcome)),
        *_section("failures", "Not delivered", _failures(outcome)),
    ]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy()),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{_word(outcome.passed)}: {outcome.scenario}"),
        element("style", Markup(STYLE)),
    )
    page = element("html", head, element("body", element("main", *sections)), lang="en")
    return f"<!DOCTYPE html>\n{page}\n".encode()


def _policy() -> str:
    digest = b64encode(sha256(STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _word(passed: bool) -> str:
    return "PASSED" if passed else "FAILED"


def _section(name: str, title: str, body: Iterable[Markup]) -> Iterator[Markup]:
    """A section, unless there is nothing in it."""
    parts = [part for part in body if part]
    if parts:
        yield element("section", element("h2", title), *parts, id=name)


def _header(outcome: Outcome) -> Markup:
    met = sum(verdict.met for verdict in outcome.verdicts)
    expected = f"{met} of {len(outcome.verdicts)} expectations met" if outcome.verdicts else "nothing was expected"
    took = show_duration(outcome.duration)
    if outcome.virtual:
        took += f" of virtual time in {show_duration(outcome.wall)}"
    facts = [("file", outcome.file), ("seed", str(outcome.seed))]
    if outcome.trace is not None:
        facts.append(("trace", outcome.trace))
        facts.append(("again", f"carrierlab run {shlex.quote(outcome.file)} --virtual --seed {outcome.seed}"))
    return element(
        "header",
        element(
            "h1",
            element("span", _word(outcome.passed), class_="verdict " + ("good" if outcome.passed else "bad")),
            f" {outcome.scenario}",
        ),
        element("p", f"{expected} · {took} · seed {outcome.seed}"),
        *(element("p", f"! {trouble}", class_="trouble") for trouble in outcome.trouble),
        element("dl", *(joined(element("dt", name), element("dd", element("code", text))) for name, text in facts)),
    )


# --- expectations


def _expectations(verdicts: Sequence[Verdict]) -> Iterator[Markup]:
    if verdicts:
        yield _table(("", "metric", "operator", "wanted", "found"), (_verdict(verdict) for verdict in verdicts))


def _verdict(verdict: Verdict) -> Markup:
    expectation = verdict.expectation
    mark = element("td", "✓ met" if verdict.met else "✗ not met", class_="good" if verdict.met else "bad")
    row = element(
        "tr",
        mark,
        element("th", expectation.metric.replace("_", " "), scope="row"),
        element("td", expectation.operator or "all"),
        element("td", verdict.wanted),
        element("td", verdict.found, class_=None if verdict.met else "bad"),
    )
    texts = [text for text in (expectation.note, *verdict.examples) if text]
    if verdict.met or not texts:
        return row
    items = element("ul", *(element("li", text) for text in texts))
    return joined(row, element("tr", element("td"), element("td", items, colspan="4"), class_="examples"))


# --- operators and their latency


def _operators(outcome: Outcome) -> Iterator[Markup]:
    operators = operators_of(outcome)
    lines = lines_of(operators.values())
    speed = SPEEDS[0]
    rows = (
        element(
            "tr",
            element("th", name, scope="row"),
            *(_figure(values, line) for line in lines),
            element("td", speed.shown(values), class_="number"),
        )
        for name, values in operators.items()
    )
    yield _table(("operator", *(line.title for line in lines), speed.title), rows, numbers_from=1)


def _figure(values: Values, line: Line) -> Markup:
    value, total = line.sum(values), values["recipients"]
    if not value:
        return element("td", "·", class_="number dim")
    text = [element("span", f"{value:,.0f}", class_=_CLASSES.get(line.style))]
    if line.share and total:
        text.append(element("small", f" {show_percent(value / total)}"))
    return element("td", *text, class_="number")


_LATENCIES = (
    ("response", "submit_latency_p50", "submit_latency_p99"),
    ("receipt", "receipt_delay_p50", "receipt_delay_p99"),
)
_BAR = 200.0


def _latency(outcome: Outcome) -> Iterator[Markup]:
    """Percentiles as figures, and as bars that have one scale for responses and one for receipts."""
    for kind, middle, high in _LATENCIES:
        rows = operators_of(outcome)
        longest = max((values[high] for values in rows.values()), default=0.0)
        if not longest:
            continue
        heads = (f"{kind} latency" if kind == "response" else "receipt delay", "p50", "p99", "p50 and p99")
        yield _table(heads, (_percentiles(name, rows[name], middle, high, longest) for name in rows), numbers_from=1)


def _percentiles(name: str, values: Values, middle: str, high: str, longest: float) -> Markup:
    wide, narrow = values[high] / longest * _BAR, values[middle] / longest * _BAR
    bar = element(
        "svg",
        element("rect", y=3, width=wide, height=8, rx=2, class_="p99", fill="#93c5fd"),
        element("rect", y=3, width=narrow, height=8, rx=2, class_="p50", fill="#2563eb"),
        width=_BAR,
        height=14,
        aria_hidden="true",
    )
    figures = (element("td", show(values[metric], unit_of(metric)), class_="number") for metric in (middle, high))
    return element("tr", element("th", name, scope="row"), *figures, element("td", bar))


# --- over time


def _over_time(outcome: Outcome) -> Iterator[Markup]:
    if not outcome.series:
        return
    numbered = list(enumerate(outcome.faults, 1))
    yield legend()
    if len(outcome.series) > 1:
        together = _together(outcome.series)
        yield _figure_of(together, outcome.bucket, chart(together, outcome.bucket, numbered))
    charts = []
    for series in outcome.series:
        mine = [(number, fault) for number, fault in numbered if fault.operator in (None, series.operator)]
        charts.append(_figure_of(series, outcome.bucket, chart(series, outcome.bucket, mine)))
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


def _figure_of(series: Series, bucket: float, drawing: Markup) -> Markup:
    """A drawing under its operator's name, and the counts themselves, folded."""
    counts = zip(series.accepted, series.throttled, series.receipts, strict=True)
    rows = (
        element(
            "tr",
            element("th", show_duration(index * bucket), scope="row"),
            *(element("td", f"{count:,}", class_="number") for count in row),
        )
        for index, row in enumerate(counts)
        if any(row)
    )
    table = _table(("from", "accepted", "throttled", "receipts"), rows, numbers_from=1)
    return element(
        "figure",
        element("figcaption", series.operator),
        drawing,
        element("details", element("summary", "as figures"), table),
    )


# --- failures


def _failures(outcome: Outcome) -> Iterator[Markup]:
    if not outcome.failures:
        return
    total = outcome.metrics["recipients"] or 1
    shown, rest = outcome.failures[:MAX_FAILURES], outcome.failures[MAX_FAILURES:]
    rows = [_failure(failure, total) for failure in shown]
    if rest:
        count = f"{sum(failure.count for failure in rest):,}"
        cells = (element("td"), element("td", count, class_="number"), element("td"), element("td"))
        rows.append(element("tr", element("th", f"{len(rest)} more reasons", scope="row"), *cells))
    yield _table(("what became of them", "operator", "messages", "share", "for example"), rows)


def _failure(failure: Failure, total: float) -> Markup:
    what = failure.state.replace("_", " ") + (f", {failure.reason}" if failure.reason else "")
    return element(
        "tr",
        element("th", what, scope="row"),
        element("td", failure.operator),
        element("td", f"{failure.count:,}", class_="number"),
        element("td", show_percent(failure.count / total), class_="number"),
        element("td", element("code", f"+{failure.example}")),
    )


def _table(heads: Sequence[str], rows: Iterable[Markup], numbers_from: int | None = None) -> Markup:
    """A table that scrolls by itself where it is too wide; columns from ``numbers_from`` on are numbers."""
    cells = (
        element(
            "th", head, scope="col", class_="number" if numbers_from is not None and index >= numbers_from else None
        )
        for index, head in enumerate(heads)
    )
    table = element("table", element("thead", element("tr", *cells)), element("tbody", *rows))
    return element("div", table, class_="wide")
