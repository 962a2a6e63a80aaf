"""`carrierlab blast` against the emulator over sockets, both as their own processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def program(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", f"from {name}.cli import main; main(prog_name={name!r})", *arguments]


def test_every_message_is_accepted_and_what_it_cost_is_said(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SMPP_PASSWORD": "secret"}
    serve = program("smsc", "serve", "--port", "0", "--no-journal", "--no-http", "--quiet")
    server = subprocess.Popen(serve, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        address = server.stdout.readline().split()[3]
        blast = program(
            "carrierlab", "blast", address, "-c", "4", "-w", "50", "-n", "3000", "--warm-up", "200", "--json"
        )
        done = subprocess.run(
            [*blast, "--pid", str(server.pid)], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
    finally:
        server.terminate()
        server.communicate(timeout=30)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["outcomes"]["accepted"] == found["answered"] == 3000
    assert found["generator"]["us_per_message"] > 0
    assert found["server"] is not None
    assert "secret" not in done.stdout + done.stderr
