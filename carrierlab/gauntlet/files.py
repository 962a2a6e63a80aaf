"""The score as files: JSON for tools, JUnit XML for a CI server."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import msgspec

from carrierlab.gauntlet.console import evidence
from carrierlab.gauntlet.score import Score, VariantScore, Verdict


def to_json(score: Score) -> bytes:
    """The score as indented JSON; octets in hex."""
    document = {
        "client": score.client,
        "passed": score.passed,
        "summary": {
            "variants": len(score.variants),
            "matched": sum(variant.verdict is Verdict.MATCHED for variant in score.variants),
            "failed": sum(variant.verdict is Verdict.FAILED for variant in score.variants),
            "not_tried": sum(variant.verdict is Verdict.UNTRIED for variant in score.variants),
        },
        "variants": [_described(variant) for variant in score.variants],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _described(score: VariantScore) -> dict[str, Any]:
    return {
        "variant": score.course.name,
        "subject": score.course.variant.about,
        "what": score.course.variant.what,
        "source": score.course.variant.source,
        "verdict": score.verdict.value.lower(),
        "messages": score.messages,
        "matched": score.matched,
        "trouble": list(score.trouble),
        "misses": [
            {
                "number": miss.number,
                "expected": miss.expected,
                "found": miss.believed,
                "ids": list(miss.ids),
                "receipts": [octets.hex() for octets in miss.receipts],
            }
            for miss in score.misses
        ],
    }


def to_junit(score: Score) -> bytes:
    """The score as JUnit XML: a case per variant; what was not tried is skipped."""
    verdicts = [variant.verdict for variant in score.variants]
    suite = ElementTree.Element(
        "testsuite",
        name=f"Receipt gauntlet of {score.client}",
        tests=str(len(verdicts)),
        failures=str(verdicts.count(Verdict.FAILED)),
        skipped=str(verdicts.count(Verdict.UNTRIED)),
    )
    for variant in score.variants:
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"gauntlet.{variant.course.variant.about}", name=variant.course.name
        )
        if variant.verdict is Verdict.UNTRIED:
            ElementTree.SubElement(case, "skipped", message="the client sent nothing to it")
        elif variant.verdict is Verdict.FAILED:
            message = f"{variant.matched} of {variant.messages} messages matched"
            failure = ElementTree.SubElement(case, "failure", message=message)
            failure.text = "\n".join((variant.course.variant.what, *evidence(variant)))
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    octets: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return octets + b"\n"
