"""The scripts that are not run by any other test still work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )


def test_a_short_fuzz_finds_nothing() -> None:
    result = run("scripts/fuzz.py", "--count", "3000", "--seed", "20260101")
    assert result.returncode == 0, result.stderr
    assert "3000 cases" in result.stdout


def test_one_case_of_a_fuzz_can_be_repeated() -> None:
    assert run("scripts/fuzz.py", "--seed", "20260101", "--only", "17").returncode == 0
