"""Commands that look: beside a process or without one, for people and as JSON."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from sender.cli import main
from sender.commands.top import Board
from sender.config.file import load_config
from sender.dashboard import take
from sender.domain.message import MessageClass
from sender.pipeline.live import AccountStatus, BindStatus, LiveStatus
from sender.store.live import LiveRow
from sender.store.records import NewCampaign, NewMessage
from sender.store.sqlite import SqliteStore
from tests.sender.world import config_text


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "sender.yaml").write_text(config_text(), encoding="utf-8")
    store = SqliteStore.open(tmp_path / "campaign.sqlite")
    with store.database.transaction():
        for name in ("people", "others"):
            campaign = store.create_campaign(
                NewCampaign(name, "Dear {name}", "SHOP", MessageClass.SERVICE, "people.csv", "", 1000.0)
            )
            store.add_messages(campaign, [NewMessage(2, "77051112233", "beeline", {"name": "Aset"})])
            store.finish_import(campaign, 1, 0)
    store.close()
    return tmp_path


def say(home: Path, age: float = 0.0, bound: int = 1, *, over: bool = False) -> None:
    """A process has said how it stands."""
    now = time.time() - age
    account = AccountStatus(
        account="beeline", bound=bound, binds=1, outstanding=3, rate=100.0, slowed=False,
        trouble=None if bound else "connection refused", down_since=None, submits=7,
        statuses={"ESME_ROK": 5, "ESME_RTHROTTLED": 2}, links=[
            BindStatus(
                name="beeline/1", kind="transceiver", status="bound" if bound else "waiting", address="127.0.0.1:2775",
                bound_at=now - 60 if bound else None, outstanding=3, window=10, window_shrunk=False, silent=False,
                trouble=None,
            )
        ],
    )  # fmt: skip
    status = LiveStatus(at=now, pid=77, started_at=now - 90, writer_lag=0.004, accounts=[account], over=over)
    store = SqliteStore.open(home / "campaign.sqlite", beside=True)
    with store.database.transaction():
        store.live.write(LiveRow(now, 77, msgspec.json.encode(status).decode()))
    store.close()


def run(home: Path, command: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, [command, "--config", str(home / "sender.yaml"), *arguments])


def test_status_tells_of_a_process_that_sends(home: Path) -> None:
    say(home)
    result = run(home, "status")
    assert result.exit_code == 0
    assert "running, process 77 for 1 min" in result.stdout
    assert "2 queued" in result.stdout
    assert "beeline" in result.stdout
    body = json.loads(run(home, "status", "--json").stdout)
    assert body["live"]["accounts"][0]["statuses"] == {"ESME_ROK": 5, "ESME_RTHROTTLED": 2}
    assert [campaign["name"] for campaign in body["campaigns"]] == ["others", "people"]


def test_status_without_a_process_is_exit_code_1(home: Path) -> None:
    result = run(home, "status")
    assert (result.exit_code, "No process has sent" in result.stdout) == (1, True)
    say(home, age=60)
    result = run(home, "status")
    assert (result.exit_code, "not running; process 77 was last heard of 1 min 00 s ago" in result.stdout) == (1, True)
    say(home, age=1, over=True)
    result = run(home, "status")
    assert (result.exit_code, "not running; process 77 stopped 1." in result.stdout) == (1, True)


def test_a_terminal_without_the_letters_is_no_reason_to_fail(home: Path) -> None:
    say(home)
    command = [
        sys.executable,
        "-c",
        "from sender.cli import main; main()",
        "status",
        "--config",
        str(home / "sender.yaml"),
    ]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_binds_are_shown_with_what_is_wrong(home: Path) -> None:
    say(home)
    result = run(home, "binds")
    assert (result.exit_code, "beeline/1" in result.stdout) == (0, True)
    say(home, bound=0)
    result = run(home, "binds")
    assert (result.exit_code, "connection refused" in result.stdout) == (1, True)
    assert json.loads(run(home, "binds", "--json").stdout)[0]["bound"] == 0


def test_messages_are_found_and_masked(home: Path) -> None:
    result = run(home, "messages")
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["2", "1"]
    assert "7705*****33" in result.stdout
    assert "77051112233" not in result.stdout
    plain = run(
        home, "messages", "--plain", "--campaign", "1", "--to", "8 705 111 22 33", "--state", "queued", "--json"
    )
    (found,) = [json.loads(line) for line in plain.stdout.splitlines()]
    assert (found["id"], found["to"], found["state"]) == (1, "77051112233", "queued")
    assert "Dear Aset" in run(home, "messages", "--id", "1", "--plain").stdout
    assert "Aset" not in run(home, "messages", "--id", "1").stdout
    first = run(home, "messages", "--limit", "1")
    assert "--before 2" in first.stderr
    assert run(home, "messages", "--limit", "1", "--before", "2").stdout.split()[0] == "1"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--state", "delivered"), 1),
        (("--since", "1h"), 1),
        (("--since", "1970-01-01T00:00:00Z"), 0),
        (("--since", "soon"), 2),
        (("--to", "x"), 2),
        (("--campaign", "9"), 2),
        (("--id", "9"), 1),
    ],
)
def test_a_search_says_by_its_exit_code_whether_it_found_any(home: Path, arguments: tuple[str, ...], code: int) -> None:
    result = run(home, "messages", *arguments)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output


def test_keys_choose_pause_and_quit(home: Path) -> None:
    config = load_config(home / "sender.yaml", os.environ)
    store = SqliteStore.open(home / "campaign.sqlite")
    board = Board(config)
    board.see(take(store, 2000.0))
    assert board.chosen == 2
    for key, chosen in (("\x1b[B", 1), ("\x1b[B", 1), ("\x1b[A", 2), ("k", 2), ("j", 1), ("x", 1), ("", 1)):
        board.press(key)
        assert board.chosen == chosen
    board.press("p")
    assert (board.said, store.campaign(1).paused) == ("campaign 1: paused", True)
    board.see(take(store, 2000.0))
    board.press("p")
    assert (board.said, store.campaign(1).paused) == ("campaign 1: resumed", False)
    assert [deed.action for deed in store.access.deeds()] == ["campaigns.resume", "campaigns.pause"]
    board.press("q")
    assert board.over
    store.close()


def test_top_without_a_terminal_prints_once(home: Path) -> None:
    result = run(home, "top")
    assert result.exit_code == 0
    assert "No process has sent" in result.stdout


def test_top_on_a_terminal_ends_with_q_and_leaves_it_as_it_was(home: Path) -> None:
    leader, follower = pty.openpty()
    command = [
        sys.executable,
        "-c",
        "from sender.cli import main; main()",
        "top",
        "--config",
        str(home / "sender.yaml"),
    ]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=environment)
    os.close(follower)
    shown = b""
    while b"q quit" not in shown:
        shown += os.read(leader, 65_536)
    os.write(leader, b"q")
    while True:
        try:
            more = os.read(leader, 65_536)
        except OSError:  # the other end is closed
            break
        shown += more
        if not more:
            break
    assert process.wait(20) == 0
    os.close(leader)
    assert b"people" in shown
    assert b"\x1b[?1049l" in shown, "the screen before it is back"


@pytest.mark.parametrize("command", ["status", "report", "campaigns", "binds", "doubts", "store check"])
def test_a_store_that_is_damaged_is_told_in_a_line(home, command):
    path = home / "campaign.sqlite"
    octets = bytearray(path.read_bytes())
    octets[4096:] = b"\xa5" * (len(octets) - 4096)
    path.write_bytes(octets)
    result = CliRunner().invoke(main, [*command.split(), "--config", str(home / "sender.yaml")])
    assert (result.exit_code, type(result.exception)) == (2, SystemExit), result.exception
    assert result.stderr.startswith("sender: ")


def test_a_message_of_a_file_waits_since_its_campaign_was_made(home):
    store = SqliteStore.open(home / "campaign.sqlite", read_only=True)
    assert take(store, 1060.0).waiting == {"beeline": 60.0}
    store.close()


def test_status_tells_what_waits_for_an_account_that_is_gone(home):
    store = SqliteStore.open(home / "campaign.sqlite")
    with store.database.transaction():
        campaign = store.create_campaign(
            NewCampaign("old", "hi", "SHOP", MessageClass.SERVICE, "people.csv", "", 1000.0)
        )
        store.add_messages(campaign, [NewMessage(2, "77051112233", "gone", {})])
        store.finish_import(campaign, 1, 0)
    store.close()
    say(home)
    result = run(home, "status")
    assert "1 messages wait for gone, which is no longer configured." in " ".join(result.stdout.split())
    assert json.loads(run(home, "status", "--json").stdout)["forsaken"] == {"gone": 1}
