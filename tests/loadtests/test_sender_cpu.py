"""The measurement of what a message costs the sender runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_message_costs_some_microseconds() -> None:
    command = [sys.executable, str(ROOT / "loadtests" / "sender_cpu.py"), "--path", str(ROOT), "--rounds", "1"]
    result = subprocess.run(
        [*command, "--case", "four binds, receipts", "--messages", "500"],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    measured = json.loads(result.stdout)
    assert measured["messages"] == 500
    figures = measured["four binds, receipts"]
    assert figures["microseconds"] > 0
    assert figures["reactor"] > 0
    assert figures["messages_per_second"] > 0
