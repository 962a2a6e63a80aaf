"""The page about the sender's API: every request of it is made of a sender that serves, with an operator behind it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.docs.blocks import Block, of_kind
from tests.docs.test_control_api import PATIENCE, read

USUAL = "http://127.0.0.1:8080"
LINES = [line for block in of_kind("sh sender-api") for line in block.text.splitlines() if line.strip()]
SCENARIO = """
operators:
  op:
    listen: tcp:0
    accounts: [{system_id: shop, password: secret}]
    submit: {latency: 0ms}
    receipts: {delay: 0s}
"""
CONFIG = """
country: KZ
operators: {{beeline: {{host: 127.0.0.1, port: {port}, system_id: shop, password: secret}}}}
routes: [{{operator: beeline}}]
serve: {{listen: "127.0.0.1:0", prices: {{beeline: "14.5"}}, currency: KZT}}
"""


class Served(NamedTuple):
    url: str
    token: str


def command(program: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", f"from {program}.cli import main; main()", *arguments]


def start(directory: Path, ready: str, program: str, *arguments: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(command(program, *arguments), cwd=directory, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(ready, line)
    assert found is not None, line
    return process, found[1]


def ask(line: str, url: str, token: str) -> httpx.Response:
    asked = read(line.replace("$TOKEN", token))
    assert asked.url.startswith(USUAL)
    target = url + asked.url.removeprefix(USUAL)
    return httpx.request(asked.method, target, headers=asked.headers, content=asked.body, timeout=PATIENCE)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("served")
    (home / "lab.yaml").write_text(SCENARIO)
    operator, port = start(home, r":(\d+) \(op\)", "smsc", "serve", "lab.yaml", "--no-http", "--quiet")
    (home / "sender.yaml").write_text(CONFIG.format(port=port))
    made = subprocess.run(
        command("sender", "tokens", "create", "--config", "sender.yaml", "--name", "shop", "--scope", "admin"),
        cwd=home, capture_output=True, text=True, check=True,
    )  # fmt: skip
    sender, url = start(home, r"ready on (http://127\.0\.0\.1:\d+)/", "sender", "serve", "--config", "sender.yaml")
    token = made.stdout.strip()
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE) as api:
        first = {"to": "+77051234567", "from": "SHOP", "text": "the first"}
        assert api.post("/v1/messages", json=first).status_code == 202
        while not api.get("/v1/messages/1").json()["final"]:
            pass
    yield Served(url, token)
    sender.send_signal(signal.SIGTERM)
    sender.communicate(timeout=PATIENCE)
    assert sender.returncode == 0
    operator.send_signal(signal.SIGTERM)
    operator.communicate(timeout=PATIENCE)


def test_the_page_is_right(served: Served) -> None:
    """In its order, and in one test: some requests ask about what others have sent."""
    for line in LINES:
        answer = ask(line, *served)
        assert answer.status_code == read(line).status, f"{line}: {answer.text}"
    for block in of_kind("python sender-api"):
        python_runs(block, served)
    every_route_is_on_the_page(served)


def python_runs(block: Block, served: Served) -> None:
    environment = {**os.environ, "TOKEN": served.token}
    code = block.text.replace(USUAL, served.url)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in ("queued", "claimed", "submitting", "accepted", "delivered")


def test_there_are_examples() -> None:
    assert len(LINES) > 20
    assert of_kind("python sender-api")


def every_route_is_on_the_page(served: Served) -> None:
    page = (Path(__file__).parents[2] / "docs" / "sender-api.md").read_text()
    for path in httpx.get(f"{served.url}/schema/openapi.json", timeout=PATIENCE).json()["paths"]:
        assert path.partition("/{")[0] in page, path
