"""junit.xml as CI servers read it."""

from __future__ import annotations

from xml.etree import ElementTree

from carrierlab.report.junit import to_junit
from carrierlab.report.played import Played
from tests.carrierlab.test_report import outcome


def test_one_suite_a_run_and_the_sums_above_them() -> None:
    octets = to_junit([Played(outcome(seed=1, file="scenarios/lab.yaml")), Played(outcome(seed=2, trouble=("stuck",)))])
    root = ElementTree.fromstring(octets)  # noqa: S314 - our own
    assert root.attrib == {"name": "carrierlab", "tests": "8", "failures": "2", "errors": "1", "time": "3.000"}
    assert [suite.get("name") for suite in root] == ["Two operators, seed 1", "Two operators, seed 2"]
    case = root[0].findall("testcase")[1]
    assert case.attrib == {
        "classname": "scenarios.lab", "name": "delivered at least 30%", "file": "scenarios/lab.yaml", "time": "0.000"
    }  # fmt: skip


def test_a_failure_says_what_was_found_what_happened_and_how_to_play_it_again() -> None:
    root = ElementTree.fromstring(to_junit([Played(outcome())]))  # noqa: S314 - our own
    (failure,) = root.iter("failure")
    assert failure.get("message") == "found 1, wanted equals 0"
    text = failure.text or ""
    assert "a resend must not reach the handset twice" in text
    assert "+77050000001, alpha: delivered" in text
    assert "0.010 s  alpha: submit_sm: accepted as A1" in text
    replay = "replay: carrierlab run lab.yaml --virtual --seed 42"
    assert [element.text for element in root.iter("system-out")] == [replay, replay]


def test_what_the_run_was_stands_in_its_properties() -> None:
    root = ElementTree.fromstring(to_junit([Played(outcome(), "reports/traces/lab-42.trace.gz")]))  # noqa: S314 - our own
    properties = {element.get("name"): element.get("value") for element in root.iter("property")}
    assert properties == {
        "file": "lab.yaml",
        "seed": "42",
        "trace": "ab" * 32,
        "trace_file": "reports/traces/lab-42.trace.gz",
        "duration": "60.000",
    }
