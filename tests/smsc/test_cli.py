"""The command line: what people see, and how programs are told."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from twisted.internet.task import Clock

from smppkit.codec import decode, encode
from smppkit.pdus import BindTransceiver, Pdu, SubmitSm, Unbind
from smppkit.segments import UDHI
from smsc.cli import main
from smsc.journal.journal import Journal
from smsc.journal.records import Message
from smsc.scenario.defaults import default_scenario, magic_numbers

SMSC = [sys.executable, "-c", "from smsc.cli import main; main()"]


def smsc(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal.sqlite"
    journal = Journal.open(path, clock=Clock())
    connection = journal.connection_opened("op", "127.0.0.1:4000", 1.0)
    journal.connection_bound(connection, "shop", "transceiver", 1.0)
    for number in range(1, 4):
        text = f"code {number}\nsecond line".encode()
        pdu = SubmitSm(source_addr="SHOP", destination_addr=f"7705000000{number}", short_message=text)
        journal.message(
            Message(1000.0 + number, "op", "shop", 1, pdu, 0, number, str(number), "DELIVRD", "000", "ENROUTE")
        )
    bind = BindTransceiver(system_id="shop", password="hunter2", sequence_number=1)
    journal.pdu(connection, "in", encode(bind), 1.0)
    header = bytes.fromhex("050003070201")
    long = SubmitSm(destination_addr="7705", esm_class=UDHI, short_message=header + b"part", sequence_number=2)
    journal.pdu(connection, "in", encode(long), 1000.0)
    journal.close()
    return path


# --- messages and pdus ----------------------------------------------------------------------------------


def test_messages_are_lines_with_tabs_where_no_terminal_is(journal: Path) -> None:
    result = smsc("messages", "--journal", journal)
    assert result.exit_code == 0
    lines = [line.split("\t") for line in result.stdout.splitlines()]
    assert [line[1:] for line in lines] == [
        ["op", "shop", "SHOP", f"7705000000{n}", "ESME_ROK", "ENROUTE", str(n), "", f"code {n}\\nsecond line"]
        for n in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (["--to", "*2"], ["2"]),
        (["--from", "SH*", "--text", "CODE 3"], ["3"]),
        (["--operator", "other"], []),
        (["--state", "enroute", "--limit", "1"], ["3"]),
        (["--status", "RTHROTTLED"], []),
        (["--since", "1970-01-01T00:16:42+00:00"], ["2", "3"]),
        (["--since", "1s"], []),
        (["--limit", "0"], ["1", "2", "3"]),
    ],
)
def test_messages_are_filtered(journal: Path, options: list[str], ids: list[str]) -> None:
    result = smsc("messages", "--journal", journal, "--json", *options)
    assert [json.loads(line)["message_id"] for line in result.stdout.splitlines()] == ids


def test_all_messages_are_read_page_by_page(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsc.commands.look.PAGE", 2)
    assert len(smsc("messages", "--journal", journal, "--limit", 0).stdout.splitlines()) == 3


def test_json_has_the_names_of_the_control_api(journal: Path) -> None:
    first = json.loads(smsc("messages", "--journal", journal, "--json").stdout.splitlines()[0])
    assert (first["at"], first["from"], first["to"]) == (1001.0, "SHOP", "77050000001")
    assert (first["status_name"], first["text"], first["final_at"]) == ("ESME_ROK", "code 1\nsecond line", None)


def test_pdus_are_decoded_without_passwords(journal: Path) -> None:
    result = smsc("pdus", "--journal", journal)
    bind, submit = result.stdout.splitlines()
    assert "bind_transceiver\tESME_ROK\t1\tsystem_id='shop' password=***" in bind
    assert "udh=050003070201 short_message='part'" in submit
    assert "hunter2" not in result.stdout


def test_pdus_are_shown_in_hexadecimal(journal: Path) -> None:
    (line,) = smsc("pdus", "--journal", journal, "--command", "submit_sm", "--hex").stdout.splitlines()
    pdu = decode(bytes.fromhex(line.split("\t")[-1]))
    assert pdu.destination_addr == "7705"
    (line,) = smsc("pdus", "--journal", journal, "--command", "submit_sm", "--json").stdout.splitlines()
    assert json.loads(line)["command"] == "submit_sm"
    (masked,) = smsc("pdus", "--journal", journal, "--command", "bind_transceiver", "--json").stdout.splitlines()
    (whole,) = smsc(
        "pdus", "--journal", journal, "--command", "bind_transceiver", "--json", "--hex"
    ).stdout.splitlines()
    assert [b"hunter2".hex() in json.loads(line)["hex"] for line in (masked, whole)] == [False, True]


def test_a_long_message_is_one(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal.open(path, clock=Clock())
    for number, text in ((2, b"world"), (1, b"hello ")):
        header = bytes((5, 0, 3, 7, 2, number))
        pdu = SubmitSm(destination_addr="7705", esm_class=UDHI, short_message=header + text)
        journal.message(Message(1000.0, "op", "shop", 1, pdu, 0, number, str(number), state="ENROUTE"))
    journal.close()
    (line,) = smsc("messages", "--journal", path).stdout.splitlines()
    assert line.split("\t")[-2:] == ["2/2", "hello world"]


def test_a_terminal_gets_a_table(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    from smsc.commands.listing import MESSAGE_COLUMNS, PDU_COLUMNS, message_brief, pdu_brief, print_table
    from smsc.journal.file import open_readonly
    from smsc.journal.inbox import Inbox
    from smsc.journal.message_filter import MessageFilter
    from smsc.journal.messages import Messages

    runner = CliRunner()
    with runner.isolation() as (out, *_), Inbox(journal) as inbox, closing(open_readonly(journal)) as opened:
        print_table(MESSAGE_COLUMNS, map(message_brief, Messages(opened).page(MessageFilter(), 2000.0, limit=10)))
        print_table(PDU_COLUMNS, (pdu_brief(row, as_hex=False) for row in inbox.pdus()))
        shown = out.getvalue().decode()
    assert re.search(r"time +operator +account +from +to +state +id +text", shown)
    assert "code 1\\nsecond line" in shown
    assert "password=***" in shown


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--since", "yesterday"], "expected a time such as"),
        (["--status", "RTHROTLED"], "did you mean ESME_RTHROTTLED?"),
        (["--state", "DELIVERD"], 'did you mean "DELIVRD"?'),
        (["--limit", "-1"], "not in the range"),
        (["--wat"], "No such option"),
    ],
)
def test_bad_filters_are_explained(journal: Path, options: list[str], told: str) -> None:
    result = smsc("messages", "--journal", journal, *options)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.replace("│", " ").split())


def test_a_misspelt_pdu_is_recognised(journal: Path) -> None:
    result = smsc("pdus", "--journal", journal, "--command", "sumbit_sm")
    assert result.exit_code == 2
    assert "did you mean submit_sm?" in " ".join(result.stderr.replace("│", " ").split())


def test_a_journal_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    result = smsc("messages", "--journal", tmp_path / "none.sqlite")
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(r"smsc: \S+none\.sqlite does not exist; [^\n]+\n", result.stderr)


@pytest.mark.parametrize("command", ["messages", "pdus", "lint", "pcap"])
def test_a_journal_that_is_damaged_is_one_line(journal: Path, command: str) -> None:
    capture = journal.with_suffix(".pcap")
    with closing(sqlite3.connect(journal)) as opened:
        (size,) = opened.execute("PRAGMA page_size").fetchone()
        pages = opened.execute("SELECT rootpage FROM sqlite_schema WHERE name IN ('messages', 'pdus')").fetchall()
    with journal.open("r+b") as file:
        for (page,) in pages:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)
    result = smsc(command, *((journal, "-o", capture) if command == "pcap" else ("--journal", journal)))
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(r"smsc: \S+journal\.sqlite cannot be read: database disk image is malformed\n", result.stderr)
    assert not capture.exists()


# --- serve ----------------------------------------------------------------------------------------------


def test_help_lists_every_magic_number() -> None:
    help_text = smsc("serve", "--help").stdout
    numbers = magic_numbers(default_scenario())
    assert len(numbers) > 20
    for pattern, note in numbers:
        assert re.search(rf"\.\.\.{pattern[1:]} +{re.escape(note)}\n", help_text)


def test_help_tells_of_completion() -> None:
    assert "_SMSC_COMPLETE=bash_source" in smsc("--help").stdout


def test_bad_scenarios_are_told_by_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "evening.yaml"
    path.write_text("operators:\n  op:\n    lisen: tcp:2775\n")
    result = smsc("serve", path)
    assert result.exit_code == 2
    assert re.fullmatch(r'\S+evening\.yaml:3:5: [^\n]*did you mean "listen"\?\n', result.stderr)


def test_a_missing_scenario_is_one_line(tmp_path: Path) -> None:
    result = smsc("serve", tmp_path / "none.yaml")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "none.yaml" in result.stderr


def test_one_run_of_a_matrix_is_served(tmp_path: Path) -> None:
    path = tmp_path / "two.yaml"
    path.write_text(
        "matrix: {delay: [1s, 9s]}\nvars: {name: a}\n"
        "operators: {one: {receipts: {delay: '${delay}'}}, two: {system_id: '${name}', listen: tcp:2776}}\n"
    )
    for options, told in (
        ([], f"{path}: matrix: makes 2 runs (delay=1s; delay=9s); expected one to be picked\n"),
        (["--only", "delay=2s"], f'{path}: found delay="2s"; expected one of 1s, 9s\n'),
        (["--set", "delay=x"], f'{path}:3:37: operators.one.receipts.delay: found "x"; expected a latency'),
        (
            ["--set", "nam=x", "--only", "delay=1s"],
            f'{path}: found "nam"; expected a variable of this file (delay, name)',
        ),
    ):
        result = smsc("serve", path, *options)
        assert result.exit_code == 2
        assert result.stderr.startswith(told)
    picked = smsc("serve", path, "--only", "delay=1s", "--set", "name=b", "--port", "1")
    assert "--port is for one operator; the scenario has one, two" in picked.stderr
    assert "expected NAME=VALUE" in smsc("serve", path, "--set", "delay").stderr
    assert "--set and --only are about a FILE" in smsc("serve", "--set", "a=b").stderr


def test_one_port_is_not_for_two_operators(tmp_path: Path) -> None:
    path = tmp_path / "two.yaml"
    path.write_text('operators: {a: {listen: "tcp:0"}, b: {listen: "tcp:0"}}')
    result = smsc("serve", path, "--port", 1)
    assert result.exit_code == 2
    assert "--port is for one operator; the scenario has a, b" in result.stderr


@pytest.mark.parametrize(
    ("file", "told"),
    [("none/report.json", "cannot be written: there is no directory"), ("report.doc", "--lint: ")],
)
def test_a_report_that_has_no_place_is_refused_before_anybody_is_watched(tmp_path: Path, file: str, told: str) -> None:
    result = smsc("serve", "--no-journal", "--lint", tmp_path / file)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.replace("│", " ").split())


class Served:
    """A `smsc serve` of its own, and its first line."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*SMSC, "serve", *arguments], cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()

    def connect(self) -> socket.socket:
        found = re.search(r"127\.0\.0\.1:(\d+)", self.line)
        assert found is not None, self.process.communicate()
        return socket.create_connection(("127.0.0.1", int(found[1])), timeout=10)

    def end(self, number: int) -> tuple[int, str, str]:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err


