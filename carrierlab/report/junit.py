"""``junit.xml``: what CI servers show. One suite a run, one case per expectation, and one for the playing itself.

Attributes are those that GitHub's actions, GitLab and Jenkins read: ``classname`` (dots make packages in Jenkins),
``name``, ``file`` and ``time`` of a case, ``failure`` and ``error`` with a message and a text, ``system-out`` with the
command that plays it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from carrierlab.expect import Verdict
from carrierlab.report.markup import printable
from carrierlab.report.played import Played
from carrierlab.report.result import Outcome
from carrierlab.report.stories import Story

MAX_STORIES = 3


def to_junit(runs: Iterable[Played]) -> bytes:
    """Return the document, in UTF-8."""
    suites = [_suite(played) for played in runs]
    root = Element("testsuites", name="carrierlab")
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    root.set("time", f"{sum(float(suite.get('time', '0')) for suite in suites):.3f}")
    root.extend(suites)
    indent(root)
    octets: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return octets + b"\n"


def _suite(played: Played) -> Element:
    outcome = played.outcome
    failures = sum(not verdict.met for verdict in outcome.verdicts)
    suite = Element(
        "testsuite",
        name=printable(_name(outcome)),
        tests=str(len(outcome.verdicts) + 1),
        failures=str(failures),
        errors=str(int(bool(outcome.trouble))),
        skipped="0",
        time=f"{outcome.wall:.3f}",
    )
    facts = {"file": outcome.file, "seed": str(outcome.seed), "trace": outcome.trace or "", **outcome.parameters}
    facts |= {"trace_file": played.trace or "", "duration": f"{outcome.duration:.3f}"}
    properties = SubElement(suite, "properties")
    for name, value in facts.items():
        if value:
            SubElement(properties, "property", name=printable(name), value=printable(value))
    case = _case(suite, outcome, "played to the end", outcome.wall)
    if outcome.trouble:
        _wrong(case, "error", outcome.trouble[0], outcome.trouble)
    for verdict in outcome.verdicts:
        _judged(suite, outcome, verdict)
    _child(suite, "system-out", f"replay: {outcome.replay}")
    return suite


def _name(outcome: Outcome) -> str:
    given = "".join(f", {name}={value}" for name, value in outcome.parameters.items())
    return f"{outcome.scenario}, seed {outcome.seed}{given}"


def _case(suite: Element, outcome: Outcome, name: str, time: float = 0.0) -> Element:
    parts = [part for part in PurePath(outcome.file).with_suffix("").parts if part not in ("/", "..", ".")]
    return SubElement(
        suite,
        "testcase",
        classname=printable(".".join(parts)),
        name=printable(name),
        file=printable(outcome.file),
        time=f"{time:.3f}",
    )


def _judged(suite: Element, outcome: Outcome, verdict: Verdict) -> None:
    case = _case(suite, outcome, verdict.name)
    if verdict.met:
        return
    told = [*filter(None, (verdict.note, *verdict.examples)), *_told(outcome, verdict)]
    _wrong(case, "failure", f"found {verdict.found}, wanted {verdict.wanted}", told)
    _child(case, "system-out", f"replay: {outcome.replay}")


def _told(outcome: Outcome, verdict: Verdict) -> Iterable[str]:
    """The stories of the messages that an unmet expectation names."""
    named = [story for story in outcome.stories if any(story.recipient in text for text in verdict.examples)]
    for story in named[:MAX_STORIES]:
        yield ""
        yield from story_lines(story)


def story_lines(story: Story) -> Iterable[str]:
    """Return a story as lines of text."""
    yield f"+{story.recipient}, {story.operator}: {story.ended}"
    for event in story.events:
        yield f"  {event.at:10.3f} s  {event.who}: {event.what}"


def _wrong(case: Element, kind: str, message: str, lines: Iterable[str]) -> None:
    _child(case, kind, "\n".join(lines)).set("message", printable(message))


def _child(parent: Element, name: str, text: str) -> Element:
    child = SubElement(parent, name)
    child.text = printable(text)
    return child
