"""``sender preview``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sender.cli import main
from tests.sender.world import config_text

DOCS = Path(__file__).parents[3] / "docs" / "sender-text.md"
TURKISH = "Sayın {name:title tr}, siparişiniz hazır. Mağazamızdan alabilirsiniz; {sum:money TRY} ödeyin, teşekkürler."


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "sender.yaml").write_text(config_text(price="2.8 RUB"), encoding="utf-8")
    (tmp_path / "people.csv").write_text(
        "phone,name,order\n77051112233,Ivan,17\n12,Nobody,1\n77051112234,Анна,18\n", encoding="utf-8"
    )
    return tmp_path


def run(home: Path, *arguments: str, template: str = "Hi {name|there}") -> Result:
    config = str(home / "sender.yaml")
    return CliRunner().invoke(
        main, ["preview", "--config", config, "--from", "SHOP", "--template", template, *arguments]
    )


def test_all_accounts_side_by_side(home: Path) -> None:
    result = run(home, "--field", "name=Ivan")
    assert result.exit_code == 0
    assert result.stdout.startswith(
        "7 characters from SHOP\n\nbeeline: gsm7, 1 segment, 2.8 RUB (room for 153 more septets)\n"
    )
    assert "\n\nkcell: gsm7, 1 segment (room" in result.stdout
    assert "│ Hi Ivan" in result.stdout


def test_one_account_as_json(home: Path) -> None:
    result = run(home, "--field", "name=Анна", "--account", "kcell", "--json")
    found = json.loads(result.stdout)
    assert (found["text"], [it["account"] for it in found["accounts"]]) == ("Hi Анна", ["kcell"])
    assert found["accounts"][0]["offenders"][0]["name"] == "CYRILLIC CAPITAL LETTER A"


@pytest.mark.parametrize(("row", "text"), [((), "Hi Ivan"), (("--row", "2"), "Hi Ivan"), (("--row", "4"), "Hi Анна")])
def test_fields_from_a_row(home: Path, row: tuple[str, ...], text: str) -> None:
    result = run(home, "--recipients", str(home / "people.csv"), *row, "--json")
    assert json.loads(result.stdout)["text"] == text


@pytest.mark.parametrize(
    ("arguments", "template", "words"),
    [
        (("--field", "name"), "Hi", "expected COLUMN=VALUE"),
        (("--account", "kcel"), "Hi", 'did you mean "kcell"'),
        (("--row", "2"), "Hi", "which is not given"),
        (("--recipients", "people.csv", "--row", "3"), "Hi", "line 3"),
        (("--recipients", "people.csv", "--row", "30"), "Hi", "there is no row at line 30"),
        (("--recipients", "nowhere.csv"), "Hi", "nowhere.csv"),
        (("--recipients", "people.csv"), "{nam}", 'did you mean "name"'),
        ((), "{name}", 'no column "name"'),
        (("--field", "name="), "{name}", "no fallback"),
        (("--field", "name=x"), "{name:money}", "expected an amount"),
        ((), "{name:uper}", "template, character 7"),
        (("--registered", "bad.yaml"), "Hi", "bad.yaml:1"),
    ],
)
def test_what_cannot_be_used(
    home: Path, arguments: tuple[str, ...], template: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    (home / "bad.yaml").write_text("templates: []\n")
    result = run(home, *arguments, template=template)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_a_text_that_some_account_cannot_send(home: Path) -> None:
    (home / "sender.yaml").write_text(config_text(alphabets="[gsm7]"), encoding="utf-8")
    result = run(home, template="Жду")
    assert result.exit_code == 1
    assert "beeline: cannot be sent: gsm7 has no 'Ж' (U+0416)" in result.stdout
    assert "with `transliterate: true`: 1 segment of gsm7" in result.stdout
    assert run(home, "--transliterate", template="Жду").exit_code == 0


def test_the_registered_template_is_named(home: Path) -> None:
    register = home / "register.yaml"
    register.write_text('templates:\n  - {name: hello, text: "Hi %w"}\n', encoding="utf-8")
    assert (
        'registered: "hello", service: Hi %w' in run(home, "--registered", str(register), "--field", "name=Ivan").stdout
    )
    assert "counts as advertising" in run(home, "--registered", str(register), template="Привет").stdout


def test_control_characters_do_not_reach_the_terminal(home: Path) -> None:
    result = run(home, "--field", "name=a\x1b[31m\x07\u0085b")
    assert "\x1b" not in result.stdout
    assert "\x07" not in result.stdout
    assert "a␛[31m␇\ufffdb" in result.stdout


def test_long_lines_are_wrapped_between_words_and_characters(home: Path) -> None:
    result = run(home, template="漢" * 20 + "\n\n" + "word " * 9)
    frame = [line for line in result.stdout.splitlines() if line.startswith("  │")][:5]
    assert frame == [
        "  │ " + "漢" * 17 + " │",
        "  │ " + "漢" * 3 + " " * 28 + " │",
        "  │ " + " " * 34 + " │",
        "  │ word word word word word word word │",
        "  │ word word" + " " * 25 + " │",
    ]


def test_the_page_shows_what_is_printed(home: Path) -> None:
    (home / "sender.yaml").write_text(config_text(price="0.15 TRY").replace("beeline", "vodafone"), encoding="utf-8")
    result = run(home, "--account", "vodafone", "--field", "name=ışıl", "--field", "sum=1250.5", template=TURKISH)
    shown = DOCS.read_text(encoding="utf-8").partition("```text\n")[2].partition("```")[0]
    assert result.stdout.partition("\n\n")[2] == shown