def ask(connection: socket.socket, pdu: Pdu) -> Pdu:
    connection.sendall(encode(pdu))
    return read(connection)


def read(connection: socket.socket) -> Pdu:
    octets = connection.recv(4, socket.MSG_WAITALL)
    return decode(octets + connection.recv(int.from_bytes(octets, "big") - 4, socket.MSG_WAITALL))


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "scenario.yaml"
    path.write_text('operators: {beeline-kz: {listen: "tcp:0", receipts: {delay: 10ms}}}\nworkload: {any: thing}')
    return path


@pytest.fixture
def served(scenario: Path) -> Iterator[Served]:
    served = Served(scenario.parent, str(scenario))
    yield served
    if served.process.poll() is None:
        served.process.kill()
        served.process.communicate()


def test_serve_binds_submits_and_stops_on_sigterm(served: Served, tmp_path: Path) -> None:
    ready = r"smsc: ready on 127\.0\.0\.1:\d+ \(beeline-kz\), inbox at http://127\.0\.0\.1:\d+/\n"
    assert re.fullmatch(ready, served.line)
    with served.connect() as esme:
        assert ask(esme, BindTransceiver(system_id="shop", sequence_number=1)).command_status == 0
        submit = SubmitSm(source_addr="SHOP", destination_addr="77051234567", registered_delivery=1, sequence_number=2)
        response = ask(esme, submit)
        assert response.command_status == 0
        receipt = read(esme)
        esme.sendall(encode(receipt.response()))
        served.process.send_signal(signal.SIGTERM)
        unbind = read(esme)
        assert isinstance(unbind, Unbind)
        esme.sendall(encode(unbind.response()))
        assert esme.recv(1) == b""
    out, err = served.process.communicate(timeout=20)
    assert (served.process.returncode, out) == (0, "")
    assert "Traceback" not in err
    assert "77051234567" not in err
    with sqlite3.connect(tmp_path / "smsc-journal.sqlite") as connection:
        assert connection.execute("SELECT state, message_id FROM messages").fetchall() == [
            ("DELIVRD", response.message_id)
        ]
        assert connection.execute("SELECT count(*) FROM owed").fetchone() == (0,)
    connection.close()


