"""The files that are made of the variants are those that the variants make."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from carrierlab.gauntlet.plan import all_courses, select
from carrierlab.gauntlet.written import expected, markdown_table, scenario_text

SCRIPT = Path(__file__).parents[3] / "scripts" / "make_gauntlet.py"


def test_the_scenario_its_recipients_and_the_page_are_current() -> None:
    result = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_the_table_has_a_row_for_every_variant() -> None:
    rows = markdown_table(all_courses()).splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == [course.name for course in all_courses()]
    assert all(row.count("|") == 5 for row in rows)


def test_what_the_scenario_expects_of_a_variant() -> None:
    counts = {course.name: expected(course) for course in all_courses()}
    assert counts["canonical"] == (4, 0)
    assert counts["stat-delivrd"] == (12, 0)
    assert counts["stat-failed"] == (0, 0)
    assert counts["stat-acceptd"] == counts["never"] == (0, 12)
    assert counts["parts-first"] == (1, 8)
    assert counts["parts-missing"] == (1, 0)


def test_a_scenario_of_some_variants_has_no_others() -> None:
    text = scenario_text(select(["twice"]))
    assert "twice:" in text
    assert "canonical:" not in text
