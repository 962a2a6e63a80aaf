"""`smsc serve` on real sockets: served from the first connection on, refused where it must be, stopped in order."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from smppkit.codec import encode
from smppkit.pdus import BindTransceiver, EnquireLink, SubmitSm
from smppkit.stream import StreamDecoder

COMMAND = [sys.executable, "-c", "from smsc.cli import main; main()", "serve", "--port", "0"]
READY = re.compile(r"smsc: ready on 127\.0\.0\.1:(\d+) \(smsc\)(?:, inbox at (http://127\.0\.0\.1:(\d+)/))?\n")
PATIENCE = 20.0
LARGE = (
    b"POST /api/messages/count HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 999999999\r\n\r\n{"
)


class Served:
    """An emulator in a process of its own."""

    def __init__(self, directory: Path, *options: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *options],
            cwd=directory,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        match = READY.fullmatch(line)
        assert match is not None, line + self.process.communicate()[1]
        self.port = int(match[1])
        self.url = match[2]
        self.http_port = int(match[3] or 0)

    def stop(self) -> str:
        """Stop it, and give what it said on standard error."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=PATIENCE)[1]

    def esme(self) -> socket.socket:
        esme = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        esme.sendall(encode(BindTransceiver(system_id="shop", sequence_number=1)))
        esme.recv(4096)
        return esme


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    started: list[Served] = []

    def start(*options: str, **environment: str) -> Served:
        started.append(Served(tmp_path, *options, **environment))
        return started[-1]

    yield start
    for served in started:
        served.stop()


@contextmanager
def submitting(served: Served) -> Iterator[list[float]]:
    """SMPP traffic in a thread: enquire_links one after another, and how long each took."""
    took: list[float] = []
    stopping = threading.Event()

    def run() -> None:
        import time

        with served.esme() as esme:
            decoder = StreamDecoder()
            while not stopping.is_set():
                began = time.monotonic()
                esme.sendall(encode(EnquireLink(sequence_number=len(took) + 2)))
                while not list(decoder.feed(esme.recv(4096))):
                    pass
                took.append(time.monotonic() - began)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield took
    finally:
        stopping.set()
        thread.join(PATIENCE)


def test_the_web_server_is_imported_when_somebody_connects_and_smpp_goes_on(serve: Callable[..., Served]) -> None:
    served = serve("--http", "0")
    with submitting(served) as took:
        before = len(took)
        answers = [httpx.get(f"{served.url}healthz", timeout=PATIENCE) for _ in range(3)]
    assert [answer.json()["status"] for answer in answers] == ["ok"] * 3
    assert len(took) > before + 10  # answered all the while
    assert served.stop().count("Traceback") == 0
    assert served.process.returncode == 0


def test_a_long_poll_is_answered_over_the_wire_and_freed_by_a_client_that_goes(serve: Callable[..., Served]) -> None:
    served = serve("--http", "0")
    with httpx.Client(base_url=served.url, timeout=PATIENCE) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.post("/api/messages/wait", json={"timeout": 200}, timeout=0.5)
        waiters = -1.0
        while waiters:  # the other end of a connection is gone when the event loop has seen it
            lines = client.get("/metrics").text.splitlines()
            waiters = next(float(line.split()[-1]) for line in lines if line.startswith("smsc_waiters "))
        with served.esme() as esme:
            submit = SubmitSm(
                source_addr="SHOP", destination_addr="77051234567", short_message=b"hi", sequence_number=2
            )
            answers: list[Any] = []
            body = {"filters": {"to": "7705*"}, "timeout": 20}
            waiting = threading.Thread(
                target=lambda: answers.append(httpx.post(f"{served.url}api/messages/wait", json=body, timeout=PATIENCE))
            )
            waiting.start()
            esme.sendall(encode(submit))
            waiting.join(PATIENCE)
            assert answers[0].json()["items"][0]["text"] == "hi"


