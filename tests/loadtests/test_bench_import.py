"""The benchmark of the import reads its own files, by every way."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_way_of_reading_is_measured() -> None:
    command = [sys.executable, "loadtests/bench_import.py", "--rows", "200", "--xlsx-rows", "100"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)["rows_per_second"]
    ways = {f"{kind} {way}" for kind in ("csv", "xlsx") for way in ("read", "screened", "imported")}
    assert set(found) == {"csv alone", "openpyxl alone", *ways}
    assert all(rate > 0 for rate in found.values())
