"""``sender webhooks``."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from click.testing import CliRunner, Result

from sender.cli import main
from sender.domain.events import EventType
from sender.store.outbox import Attempt, Event, Fate
from sender.store.sqlite import SqliteStore
from tests.sender.receivers import SECRET
from tests.sender.world import config_text

PROGRAM = "from sender.cli import main; main()"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    hook = f"{{url: 'https://crm.example/', secret: {SECRET}, events: [message.incoming]}}"
    (tmp_path / "sender.yaml").write_text(config_text() + f"webhooks:\n  crm: {hook}\n  new: {hook}\n")
    store = SqliteStore.open(tmp_path / "campaign.sqlite")
    with store.database.transaction():
        crm = store.outbox.configure({"crm": ("https://crm.example/", ["message.incoming"])}, 1_767_225_600.0)["crm"]
        store.outbox.add([Event(EventType.MESSAGE_INCOMING, 1_767_225_600.0 + n, {"n": n}) for n in range(3)])
        store.outbox.record(
            [
                Attempt(1, Fate.DELIVERED, 0.0, "200", 1_767_225_601.0),
                Attempt(2, Fate.DEAD, 0.0, "500: no", 1_767_225_602.0),
            ]
        )
        store.outbox.disable(crm, "it answered 410 Gone", 1_767_225_603.0)
    store.close()
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["webhooks", arguments[0], "--config", "sender.yaml", *arguments[1:]])


def test_they_are_listed_with_what_waits(home: Path) -> None:
    _, crm, new = run("list").stdout.splitlines()
    assert crm.split() == [
        "crm", "disabled", "1", "1", "1", "2026-01-01T00:00:02.000Z", "it", "answered", "410", "Gone",
    ]  # fmt: skip
    assert new.split()[:2] == ["new", "new"]
    assert json.loads(run("list", "--json").stdout.splitlines()[0])["waiting"] == 1


def test_events_are_shown_and_delivered_again(home: Path) -> None:
    third, second, first = run("deliveries").stdout.splitlines()
    assert third.split() == ["3", "2026-01-01T00:00:02.000Z", "crm", "message.incoming", "waiting"]
    assert second.endswith("dead       1× 500: no")
    assert first.endswith("delivered  1× 200")
    assert len(run("deliveries", "crm", "--state", "dead").stdout.splitlines()) == 1
    assert json.loads(json.loads(run("deliveries", "--json", "--limit", "1").stdout)["body"])["data"] == {"n": 2}
    assert run("replay", "crm").stdout == "1 will be delivered again\n"
    assert run("replay", "crm").stdout == "there is nothing to deliver again\n"
    assert run("replay", "crm", "--since", "2026-01-01").stdout == "1 will be delivered again\n"
    assert run("deliveries", "--state", "dead").stdout == ""


def test_a_webhook_is_enabled_again(home: Path) -> None:
    assert run("enable", "crm").stdout == "crm is active\n"
    assert run("enable", "crm").stdout == "crm was active\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["replay", "srm"], "the store knows no webhook srm; it has: crm"),
        (["test", "srm"], "there is no webhook srm; the configuration has: crm, new"),
        (["replay", "crm", "--id", "1", "--since", "2026-01-01"], "exclude each other"),
        (["replay", "crm", "--since", "soon"], "--since: found"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(home: Path, arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


class Receiver(BaseHTTPRequestHandler):
    got: ClassVar[list[dict[str, str]]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.got.append({name.lower(): value for name, value in self.headers.items()})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"thanks")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("allow", "code", "said"), [("true", 0, "200 thanks\n"), ("false", 2, "")])
def test_a_test_event_is_sent_and_its_answer_shown(home: Path, port: int, allow: str, code: int, said: str) -> None:
    hook = f"{{url: 'http://127.0.0.1:{port}/', secret: {SECRET}, events: [message.incoming], allow_private: {allow}}}"
    (home / "sender.yaml").write_text(config_text() + f"webhooks: {{here: {hook}}}\n")
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, "webhooks", "test", "here", "--config", "sender.yaml"],
        cwd=home, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stdout) == (code, said), result.stderr
    if code:
        assert "sender.yaml:" in result.stderr
        assert "expected https" in result.stderr
