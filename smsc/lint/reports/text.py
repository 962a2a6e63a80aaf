"""A report for people: grouped by rule, with counts, the first example and the remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import StringIO
from typing import TYPE_CHECKING

from smsc.lint.finding import Example, Finding, Severity
from smsc.lint.registry import RULES
from smsc.lint.report import Report, by_rule, summary
from smsc.lint.rule import Rule

if TYPE_CHECKING:
    from rich.text import Text

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_HEX_SHOWN = 96  # octets
_WIDTH = 110


def render(report: Report, *, colour: bool = False) -> str:
    """The report; ends with a newline. `colour`: with the escape sequences of a terminal."""
    from rich.console import Console

    out = StringIO()
    console = Console(file=out, force_terminal=colour, no_color=not colour, width=_WIDTH, highlight=False)
    for line in _lines(report):
        console.print(line, soft_wrap=True)
    return out.getvalue()


def _lines(report: Report) -> Iterator[Text | str]:
    from rich.text import Text

    for rule_id, findings in by_rule(report.findings).items():
        if findings:
            yield from _rule(RULES[rule_id], findings)
            yield ""
    yield Text(summary(report), style="green" if report.worst() is None else "bold")


def _rule(rule: type[Rule], findings: list[Finding]) -> Iterator[Text | str]:
    from rich.text import Text

    style = _STYLES[rule.severity]
    yield Text.assemble((f"{rule.severity.word} ", style), (rule.id, f"bold {style}"), f"  {rule.title}")
    for finding in findings:
        yield Text(f"  {finding.count:,} × {_who(finding)}: {finding.detail}")
    example = next((finding.example for finding in findings if finding.example is not None), None)
    if example is not None:
        yield from _example(example)
    yield Text(f"  why     {rule.why}", style="dim")
    yield Text(f"  remedy  {rule.remedy}")
    yield Text(f"  spec    {rule.spec}", style="dim")


def _who(finding: Finding) -> str:
    return f"{finding.operator}, {finding.account or '(not bound)'}"


def _example(example: Example) -> Iterable[Text]:
    from rich.text import Text

    row = "" if example.row is None else f", PDU {example.row} of the journal"
    where = f"connection {example.connection} from {example.peer}{row}"
    way = "from the client" if example.direction == "in" else "to the client"
    yield Text(f"  example {example.command} {example.sequence} {way}, {where}")
    if example.fields:
        yield Text(f"          {example.fields}")
    shown = example.octets[:_HEX_SHOWN]
    more = f" … {example.length} octets in all" if len(shown) < example.length else ""
    yield Text(f"          {shown.hex()}{more}", style="dim")
