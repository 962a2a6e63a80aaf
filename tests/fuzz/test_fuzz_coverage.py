"""The script around libFuzzer: what it can say without it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_an_unknown_target_is_answered_with_those_that_exist() -> None:
    run = subprocess.run(
        [sys.executable, "scripts/fuzz_coverage.py", "sesion"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert "found the target 'sesion'; expected one of decoder-3.3, " in run.stderr
    assert "Traceback" not in run.stderr
