"""The page about the control API: every curl line of it is asked of an emulator that has seen some traffic."""

from __future__ import annotations

import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from smppkit.codec import encode
from smppkit.pdus import BindTransceiver, SubmitSm
from tests.docs.blocks import of_kind

USUAL = "http://127.0.0.1:2780/"
PATIENCE = 30.0


class Asked(NamedTuple):
    """What a curl line asks, and the status that its comment expects."""

    method: str
    url: str
    headers: dict[str, str]
    body: str | None
    streams: bool
    status: int


def read(line: str) -> Asked:
    command, _, comment = line.partition("  # ")
    words = iter(shlex.split(command)[1:])
    method, url, body, streams, headers = "GET", "", None, False, {}
    for word in words:
        if word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            method, body = "POST", next(words)
        elif word == "-X":
            method = next(words)
        elif word == "-o":
            next(words)
        elif word == "-N":
            streams = True
        else:
            assert word.startswith("http"), line
            url = word
    return Asked(method, url, headers, body, streams, int(comment or 200))


LINES = [line for block in of_kind("sh curl") for line in block.text.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", "from smsc.cli import main; main()", "serve", "--port", "0", "--http", "0", "--quiet"],
        cwd=tmp_path_factory.mktemp("served"),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    match = re.search(r":(\d+) \(smsc\), inbox at (\S+)", process.stdout.readline())
    assert match is not None
    with socket.create_connection(("127.0.0.1", int(match[1])), timeout=PATIENCE) as esme:
        esme.sendall(encode(BindTransceiver(system_id="shop", sequence_number=1)))
        esme.recv(4096)
        submit = SubmitSm(source_addr="SHOP", destination_addr="77051234567", short_message=b"Your order 17 is ready")
        submit.sequence_number = 2
        esme.sendall(encode(submit))
        esme.recv(4096)
        yield match[2]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)


def test_there_are_examples() -> None:
    assert len(LINES) > 20


def test_the_page_is_right(url: str) -> None:
    """One request after the other, in one test: what a line asks for follows from those before it."""
    for line in LINES:
        check(line, url)
    every_route_is_on_the_page(url)


def check(line: str, url: str) -> None:
    asked = read(line)
    assert asked.url.startswith(USUAL)
    target = url + asked.url.removeprefix(USUAL)
    with httpx.stream(asked.method, target, headers=asked.headers, content=asked.body, timeout=PATIENCE) as answer:
        pieces = answer.iter_bytes()
        first = next(pieces, b"")
        assert answer.status_code == asked.status, f"{line}: {first!r}"
        assert first or asked.status == 204, line
        if not asked.streams:
            for _ in pieces:
                pass


def every_route_is_on_the_page(url: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "control-api.md").read_text()
    for path in httpx.get(f"{url}schema/openapi.json", timeout=PATIENCE).json()["paths"]:
        assert path.partition("{")[0] in page, path
