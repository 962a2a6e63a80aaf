"""A report as JUnit XML: one test case per rule, which fails when an error or a warning was found."""

from __future__ import annotations

from xml.etree import ElementTree

from smsc.lint.finding import Finding, Severity
from smsc.lint.registry import RULES
from smsc.lint.report import Report, by_rule, summary

SUITE = "smsc lint"


def render(report: Report) -> str:
    """The report; ends with a newline."""
    grouped = by_rule(report.findings)
    failures = sum(bool(findings) and _fails(rule) for rule, findings in grouped.items())
    numbers = {"name": SUITE, "tests": str(len(grouped)), "failures": str(failures), "errors": "0", "skipped": "0"}
    root = ElementTree.Element("testsuites", numbers)
    suite = ElementTree.SubElement(root, "testsuite", numbers)
    for rule_id, findings in grouped.items():
        case = ElementTree.SubElement(suite, "testcase", classname="smsc.lint", name=rule_id, time="0")
        if not findings:
            continue
        text = "\n\n".join(map(_said, findings))
        if _fails(rule_id):
            rule = RULES[rule_id]
            total = sum(finding.count for finding in findings)
            message = f"{rule.title} ({total} times)"
            failure = ElementTree.SubElement(case, "failure", type=rule.severity.word, message=message)
            failure.text = f"{text}\n\n{rule.remedy}\n{rule.spec}"
        else:
            ElementTree.SubElement(case, "system-out").text = text
    ElementTree.SubElement(suite, "system-out").text = summary(report)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _fails(rule: str) -> bool:
    return RULES[rule].severity is not Severity.NOTE


def _said(finding: Finding) -> str:
    lines = [f"{finding.count} × {finding.operator}, {finding.account or '(not bound)'}: {finding.detail}"]
    example = finding.example
    if example is not None:
        lines.append(f"{example.command} {example.sequence} on connection {example.connection} from {example.peer}")
        lines += [example.fields, example.octets.hex()]
    return "\n".join(line for line in lines if line)
