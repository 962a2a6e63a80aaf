"""A comparison as people and programs read it: on the console, as a page, as JSON."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from carrierlab.metrics import METRICS, Unit
from carrierlab.report.comparison import Change, Comparison, Judgement, worst
from carrierlab.report.markup import Markup, element
from carrierlab.report.page import page, section, table
from carrierlab.showing import show_percent

_HEADS = ("", "what", "operator", "before", "after", "change")
_STYLES = {Judgement.WORSE: "bold red", Judgement.BETTER: "green"}
_CLASSES = {Judgement.WORSE: "bad", Judgement.BETTER: "good"}


def change_words(change: Change) -> str:
    """Return how far a number went: ``+12.0 %``, and where that says nothing ``+3``."""
    if change.relative is not None:
        return f"{'+' if change.relative > 0 else '−'}{show_percent(abs(change.relative))}"
    if change.absolute is None:
        return ""
    unit = METRICS[change.name].unit if change.name in METRICS else Unit.SECONDS
    return f"{change.absolute:+g}{' s' if unit is Unit.SECONDS else ''}"


def title(comparisons: Sequence[Comparison]) -> str:
    """Return the verdict in a word."""
    return worst(list(comparisons)).value.upper()


def print_comparison(comparisons: Sequence[Comparison], console: Console) -> None:
    """Print what changed, run by run; of many runs only those where something did."""
    for comparison in comparisons:
        if len(comparisons) > 1 and not comparison.changes:
            continue
        console.print(Text(comparison.name, "bold"))
        for line in comparison.said:
            console.print(Text(f"  {line}", "yellow"), soft_wrap=True)
        if comparison.changes:
            console.print(_rich_table(comparison.changes))
        else:
            console.print("  nothing changed beyond the tolerance", style="dim")
    counts = {judgement: sum(one.judgement is judgement for one in comparisons) for judgement in Judgement}
    if len(comparisons) > 1:
        told = ", ".join(f"{count} {judgement.value}" for judgement, count in counts.items() if count)
        console.print(f"{len(comparisons)} runs: {told}")
    verdict = worst(list(comparisons))
    console.print(Text(verdict.value.upper(), _STYLES.get(verdict, "bold")))


def _rich_table(changes: Sequence[Change]) -> Table:
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", padding=(0, 1))
    for head in _HEADS:
        shown.add_column(head, justify="right" if head in ("before", "after", "change") else "left")
    for change in changes:
        style = _STYLES.get(change.judgement, "")
        name = change.name.replace("_", " ") if change.what == "metric" else f"{change.what}: {change.name}"
        texts = (change.judgement.value, name, change.operator, change.before, change.after, change_words(change))
        shown.add_row(*(Text(text, style if index in (0, 5) else "") for index, text in enumerate(texts)))
    return shown


def comparison_html(comparisons: Sequence[Comparison]) -> bytes:
    """Return the page, in UTF-8."""
    verdict = worst(list(comparisons))
    class_ = "bad" if verdict is Judgement.WORSE else "good"
    name = comparisons[0].name if len(comparisons) == 1 else f"{len(comparisons)} runs"
    header = element(
        "header",
        element("h1", element("span", title(comparisons), class_=f"verdict {class_}"), f" {name}, compared"),
        element("p", "only what changed beyond the tolerance is shown", class_="dim"),
    )
    sections = [header]
    for index, comparison in enumerate(comparisons):
        said = [element("p", line, class_="warn wrap") for line in comparison.said]
        body = [table(_HEADS, map(_row, comparison.changes))] if comparison.changes else []
        if len(comparisons) == 1 and not body:
            body = [element("p", "Nothing changed.", class_="dim")]
        if body:
            sections += section(f"run-{index}", comparison.name, [*said, *body])
    return page(f"{title(comparisons)}: {name}", sections)


def _row(change: Change) -> Markup:
    class_ = _CLASSES.get(change.judgement)
    name = change.name.replace("_", " ") if change.what == "metric" else f"{change.what}: {change.name}"
    return element(
        "tr",
        element("td", change.judgement.value, class_=class_),
        element("th", name, scope="row"),
        element("td", change.operator),
        element("td", change.before, class_="number"),
        element("td", change.after, class_="number"),
        element("td", change_words(change), class_=f"number {class_ or ''}".strip()),
    )


def comparison_json(comparisons: Sequence[Comparison], tolerance: float) -> bytes:
    """Return the comparison as indented JSON."""
    document = {
        "format": "carrierlab-comparison",
        "version": 1,
        "judgement": worst(list(comparisons)).value,
        "tolerance": float(tolerance),
        "comparisons": list(comparisons),
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
