"""``sender store …``: what it says and how it ends."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sender.cli import main
from sender.commands.store import _elapsed
from sender.domain.message import State
from sender.store.schema import MIGRATIONS
from sender.store.sqlite import SqliteStore
from tests.sender.store.kit import Desk, directly, receipt
from tests.sender.world import config_text


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "sender.yaml").write_text(config_text(), encoding="utf-8")
    store = SqliteStore.open(tmp_path / "campaign.sqlite")
    desk = Desk(store, directly(store), messages=3, numbers=["77051112233", "77051112234", "77051112233"])
    first, second = desk.sent(2)
    desk.accept({first: "a", second: "b"})
    desk.receipts(receipt("a"), receipt("nobody", "77059999999"))
    store.close()
    return tmp_path


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["store", *arguments, "--config", str(home / "sender.yaml")])


def damage(home: Path, statement: str) -> None:
    conn = sqlite3.connect(home / "campaign.sqlite")
    conn.execute(statement)
    conn.commit()
    conn.close()


def test_a_sound_store(home):
    result = run(home, "check")
    assert (result.exit_code, result.stdout) == (0, "The store is sound.\n")


def test_a_store_with_faults_is_exit_code_1(home):
    damage(home, "UPDATE campaigns SET messages = 9")
    result = run(home, "check")
    assert (result.exit_code, result.stdout) == (1, "I4: campaign 1 accepted 9 messages, and has 3\n")


def test_a_store_that_is_destroyed_is_no_traceback(home):
    path = home / "campaign.sqlite"
    octets = bytearray(path.read_bytes())
    octets[4096:] = b"\xff" * (len(octets) - 4096)
    path.write_bytes(octets)
    result = run(home, "check")
    assert result.exit_code in (1, 2)
    assert "Traceback" not in result.output
    assert "malformed" in result.output or "file:" in result.output


def test_info(home):
    text = run(home, "info").stdout
    assert "campaigns                    1 (0 without their messages, by age)" in text
    assert "receipts of nobody           1" in text
    figures = json.loads(run(home, "info", "--json").stdout)
    assert figures["messages"]["delivered"] == 1
    assert figures["version"] == len(MIGRATIONS)


def test_a_backup_while_the_store_is_in_use(home):
    running = SqliteStore.open(home / "campaign.sqlite")
    result = run(home, "backup", str(home / "copy.sqlite"))
    assert result.exit_code == 0
    assert result.stdout.endswith("octets, checked\n")
    running.close()
    copy = SqliteStore.open(home / "copy.sqlite", read_only=True)
    assert copy.counts(1)[State.DELIVERED] == 1
    copy.close()
    again = run(home, "backup", str(home / "copy.sqlite"))
    assert again.exit_code == 2
    assert "copy.sqlite exists; name a file that does not" in again.stderr
    nowhere = run(home, "backup", str(home / "none" / "copy.sqlite"))
    assert (nowhere.exit_code, "cannot be written: No such file" in nowhere.stderr) == (2, True)


def test_vacuum_says_now_and_then_how_long_it_takes(capsys):
    times = iter([0.0, 9.0, 10.0, 15.0, 21.0])
    look = _elapsed(lambda: next(times))
    assert [look() for _ in range(2)] == [0, 0]
    assert capsys.readouterr().err == "vacuum: 10 s so far\n"


def test_vacuum_gives_room_back_and_not_while_the_store_is_in_use(home):
    damage(home, "CREATE TABLE filler AS SELECT zeroblob(500000)")
    damage(home, "DROP TABLE filler")
    result = run(home, "vacuum")
    assert result.exit_code == 0
    before, now = (int(word.replace(",", "")) for word in result.stdout.split() if word[0].isdigit())
    assert now < before - 400_000
    assert f"writing {before:,} octets anew, of which" in result.stderr
    running = SqliteStore.open(home / "campaign.sqlite")
    assert "in use by another sender" in run(home, "vacuum").stderr
    running.close()


def test_redacting_a_number_as_people_write_it(home):
    running = SqliteStore.open(home / "campaign.sqlite")
    result = run(home, "redact", "--number", "8 705 111-22-33")
    assert result.exit_code == 0
    assert result.stdout == "2 messages redacted, 1 of them cancelled\n"
    running.close()
    store = SqliteStore.open(home / "campaign.sqlite")
    store.close()
    octets = b"".join(path.read_bytes() for path in home.glob("campaign.sqlite*"))
    assert b"77051112233" not in octets
    assert b"77051112234" in octets
    log = json.loads(run(home, "info", "--json").stdout)["log"]
    assert log[0][1] == "redacted 1 numbers: 2 messages (1 of them cancelled), 0 other rows; 0 under way were left"


def test_what_is_under_way_is_told_and_exit_code_1(home):
    result = run(home, "redact", "--number", "+77051112234")
    assert result.exit_code == 1
    assert result.stdout == "0 messages redacted; 1 messages are under way and were left\n"


def test_redacting_a_campaign_needs_it_to_be_over(home):
    result = run(home, "redact", "--campaign", "1")
    assert result.exit_code == 2
    assert "campaign 1 has 1 messages that are not sent yet; cancel it first" in result.stderr
    assert "there is no campaign 9" in run(home, "redact", "--campaign", "9").stderr


@pytest.mark.parametrize("arguments", [(), ("--number", "1", "--campaign", "1")])
def test_either_numbers_or_a_campaign(home, arguments):
    result = run(home, "redact", *arguments)
    assert result.exit_code == 2
    assert "name what is to be redacted" in result.stderr


def test_a_number_that_is_none(home):
    result = run(home, "redact", "--number", "hello")
    assert (result.exit_code, result.stderr) == (2, 'sender: --number: "hello" is not a phone number\n')


@pytest.mark.parametrize("command", ["check", "info", "vacuum"])
def test_without_a_store(home, command):
    (home / "campaign.sqlite").unlink()
    assert "there is no such store" in run(home, command).stderr


def test_the_report_names_receipts_of_nobody(home):
    result = CliRunner().invoke(main, ["report", "--config", str(home / "sender.yaml")])
    assert "1 receipt of all campaigns belong to no message that is known" in result.stdout
