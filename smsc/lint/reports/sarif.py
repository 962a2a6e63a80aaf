"""A report as SARIF 2.1.0, which code hosts and editors show beside the code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from smsc.lint.finding import Finding, Severity
from smsc.lint.registry import RULES
from smsc.lint.report import Report
from smsc.lint.reports.as_json import example_values, moment
from smsc.lint.rule import Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def render(report: Report) -> str:
    """The report; ends with a newline."""
    order = {rule: number for number, rule in enumerate(RULES)}
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "smsc lint", "rules": [_rule(rule) for rule in RULES.values()]}},
        "results": [_result(finding, order[finding.rule], report.source) for finding in report.findings],
        "properties": {"connections": report.connections, "pdus": report.pdus, "notJudged": report.unwatched},
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: type[Rule]) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.__name__,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.remedy} ({rule.spec})"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"spec": rule.spec},
    }


def _result(finding: Finding, index: int, source: str | None) -> dict[str, Any]:
    rule = RULES[finding.rule]
    who = f"{finding.operator}, {finding.account or '(not bound)'}"
    result: dict[str, Any] = {
        "ruleId": rule.id,
        "ruleIndex": index,
        "level": _LEVELS[rule.severity],
        "message": {"text": f"{rule.title}: {finding.detail} ({who})"},
        "occurrenceCount": finding.count,
        "locations": [_location(finding, source)],
        "properties": {"firstAt": moment(finding.first_at), "lastAt": moment(finding.last_at)},
    }
    if finding.example is not None:
        result["properties"]["example"] = example_values(finding.example)
    return result


def _location(finding: Finding, source: str | None) -> dict[str, Any]:
    """The journal, and in it operator, account, connection and PDU: none of them a line of a text."""
    names = [finding.operator, finding.account or "(not bound)"]
    example = finding.example
    if example is not None:
        names.append(f"connection {example.connection}")
        names.append(f"{example.command} {example.sequence}" if example.row is None else f"PDU {example.row}")
    location: dict[str, Any] = {
        "logicalLocations": [{"name": names[-1], "fullyQualifiedName": "/".join(names), "kind": "object"}]
    }
    if source is not None:
        path = Path(source)
        location["physicalLocation"] = {
            "artifactLocation": {"uri": path.as_uri() if path.is_absolute() else quote(path.as_posix())}
        }
    return location
