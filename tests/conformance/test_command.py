"""``carrierlab conformance``: what it takes, prints and writes, and how it exits."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
import pytest
import pytest_twisted
from click.testing import CliRunner
from click.testing import Result as Ran
from rich.console import Console
from twisted.internet import reactor  # noqa: TID251 - one test is about real sockets

import carrierlab.cli
from carrierlab.conformance.catalogue import CHECKS, select
from carrierlab.conformance.check import ALL, V33, V34, V50, Choice, Failed, NotApplicable, Passed
from carrierlab.conformance.command import conformance_command, is_loopback, parse_versions
from carrierlab.conformance.console import print_report
from carrierlab.conformance.octets import BIND_TRANSCEIVER, SUBMIT_SM, operation
from carrierlab.conformance.runner import Result, Unusable, run
from carrierlab.conformance.target import Surroundings, Target
from carrierlab.parameters import parse_address
from smppkit.transport import TcpNetwork
from tests.conformance.raw_smsc import RawSmsc

ACCOUNT = ("--system-id", "shop", "--password", "s3cr3t")
HERE = ("127.0.0.1:2775", *ACCOUNT)
BIND = operation(BIND_TRANSCEIVER, 1, system_id="shop", password="s3cr3t")
C17, C22, C28, C37 = select({17, 22, 28, 37})
FOUND = [
    Result(C17, V33, Failed("expected 0x05, found ESME_ROK", BIND, operation(SUBMIT_SM, 2)), 0.25),
    Result(C17, V34, Failed("expected 0x05, found ESME_ROK", BIND, b""), 0.25),
    Result(C17, V50, Passed(), 0.25),
    Result(C22, V34, Choice("0x0D"), 0.1),
    Result(C28, V34, NotApplicable("needs the SMSC's timer (--session-init)"), 0.0),
    Result(C37, V34, Passed(), 0.1),
]


def command(results: list[Result] | Exception) -> tuple[click.Command, list[dict[str, Any]]]:
    """The command over results that are there already, and what it was to run."""
    asked: list[dict[str, Any]] = []

    def with_reactor(main: Callable[[Any], Coroutine[Any, Any, list[Result]]]) -> list[Result]:
        asked.append(main.keywords)  # type: ignore[attr-defined]
        if isinstance(results, Exception):
            raise results
        return results

    return conformance_command(with_reactor), asked


def invoke(*arguments: str, results: list[Result] | Exception = FOUND) -> Ran:
    made, _ = command(results)
    return CliRunner(env={"COLUMNS": "140"}).invoke(made, arguments)


def test_it_is_a_command_of_carrierlab() -> None:
    assert "conformance" in carrierlab.cli.main.list_commands(click.Context(carrierlab.cli.main))


def test_the_table_has_a_row_per_check_and_a_column_per_version() -> None:
    result = invoke(*HERE)
    assert result.exit_code == 1
    table = result.output.partition("\n\n")[0]
    rows = {line.split()[0]: line.split() for line in table.splitlines()}
    assert rows["C17"][-3:] == ["FAIL", "FAIL", "pass"]
    assert rows["C22"][-1] == "choice"
    assert "C22 address_range of more than 40 characters → 0x0D" in result.output
    assert "3.4 C28: needs the SMSC's timer (--session-init)" in result.output
    assert result.output.rstrip().endswith("FAILED: 2 passed, 2 failed, 1 choices, 1 not applicable")


def test_what_fails_the_same_way_is_shown_once_with_its_octets_and_no_password() -> None:
    output = invoke(*HERE).output
    assert output.count("expected 0x05, found ESME_ROK") == 1
    assert "C17 (3.3, 3.4)" in output
    assert "password='******'" in output
    assert "00000004 00000000 00000002" in output
    assert "s3cr3t" not in output
    assert b"s3cr3t".hex() not in output.replace(" ", "")


def test_all_that_applies_passing_exits_with_0() -> None:
    assert invoke(*HERE, results=FOUND[2:]).exit_code == 0


def test_the_json_is_for_tools_and_holds_no_password(tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    assert invoke(*HERE, "--format", "json", "-o", str(file)).exit_code == 1
    document = json.loads(file.read_bytes())
    assert document["target"] == "127.0.0.1:2775"
    assert document["summary"] == {"passed": 2, "failed": 2, "choices": 1, "not_applicable": 1}
    first = document["checks"][0]
    assert (first["check"], first["version"], first["verdict"]) == ("C17", "3.3", "failed")
    assert bytes.fromhex(first["sent"]) == BIND.replace(b"s3cr3t", b"******")
    assert {entry["verdict"] for entry in document["checks"]} == {"passed", "failed", "choice", "not applicable"}


def test_the_junit_file_has_a_case_per_check_and_version(tmp_path: Path) -> None:
    file = tmp_path / "junit.xml"
    invoke(*HERE, "--format", "junit", "-o", str(file))
    suite = ElementTree.fromstring(file.read_bytes())[0]  # noqa: S314 - our own file
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("6", "2", "1")
    assert [case.get("name", "").split()[0] for case in suite] == [result.id for result in FOUND]
    assert suite[0][0].tag == "failure"
    assert suite[3][0].text == "0x0D"
    assert "s3cr3t" not in file.read_text()


def test_a_table_goes_into_a_file_too(tmp_path: Path) -> None:
    file = tmp_path / "table.txt"
    invoke(*HERE, "-o", str(file))
    assert file.read_text().startswith("     check")


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    result = invoke(*HERE, "-o", str(tmp_path / "no" / "such" / "place"))
    assert result.exit_code == 2
    assert "could not be written: No such file or directory" in result.output


def test_an_smsc_that_cannot_be_used_exits_with_2() -> None:
    result = invoke(*HERE, results=Unusable("cannot connect to 127.0.0.1:2775: refused"))
    assert (result.exit_code, result.output) == (2, "cannot connect to 127.0.0.1:2775: refused\n")


def test_other_machines_are_not_sent_to_unless_told() -> None:
    result = invoke("smsc.example.org:2775", *ACCOUNT, "--only", "C40")
    assert result.exit_code == 2
    assert "up to 3 messages" in result.output
    assert "--yes-send-there" in result.output
    assert invoke("smsc.example.org:2775", *ACCOUNT, "--yes-send-there").exit_code == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost", "LOCALHOST"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "0.0.0.0", "::", "localhost.example.org", "smsc", "2130706433"])  # noqa: S104
def test_not_certainly_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_what_is_asked_for_is_run() -> None:
    made, asked = command(FOUND)
    options = ("--only", "C15,C37-C38", "--skip", "C38", "--versions", "5.0,3.4", "--timeout", "500ms", "--window", "5")
    CliRunner().invoke(made, [*HERE, *options, "--destination", "77051234567", "--session-init", "1m"])
    (what,) = asked
    assert [check.number for check in what["checks"]] == [15, 37]
    assert what["versions"] == (V34, V50)
    assert what["target"] == Target(
        host="127.0.0.1",
        port=2775,
        system_id="shop",
        password="s3cr3t",
        source="12345",
        source_ton=1,
        source_npi=1,
        destination="77051234567",
        timeout=0.5,
        window=5,
        session_init=60.0,
    )


def test_the_password_may_come_from_the_environment_and_a_name_has_its_ton() -> None:
    made, asked = command(FOUND)
    runner = CliRunner(env={"SMPP_PASSWORD": "hidden"})
    runner.invoke(made, ["[::1]:2775", "--system-id", "shop", "--source", "SHOP"])
    target = asked[0]["target"]
    assert (target.host, target.password, target.source_ton, target.source_npi) == ("::1", "hidden", 5, 0)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "Missing argument 'HOST:PORT'"),
        (("127.0.0.1:2775",), "Missing option '--system-id'"),
        (("127.0.0.1:2775", "--system-id", "shop"), "Missing option '--password'"),
        (("127.0.0.1", *ACCOUNT), "expected HOST:PORT"),
        (("127.0.0.1:99999", *ACCOUNT), "expected HOST:PORT"),
        (("no..name:2775", *ACCOUNT), "expected HOST:PORT"),
        ((*HERE, "--only", "C80"), "there are the checks C01 to C79"),
        ((*HERE, "--versions", "6.0"), "expected versions among 3.3, 3.4, 5.0"),
        ((*HERE, "--timeout", "soon"), "expected a duration"),
    ],
)
def test_bad_arguments_are_explained(arguments: tuple[str, ...], why: str) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert why in " ".join(result.output.replace("│", " ").split())


def test_the_list_names_every_check_and_needs_no_smsc() -> None:
    result = invoke("--list")
    assert result.exit_code == 0
    assert all(check.id in result.output for check in CHECKS)


def test_addresses_and_versions_are_read() -> None:
    assert parse_address("[::1]:2775") == ("::1", 2775)
    assert parse_versions("3.3") == (V33,)
    assert parse_versions("5.0, 3.3,3.4") == ALL


def test_a_title_with_brackets_is_printed_as_it_is() -> None:
    out = io.StringIO()
    print_report([Result(C28, V34, NotApplicable("needs [bold]this[/]"), 0.0)], Console(file=out, width=120))
    assert "needs [bold]this[/]" in out.getvalue()


@pytest_twisted.ensureDeferred
async def test_over_real_sockets() -> None:
    network = TcpNetwork(reactor)  # type: ignore[arg-type]
    smsc = RawSmsc(reactor, network, port=0)  # type: ignore[arg-type]
    listening = smsc.listening.result
    port = listening.getHost().port
    target = Target(host="127.0.0.1", port=port, system_id="shop", password="secret", destination="77051234567")
    world = Surroundings(reactor, network, 0.0)  # type: ignore[arg-type]
    results = await run(select({12, 25, 40}), (V34,), target, world)
    await listening.stopListening()
    assert [result.verdict for result in results] == [Passed()] * 3
