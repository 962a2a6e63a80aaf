"""A campaign from end to end: small enough for the suite, and with every figure that it promises."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_it_measures_a_campaign_from_its_file_to_its_last_receipt() -> None:
    command = [sys.executable, str(ROOT / "loadtests" / "end_to_end.py"), "--rounds", "1", "--messages", "400"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert (figures["messages"], figures["rounds"]) == (400, 1)
    assert all(figures[name] > 0 for name in ("messages_per_second", "seconds", "sender", "emulator"))


def test_a_path_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "loadtests" / "end_to_end.py"), "--path", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 2
    assert f"{tmp_path} is not a checkout of CarrierLab" in done.stderr
