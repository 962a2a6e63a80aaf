"""The measurement of idle binds runs, and a bind stays cheap."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_an_idle_bind_stays_cheap() -> None:
    """I8. What is measured is resident memory: with few binds the pages of the first ones weigh in."""
    result = subprocess.run(
        [sys.executable, ROOT / "loadtests" / "idle_binds.py", "--binds", "400", "--clients", "2"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    measured = json.loads(result.stdout)
    assert measured["binds"] == 400
    assert measured["bytes_per_bind"] < 8 * 1024
