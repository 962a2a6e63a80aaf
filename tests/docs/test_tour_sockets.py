"""The README's tour as a newcomer takes it: serve, send, look, resume, stop. Processes and sockets, on a free port."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, of_kind

ROWS = 60


def start(program: str, *arguments: str, cwd: Path) -> subprocess.Popen[str]:
    code = f"from {program}.cli import main; main(prog_name={program!r})"
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    output, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors, errors
    return process.returncode, output, errors


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    process = start("smsc", "serve", "--port", "0", cwd=tmp_path)
    try:
        assert process.stdout is not None
        ready = process.stdout.readline()
        match = re.search(r"127\.0\.0\.1:(\d+)", ready)
        assert match is not None, ready
        yield process, int(match[1])
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def test_the_tour_of_the_readme(emulator: tuple[subprocess.Popen[str], int], tmp_path: Path) -> None:
    smsc, port = emulator
    recipients = (ROOT / "scenarios" / "data" / "recipients.csv").read_bytes().splitlines(keepends=True)
    (tmp_path / "people.csv").write_bytes(b"".join(recipients[: ROWS + 1]))
    (config,) = [block for block in of_kind("yaml sender") if block.page.name == "README.md"]
    (tmp_path / "sender.yaml").write_text(config.text.replace("port: 2775", f"port: {port}"))
    campaign = [
        *("--config", "sender.yaml", "--recipients", "people.csv", "--from", "SHOP"),
        *("--template", "{name|Dear client}, order {order} is ready"),
    ]

    code, output, _ = finished(start("sender", "send", *campaign, "--dry-run", cwd=tmp_path))
    assert code == 0
    assert "nothing was stored or sent" in output

    code, output, errors = finished(start("sender", "send", *campaign, cwd=tmp_path))
    assert code == 0, errors
    assert re.search(r"delivered +\d+ +100\.0 %", output), output

    code, output, _ = finished(start("sender", "report", "--config", "sender.yaml", "--json", cwd=tmp_path))
    report = json.loads(output)
    assert report["delivered"] == report["messages"] >= ROWS - 5

    code, output, _ = finished(start("sender", "resume", "--config", "sender.yaml", cwd=tmp_path))
    assert (code, output) == (0, "Nothing to resume.\n")

    code, output, _ = finished(start("smsc", "messages", "--json", "--limit", "0", cwd=tmp_path))
    messages = [json.loads(line) for line in output.splitlines()]
    assert code == 0
    assert len(messages) == report["messages"]
    assert sum(message["parts"] for message in messages) == report["segments"]
    assert {message["state"] for message in messages} == {"DELIVRD"}

    smsc.send_signal(signal.SIGTERM)
    code, _, _ = finished(smsc)
    assert code == 0
