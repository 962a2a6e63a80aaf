"""The report that a person opens in a browser: one page that needs nothing else, and runs nothing.

It says of itself (Content-Security-Policy) that it loads nothing and has no script, only the one style sheet in it,
which is named by its hash. So nothing is styled by an attribute, and without the style sheet the page still reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from carrierlab.expect import Verdict
from carrierlab.report.figures import (
    Line,
    Values,
    kinds_of,
    lines_of,
    operators_of,
    percentiles_title,
    phase_span,
    shown_percentiles,
    shown_throughput,
)
from carrierlab.report.markup import Markup, element, joined
from carrierlab.report.over_time import over_time
from carrierlab.report.page import page, section, table
from carrierlab.report.percentiles import percentiles
from carrierlab.report.result import Failure, Outcome
from carrierlab.report.stories import Event, Story
from carrierlab.showing import show_duration, show_percent

MAX_FAILURES = 100
PHASE_PERCENTILES = (50.0, 99.0, 99.9)
OPEN_STORIES = 3
"""Stories that are shown unfolded."""

_CLASSES = {"green": "good", "yellow": "warn", "bold red": "bad"}
"""What the console's styles are here."""


def to_html(outcome: Outcome) -> bytes:
    """Return the page, in UTF-8."""
    sections = [
        _header(outcome),
        *section("expectations", "Expectations", _expectations(outcome.verdicts)),
        *section("operators", "Operators", _operators(outcome)),
        *section("phases", "Phases", _phases(outcome)),
        *section("time", f"Over time, one column = {show_duration(outcome.bucket)}", over_time(outcome)),
        *section("latency", "Latency", percentiles(outcome)),
        *section("failures", "Not delivered", _failures(outcome)),
        *section("stories", "What happened to them", _stories(outcome)),
    ]
    return page(f"{_word(outcome.passed)}: {outcome.scenario}", sections)


def _word(passed: bool) -> str:
    return "PASSED" if passed else "FAILED"


def _header(outcome: Outcome) -> Markup:
    met = sum(verdict.met for verdict in outcome.verdicts)
    expected = f"{met} of {len(outcome.verdicts)} expectations met" if outcome.verdicts else "nothing was expected"
    took = show_duration(outcome.duration)
    if outcome.virtual:
        took += f" of virtual time in {show_duration(outcome.wall)}"
    facts = [("file", outcome.file), ("seed", str(outcome.seed))]
    if outcome.trace is not None:
        facts.append(("trace", outcome.trace))
    facts += outcome.parameters.items()
    facts.append(("again", outcome.replay))
    return element(
        "header",
        element(
            "h1",
            element("span", _word(outcome.passed), class_="verdict " + ("good" if outcome.passed else "bad")),
            f" {outcome.scenario}",
        ),
        element("p", f"{expected} · {took} · seed {outcome.seed}"),
        *(element("p", f"! {trouble}", class_="trouble") for trouble in outcome.trouble),
        *(element("p", note, class_="note") for note in outcome.notes),
        element("dl", *(joined(element("dt", name), element("dd", element("code", text))) for name, text in facts)),
    )


# --- expectations


def _expectations(verdicts: Sequence[Verdict]) -> Iterator[Markup]:
    if verdicts:
        yield table(("", "metric", "of", "wanted", "found"), (_verdict(verdict) for verdict in verdicts))


def _verdict(verdict: Verdict) -> Markup:
    mark = element("td", "✓ met" if verdict.met else "✗ not met", class_="good" if verdict.met else "bad")
    row = element(
        "tr",
        mark,
        element("th", verdict.metric.replace("_", " "), scope="row"),
        element("td", verdict.whom or "all"),
        element("td", verdict.wanted, class_="wrap"),
        element("td", verdict.found, class_=None if verdict.met else "bad"),
    )
    texts = [text for text in (verdict.note, *verdict.examples) if text]
    if verdict.met or not texts:
        return row
    items = element("ul", *(element("li", text) for text in texts))
    return joined(row, element("tr", element("td"), element("td", items, colspan="4"), class_="examples"))


