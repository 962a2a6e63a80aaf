"""What the checks found, as files: JSON for tools, JUnit XML for a CI server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import msgspec

from carrierlab.conformance.check import VERSION_NAMES, Choice, Failed, NotApplicable, Passed, Verdict
from carrierlab.conformance.console import evidence
from carrierlab.conformance.octets import HEADER, split
from carrierlab.conformance.runner import Result, Tally
from carrierlab.conformance.showing import without_secrets


def to_json(results: Sequence[Result], target: str) -> bytes:
    """The results as indented JSON; octets in hex."""
    document = {
        "target": target,
        "summary": msgspec.to_builtins(Tally.of(results)),
        "checks": [_described(result) for result in results],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _described(result: Result) -> dict[str, Any]:
    return {
        "check": result.check.id,
        "version": VERSION_NAMES[result.version],
        "title": result.check.title,
        "source": result.check.spec,
        "seconds": round(result.seconds, 3),
        **_found(result.verdict),
    }


def _found(verdict: Verdict) -> dict[str, Any]:
    match verdict:
        case Failed(reason, sent, seen):
            return {"verdict": "failed", "reason": reason, "sent": _safe(sent).hex(), "seen": _safe(seen).hex()}
        case Choice(does):
            return {"verdict": "choice", "does": does}
        case NotApplicable(why):
            return {"verdict": "not applicable", "why": why}
        case Passed():
            return {"verdict": "passed"}


def _safe(octets: bytes) -> bytes:
    frames, rest = split(octets, max(len(octets), HEADER), 0.0)
    return b"".join(without_secrets(frame.octets) for frame in frames) + without_secrets(rest)


def to_junit(results: Sequence[Result], target: str) -> bytes:
    """The results as JUnit XML: a case per check and version; what does not apply is skipped."""
    tally = Tally.of(results)
    suite = ElementTree.Element(
        "testsuite",
        name=f"SMPP conformance of {target}",
        tests=str(len(results)),
        failures=str(tally.failed),
        skipped=str(tally.not_applicable),
        time=f"{sum(result.seconds for result in results):.3f}",
    )
    for result in results:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=f"conformance.{VERSION_NAMES[result.version]}",
            name=f"{result.id} {result.check.title}",
            time=f"{result.seconds:.3f}",
        )
        match result.verdict:
            case Failed(reason) as failed:
                ElementTree.SubElement(case, "failure", message=reason).text = "\n".join(evidence(failed))
            case NotApplicable(why):
                ElementTree.SubElement(case, "skipped", message=why)
            case Choice(does):
                ElementTree.SubElement(case, "system-out").text = does
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    octets: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return octets + b"\n"
