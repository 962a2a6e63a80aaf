"""The four forms of a report: what stands in them, and that their readers can read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from smsc.lint.finding import Severity
from smsc.lint.live import LiveLint, report_of
from smsc.lint.registry import RULES
from smsc.lint.report import FORMATS, Report, format_for, render, summary
from smsc.lint.reports.text import render as render_text
from smsc.scenario.model import Scenario
from tests.smsc.lint.talk import EPOCH, VENDOR, Talk, bound
from yamlmodel.loader import loads


@pytest.fixture(scope="module")
def report() -> Report:
    talk = bound().submit(source_addr_ton=0).submit(source_addr_ton=0, text=b"<second> & last").submit(tlvs=(VENDOR,))
    talk.submit(destination_addr="+77051234567").end()
    return report_of([talk.lint], "a journal.sqlite")


@pytest.fixture(scope="module")
def clean() -> Report:
    return report_of([bound().submit().end().lint])


def test_severities_are_counted(report: Report, clean: Report) -> None:
    assert [report.count(severity) for severity in Severity] == [1, 1, 1]
    assert (report.worst(), clean.worst()) == (Severity.ERROR, None)
    assert summary(report) == "1 error, 1 warning, 1 note in 1 connection, 12 PDUs"
    assert summary(clean) == "0 errors, 0 warnings, 0 notes in 1 connection, 6 PDUs"


def test_text_is_grouped_by_rule_with_count_example_and_remedy(report: Report) -> None:
    text = render(report, "text")
    assert text.index("alphanumeric-sender-ton") < text.index("plus-in-address") < text.index("vendor-tlv")
    assert "  2 × beeline, shop: 'SHOP' with TON 0\n" in text
    assert "  example submit_sm 2 from the client, connection 1 from 10.0.0.1:40000\n" in text
    assert f"  remedy  {RULES['plus-in-address'].remedy}\n" in text
    assert text.endswith(summary(report) + "\n")
    assert "\x1b" not in text
    assert "77051234567" not in text


def test_text_is_coloured_for_a_terminal(report: Report) -> None:
    assert "\x1b[" in render_text(report, colour=True)


def test_text_of_nothing_is_one_line(clean: Report) -> None:
    assert render(clean, "text") == summary(clean) + "\n"


def test_json_has_all_of_a_finding(report: Report) -> None:
    values = json.loads(render(report, "json"))
    assert values["summary"] == {
        "connections": 1,
        "pdus": 12,
        "not_judged": 0,
        "journal": "a journal.sqlite",
        "error": 1,
        "warning": 1,
        "note": 1,
    }
    first = values["findings"][0]
    assert {name: first[name] for name in ("rule", "severity", "operator", "account", "count", "spec")} == {
        "rule": "alphanumeric-sender-ton",
        "severity": "error",
        "operator": "beeline",
        "account": "shop",
        "count": 2,
        "spec": "SMPP 3.4 §5.2.5",
    }
    assert first["first_at"] == "2026-01-01T00:00:00.000+00:00"
    assert bytes.fromhex(first["example"]["octets"])[4:8] == b"\0\0\0\4"
    assert first["example"]["sequence"] == 2


def test_junit_has_a_case_for_every_rule_and_fails_errors_and_warnings(report: Report) -> None:
    suite = ElementTree.fromstring(render(report, "junit")).find("testsuite")  # noqa: S314 - our own
    assert suite is not None
    cases = {case.get("name"): case for case in suite.findall("testcase")}
    assert list(cases) == list(RULES)
    assert (suite.get("tests"), suite.get("failures")) == (str(len(RULES)), "2")
    assert {name for name, case in cases.items() if case.find("failure") is not None} == {
        "alphanumeric-sender-ton",
        "plus-in-address",
    }
    note = cases["vendor-tlv"].find("system-out")
    assert note is not None
    assert "0x1400" in (note.text or "")


def test_junit_of_a_clean_client_passes(clean: Report) -> None:
    root = ElementTree.fromstring(render(clean, "junit"))  # noqa: S314 - our own
    assert root.get("failures") == "0"
    assert root.findall(".//failure") == []


def test_sarif_has_what_its_schema_requires(report: Report) -> None:
    log: dict[str, Any] = json.loads(render(report, "sarif"))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "smsc lint"
    assert [rule["id"] for rule in driver["rules"]] == list(RULES)
    for rule in driver["rules"]:
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
        assert all(rule[key]["text"] for key in ("shortDescription", "fullDescription", "help"))
    assert [result["level"] for result in run["results"]] == ["error", "warning", "note"]
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert result["occurrenceCount"] >= 1
        (location,) = result["locations"]
        (logical,) = location["logicalLocations"]
        assert logical["fullyQualifiedName"].startswith("beeline/shop/connection 1/")
        assert location["physicalLocation"]["artifactLocation"]["uri"] == "a%20journal.sqlite"


def test_a_report_without_a_journal_names_no_file(clean: Report) -> None:
    report = report_of([bound().submit(source_addr_ton=0).end().lint])
    (result,) = json.loads(render(report, "sarif"))["runs"][0]["results"]
    assert "physicalLocation" not in result["locations"][0]
    assert json.loads(render(clean, "sarif"))["runs"][0]["results"] == []


@pytest.mark.parametrize(
    ("name", "form"), [("a.txt", "text"), ("a.JSON", "json"), ("a.xml", "junit"), ("a.sarif", "sarif")]
)
def test_the_name_of_a_file_says_the_format(name: str, form: str) -> None:
    assert format_for(Path(name)) == form


def test_a_name_that_says_no_format_is_refused() -> None:
    with pytest.raises(ValueError, match=r'"a\.pdf" names no format; expected an end of \.txt, \.json, \.xml, \.sarif'):
        format_for(Path("a.pdf"))


@pytest.mark.parametrize("form", FORMATS)
def test_whatever_a_client_says_a_report_can_be_written(form: str) -> None:
    talk = Talk().open().bind(system_id="\x01\x1b[31m<&", password="")
    talk.submit(b"\x00\xd8\x1b\x0b]]>", source_addr="A\x02B\xff", source_addr_ton=0, data_coding=8).close()
    text = render(report_of([talk.lint]), form)
    if form == "junit":
        ElementTree.fromstring(text)  # noqa: S314 - our own
    assert "\x1b" not in text
    assert "\x01" not in text


# --- live ------------------------------------------------------------------------------------------

SCENARIO = """
operators:
  a: {listen: "tcp:2775", accounts: [{system_id: shop, password: secret, window: 1}]}
  b: {listen: "tcp:2776"}
"""


def test_operators_are_watched_side_by_side_with_their_windows(tmp_path: Path) -> None:
    live = LiveLint.of_scenario(loads(SCENARIO, Scenario))
    for name in ("a", "b"):
        talk = Talk(operator=name)
        talk.lint = live.operator(name)
        talk.open().bind().submit(status=None).submit(status=None).end()
    assert live.operator("a") is live.operator("a")
    report = live.write(tmp_path / "lint.json", EPOCH + 1)
    assert [(finding.rule, finding.operator) for finding in report.findings] == [("window-exceeded", "a")]
    assert json.loads((tmp_path / "lint.json").read_text())["summary"]["connections"] == 2


def test_a_live_report_needs_a_format(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="names no format"):
        LiveLint().write(tmp_path / "lint.pdf", EPOCH)
