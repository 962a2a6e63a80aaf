"""``sender pause``, ``resume-campaign`` and ``cancel``."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sender.cli import main
from sender.domain.message import State
from sender.store.sqlite import SqliteStore
from tests.sender.store.kit import Desk, directly
from tests.sender.world import config_text


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "sender.yaml").write_text(config_text(), encoding="utf-8")
    store = SqliteStore.open(tmp_path / "campaign.sqlite")
    Desk(store, directly(store), messages=1200)
    store.close()
    return tmp_path


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--config", str(home / "sender.yaml")])


def test_pause_and_resume(home):
    assert run(home, "pause", "--campaign", "1").stdout == "campaign 1 is paused\n"
    assert run(home, "pause", "--campaign", "1").stdout == "campaign 1 is paused already\n"
    assert run(home, "resume-campaign", "--campaign", "1").stdout == "campaign 1 goes on\n"
    assert run(home, "resume-campaign", "--campaign", "1").stdout == "campaign 1 was not paused\n"


def test_cancel_while_another_process_has_the_store(home):
    running = SqliteStore.open(home / "campaign.sqlite")
    result = run(home, "cancel", "--campaign", "1")
    assert result.stdout == "campaign 1 is cancelled: 1,200 of 1,200 messages were not sent\n"
    assert running.counts(1)[State.CANCELLED] == 1200
    running.close()
    again = run(home, "pause", "--campaign", "1")
    assert again.exit_code == 2
    assert again.stderr == "sender: campaign 1 was cancelled, which cannot be undone\n"


@pytest.mark.parametrize("command", ["pause", "resume-campaign", "cancel"])
def test_what_is_not_there_is_said(home, command):
    result = run(home, command, "--campaign", "7")
    assert (result.exit_code, result.stderr) == (2, "sender: there is no campaign 7; the store has: 1\n")
    (home / "campaign.sqlite").unlink()
    assert "there is no such store" in run(home, command, "--campaign", "1").stderr


@pytest.mark.parametrize("command", ["pause", "cancel"])
def test_a_campaign_that_is_finished_stays_finished(home, command):
    store = SqliteStore.open(home / "campaign.sqlite")
    with store.database.transaction():
        store.cancel(1)
        while store.sweep(0.0):
            pass
        store.database.conn.execute("UPDATE campaigns SET cancelled = 0")
    store.close()
    result = run(home, command, "--campaign", "1")
    assert (result.exit_code, result.stderr) == (2, "sender: campaign 1 is finished; nothing of it waits\n")


def test_a_number_that_no_store_can_hold_is_refused(home):
    for arguments in (
        ["pause", "--campaign"],
        ["report", "--campaign"],
        ["receipts", "--message"],
        ["messages", "--id"],
    ):
        result = run(home, *arguments, str(2**63))
        assert result.exit_code == 2
        assert "is not in the range" in result.stderr
