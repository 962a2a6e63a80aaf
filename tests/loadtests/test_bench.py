"""The runner of all benchmarks runs, and docs/performance.md says what it has written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(script: str, *arguments: object) -> None:
    command = [sys.executable, str(ROOT / "loadtests" / script), *map(str, arguments)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True, timeout=100)


def test_parts_are_measured_one_by_one_and_the_others_kept(tmp_path: Path) -> None:
    file = tmp_path / "latest.json"
    file.write_text('{"codec": {"kept": true}}')
    run("bench.py", "--tiny", "--only", "session", "--only", "store", "--only", "round_trip", "--output", file)
    found = json.loads(file.read_text())
    assert set(found) == {"machine", "calibration", "codec", "session", "store", "round_trip"}
    assert found["round_trip"]["awake"]["emulator"] > 0
    assert found["codec"] == {"kept": True}
    assert found["machine"]["seed"] == 1
    assert found["session"]["submit_sm"] > 0
    assert found["store"]["microseconds"]["insert"] > 0


def test_a_server_of_others_that_is_not_installed_is_said(tmp_path: Path) -> None:
    sys_path = str(ROOT / "loadtests")
    code = (
        f"import sys, json; sys.path.insert(0, {sys_path!r})\n"
        "import bench\n"
        "rows = [bench._beside(other, lambda: 1.0) for other in bench.OTHER_SERVERS + bench.OTHER_CLIENTS]\n"
        "print(json.dumps(rows))"
    )
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "INTEROP": str(tmp_path), "PEERS": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    rows = json.loads(done.stdout)
    assert len(rows) == 9
    assert all("not installed" in row["missing"] for row in rows)


def test_growth_is_measured(tmp_path: Path) -> None:
    file = tmp_path / "growth.json"
    run("growth.py", "--tiny", "--curve", "rules", "--output", file)
    curve = json.loads(file.read_text())["rules"]
    assert [point["x"] for point in curve["points"]] == [10, 50]
    assert "resident MiB" in curve["bends"]


def test_the_page_says_what_was_measured() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "scripts" / "make_performance.py"), "--check"], check=False)
    assert done.returncode == 0
