"""docs/lint.md is made from the rules, and is up to date."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from smsc.lint.registry import RULES

ROOT = Path(__file__).parents[3]


def test_the_page_is_up_to_date() -> None:
    result = subprocess.run([sys.executable, ROOT / "scripts" / "make_lint.py", "--check"], check=False)
    assert result.returncode == 0


def test_every_rule_is_on_the_page() -> None:
    text = (ROOT / "docs" / "lint.md").read_text()
    for rule in RULES.values():
        assert f"### {rule.id}\n\n{rule.title}.\n" in text


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_says_all_that_people_need(rule: type) -> None:
    assert rule.id == rule.id.lower()
    assert not rule.title.endswith(".")
    assert rule.why.endswith(".")
    assert rule.remedy.endswith(".")
    assert "§" in rule.spec
