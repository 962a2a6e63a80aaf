"""The score for people: a table of the variants, then what went wrong with the octets of the receipts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from carrierlab.conformance.showing import shown
from carrierlab.gauntlet.plan import Course
from carrierlab.gauntlet.score import Score, VariantScore, Verdict, untried

_MARKS = {
    Verdict.MATCHED: "[green]matched[/]",
    Verdict.FAILED: "[bold red]FAILED[/]",
    Verdict.UNTRIED: "[dim]not tried[/]",
}
_MOST_MISSES = 3
_MOST_TROUBLE = 5


def print_score(score: Score, console: Console) -> None:
    """Print everything, the total last."""
    console.print(_table(score.variants))
    for variant in score.variants:
        if variant.verdict is Verdict.FAILED:
            console.print(f"\n[bold red]{variant.course.name}[/]: {escape(variant.course.variant.what)}")
            for line in evidence(variant):
                console.print(f"  {line}", markup=False, soft_wrap=True)
    skipped = untried(score.variants)
    if skipped:
        console.print(f"\nnot tried: {', '.join(skipped)}", style="dim")
    verdict = "[bold green]PASSED[/]" if score.passed else "[bold red]FAILED[/]"
    console.print(f"\n{verdict}: {score.headline}")


def evidence(score: VariantScore) -> Iterator[str]:
    """What went wrong with a variant, in lines: expected, believed, and each receipt decoded and in hex."""
    for miss in score.misses[:_MOST_MISSES]:
        yield f"{miss.number}: expected {miss.expected}, found {miss.believed}"
        if miss.ids:
            yield f"  submit_sm_resp message_id {', '.join(miss.ids)}"
        if not miss.receipts:
            yield "  no receipt was sent"
        for octets in miss.receipts:
            yield from (f"  {line}" for line in shown(octets))
    yield from _rest(len(score.misses) - _MOST_MISSES, "messages")
    yield from islice(score.trouble, _MOST_TROUBLE)
    yield from _rest(len(score.trouble) - _MOST_TROUBLE, "complaints")


def _rest(count: int, what: str) -> Iterator[str]:
    if count > 0:
        yield f"… and {count} {what} more"


def print_list(courses: Iterable[Course], console: Console) -> None:
    """Print the variants themselves."""
    table = Table(box=None, pad_edge=False)
    for column in ("variant", "subject", "what", "source"):
        table.add_column(column, style="dim" if column == "source" else None)
    for course in courses:
        variant = course.variant
        table.add_row(course.name, variant.about, escape(variant.what), escape(variant.source))
    console.print(table)


def print_ports(courses: Sequence[Course], ports: Sequence[int], console: Console) -> None:
    """Print where a client has to send what."""
    table = Table(box=None, pad_edge=False)
    for column in ("port", "variant", "numbers", "parts", "bind as"):
        table.add_column(column, justify="right" if column == "port" else "left")
    for course, port in zip(courses, ports, strict=True):
        numbers = [message.number for message in course.messages]
        parts = sorted({message.parts for message in course.messages})
        spoken = f"{numbers[0]} … {numbers[-1]}"
        table.add_row(str(port), course.name, spoken, ", ".join(map(str, parts)), course.how_to_bind)
    console.print(table)


def _table(scores: Sequence[VariantScore]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("variant")
    table.add_column("what")
    table.add_column("matched", justify="right")
    table.add_column("")
    for score in scores:
        matched = f"{score.matched}/{score.messages}"
        table.add_row(score.course.name, escape(score.course.variant.what), matched, _MARKS[score.verdict])
    return table