def test_ctrl_c_stops_in_order_too(served: Served) -> None:
    code, _, err = served.end(signal.SIGINT)
    assert code == 0
    assert "Traceback" not in err


def test_until_eof_it_ends_in_order_with_its_standard_input(tmp_path: Path) -> None:
    command = [*SMSC, "serve", "--port", "0", "--http", "0", "--no-journal", "--quiet", "--until-eof"]
    result = subprocess.run(command, cwd=tmp_path, input="", capture_output=True, text=True, timeout=20, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("smsc: ready on ")


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for extra in ([], ["--no-journal"]):
            result = subprocess.run(
                [*SMSC, "serve", "--port", str(port), *extra],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=20,
                check=False,
            )
            assert (result.returncode, result.stdout) == (1, "")
            assert result.stderr == f"smsc: cannot listen on 127.0.0.1:{port}: Address already in use\n"


@pytest.mark.parametrize("told", ["No space left on device", "Broken pipe"])
def test_who_cannot_be_told_that_it_is_ready_is_told_that(told: str) -> None:
    command = [*SMSC, "serve", "--port", "0", "--no-http", "--no-journal", "--quiet"]
    if told == "Broken pipe":
        reading, writing = os.pipe()
        os.close(reading)
    else:
        writing = os.open("/dev/full", os.O_WRONLY)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=20, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (2, f"smsc: output cannot be written: {told}\n")


def test_letters_that_a_terminal_does_not_know_are_question_marks(journal: Path) -> None:
    with closing(Journal.open(journal, clock=Clock())) as opened:
        pdu = SubmitSm(destination_addr="7706", data_coding=8, short_message="Жук".encode("utf-16-be"))
        opened.message(Message(2000.0, "op", "shop", 1, pdu))
    command = [*SMSC, "messages", "--journal", str(journal), "--to", "7706"]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("\t???\n")


def test_a_file_that_is_no_journal_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "diary").write_text("dear diary, " * 100)
    result = subprocess.run(
        [*SMSC, "serve", "--port", "0", "--journal", "diary"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "smsc: diary is not a journal: file is not a database\n"


def test_kill_9_loses_nothing_that_was_acknowledged(scenario: Path) -> None:
    """I9, with a real process and a real file."""
    acknowledged: list[str] = []
    for _ in range(2):
        served = Served(scenario.parent, str(scenario))
        with served.connect() as esme:
            ask(esme, BindTransceiver(system_id="shop", sequence_number=1))
            for number in range(2, 60):
                esme.sendall(encode(SubmitSm(destination_addr="77051234567", sequence_number=number)))
            acknowledged += [read(esme).message_id for _ in range(20)]
            served.process.kill()
        served.process.communicate()
    kept = [
        json.loads(line)["message_id"]
        for line in smsc(
            "messages", "--journal", scenario.with_name("smsc-journal.sqlite"), "--limit", 0, "--json"
        ).stdout.splitlines()
    ]
    assert set(acknowledged) <= set(kept)
    assert len(set(acknowledged)) == 40
    assert len(set(kept)) == len(kept)
