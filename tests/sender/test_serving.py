"""`sender serve` in a process of its own, over sockets: what it refuses, what it survives, how it stops."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from sender.cli import main
from sender.serving import ServeError, listen
from sender.store.sqlite import SqliteStore
from tests.certificates import Authority
from tests.sender.world import config_text
from webkit.address import HttpAddress

PATIENCE = 30.0
GARBAGE = (
    b"\x00" * 100,
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /v1/messages HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    b"A" * 40_000,
)
GOOD = {"to": "+77051234567", "from": "SHOP", "text": "hello"}


class Server:
    """A sender that serves; its operators are not there."""

    def __init__(self, home: Path, *options: str) -> None:
        code = "from sender.cli import main; main()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "serve", "--config", "sender.yaml", "--listen", "127.0.0.1:0", *options],
            cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        match = re.fullmatch(r"sender: ready on (https?)://127\.0\.0\.1:(\d+)/\n", line)
        assert match is not None, line + self.process.communicate()[1]
        self.scheme, self.port = match[1], int(match[2])

    def client(self, token: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=PATIENCE)

    def stop(self) -> str:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=PATIENCE)[1]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "sender.yaml").write_text(config_text().replace("2775", str(port)).replace("2776", str(port)))
    return tmp_path


@pytest.fixture
def token(home: Path) -> str:
    return make_token(home, "shop")


@pytest.fixture
def server(home: Path, token: str) -> Iterator[Server]:
    server = Server(home, "--log-format", "json")
    yield server
    server.stop()


def make_token(home: Path, name: str) -> str:
    arguments = ["tokens", "create", "--config", str(home / "sender.yaml"), "--name", name, "--scope", "admin"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def test_what_was_accepted_is_there_after_a_kill_i9(home: Path, server: Server, token: str) -> None:
    with server.client(token) as client:
        accepted = client.post("/v1/messages", json={**GOOD, "reference": "a"}, headers={"Idempotency-Key": "k"})
    assert accepted.status_code == 202
    server.process.kill()
    server.process.communicate(timeout=PATIENCE)
    again = Server(home)
    with again.client(token) as client:
        assert client.get("/v1/messages/by-reference/a").json()["id"] == accepted.json()["id"]
        replayed = client.post("/v1/messages", json={**GOOD, "reference": "a"}, headers={"Idempotency-Key": "k"})
        assert (replayed.status_code, replayed.content) == (202, accepted.content)
    again.stop()


def test_the_same_key_many_times_at_once_is_one_message(server: Server, token: str) -> None:
    def send(_: int) -> bytes:
        with server.client(token) as client:
            answer = client.post("/v1/messages", json=GOOD, headers={"Idempotency-Key": "k"})
            assert answer.status_code == 202
            return answer.content

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(send, range(24)))
    assert len(answers) == 1
    with server.client(token) as client:
        assert len(client.get("/v1/messages").json()["messages"]) == 1


def test_a_campaign_that_was_made_is_read_after_a_kill_too(home: Path, server: Server, token: str) -> None:
    recipients = [{"to": f"+7705{number:07d}"} for number in range(3000)]
    with server.client(token) as client:
        made = client.post("/v1/campaigns", json={"from": "SHOP", "template": "hi", "recipients": recipients})
        assert made.status_code == 202
    server.process.kill()
    server.process.communicate(timeout=PATIENCE)
    again = Server(home)
    with again.client(token) as client:
        while (view := client.get("/v1/campaigns/1").json())["state"] == "importing":
            pass
        assert (view["messages"], view["states"]) == (3000, {"queued": 3000})
    again.stop()
    assert [path.name for path in (home / "campaign.sqlite.uploads").iterdir() if path.suffix == ".csv"] == []


def test_it_stops_in_order_and_says_so_with_0(server: Server, token: str) -> None:
    with server.client(token) as client:
        assert client.get("/healthz").status_code == 200
    log = server.stop()
    assert server.process.returncode == 0
    assert "Traceback" not in log
    for line in log.splitlines():
        assert json.loads(line)["level"]


def test_a_token_made_while_it_serves_is_taken_and_a_revoked_one_refused(home: Path, server: Server) -> None:
    late = make_token(home, "late")
    with server.client(late) as client:
        while client.get("/v1/messages").status_code == 401:
            pass
        CliRunner().invoke(main, ["tokens", "revoke", "--config", str(home / "sender.yaml"), "late"])
        while client.get("/v1/messages").status_code == 200:
            pass
        assert client.get("/v1/messages").status_code == 401


def test_status_sees_the_server_from_beside(home: Path, server: Server) -> None:
    result = CliRunner().invoke(main, ["status", "--config", str(home / "sender.yaml"), "--json"])
    body = json.loads(result.stdout)
    assert result.exit_code == 0
    assert body["live"]["pid"] == server.process.pid


def test_garbage_on_the_socket_does_no_harm(server: Server, token: str) -> None:
    for octets in GARBAGE:
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
            connection.sendall(octets)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):
                pass
    with server.client(token) as client:
        assert client.post("/v1/messages", json=GOOD).status_code == 202


def test_a_taken_store_or_address_is_one_line_and_exit_code_2(home: Path, server: Server) -> None:
    command = ["serve", "--config", str(home / "sender.yaml"), "--listen"]
    result = CliRunner().invoke(main, [*command, "127.0.0.1:0"])
    assert (result.exit_code, "in use by another sender" in result.stderr) == (2, True)
    result = CliRunner().invoke(main, [*command, "nowhere"])
    assert (result.exit_code, "--listen" in result.stderr) == (2, True)
    with pytest.raises(ServeError, match="cannot listen on"):
        listen(HttpAddress("127.0.0.1", server.port), [], 0.0)


def test_others_reach_it_only_once_there_is_a_token(home: Path) -> None:
    address = HttpAddress("0.0.0.0", 0)  # noqa: S104 - refused, then closed
    with pytest.raises(ServeError, match="there is no token"):
        listen(address, [], 0.0)
    make_token(home, "shop")
    store = SqliteStore.open(home / "campaign.sqlite", read_only=True)
    tokens = store.access.tokens()
    store.close()
    listen(address, tokens, 0.0).close()
    CliRunner().invoke(main, ["tokens", "revoke", "--config", str(home / "sender.yaml"), "shop"])
    store = SqliteStore.open(home / "campaign.sqlite", read_only=True)
    revoked = store.access.tokens()
    store.close()
    with pytest.raises(ServeError):
        listen(address, revoked, 0.0)


def test_it_speaks_https_with_a_certificate_and_a_key(home: Path) -> None:
    authority = Authority(home)
    certificate, key = authority.signs("api")
    with (home / "sender.yaml").open("a", encoding="utf-8") as file:
        file.write(f"serve: {{tls: {{certificate: {certificate}, key: {key}}}}}\n")
    server = Server(home)
    try:
        assert server.scheme == "https"
        trust = ssl.create_default_context(cafile=str(authority.path))
        with httpx.Client(verify=trust, timeout=PATIENCE) as client:
            assert client.get(f"https://127.0.0.1:{server.port}/healthz").status_code == 200
            posted = client.post(f"https://127.0.0.1:{server.port}/v1/messages", json=GOOD)
            assert posted.status_code == 401
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{server.port}/healthz", timeout=PATIENCE)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"https://127.0.0.1:{server.port}/healthz", timeout=PATIENCE)
    finally:
        said = server.stop()
    assert server.process.returncode == 0, said
    assert "Traceback" not in said


def test_a_start_of_other_commands_loads_no_web_server() -> None:
    heavy = ("litestar", "uvicorn", "prometheus_client", "multipart")
    code = f"import sys, sender.commands.running; print([name for name in {heavy} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert result.stdout == "[]\n"
