"""The measurement of what a campaign costs a code runs, and every code that it queued was written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_codes_are_written_beside_a_campaign() -> None:
    result = subprocess.run(
        [
            sys.executable,
            str(ROOT / "loadtests" / "otp_latency.py"),
            *("--seconds", "1", "--settle", "0.3", "--codes", "10", "--recipients", "600", "--rate", "200/s"),
        ],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    measured = json.loads(result.stdout)
    assert measured["codes"]["never written"] == 0
    assert measured["codes"]["beside"] >= 10
    assert set(measured["added_ms"]) == {"p50", "p90", "p99", "max"}
