"""A report as JSON: `{"summary": {…}, "findings": [{…}]}`, keys as in docs/lint.md."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from smsc.lint.finding import Example, Finding, Severity
from smsc.lint.registry import RULES
from smsc.lint.report import Report

VERSION = 1
"""Changes when a key changes its meaning or goes; new keys may come at any time."""


def render(report: Report) -> str:
    """The report; ends with a newline."""
    values = {
        "version": VERSION,
        "summary": {
            "connections": report.connections,
            "pdus": report.pdus,
            "not_judged": report.unwatched,
            "journal": report.source,
            **{severity.word: report.count(severity) for severity in sorted(Severity, reverse=True)},
        },
        "findings": [finding_values(finding) for finding in report.findings],
    }
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def finding_values(finding: Finding) -> dict[str, Any]:
    """One finding."""
    rule = RULES[finding.rule]
    return {
        "rule": rule.id,
        "severity": rule.severity.word,
        "title": rule.title,
        "operator": finding.operator,
        "account": finding.account,
        "count": finding.count,
        "first_at": moment(finding.first_at),
        "last_at": moment(finding.last_at),
        "detail": finding.detail,
        "why": rule.why,
        "spec": rule.spec,
        "remedy": rule.remedy,
        "example": None if finding.example is None else example_values(finding.example),
    }


def example_values(example: Example) -> dict[str, Any]:
    """One example; `octets` in hexadecimal, the first 512 at most."""
    return {
        "connection": example.connection,
        "peer": example.peer,
        "direction": example.direction,
        "at": moment(example.at),
        "row": example.row,
        "command": example.command,
        "sequence": example.sequence,
        "fields": example.fields,
        "octets": example.octets.hex(),
        "length": example.length,
    }


def moment(at: float) -> str:
    """A time as ISO 8601."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
