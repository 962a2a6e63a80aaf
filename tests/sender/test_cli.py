"""The commands, as far as they get without an operator: everything that can be wrong is one clear line."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sender.cli import main
from sender.commands.running import exit_code
from sender.domain.message import MessageClass, State
from sender.store.records import NewCampaign, NewMessage
from sender.store.sqlite import SqliteStore
from tests.sender.test_console import report
from tests.sender.world import config_text


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "sender.yaml").write_text(config_text(), encoding="utf-8")
    (tmp_path / "people.csv").write_text("phone,name\n+77051112233,Aset\nx,y\n", encoding="utf-8")
    return tmp_path


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [argument.replace("~", str(home)) for argument in arguments])


def send(home: Path, **changes: str) -> Result:
    options = {"config": "~/sender.yaml", "recipients": "~/people.csv", "template": "Dear {name}", "from": "SHOP"}
    return run(home, "send", *(word for key, value in {**options, **changes}.items() for word in (f"--{key}", value)))


def fill(home: Path) -> None:
    """A store with one campaign of two messages."""
    store = SqliteStore.open(home / "campaign.sqlite")
    with store.database.transaction():
        new = NewCampaign("people", "Dear {name}", "SHOP", MessageClass.SERVICE, "people.csv", "", 0.0)
        campaign = store.create_campaign(new)
        store.add_messages(
            campaign, [NewMessage(2, "77051112233", "beeline", {}), NewMessage(3, "77051112234", "beeline", {})]
        )
        store.finish_import(campaign, 2, 0)
    store.close()


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"config": "~/none.yaml"}, "none.yaml: no such file"),
        ({"recipients": "~/none.csv"}, "none.csv: No such file"),
        ({"template": "Dear {name"}, 'template, character 6: a "{" that is never closed'),
        ({"template": "Dear {nam}"}, 'template, character 6: no column "nam"; did you mean "name"?'),
        ({"from": "A name too long"}, 'the sender "A name too long" has 15 characters; a name has at most 11'),
        ({"sheet": "Sheet1"}, 'recipients: sheet "Sheet1" is given, but the file is text, which has none'),
        ({"rejects": "~/people.csv"}, "--rejects names the recipients file"),
        ({"start": "2h", "expires": "1h"}, "--expires is before the start; nothing would be sent"),
        ({"expires": "2020-01-01T00:00"}, "--expires is before the start; nothing would be sent"),
        ({"report": "~/none/report.json"}, "there is no directory"),
        ({"rejects": "~/none/rejects.csv"}, "there is no directory"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_exit_code_2(home: Path, changes: dict[str, str], line: str) -> None:
    result = send(home, **changes)
    assert result.exit_code == 2
    assert line in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.output
    assert not (home / "campaign.sqlite").exists()


def test_a_bad_configuration_is_told_with_its_lines(home: Path) -> None:
    text = config_text().replace("port: 2776", "prt: 2776").replace("operator: kcell", "operator: kcel")
    (home / "sender.yaml").write_text(text, encoding="utf-8")
    result = send(home)
    assert result.exit_code == 2
    assert 'sender.yaml:11:5: operators.kcell: unknown key "prt"; did you mean "port"?' in result.stderr
    assert "secret" not in result.stderr


def test_a_file_without_a_number_column_is_refused(home: Path) -> None:
    (home / "people.csv").write_text("a,name\n1,2\n", encoding="utf-8")
    result = send(home, template="hi")
    assert result.exit_code == 2
    assert "no column with the phone number" in result.stderr


@pytest.mark.parametrize("option", ["start", "expires"])
def test_a_time_that_is_none_is_explained(home: Path, option: str) -> None:
    result = send(home, **{option: "tomorrow"})
    assert result.exit_code == 2
    assert "expected a time such as 2026-12-01T09:00" in " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.parametrize("option", ["receipt-wait", "give-up"])
def test_a_duration_that_is_none_is_explained(home: Path, option: str) -> None:
    result = send(home, **{option: "3x"})
    assert result.exit_code == 2
    assert "expected a duration such as" in " ".join(result.stderr.replace("│", " ").split())


def test_a_dry_run_shows_messages_and_stores_nothing(home: Path) -> None:
    result = run(
        home, "send", "--config", "~/sender.yaml", "--recipients", "~/people.csv", "--template", "Сәлем {name}",
        "--from", "SHOP", "--dry-run",
    )  # fmt: skip
    assert result.exit_code == 0
    assert "+77051112233 through beeline (1 segment, ucs2)" in result.stdout
    assert "Сәлем Aset" in result.stdout
    assert 'line 3: "x" is not a phone number' in result.stdout
    assert {path.name for path in home.iterdir()} == {"sender.yaml", "people.csv"}


@pytest.mark.parametrize("command", ["resume", "report", "campaigns"])
def test_without_a_store_there_is_nothing_to_look_at(home: Path, command: str) -> None:
    result = run(home, command, "--config", "~/sender.yaml")
    assert result.exit_code == 2
    assert "there is no such store" in result.stderr


def test_a_store_that_is_something_else_is_refused(home: Path) -> None:
    (home / "campaign.sqlite").write_text("not a database, but long enough to look at" * 40, encoding="utf-8")
    result = send(home)
    assert result.exit_code == 2
    assert "campaign.sqlite" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_store_in_use_is_refused(home: Path) -> None:
    store = SqliteStore.open(home / "campaign.sqlite")
    try:
        result = send(home)
    finally:
        store.close()
    assert result.exit_code == 2
    assert "in use by another sender" in result.stderr


def test_campaigns_are_listed_and_reported(home: Path) -> None:
    fill(home)
    listed = run(home, "campaigns", "--config", "~/sender.yaml")
    assert listed.exit_code == 0
    assert listed.stdout.splitlines()[1].replace("━", "").split() == ["1", "people", "running", *"002000"]
    assert '"name": "people"' in run(home, "campaigns", "--config", "~/sender.yaml", "--json").stdout
    reported = run(home, "report", "--config", "~/sender.yaml")
    assert reported.stdout.startswith("Campaign 1: people\n")
    as_json = run(home, "report", "--config", "~/sender.yaml", "--campaign", "1", "--json")
    assert '"messages": 2' in as_json.stdout


def test_a_campaign_that_does_not_exist_is_told_with_those_that_do(home: Path) -> None:
    fill(home)
    result = run(home, "report", "--config", "~/sender.yaml", "--campaign", "9")
    assert result.exit_code == 2
    assert result.stderr == "sender: there is no campaign 9; the store has: 1\n"


def test_the_help_of_every_command_names_its_exit_codes_or_purpose(home: Path) -> None:
    assert "resume" in run(home, "--help").stdout
    for command in ("send", "resume"):
        result = run(home, command, "--help")
        assert result.exit_code == 0
        assert "130" in result.stdout


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (State.DELIVERED, 0),
        (State.UNDELIVERED, 0),
        (State.EXPIRED, 0),
        (State.ACCEPTED, 0),
        (State.REJECTED, 1),
        (State.IN_DOUBT, 1),
        (State.QUEUED, 1),
    ],
)
def test_the_exit_code_tells_whether_every_message_was_taken(state: State, code: int) -> None:
    states = {each.label: int(each is state) for each in State}
    assert exit_code(report(states=states)) == code


@pytest.mark.parametrize(
    "words",
    [("suppress", "add", "77051112233", "--reason", "\udcc8"), ("inbox", "--label", "\udcc8\udcec")],
)
def test_an_argument_that_is_not_utf8_is_one_line(home: Path, words: tuple[str, ...]) -> None:
    fill(home)
    done = run(home, *words, "--config", "~/sender.yaml")
    assert done.exit_code == 2
    shown = "?" * len(words[-1])
    assert done.stderr.endswith(f'"{shown}" is not UTF-8, and cannot be stored; write or name it in UTF-8\n')


def test_a_file_without_one_good_row_is_an_error(home: Path) -> None:
    (home / "people.csv").write_text("phone,name\nx,y\n77051112233,\n", encoding="utf-8")
    options = ["--config", "sender.yaml", "--recipients", "people.csv", "--template", "Dear {name}", "--from", "SHOP"]
    command = [sys.executable, "-c", "from sender.cli import main; main()", "send", *options]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    said = "sender: people.csv: no message can be made of any of its 2 rows; "
    assert done.stderr.splitlines()[-1].startswith(said)
    assert (home / "people.csv.rejects.csv").read_text(encoding="utf-8").count("\n") == 3
    dry = run(home, "send", *(word.replace("sender.yaml", "~/sender.yaml") for word in options), "--dry-run")
    assert dry.exit_code == 2
