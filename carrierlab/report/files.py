"""The reports as files: ``report.json`` for tools, ``junit.xml`` for a CI server, ``report.html`` for a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec

from carrierlab.expect import Verdict
from carrierlab.report.html import to_html
from carrierlab.report.markup import printable
from carrierlab.report.result import Outcome


def write_reports(outcome: Outcome, directory: Path) -> tuple[Path, ...]:
    """Write the files into ``directory``, made when missing; OSError when that cannot be done."""
    directory.mkdir(parents=True, exist_ok=True)
    contents = {"report.json": to_json(outcome), "junit.xml": to_junit(outcome), "report.html": to_html(outcome)}
    for name, octets in contents.items():
        (directory / name).write_bytes(octets)
    return tuple(directory / name for name in contents)


def to_json(outcome: Outcome) -> bytes:
    """Return the outcome as indented JSON."""
    document: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(outcome, verdicts=()))
    document["verdicts"] = [_verdict(verdict) for verdict in outcome.verdicts]
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "metric": str(verdict.expectation.metric),
        "operator": verdict.expectation.operator,
        "wanted": verdict.wanted,
        "found": verdict.found,
        "met": verdict.met,
        "examples": list(verdict.examples),
    }


def to_junit(outcome: Outcome) -> bytes:
    """Return the outcome as JUnit XML: a suite per scenario, a case per expectation, trouble as an error."""
    failures = sum(not verdict.met for verdict in outcome.verdicts)
    suite = ElementTree.Element(
        "testsuite",
        name=outcome.scenario,
        tests=str(len(outcome.verdicts) + 1),
        failures=str(failures),
        errors=str(int(bool(outcome.trouble))),
        time=f"{outcome.wall:.3f}",
    )
    properties = ElementTree.SubElement(suite, "properties")
    facts = {"file": outcome.file, "seed": str(outcome.seed), "trace": outcome.trace or ""}
    for name, value in facts.items():
        ElementTree.SubElement(properties, "property", name=name, value=printable(value))
    played = ElementTree.SubElement(suite, "testcase", classname=printable(outcome.file), name="played to the end")
    if outcome.trouble:
        error = ElementTree.SubElement(played, "error", message=printable(outcome.trouble[0]))
        error.text = printable("\n".join(outcome.trouble))
    for verdict in outcome.verdicts:
        _case(suite, outcome.file, verdict)
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    octets: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return octets + b"\n"


def _case(suite: ElementTree.Element, file: str, verdict: Verdict) -> None:
    expectation = verdict.expectation
    of = f" ({expectation.operator})" if expectation.operator else ""
    name = f"{expectation.metric}{of} {verdict.wanted}"
    case = ElementTree.SubElement(suite, "testcase", classname=printable(file), name=printable(name))
    if not verdict.met:
        message = f"found {verdict.found}, wanted {verdict.wanted}"
        failure = ElementTree.SubElement(case, "failure", message=printable(message))
        failure.text = printable("\n".join(filter(None, (expectation.note, *verdict.examples))))
