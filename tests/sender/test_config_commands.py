"""`sender config check` and `sender config diff`."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from sender.cli import main
from sender.config.file import load_config
from sender.config.reload import document
from sender.store.applied import AppliedRow
from sender.store.sqlite import SqliteStore

GOOD = """\
country: KZ
operators:
  beeline: {host: 127.0.0.1, system_id: shop, password_env: SECRET, rate: 50/s}
routes: [{operator: beeline}]
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SECRET", "hush")
    (tmp_path / "sender.yaml").write_text(GOOD, encoding="utf-8")
    return tmp_path


def run(home: Path, command: str, text: str | None = None, *more: str) -> Result:
    path = home / "sender.yaml"
    if text is not None:
        path = home / "new.yaml"
        path.write_text(text, encoding="utf-8")
    return CliRunner().invoke(main, ["config", command, "--config", str(path), *more])


def applied(home: Path) -> None:
    """What a sender that runs leaves behind."""
    store = SqliteStore.open(home / "campaign.sqlite")
    config = load_config(home / "sender.yaml", {"SECRET": "hush"})
    text = msgspec.json.encode(document(config, b"salt")).decode()
    with store.database.transaction():
        store.applied.write(AppliedRow(0.0, b"salt", text))
    store.close()


def test_a_good_configuration_is_said_to_be_one(home: Path) -> None:
    result = run(home, "check")
    assert result.exit_code == 0
    assert result.output.endswith("can be used: 1 operators, 1 accounts, 1 routes, 0 warnings\n")


def test_mistakes_are_told_with_file_line_and_column(home: Path) -> None:
    result = run(home, "check", GOOD.replace("rate: 50/s", "rat: 50/s"))
    assert result.exit_code == 2
    assert "new.yaml:3:" in result.output
    assert 'unknown key "rat"; did you mean "rate"' in result.output
    result = run(home, "check", GOOD.replace("SECRET", "NONE"))
    assert result.exit_code == 2
    assert "new.yaml:3:" in result.output
    assert "the environment variable NONE is not set" in result.output


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("rate: 50/s", "rate: 1000/s", "1000/s needs every answer within 10 ms: the window is 10 on 1 bind; at 100 ms"),
        ("rate: 50/s", "rate: 50/s, binds: 2, bind_rate: 10/s", "all binds together may write 20/s, rate says 50/s"),
        ("rate: 50/s", "rate: 50/s, sender_rates: {SHOP: 60/s}", "60/s is more than the account may write (50/s)"),
        ("rate: 50/s", "window: 200", "a large window and no rate"),
        ("host: 127.0.0.1", "host: smsc.example", "cross the network in clear"),
        ("password_env: SECRET", "password: abc", "the password stands in the file"),
        ("rate: 50/s", "response_timeout: 1s", "leaves much in doubt"),
        ("rate: 50/s", "timers: {inactivity: 10s}", "idle binds end before"),
        ("rate: 50/s", "timers: {refused: {first: 100ms, longest: 1s}}", "operators lock for that"),
        ("rate: 50/s", "timers: {reconnect: {first: 10ms, longest: 1s}}", "is hammered with connections"),
        (
            "rate: 50/s",
            "outbind: {listen: '0.0.0.0:2900', system_id: a, password: b}",
            "this listens beyond this machine",
        ),
        ("routes:", "serve: {listen: '0.0.0.0:8080'}\nroutes:", "tokens and messages cross the network in clear"),
        (
            "routes:",
            "  kcell: {host: localhost, system_id: a, password_env: SECRET}\nroutes:",
            "no route leads to kcell",
        ),
    ],
)
def test_what_is_hardly_meant_is_a_warning_at_its_place(home: Path, old: str, new: str, words: str) -> None:
    result = run(home, "check", GOOD.replace(old, new))
    assert result.exit_code == 0
    assert words in result.output
    assert "new.yaml:3:" in result.output or "new.yaml:4:" in result.output
    assert "1 warnings" in result.output
    assert run(home, "check", GOOD.replace(old, new), "--strict").exit_code == 1


def test_warnings_of_accounts_stand_at_the_account(home: Path) -> None:
    text = "country: KZ\noperators:\n  one:\n    host: 127.0.0.1\n    password_env: SECRET\n    accounts:\n"
    text += "      a: {system_id: a}\n      b: {system_id: b, rate: 900/s}\nroutes: [{operator: one/b}]\n"
    lines = run(home, "check", text).output.splitlines()
    assert "new.yaml:7:" in lines[0]
    assert "no route leads to one/a" in lines[0]
    assert "new.yaml:8:" in lines[1]


def test_a_diff_is_with_what_was_applied_last(home: Path) -> None:
    applied(home)
    assert "nothing changes" in run(home, "diff").output
    text = GOOD.replace("50/s", "60/s").replace("routes:", "  kcell: {host: k, system_id: a, password: b}\nroutes:")
    result = run(home, "diff", text)
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "against what was applied at 1970-01-01 00:00:00 UTC:",
        "+ account kcell: connects",
        "~ account beeline: rate: 50.0 → 60.0 (at once)",
    ]
    rows = json.loads(run(home, "diff", text, "--json").output)
    assert [row["how"] for row in rows][1] == "at once"


def test_a_diff_tells_of_another_secret_and_not_what_it_is(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    applied(home)
    monkeypatch.setenv("SECRET", "other")
    result = run(home, "diff")
    assert "beeline: password: a secret → another one" in result.output
    assert "other" not in result.output.replace("another", "")


def test_what_needs_a_restart_is_exit_code_1(home: Path) -> None:
    applied(home)
    result = run(home, "diff", GOOD.replace("KZ", "TR"))
    assert result.exit_code == 1
    assert "! country: KZ → TR (needs a restart)" in result.output


def test_without_a_store_everything_is_new(home: Path) -> None:
    result = run(home, "diff")
    assert result.exit_code == 0
    assert "no sender has applied a configuration yet" in result.output
