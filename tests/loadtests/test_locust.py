"""The Locust user against the emulator, both as their own processes, a bounded number of messages."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMSC = "from smsc.cli import main; main()"


@pytest.fixture
def address(tmp_path: Path):
    command = [sys.executable, "-c", SMSC, "serve", "--port", "0", "--no-journal", "--quiet"]
    server = subprocess.Popen(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE)
    assert server.stdout is not None
    ready = server.stdout.readline().decode()
    yield ready.split()[3]
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=30) == 0
    server.stdout.close()


# Not importorskip: importing locust patches this very process for gevent.
@pytest.mark.skipif(importlib.util.find_spec("locust") is None, reason="locust (the load group) is not installed")
def test_every_message_has_its_response_and_its_receipt_and_the_run_ends_by_itself(address):
    command = [sys.executable, "-m", "locust", "-f", str(ROOT / "loadtests/locustfile.py"), "--headless"]
    command += ["-u", "3", "-r", "3", "-t", "60s", "--host", address, "--json"]
    environment = os.environ | {"SMPP_MESSAGES": "100", "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    counts = {row["name"]: (row["num_requests"], row["num_failures"]) for row in json.loads(run.stdout)}
    assert counts["bind"] == (3, 0)
    assert counts["submit_sm"] == (300, 0)
    assert counts["receipt"] == (300, 0)
