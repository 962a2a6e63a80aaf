"""``sender suppress``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sender.cli import main
from sender.store.sqlite import SqliteStore
from tests.sender.world import config_text


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sender.yaml").write_text(config_text(), encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["suppress", arguments[0], "--config", "sender.yaml", *arguments[1:]])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def history(number: str = "+77051234567") -> list[tuple[str, str, str, str]]:
    lines = run("list", number, "--json").stdout.splitlines()
    return [tuple(json.loads(line)[key] for key in ("change", "scope", "source", "at")) for line in lines]  # type: ignore[misc]


def test_add_list_and_remove(home: Path) -> None:
    added = run("add", "8 705 123-45-67", "+77051234567", "--text", "no more", "--at", "2026-03-01T12:00:00Z")
    assert added.stdout == "1 added to advertising, 1 were on it already\n"
    shown = run("list").stdout
    assert shown.split() == ["7705*****67", "advertising", "2026-03-01T12:00:00.000Z", "person", "·", "no", "more"]
    assert run("list", "--plain").stdout.startswith("77051234567 ")
    assert run("remove", "+77051234567", "--at", "2026-03-02").stdout == "1 removed\n"
    assert run("remove", "+77051234567").stdout == "none of them was on the list\n"
    assert run("list").exit_code == 1
    assert history() == [
        ("added", "advertising", "person", "2026-03-01T12:00:00.000Z"),
        ("removed", "advertising", "person", "2026-03-02T00:00:00.000Z"),
    ]


def test_consent_is_kept_on_record(home: Path) -> None:
    run("consent", "+77051234567", "--source", "web form", "--text", "I agree", "--at", "2026-01-05")
    assert history() == [("consent", "advertising", "web form", "2026-01-05T00:00:00.000Z")]
    assert run("list").exit_code == 1


def test_a_running_sender_does_not_stand_in_the_way(home: Path) -> None:
    running = SqliteStore.open(home / "campaign.sqlite")
    assert run("add", "+77051234567", "--scope", "all").exit_code == 0
    assert [it.scope for it in running.suppression.entries()] == ["all"]
    running.close()


def test_a_list_goes_out_as_it_comes_in(home: Path) -> None:
    (home / "stop.csv").write_text(
        "\ufeffphone;scope;reason;at\n8 705 123 45 67;all;complaint;2026-03-01\n+77051234568;;;\n\n", encoding="utf-8"
    )
    assert run("import", "stop.csv").stdout == "2 added\n"
    assert run("import", "stop.csv").stdout == "0 added, 2 were on it already\n"
    assert run("export", "out.csv").stdout == "2 written to out.csv\n"
    first = sorted((home / "out.csv").read_text().splitlines())
    assert first[0] == "+77051234567,all,stop.csv,complaint,,2026-03-01T00:00:00Z"
    run("remove", "+77051234567", "+77051234568")
    run("import", "out.csv")
    run("export", "again.csv")
    assert sorted((home / "again.csv").read_text().splitlines()) == first
    assert run("export").stdout == (home / "again.csv").read_text()


def test_a_file_of_numbers_needs_no_header(home: Path) -> None:
    (home / "stop.txt").write_text("+77051234567\n87051234568\n", encoding="utf-8")
    assert run("import", "stop.txt", "--scope", "all", "--source", "registry").stdout == "2 added\n"
    assert history()[0][:3] == ("added", "all", "registry")


def test_lines_that_cannot_be_used_are_named_and_the_others_taken(home: Path) -> None:
    lines = ["number,scope,at", "+77051234567,service,", "nobody,,", "+77051234568,,yesterday", "+77051234569,,"]
    (home / "stop.csv").write_text("\n".join(lines), encoding="utf-8")
    result = run("import", "stop.csv")
    assert (result.exit_code, result.stdout) == (1, "1 added\n")
    errors = result.stderr.splitlines()
    assert errors[0] == 'stop.csv:2: found "service"; expected all, advertising, or from:SENDER'
    assert errors[1].startswith('stop.csv:3: "nobody" is not a phone number')
    assert errors[2] == 'stop.csv:4: found "yesterday"; expected a time such as 2026-03-01T12:00:00Z'


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ('"spam', "a quote is never closed"),
        ('"no" offers', "',' expected after '\"'"),
        ("x" * 200_000, "field larger than field limit (131072)"),
    ],
)
@pytest.mark.parametrize("others", [2, 250])
def test_a_line_that_is_no_row_does_not_swallow_the_numbers_after_it(
    home: Path, cell: str, words: str, others: int
) -> None:
    lines = ["number,text", "77051234500,a", f"77051234501,{cell}"]
    lines += [f"7705{2000000 + number},b" for number in range(others)]
    (home / "stop.csv").write_text("\n".join(lines), encoding="utf-8")
    result = run("import", "stop.csv")
    assert (result.exit_code, result.stdout) == (1, f"{others + 1} added\n")
    assert result.stderr == f"stop.csv:3: {words}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["add", "12"], "12"),
        (["add", "+77051234567", "--scope", "nothing"], "--scope: found"),
        (["add", "+77051234567", "--at", "soon"], "--at: found"),
        (["import", "missing.csv"], "missing.csv: No such file"),
        (["list"], "there is no such store"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(home: Path, arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_file_that_is_no_text(home: Path) -> None:
    (home / "stop.csv").write_bytes(b"+77051234567\n\xff\xfe\n")
    result = run("import", "stop.csv")
    assert (result.exit_code, "not UTF-8" in result.stderr) == (2, True)


def test_a_rehearsal_knows_the_list(home: Path) -> None:
    (home / "people.csv").write_text("phone\n+77051234567\n+77051234568\n", encoding="utf-8")
    run("add", "+77051234567")
    send = ["send", "--config", "sender.yaml", "--recipients", "people.csv", "--template", "Sale", "--from", "SHOP"]
    for kind, words in (("advertising", "opted out: advertising"), ("code", "")):
        result = CliRunner().invoke(main, [*send, "--class", kind, "--dry-run"])
        assert result.exit_code == 0, result.output
        assert ("opted out" in result.output) == bool(words)
