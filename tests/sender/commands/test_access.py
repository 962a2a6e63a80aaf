"""Tokens and balances by command: the secret is shown once, and what is wrong is one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sender.cli import main
from sender.store.sqlite import SqliteStore
from sender.web.tokens import digest_of
from tests.sender.world import config_text


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "sender.yaml").write_text(config_text(), encoding="utf-8")
    return tmp_path


def run(home: Path, group: str, command: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, [group, command, "--config", str(home / "sender.yaml"), *arguments])


def create(home: Path, *more: str, name: str = "shop") -> Result:
    return run(home, "tokens", "create", "--name", name, "--scope", "send", *more)


def test_a_token_is_made_shown_once_and_listed_without_its_secret(home: Path) -> None:
    made = create(home, "--scope", "read", "--sender", "SHOP", "--rate", "50/s", "--expires-in", "90d", "--wallet", "w")
    assert made.exit_code == 0
    secret = made.stdout.strip()
    listed = run(home, "tokens", "list", "--json")
    (entry,) = json.loads(listed.stdout)
    assert (entry["name"], entry["scopes"], entry["senders"], entry["rate"], entry["wallet"]) == (
        "shop", ["send", "read"], ["SHOP"], 50.0, "w",
    )  # fmt: skip
    assert secret.split("_")[2] not in listed.stdout + run(home, "tokens", "list").stdout
    assert "89 days left" in run(home, "tokens", "list").stdout or "90 days left" in run(home, "tokens", "list").stdout
    store = SqliteStore.open(home / "campaign.sqlite", read_only=True)
    assert store.access.tokens()[0].digest == digest_of(secret)
    assert [deed.action for deed in store.access.deeds()] == ["tokens.create"]
    store.close()


def test_a_token_is_made_while_another_process_has_the_store(home: Path) -> None:
    store = SqliteStore.open(home / "campaign.sqlite")
    assert create(home).exit_code == 0
    assert [token.name for token in store.access.tokens()] == ["shop"]
    store.close()


def test_a_token_is_revoked(home: Path) -> None:
    create(home)
    assert run(home, "tokens", "revoke", "shop").stdout == "shop: revoked\n"
    assert run(home, "tokens", "revoke", "shop").stdout == "shop: was revoked before\n"
    assert "revoked" in run(home, "tokens", "list").stdout
    assert create(home).exit_code == 2, "a name is never given to another"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--rate", "fast"), "--rate"),
        (("--expires-in", "soon"), "--expires-in"),
        (("--sender", "A name too long"), "at most 11"),
        (("--name", ""), "--name"),
        (("--name", "a\nb"), "--name"),
    ],
)
def test_what_is_wrong_with_a_token_is_one_line(home: Path, arguments: tuple[str, ...], words: str) -> None:
    result = create(home, *arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_an_unknown_token_is_hinted_at(home: Path) -> None:
    create(home)
    result = run(home, "tokens", "revoke", "shp")
    assert (result.exit_code, 'did you mean "shop"' in result.stderr) == (2, True)


def test_a_balance_is_credited_and_listed(home: Path) -> None:
    assert run(home, "balances", "credit", "shop", "12.5", "--note", "first").stdout == "shop: 12.5 available\n"
    assert run(home, "balances", "credit", "shop", "--", "-0.5").stdout == "shop: 12 available\n"
    assert run(home, "balances", "list").stdout.splitlines()[1].split() == ["shop", "12", "0", "0", "12"]
    assert run(home, "balances", "credit", "shop", "much").exit_code == 2
