"""docs/faults.md is made from the registry, and what it shows is what scenarios take."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from smsc.faults.registry import FAULTS
from tests.smsc.faults.bench import File
from yamlmodel.loader import loads

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^`- (\{.*\})`$", PAGE, re.MULTILINE)


def test_the_page_is_up_to_date() -> None:
    result = subprocess.run([sys.executable, ROOT / "scripts" / "make_faults.py", "--check"], check=False)
    assert result.returncode == 0


def test_the_page_has_an_example_of_every_fault() -> None:
    shown = {match[1] for example in EXAMPLES if (match := re.search(r"fault: ([\w-]+)", example))}
    assert shown == set(FAULTS)
    assert all(f"\n## {tag}\n" in PAGE for tag in FAULTS)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_what_a_scenario_takes(example: str) -> None:
    place = "timeline" if "at:" in example else "faults"
    file = loads(f"{place}: [{example}]", File)
    assert len(file.timeline) + len(file.faults) == 1
