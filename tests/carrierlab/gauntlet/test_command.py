"""``carrierlab gauntlet``: what it takes, prints and writes, and how it exits."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from click.testing import CliRunner, Result

import sender.store.matching
from carrierlab.cli import main
from carrierlab.gauntlet.command import parse_listen
from carrierlab.gauntlet.files import to_json, to_junit
from carrierlab.gauntlet.plan import select
from carrierlab.gauntlet.score import Miss, Score, VariantScore
from sender.domain.dialect import readings


def invoke(*arguments: str | Path) -> Result:
    runner = CliRunner(env={"COLUMNS": "140"})
    return runner.invoke(main, ["gauntlet", *map(str, arguments)], prog_name="carrierlab")


def test_our_sender_scores_everything_and_the_command_exits_with_0(tmp_path: Path) -> None:
    result = invoke("--only", "text-*", "--only", "dates", "--json", tmp_path / "a.json", "--junit", tmp_path / "a.xml")
    assert result.exit_code == 0, result.output
    assert re.search(r"^dates-14 +Fourteen digits, YYYYMMDDhhmmss +12/12 +matched$", result.output, re.M)
    assert result.output.rstrip().endswith("PASSED: 6 of 6 variants and 72 of 72 messages matched")
    document = json.loads((tmp_path / "a.json").read_bytes())
    assert document["passed"] is True
    assert document["summary"] == {"variants": 6, "matched": 6, "failed": 0, "not_tried": 0}
    suite = ElementTree.parse(tmp_path / "a.xml").getroot()[0]  # noqa: S314 # our own file
    assert (suite.get("tests"), suite.get("failures")) == ("6", "0")


def test_what_is_not_matched_exits_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender.store.matching, "readings", lambda message_id: readings(message_id)[:1])
    result = invoke("--only", "id-hex*")
    assert result.exit_code == 1
    assert "FAILED: 1 of 2 variants and 12 of 24 messages matched" in result.output


def test_a_list_sends_nothing() -> None:
    result = invoke("--list", "--only", "route-*")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.output.splitlines()] == [
        "variant",
        *("route-same-bind", "route-sibling", "route-round-robin", "route-receivers"),
    ]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--only", "canonicle"), 'did you mean "canonical"?'),
        (("--results", "a.csv"), "go with --listen only"),
        (("--listen", "2775"), "expected HOST:PORT"),
        (("--listen", "127.0.0.1:65500"), "76 ports are needed from 65500 on"),
        (("--wait", "soon"), "Invalid value for '--wait'"),
    ],
)
def test_what_cannot_be_is_told(arguments: tuple[str, ...], complaint: str) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert complaint in " ".join(result.output.replace("│", " ").split())


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    result = invoke("--only", "canonical", "--json", tmp_path / "none" / "a.json")
    assert result.exit_code == 2
    assert "could not be written: No such file or directory" in result.output


def test_port_0_is_any() -> None:
    assert parse_listen("127.0.0.1:0") == ("127.0.0.1", 0)
    assert parse_listen("[::1]:2775") == ("::1", 2775)
    with pytest.raises(ValueError, match="expected HOST:PORT"):
        parse_listen(":0")


def test_the_score_as_files_has_the_octets() -> None:
    first, second, third = select(["dates-1[04]", "canonical"])
    misses = (Miss("77010010012", "delivered", "nothing final", ("AB",), (b"\0\0\0\x10" + bytes(12),)),)
    score = Score("a <client>", (VariantScore(first, 12, misses), VariantScore(second, 12), VariantScore(third, 0)))
    described = json.loads(to_json(score))["variants"]
    assert [each["verdict"] for each in described] == ["failed", "matched", "not tried"]
    assert described[0]["misses"][0]["receipts"] == ["00000010" + "00" * 12]
    assert described[0]["misses"][0]["ids"] == ["AB"]
    suite = ElementTree.fromstring(to_junit(score))[0]  # noqa: S314 # our own
    assert (suite.get("failures"), suite.get("skipped")) == ("1", "1")
    failure = suite[0][0]
    assert failure.get("message") == "11 of 12 messages matched"
    assert "77010010012: expected delivered, found nothing final" in (failure.text or "")
    assert "00000010 00000000" in (failure.text or "")


# --- over real sockets ------------------------------------------------------------------------------


def start(program: str, *arguments: str, cwd: Path) -> subprocess.Popen[str]:
    code = f"from {program}.cli import main; main(prog_name={program!r})"
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "140"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    arguments = ("--listen", "127.0.0.1:0", "--only", "dates", "--wait", "30s", "--orders", "orders.csv")
    process = start("carrierlab", "gauntlet", *arguments, cwd=tmp_path)
    yield process
    if process.poll() is None:
        process.kill()
        process.communicate()


def ports(process: subprocess.Popen[str]) -> dict[str, int]:
    """Where the variants are, as the command prints it."""
    assert process.stdout is not None
    rows = [process.stdout.readline().split() for _ in range(5)]
    assert rows[0][:2] == ["port", "variant"]
    return {row[1]: int(row[0]) for row in rows[1:]}


def test_a_client_in_another_process_is_scored(serving: subprocess.Popen[str], tmp_path: Path) -> None:
    """The client is our sender's own command, as strange to the gauntlet as any other; orders.csv is its recipients."""
    operators = {
        name: {"host": "127.0.0.1", "port": port, "system_id": "shop", "password": "secret"}
        for name, port in ports(serving).items()
    }
    routes = [{"prefix": course.prefix, "operator": course.name} for course in select(["dates"])]
    (tmp_path / "sender.yaml").write_text(yaml.safe_dump({"country": "KZ", "operators": operators, "routes": routes}))
    client = start(
        "sender",
        *("send", "--config", "sender.yaml", "--recipients", "orders.csv", "--from", "SHOP", "--template", "{text}"),
        cwd=tmp_path,
    )
    output, errors = client.communicate(timeout=60)
    assert re.search(r"delivered +16 ", output), output + errors  # 4 of each 12 are
    output, errors = serving.communicate(timeout=60)
    assert serving.returncode == 0, output + errors
    assert "PASSED: 4 of 4 variants and 48 of 48 messages matched" in output


def test_ctrl_c_ends_the_wait_and_prints_the_score(serving: subprocess.Popen[str]) -> None:
    with closing(socket.create_connection(("127.0.0.1", ports(serving)["dates-10"]), timeout=5)):
        serving.send_signal(signal.SIGINT)
        output, errors = serving.communicate(timeout=30)
    assert "Traceback" not in errors
    assert "FAILED: 0 of 4 variants and 0 of 0 messages matched" in output
    assert serving.returncode == 1


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        process = start("carrierlab", "gauntlet", "--listen", f"127.0.0.1:{port}", "--only", "canonical", cwd=tmp_path)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert f"127.0.0.1:{port} cannot be listened on: " in errors
    assert "Traceback" not in errors
