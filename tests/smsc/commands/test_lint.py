"""``smsc lint``: a journal that an emulator wrote, judged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from twisted.internet.task import Clock

from smsc.commands.lint import lint
from smsc.journal.journal import Journal
from tests.smsc.conftest import Lab
from tests.smsc.lint.talk import Talk, message, raw

SCENARIO = """
operators:
  beeline:
    listen: tcp:2775
    accounts: [{system_id: shop, password: secret}]
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(lint, [str(argument) for argument in arguments])


class Book:
    """Stands where the lint of a Talk stands, and writes a journal."""

    def __init__(self, path: Path) -> None:
        self.journal = Journal.open(path, clock=Clock())
        self.counters = None

    def opened(self, connection: int, at: float, operator: str, peer: str, tls: bool, tls_offered: bool) -> None:
        assert self.journal.connection_opened(operator, peer, at) == connection

    def pdu(self, connection: int, direction: str, octets: bytes, at: float) -> None:
        self.journal.pdu(connection, direction, octets, at)

    def closed(self, connection: int, at: float, reason: str) -> None:
        self.journal.connection_closed(connection, reason, at)


@contextmanager
def written(path: Path) -> Iterator[Talk]:
    """A talk that goes to a journal."""
    talk = Talk()
    book = Book(path)
    talk.lint = book  # type: ignore[assignment]
    yield talk
    book.journal.close()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A shop that does three things wrong, and a bank that does nothing wrong."""
    path = tmp_path / "journal.sqlite"
    with written(path) as talk:
        talk.open().bind().submit(source_addr_ton=0).wait(2).octets(raw(length=99)).wait(3).close()
        talk.open().bind(system_id="bank").submit().deliver().end()
    return path


def test_findings_are_told_with_the_row_of_the_pdu(journal: Path) -> None:
    result = run("--journal", journal, "--format", "json")
    assert result.exit_code == 1, result.output
    values = json.loads(result.output)
    assert [(found["rule"], found["account"], found["count"]) for found in values["findings"]] == [
        ("alphanumeric-sender-ton", "shop", 1),
        ("sm-length-mismatch", "shop", 1),
        ("no-unbind", "shop", 1),
    ]
    assert values["findings"][0]["example"]["row"] > 1
    assert values["summary"]["connections"] == 2


def test_an_account_without_faults_is_clean(journal: Path) -> None:
    assert run("--journal", journal, "--account", "bank").exit_code == 0
    assert run("--journal", journal, "--account", "shop").exit_code == 1


@pytest.mark.parametrize(("name", "hint"), [("shpo", 'did you mean "shop"?'), ("airline", "there are bank, shop")])
def test_an_account_that_nobody_was_is_refused_and_not_clean(journal: Path, name: str, hint: str) -> None:
    result = run("--journal", journal, "--account", name)
    assert result.exit_code == 2
    assert f'has no account "{name}"; {hint}' in result.output


def test_since_leaves_out_what_was_done_before(journal: Path) -> None:
    since = "2026-01-01T00:00:04+00:00"
    result = run("--journal", journal, "--since", since, "--format", "json")
    assert [found["rule"] for found in json.loads(result.output)["findings"]] == ["no-unbind"]
    assert result.exit_code == 1
    assert run("--journal", journal, "--since", since, "--fail-on", "error").exit_code == 0


@pytest.mark.parametrize(
    ("name", "begins"), [("a.sarif", "{"), ("a.xml", "<?xml"), ("a.json", "{"), ("a.txt", "error ")]
)
def test_the_report_goes_to_a_file_in_the_format_of_its_name(journal: Path, name: str, begins: str) -> None:
    output = journal.parent / name
    result = run("--journal", journal, "-o", output)
    assert (result.exit_code, result.output) == (1, "")
    assert output.read_text().startswith(begins)


def test_a_window_can_be_named(tmp_path: Path) -> None:
    with written(tmp_path / "j.sqlite") as talk:
        talk.open().bind().submit(status=None).submit(status=None).submit(status=None).end()
    assert run("--journal", tmp_path / "j.sqlite").exit_code == 0
    result = run("--journal", tmp_path / "j.sqlite", "--window", 2, "--format", "json")
    assert [found["rule"] for found in json.loads(result.output)["findings"]] == ["window-exceeded"]


def test_a_journal_that_ends_in_the_middle_blames_nobody(tmp_path: Path) -> None:
    with written(tmp_path / "j.sqlite") as talk:
        talk.open().bind().submit()
        talk.wait(3600).open().bind(system_id="later").submit().end()
    assert run("--journal", tmp_path / "j.sqlite").exit_code == 0


def test_connections_come_and_go_in_the_order_of_time(tmp_path: Path) -> None:
    with written(tmp_path / "j.sqlite") as talk:
        for _ in range(12):
            talk.open().bind(status=0x0D).close().wait(0.5)
    result = run("--journal", tmp_path / "j.sqlite", "--format", "json")
    assert [found["rule"] for found in json.loads(result.output)["findings"]] == ["reconnect-without-backoff"]


def test_a_journal_of_the_emulator_can_be_judged(lab: Lab, tmp_path: Path) -> None:
    lab.start(SCENARIO, tmp_path / "j.sqlite")
    shop = lab.bound("shop")
    shop.submit()
    lab.run(3)
    shop.send(message(source_addr_ton=0))
    shop.session.unbind(lab.now)
    lab.run(1)
    lab.stop()
    result = run("--journal", tmp_path / "j.sqlite", "--format", "json")
    assert [found["rule"] for found in json.loads(result.output)["findings"]] == ["alphanumeric-sender-ton"]


def test_an_empty_journal_is_clean(tmp_path: Path) -> None:
    Journal.open(tmp_path / "j.sqlite", clock=Clock()).close()
    assert run("--journal", tmp_path / "j.sqlite").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--journal", "none.sqlite"), "none.sqlite does not exist"),
        (("--journal", __file__), "is not a journal"),
        (("-o", "report.pdf"), '"report.pdf" names no format'),
        (("--format", "html"), "html"),
        (("--since", "soon"), "soon"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_line(arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output


def test_a_report_that_cannot_be_written_is_said(journal: Path) -> None:
    result = run("--journal", journal, "-o", journal.parent / "nowhere" / "a.txt")
    assert result.exit_code == 2
    assert "cannot be written" in result.output
