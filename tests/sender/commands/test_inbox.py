"""``sender inbox``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sender.cli import main
from sender.domain.incoming_rules import IncomingRules
from sender.domain.keywords import Keywords
from sender.store.sqlite import SqliteStore
from smppkit.segments import PartInfo
from tests.sender.store.test_incoming import message
from tests.sender.world import config_text


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sender.yaml").write_text(config_text(), encoding="utf-8")
    store = SqliteStore.open(tmp_path / "campaign.sqlite")
    deliveries = [
        message("Where is\nmy order?", at=1_767_225_600.0), message("Where is\nmy order?", at=1_767_225_601.0),
        message("STOP", at=1_767_225_660.0, source="77059999999"),
        message("half of ", part=PartInfo(1, 2, 1), at=1_767_225_700.0),
    ]  # fmt: skip
    with store.database.transaction():
        store.incoming.take(deliveries, IncomingRules(Keywords()))
    store.close()
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["inbox", "--config", "sender.yaml", *arguments])


def test_messages_are_shown_newest_first_and_masked(home: Path) -> None:
    result = run()
    first, second = result.stdout.splitlines()
    assert first == "     2  2026-01-01T00:01:00.000Z  7705*****99      → 1234         STOP  [stop]"
    assert second.endswith("7705*****67      → 1234         Where is my order?  [came 2 times]")
    assert result.stderr == "1 parts of long messages wait for the rest\n"
    assert "77059999999" in run("--plain").stdout


def test_they_are_found_by_number_label_and_time(home: Path) -> None:
    assert len(run("--number", "8 705 123 45 67").stdout.splitlines()) == 1
    assert len(run("--label", "stop").stdout.splitlines()) == 1
    assert len(run("--since", "2026-01-01T00:00:30Z").stdout.splitlines()) == 1
    assert run("--since", "1s").exit_code == 1


def test_json(home: Path) -> None:
    (line,) = run("--json", "--plain", "--label", "stop").stdout.splitlines()
    read = json.loads(line)
    assert (read["source"], read["text"], read["at"]) == ("77059999999", "STOP", "2026-01-01T00:01:00.000Z")


def test_a_time_that_is_none(home: Path) -> None:
    result = run("--since", "soon")
    assert (result.exit_code, result.stderr) == (
        2, 'sender: --since: found "soon"; expected a time such as 2026-03-01T12:00:00Z, or a span such as 1h\n',
    )  # fmt: skip


def test_what_a_subscriber_writes_does_not_rule_the_terminal(home: Path) -> None:
    store = SqliteStore.open("campaign.sqlite")
    with store.database.transaction():
        octets = "a\x1b]0;title\x07\x9b31m\r\nb 😀".encode("utf-16-be")
        written = message(octets, at=1_767_225_800.0, data_coding=8)
        store.incoming.take([written], IncomingRules(Keywords()))
    store.close()
    result = CliRunner().invoke(main, ["inbox", "--config", "sender.yaml"], color=True)  # as on a terminal
    assert result.stdout.splitlines()[0].endswith("a␛]0;title␇\ufffd31m b 😀")
