"""Subscribers, quiet hours and webhooks in the configuration: what is understood, and what is said about mistakes."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sender.config.file import SenderConfig, load_config
from sender.config.quiet import read_quiet
from sender.config.reload import document
from sender.domain.keywords import Action
from sender.domain.message import MessageClass
from sender.domain.quiet_hours import QuietHours
from tests.sender.receivers import SECRET
from tests.sender.world import config_text
from yamlmodel.errors import ConfigError

LINES = config_text().count("\n")


def load(tmp_path: Path, extra: str, environ: dict[str, str] | None = None) -> SenderConfig:
    file = tmp_path / "sender.yaml"
    file.write_text(config_text() + extra, encoding="utf-8")
    return load_config(file, environ or {})


def mistakes(tmp_path: Path, extra: str, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, extra, environ)
    return [line.split("sender.yaml:", 1)[1] for line in str(raised.value).splitlines()]


def hook(**more: str) -> str:
    fields = {"url": "https://crm.example/hook", "secret": SECRET, "events": "[message.delivered]"} | more
    return "webhooks:\n  crm:\n" + "".join(f"    {key}: {value}\n" for key, value in fields.items() if value)


def test_keywords_and_replies(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        "incoming:\n  replies: {stop: No more offers}\n  from: '1234'\n  stop_scope: all\n  keywords:\n"
        "    - {words: [YES, ДА], label: yes, reply: Thanks}\n    - {words: [ХВАТИТ], action: stop}\n",
    )
    rules = config.incoming.rules({})
    assert rules.replies == {Action.STOP: "No more offers", Action.STOP_ALL: "No more offers"}
    assert (rules.sender, rules.stop_scope) == ("1234", "all")
    found = [rules.keywords.match(text) for text in ("да", "хватит!", "stop")]
    assert [(it.action, it.label) for it in found if it is not None] == [
        (Action.LABEL, "yes"), (Action.STOP, ""), (Action.STOP, ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("incoming: {keywords: [{words: [two words]}]}\n", 'found "two words"; expected one word of letters'),
        ("incoming: {keywords: [{words: [СТОП]}, {words: [CTOП]}]}\n", '"CTOП" looks like "СТОП", which comes before'),
        ("incoming: {keywords: [{words: [YES], webhook: crn}]}\n", 'no webhook is called "crn"'),
        ("incoming: {stop_scope: service}\n", "expected all, advertising, or from:SENDER"),
        ("incoming: {parts_timeout: 0s}\n", "found 0s; expected more than 0s"),
        ("quiet: {from: 25:00, to: 09:00}\n", "expected a time of day such as 21:00"),
        ("quiet: {from: 09:00, to: 09:00}\n", "the same time as from; expected another one"),
        ("quiet: {from: 21:00, to: 09:00, days: [sat, sat]}\n", "the same day twice"),
        ("quiet: {from: 21:00, to: 09:00, timezone: Asia/Almati}\n", "expected recipient, or a time zone such as"),
        (hook(url="crm.example"), "expected an address such as https://example.com/hooks"),
        (hook(url="https://user:secret@crm.example/"), "without user, password, fragment or spaces"),
        (hook(url="http://crm.example/"), "found http; expected https (or allow_private: true)"),
        (hook(url="https://10.0.0.1/"), "a private address; expected a public one"),
        (hook(url="https://[::1]/"), "a private address; expected a public one"),
        (hook(events="[message.deliverd]"), 'did you mean "message.delivered"?'),
        (hook(secret=""), "no secret; expected one of secret, secret_env, secret_file"),
        (hook(secret_env="CRM"), "secret is given too"),
        (hook(secret="whsec_c2hvcnQ="), "a secret of 5 octets; expected whsec_ and 24 to 64 octets in base64"),
        (hook(secret="hunter2"), "it does not begin with whsec_"),
        (hook(secret="", secret_env="CRM_SECRET"), "the environment variable CRM_SECRET is not set"),
        (hook(secret="", secret_file="missing"), "cannot be read: No such file"),
        (hook(ca="missing.pem"), "missing.pem"),
        (hook(concurrency="0"), "expected"),
        (hook(timeout="0s"), "found 0s; expected more than 0s"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(tmp_path: Path, extra: str, words: str) -> None:
    (line,) = mistakes(tmp_path, extra)
    assert words in line
    assert int(line.split(":")[0]) > LINES
    assert "hunter2" not in line


def test_secrets_are_read_from_where_they_are_kept_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("whsec_" + "b2xk" * 8 + "\n")
    config = load(tmp_path, hook(secret="", secret_env="CRM", old_secret_file="old"), {"CRM": SECRET})
    webhook = config.webhooks["crm"]
    assert [len(key) for key in webhook.keys] == [24, 24]
    assert webhook.keys[1] == b"old" * 8
    assert "whsec" not in repr(webhook)


def test_what_is_kept_of_a_configuration_has_no_secret_in_it(tmp_path: Path) -> None:
    config = load(tmp_path, hook(old_secret="whsec_" + "b2xk" * 8))
    assert "whsec" not in str(document(config, b"salt"))


def test_quiet_hours(tmp_path: Path) -> None:
    config = load(tmp_path, "quiet: {from: 21:00, to: 09:00, days: [sat, sun], classes: [advertising, service]}\n")
    assert config.quiet is not None
    assert config.quiet.hours() == QuietHours(
        1260, 540, frozenset({5, 6}), classes=frozenset({MessageClass.ADVERTISING, MessageClass.SERVICE})
    )


@pytest.mark.parametrize(
    ("text", "days", "zone"),
    [
        ("21:00-09:00", set(), "recipient"),
        ("21:00 - 9:00 sat,sun", {5, 6}, "recipient"),
        ("21:00-09:00 Asia/Almaty", set(), "Asia/Almaty"),
        ("21:00-09:00 fri Asia/Almaty", {4}, "Asia/Almaty"),
    ],
)
def test_quiet_hours_of_an_option(text: str, days: set[int], zone: str) -> None:
    service = frozenset({MessageClass.SERVICE})
    assert read_quiet(text, MessageClass.SERVICE) == QuietHours(1260, 540, frozenset(days), zone, service)


@pytest.mark.parametrize("text", ["", "night", "21:00", "21:00-25:00", "21:00-21:00", "21:00-09:00 Mars", "1-2 sat"])
def test_quiet_hours_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="found"):
        read_quiet(text, MessageClass.SERVICE)


def test_the_zones_of_the_examples_exist() -> None:
    assert ZoneInfo("Asia/Almaty").key == "Asia/Almaty"