# --- operators


def _operators(outcome: Outcome) -> Iterator[Markup]:
    operators = operators_of(outcome)
    lines = lines_of(operators.values())
    priced = outcome.costs
    rows = (
        element(
            "tr",
            element("th", name, scope="row"),
            *(_figure(values, line) for line in lines),
            element("td", shown_throughput(values), class_="number"),
            *([element("td", priced.get(name, "·"), class_="number")] if priced else []),
        )
        for name, values in operators.items()
    )
    heads = ("operator", *(line.title for line in lines), "throughput", *(["cost"] if priced else []))
    yield table(heads, rows, numbers_from=1)


def _figure(values: Values, line: Line) -> Markup:
    value, total = line.sum(values), values.get("recipients", 0.0)
    if not value:
        return element("td", "·", class_="number dim")
    text = [element("span", f"{value:,.0f}", class_=_CLASSES.get(line.style))]
    if line.share and total:
        text.append(element("small", f" {show_percent(value / total)}"))
    return element("td", *text, class_="number")


# --- phases


def _phases(outcome: Outcome) -> Iterator[Markup]:
    """A column for each phase, so that a figure can be followed from one to the next."""
    if not outcome.phases:
        return
    phases = [phase.metrics for phase in outcome.phases]
    rows = [_phase_row("from – to", [phase_span(phase.start, phase.end) for phase in outcome.phases])]
    rows += [_row(line.title, [_figure(values, line) for values in phases]) for line in lines_of(phases)]
    rows.append(_phase_row("throughput", map(shown_throughput, phases)))
    for kind in kinds_of(phases):
        texts = [shown_percentiles(values, kind, PHASE_PERCENTILES) for values in phases]
        rows.append(_phase_row(percentiles_title(kind, PHASE_PERCENTILES), texts))
    yield table(("", *(phase.name for phase in outcome.phases)), rows, numbers_from=1)


def _phase_row(title: str, texts: Iterable[str]) -> Markup:
    return _row(title, [element("td", text, class_="number dim" if text == "·" else "number") for text in texts])


def _row(title: str, cells: Iterable[Markup]) -> Markup:
    return element("tr", element("th", title, scope="row"), *cells)


# --- failures


def _failures(outcome: Outcome) -> Iterator[Markup]:
    if not outcome.failures:
        return
    total = outcome.metrics.get("recipients", 0.0) or 1
    shown, rest = outcome.failures[:MAX_FAILURES], outcome.failures[MAX_FAILURES:]
    rows = [_failure(failure, total) for failure in shown]
    if rest:
        count = f"{sum(failure.count for failure in rest):,}"
        cells = (element("td"), element("td", count, class_="number"), element("td"), element("td"))
        rows.append(element("tr", element("th", f"{len(rest)} more reasons", scope="row"), *cells))
    yield table(("what became of them", "operator", "messages", "share", "for example"), rows)


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


# --- stories


def _stories(outcome: Outcome) -> Iterator[Markup]:
    for index, story in enumerate(outcome.stories):
        yield _story(story, index < OPEN_STORIES)


def _story(story: Story, unfolded: bool) -> Markup:
    """One message from end to end, as a list that opens."""
    title = element(
        "summary", element("code", f"+{story.recipient}"), f" {story.operator}: ", element("span", story.ended)
    )
    text = element("p", f"“{story.text}”", class_="dim") if story.text else Markup()
    rows = [_event(event) for event in story.events]
    body = table(("at", "who", "what"), rows) if rows else element("p", "No operator ever saw it.", class_="dim")
    return element("details", title, text, body, class_="story", open="open" if unfolded else None)


def _event(event: Event) -> Markup:
    return element(
        "tr",
        element("td", f"{event.at:,.3f} s", class_="number"),
        element("td", event.who, class_="bad" if event.who == "fault" else None),
        element("td", event.what),
    )
