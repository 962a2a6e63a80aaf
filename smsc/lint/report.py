"""A report on what was found, and the forms that it can be written in."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from smsc.lint.finding import Finding, Severity
from smsc.lint.registry import RULES

FORMATS = {
    "text": "smsc.lint.reports.text",
    "json": "smsc.lint.reports.as_json",
    "junit": "smsc.lint.reports.junit",
    "sarif": "smsc.lint.reports.sarif",
}
"""By name: the module with the ``render`` that makes a text of a report."""
SUFFIXES = {".txt": "text", ".json": "json", ".xml": "junit", ".sarif": "sarif"}


class Report(msgspec.Struct, frozen=True):
    """Findings, worst first, and what they were found in. `source` is the file of the journal, when there is one."""

    findings: list[Finding]
    connections: int
    pdus: int
    unwatched: int = 0
    """PDUs that could not be judged."""
    source: str | None = None

    def count(self, severity: Severity) -> int:
        """How many findings are of this severity."""
        return sum(RULES[finding.rule].severity is severity for finding in self.findings)

    def worst(self) -> Severity | None:
        """The highest severity found; None when nothing was."""
        return max((RULES[finding.rule].severity for finding in self.findings), default=None)


def by_rule(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Findings by the rule they break, in the order of the rules."""
    grouped: dict[str, list[Finding]] = {rule: [] for rule in RULES}
    for finding in findings:
        grouped[finding.rule].append(finding)
    return grouped


def format_for(path: Path) -> str:
    """The format that the name of a file asks for; ValueError when it asks for none."""
    try:
        return SUFFIXES[path.suffix.lower()]
    except KeyError:
        raise ValueError(f'"{path.name}" names no format; expected an end of {", ".join(SUFFIXES)}') from None


def render(report: Report, form: str) -> str:
    """The text of a report in one of FORMATS."""
    write: Callable[[Report], str] = importlib.import_module(FORMATS[form]).render
    return write(report)


def summary(report: Report) -> str:
    """One line: how much was found, in how much."""
    counts = ", ".join(_plural(report.count(severity), severity.word) for severity in sorted(Severity, reverse=True))
    seen = f"{_plural(report.connections, 'connection')}, {_plural(report.pdus, 'PDU')}"
    unjudged = f"; {_plural(report.unwatched, 'PDU')} not judged" if report.unwatched else ""
    return f"{counts} in {seen}{unjudged}"


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
