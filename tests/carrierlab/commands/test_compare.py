"""``carrierlab compare``: what it prints and writes, and how it exits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from carrierlab.cli import main
from carrierlab.report.files import write_reports
from tests.carrierlab.test_html import Reader
from tests.carrierlab.test_report import outcome


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """A run that passed in ``a`` and one that did not in ``b``."""
    write_reports(outcome(expectations=[]), tmp_path / "a")
    write_reports(outcome(seed=43), tmp_path / "b")
    return tmp_path


def compare(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "120"}).invoke(main, ["compare", *map(str, arguments)], prog_name="carrierlab")


def test_the_same_run_exits_with_0(reports: Path) -> None:
    result = compare(reports / "a", reports / "a" / "report.json")
    assert result.exit_code == 0
    assert result.output.splitlines() == ["Two operators", "  nothing changed beyond the tolerance", "SAME"]


def test_a_worse_run_exits_with_1_and_a_better_one_with_0(reports: Path) -> None:
    result = compare(reports / "a", reports / "b")
    assert result.exit_code == 1
    assert "another seed: 42, now 43" in result.output
    assert "run: verdict" in result.output
    assert result.output.splitlines()[-1] == "WORSE"
    assert compare(reports / "b", reports / "a").exit_code == 0


def test_what_is_no_report_exits_with_2(reports: Path) -> None:
    result = compare(reports / "a", reports / "nowhere")
    assert result.exit_code == 2
    assert result.output.endswith("nowhere: no such file\n")
    assert compare(reports / "a", reports / "b", "--tolerance", "much").exit_code == 2
    assert compare(reports / "a", reports / "b", "--html", reports / "a" / "report.json" / "x").exit_code == 2


def test_json_and_the_page_say_the_same(reports: Path) -> None:
    result = compare(reports / "a", reports / "b", "--json", "--html", reports / "made" / "c.html", "--tolerance", "5%")
    document = json.loads(result.output)
    assert (document["format"], document["version"], document["judgement"]) == ("carrierlab-comparison", 1, "worse")
    assert document["tolerance"] == 0.05
    assert document["comparisons"][0]["changes"][0]["judgement"] == "worse"
    reader = Reader()
    reader.feed((reports / "made" / "c.html").read_text())
    reader.close()
    assert "script" not in reader.seen
    assert "WORSE" in reader.text
    assert "another seed: 42, now 43" in reader.text
