"""The measurement of what many messages leave in memory and on the disk runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_messages_leave_memory_and_a_file() -> None:
    script = str(ROOT / "loadtests" / "journal_memory.py")
    result = subprocess.run(
        [sys.executable, script, "--messages", "200", "--every", "100", "--receipts"],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    rows = json.loads(result.stdout)
    assert [row["messages"] for row in rows] == [100, 200]
    assert rows[0]["memory"] > 10