def test_events_are_told_and_end_when_it_stops(serve: Callable[..., Served]) -> None:
    served = serve("--http", "0")
    told: list[tuple[str, Any]] = []
    with httpx.stream("GET", f"{served.url}api/events", timeout=PATIENCE) as events:
        name = ""
        lines = events.iter_lines()
        assert next(lines) == "retry: 1000"
        with served.esme() as esme:
            esme.sendall(encode(SubmitSm(source_addr="SHOP", destination_addr="7705", sequence_number=2)))
            for line in lines:
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    told.append((name, json.loads(line.removeprefix("data: "))))
                    if name == "message":
                        break
        served.process.send_signal(signal.SIGTERM)
        for _ in lines:
            pass
    assert [name for name, _ in told] == ["bind", "bind", "message"]
    served.process.communicate(timeout=PATIENCE)
    assert served.process.returncode == 0


def test_other_names_and_sites_are_refused(serve: Callable[..., Served]) -> None:
    served = serve("--http", "0")
    with httpx.Client(base_url=served.url, timeout=PATIENCE) as client:
        assert client.get("/", headers={"host": "evil.example"}).status_code == 403
        cross = client.post("/api/messages/count", json={}, headers={"origin": "http://evil.example"})
        assert (cross.status_code, cross.json()["field"]) == (403, "Origin")
        plain = client.post("/api/messages/count", content="{}", headers={"content-type": "text/plain"})
        assert plain.status_code == 415
        assert client.post("/api/messages/count", json={}).json() == {"count": 0}


def test_huge_and_broken_requests_do_no_harm(serve: Callable[..., Served]) -> None:
    served = serve("--http", "0", "--quiet")
    for octets in (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"\x00\x00\x00\x10\x00\x00\x00\x15\x00\x00\x00\x00\x00\x00\x00\x01",
        LARGE,
    ):
        with socket.create_connection(("127.0.0.1", served.http_port), timeout=PATIENCE) as connection:
            connection.sendall(octets)
            assert connection.recv(64).startswith(b"HTTP/1.1 4"), octets[:20]
    assert httpx.get(f"{served.url}healthz", timeout=PATIENCE).status_code == 200


def test_a_token_is_asked_for_where_one_is_given(serve: Callable[..., Served], tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    served = serve("--http", "127.0.0.1:0", "--token-file", str(tmp_path / "token"), SMSC_TOKEN="from-the-environment")
    for token, status in (("from-a-file", 200), ("from-the-environment", 401)):
        headers = {"authorization": f"Bearer {token}"}
        assert httpx.get(f"{served.url}api/messages", headers=headers, timeout=PATIENCE).status_code == status


def test_when_the_usual_port_is_taken_another_one_is_found_and_said(serve: Callable[..., Served]) -> None:
    first, second = serve("--no-journal"), serve("--no-journal")
    assert first.http_port != second.http_port
    assert httpx.get(f"{second.url}healthz", timeout=PATIENCE).status_code == 200


def test_nothing_is_listened_on_when_it_is_not_wanted(serve: Callable[..., Served]) -> None:
    assert serve("--no-http").url is None


@pytest.mark.parametrize(
    ("options", "environment", "code", "words"),
    [
        (["--http", "0.0.0.0:0"], {}, 2, "--http 0.0.0.0:0: others can reach this address, so a token is needed"),
        (["--http", "0.0.0.0:0"], {"SMSC_TOKEN": "short"}, 2, "SMSC_TOKEN: expected a token of 8 or more"),
        (["--http", "2780x"], {}, 2, 'found "2780x"; expected a port such as 2780'),
        (["--http", "::1:80"], {}, 2, "an address of IPv6 stands in brackets"),
        (["--token-file", "nowhere"], {}, 2, "--token-file nowhere: No such file or directory"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_line(
    tmp_path: Path, options: list[str], environment: dict[str, str], code: int, words: str
) -> None:
    result = subprocess.run(
        [*COMMAND, *options],
        check=False,
        cwd=tmp_path,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert result.returncode == code
    assert words in " ".join(result.stderr.replace("│", " ").split())
    assert "Traceback" not in result.stderr


def test_an_explicit_port_that_is_taken_is_refused(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = subprocess.run(
            [*COMMAND, "--http", str(port)], check=False, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE
        )
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"smsc: cannot listen on 127.0.0.1:{port}: Address already in use\n"
