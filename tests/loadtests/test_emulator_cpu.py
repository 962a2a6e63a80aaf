"""The measurement of what a message costs runs, of one checkout or of two."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("checkouts", [1, 2])
def test_a_message_costs_some_microseconds(checkouts: int) -> None:
    paths = ["--path", str(ROOT)] * checkouts
    script = str(ROOT / "loadtests" / "emulator_cpu.py")
    result = subprocess.run(
        [sys.executable, script, *paths, "--case", "receipts and journal", "--rounds", "1", "--messages", "3000"],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    measured = json.loads(result.stdout)
    assert measured["messages"] == 3000
    figures = measured["receipts and journal"]
    assert ("ratio" in figures) is (checkouts == 2)
    assert figures["microseconds"]
